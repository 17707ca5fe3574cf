"""How often ten states voted alike in the General Assembly, by pair and session, 1991 to 2019."""

from itertools import combinations
from pathlib import Path

import pandas as pd

from data.recipes._roll_calls import CALLS, PUBLISHED, VOTES, contested
from data.recipes._shared import TEN

__all__ = ["INPUTS", "NAME", "PUBLISHED", "make"]

NAME = "assembly_agreement"
INPUTS = (CALLS, VOTES)

SCALE = {"yes": 1.0, "abstain": 2.0, "no": 3.0}


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
    calls, grid = contested(folder)
    places = grid.apply(lambda votes: votes.map(SCALE))
    session = calls["session"].astype(int)
    parts = [_pair(places, session, calls["whole"], a, b) for a, b in combinations(TEN, 2)]
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
