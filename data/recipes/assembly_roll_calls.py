"""How ten states voted on each contested roll call of the General Assembly, 1991 to 2019, with its subject."""

from pathlib import Path

import pandas as pd

from data.recipes._roll_calls import CALLS, PUBLISHED, VOTES, contested
from data.recipes.assembly_votes import RESOLUTIONS

__all__ = ["INPUTS", "NAME", "PUBLISHED", "make"]

NAME = "assembly_roll_calls"
INPUTS = (CALLS, VOTES, "unga-roll-calls/raw/un_roll_call_issues.rda")

SUBJECTS = {
    "me": "Palestine", "nu": "arms", "di": "arms", "hr": "human rights", "co": "colonies", "ec": "development",
}  # fmt: skip
"""The provider's issues in the order in which they are asked; the first that a roll call bears is its subject."""


def make(folder: Path) -> pd.DataFrame:
    """Return one row per roll call that was contested and on which at least two of the ten states voted.

    The subject is "Syria" for the resolutions of assembly_votes, else the first of the provider's issues in
    the order of ``SUBJECTS``, else "other".

    Raises
    ------
    ValueError
        A vote is of an unknown kind, a state voted twice on one roll call, or an issue is unknown.
    """
    import rdata

    issues = rdata.read_rda(folder / INPUTS[2])["un_roll_call_issues"]
    for row in issues[~issues["short_name"].isin(list(SUBJECTS))].itertuples():
        raise ValueError(f'{INPUTS[2]}, roll call {row.rcid:.0f}: "{row.short_name}" is no known issue')
    calls, grid = contested(folder)
    grid = grid[grid.notna().sum(axis=1) > 1].astype(object).fillna("")
    calls = calls.reindex(grid.index)
    number = calls["unres"].str.removeprefix("A/RES/").str.removeprefix("R/").fillna("")
    made = pd.DataFrame(
        {
            "roll_call": [int(call) for call in grid.index],
            "session": calls["session"].astype(int).to_numpy(),
            "date": pd.to_datetime(calls["date"], unit="D").dt.strftime("%Y-%m-%d").to_numpy(),
            "resolution": number.to_numpy(),
            "whole_text": calls["whole"].map({True: "true", False: "false"}),
            "subject": _subjects(grid.index, number, issues),
        },
        index=grid.index,
    )
    return pd.concat([made, grid], axis=1).sort_values(["session", "date", "roll_call"], kind="stable")


def _subjects(calls: pd.Index, number: pd.Series, issues: pd.DataFrame) -> pd.Series:
    subject = pd.Series("other", index=calls)
    for issue in reversed(SUBJECTS):
        subject[calls.isin(issues.loc[issues["short_name"] == issue, "rcid"])] = SUBJECTS[issue]
    subject[number.isin(RESOLUTIONS)] = "Syria"
    return subject
