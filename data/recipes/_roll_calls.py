"""The contested roll calls of the General Assembly. Used by assembly_agreement and assembly_roll_calls."""

from pathlib import Path

import pandas as pd

from data.recipes._shared import TEN

CALLS, VOTES = "unga-roll-calls/raw/un_roll_calls.rda", "unga-roll-calls/raw/un_votes.rda"
PUBLISHED = "GitHub, dgrtwo/unvotes, data/ (after Harvard Dataverse doi:10.7910/DVN/LEJUQZ)"

CODES = {
    "CN": "CHN", "FR": "FRA", "GB": "GBR", "IL": "ISR", "IR": "IRN", "RU": "RUS", "SA": "SAU", "SY": "SYR",
    "TR": "TUR", "US": "USA",
}  # fmt: skip

KINDS = ("yes", "abstain", "no")

FIRST_SESSION, LAST_SESSION = 46, 74


def contested(folder: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the roll calls on which not all votes were the same, and how the ten states voted on them.

    Both have the provider's number of the roll call as index. The first has the provider's columns and
    ``whole``, which is true unless the vote was on a paragraph or an amendment; the second a column for
    each state, with yes, abstain, no or nothing.

    Raises
    ------
    ValueError
        A vote is of an unknown kind, or a state voted twice on one roll call.
    """
    import rdata

    calls = rdata.read_rda(folder / CALLS)["un_roll_calls"]
    votes = rdata.read_rda(folder / VOTES)["un_votes"]
    calls = calls[calls["session"].between(FIRST_SESSION, LAST_SESSION)]
    votes = votes[votes["rcid"].isin(calls["rcid"])].astype({"vote": str})
    for row in votes[~votes["vote"].isin(KINDS)].itertuples():
        raise ValueError(f'{VOTES}, roll call {row.rcid:.0f}: {row.country} voted "{row.vote}"')
    for row in votes[votes.duplicated(["rcid", "country_code"])].itertuples():
        raise ValueError(f"{VOTES}, roll call {row.rcid:.0f}: {row.country} stands there twice")
    divided = votes.groupby("rcid")["vote"].transform("nunique") > 1
    grid = votes[divided & votes["country_code"].isin(list(CODES))].pivot(
        index="rcid", columns="country_code", values="vote"
    )
    grid = grid.rename(columns=CODES).reindex(columns=list(TEN))
    calls = calls.set_index("rcid").reindex(grid.index)
    return calls.assign(whole=calls["amend"].isna() & calls["para"].isna()), grid
