"""How often ten states voted alike in the General Assembly, by pair and session, 1991 to 2019."""

from itertools import combinations
from pathlib import Path

import pandas as pd

from data.recipes._shared import TEN

NAME = "assembly_agreement"
INPUTS = ("unga-roll-calls/raw/un_roll_calls.rda", "unga-roll-calls/raw/un_votes.rda")
PUBLISHED = "GitHub, dgrtwo/unvotes, data/ (after Harvard Dataverse doi:10.7910/DVN/LEJUQZ)"

CODES = {
    "CN": "CHN", "FR": "FRA", "GB": "GBR", "IL": "ISR", "IR": "IRN", "RU": "RUS", "SA": "SAU", "SY": "SYR",
    "TR": "TUR", "US": "USA",
}  # fmt: skip

SCALE = {"yes": 1.0, "abstain": 2.0, "no": 3.0}

FIRST_SESSION, LAST_SESSION = 46, 74


def make(folder: Path) -> pd.DataFrame:
    """Return one row per session and pair: agreement, share of identical votes, votes counted.

    ``agreement_texts`` leaves out the votes that the provider marks as on a paragraph or an amendment.

    A roll call counts when its votes were not all the same and both states voted yes, no or abstained.
    On each, two states agree by 1 when they voted alike, by a half when one of them abstained, by 0
    when one said yes and the other no; agreement is the mean. This is the rule of Voeten's script
    DyadicAgreementScores.R.

    Raises
    ------
    ValueError
        A vote is of an unknown kind, or a state voted twice on one roll call.
    """
    import rdata

    calls = rdata.read_rda(folder / INPUTS[0])["un_roll_calls"]
    votes = rdata.read_rda(folder / INPUTS[1])["un_votes"]
    calls = calls[calls["session"].between(FIRST_SESSION, LAST_SESSION)]
    votes = votes[votes["rcid"].isin(calls["rcid"])].astype({"vote": str})
    for row in votes[~votes["vote"].isin(list(SCALE))].itertuples():
        raise ValueError(f'{INPUTS[1]}, roll call {row.rcid:.0f}: {row.country} voted "{row.vote}"')
    for row in votes[votes.duplicated(["rcid", "country_code"])].itertuples():
        raise ValueError(f"{INPUTS[1]}, roll call {row.rcid:.0f}: {row.country} stands there twice")
    votes["place"] = votes["vote"].map(SCALE)
    contested = votes.groupby("rcid")["place"].transform("nunique") > 1
    places = votes[contested & votes["country_code"].isin(list(CODES))].pivot(
        index="rcid", columns="country_code", values="place"
    )
    places = places.rename(columns=CODES).reindex(columns=list(TEN))
    calls = calls.set_index("rcid").reindex(places.index)
    session = calls["session"].astype(int)
    whole = calls["amend"].isna() & calls["para"].isna()
    parts = [_pair(places, session, whole, a, b) for a, b in combinations(TEN, 2)]
    return pd.concat(parts).sort_values(["session", "state_a", "state_b"], kind="stable")


def _pair(places: pd.DataFrame, session: pd.Series, whole: pd.Series, a: str, b: str) -> pd.DataFrame:
    apart = (places[a] - places[b]).abs().dropna()
    by_session = apart.groupby(session.reindex(apart.index))
    texts = apart[whole.reindex(apart.index)]
    made = pd.DataFrame(
        {
            "agreement": (1 - by_session.mean() / 2).round(4),
            "identical": apart.eq(0).groupby(session.reindex(apart.index)).mean().round(4),
            "votes": by_session.size(),
            "agreement_texts": (1 - texts.groupby(session.reindex(texts.index)).mean() / 2).round(4),
        }
    ).reset_index()
    made.insert(1, "year", made["session"] + 1945)
    made.insert(2, "state_a", a)
    made.insert(3, "state_b", b)
    return made
