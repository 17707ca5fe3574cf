"""Every veto cast in the Security Council since 1946, by draft and member."""

from pathlib import Path

import pandas as pd

from data.recipes._shared import read_cells

NAME = "vetoes"
INPUTS = ("unsc-vetoes/raw/unsc_vetoes_1946_sept2022.csv",)
PUBLISHED = "GitHub, world-politics-datalab/vetoes-un-security-council, unsc_vetoes_1946_sept2022.csv"

BY_HAND = Path(__file__).with_name("vetoes_by_hand.csv")
"""Vetoes cast after the provider's list ends, with the records in which each was read."""

VETOERS = ("member_veto1", "member_veto2", "member_veto3")
COLUMNS = ("date", "draft", "meeting_record", "agenda_item", "crisis_topic", *VETOERS)
MEMBERS = ("China", "France", "Russia", "USSR", "UK", "USA")


def make(folder: Path) -> pd.DataFrame:
    """Return one row per vetoed draft, with true for each member that vetoed it.

    The provider's own 0/1 columns contradict its columns of names in 26 places, so the names decide.

    Raises
    ------
    ValueError
        A column is missing, a row names a member that has no veto, or no member at all.
    """
    raw = read_cells(folder, INPUTS[0], COLUMNS)
    named = raw[list(VETOERS)].map(str.strip)
    known = {*MEMBERS, ""}
    for number, row in enumerate(named.itertuples(index=False), start=2):
        if strange := set(row) - known:
            raise ValueError(f"{INPUTS[0]}, row {number}: {', '.join(strange)} is no permanent member")
        if set(row) == {""}:
            raise ValueError(f"{INPUTS[0]}, row {number}: no member is named")
    table = pd.DataFrame(
        {
            "date": pd.to_datetime(raw["date"], format="%m/%d/%Y").dt.strftime("%Y-%m-%d"),
            "draft": raw["draft"].map(_one_line),
            "meeting": raw["meeting_record"].map(_one_line),
            "agenda": raw["agenda_item"].map(_one_line),
            "topic": raw["crisis_topic"].map(_one_line),
        }
    )
    for member in MEMBERS:
        table[member] = named.eq(member).any(axis=1).map({True: "true", False: "false"})
    table["source"] = "yordan2023vetoes"
    table = pd.concat([table, pd.read_csv(BY_HAND, dtype=str)])[list(table.columns)]
    table = table.sort_values(["date", "draft"], kind="stable")
    table.insert(0, "number", range(1, len(table) + 1))
    return table


def _one_line(text: str) -> str:
    parts = [" ".join(part.split()) for part in text.splitlines()]
    return "; ".join(part for part in parts if part)
