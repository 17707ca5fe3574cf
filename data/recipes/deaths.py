"""Deaths in the Syrian conflict by year and kind of violence, as UCDP counts them."""

from pathlib import Path

import pandas as pd

from data.recipes._shared import read_cells, whole_numbers

NAME = "deaths"
INPUTS = (
    "ucdp-syria/raw/BattleDeaths_v23_1.csv",
    "ucdp-syria/raw/OneSided_v23_1.csv",
    "ucdp-syria/raw/Nonstate_v23_1.csv",
)
PUBLISHED = "Uppsala Conflict Data Program, www.ucdp.uu.se, version 23.1 of the three data sets"

SYRIA = "652"  # Gleditsch and Ward's number
FIRST = 2011
KNOWN_FAULT = ("16141", "2018")  # this dyad's year has its low estimate above its best one

COLUMNS = {
    "battle": (INPUTS[0], "gwno_battle", "side_a", ("bd_low", "bd_best", "bd_high")),
    "one-sided": (
        INPUTS[1],
        "gwno_location",
        "actor_name",
        ("low_fatality_estimate", "best_fatality_estimate", "high_fatality_estimate"),
    ),
    "non-state": (
        INPUTS[2],
        "gwno_location",
        "side_a_name",
        ("low_fatality_estimate", "best_fatality_estimate", "high_fatality_estimate"),
    ),
}
"""For each kind of violence: file, column of places, column of the first actor, columns of the estimates."""


def make(folder: Path) -> pd.DataFrame:
    """Return one row per year, kind of violence, part of the government, and reach of the figures.

    Source: the provider's three files, version 23.1, rows from 2011 whose place includes Syria.

    Raises
    ------
    ValueError
        A file lacks a column, a cell is no whole number, or low, best and high are out of order
        in another row than the known one.
    """
    parts = [_entries(folder, kind) for kind in COLUMNS]
    table = (
        pd.concat(parts)
        .groupby(["year", "kind", "government", "elsewhere"], as_index=False)
        .agg(entries=("best", "size"), low=("low", "sum"), best=("best", "sum"), high=("high", "sum"))
    )
    return table.sort_values(["year", "kind", "government", "elsewhere"], ascending=[True, True, False, True])


def _entries(folder: Path, kind: str) -> pd.DataFrame:
    name, place, actor, estimates = COLUMNS[kind]
    raw = read_cells(folder, name, ("dyad_id", "year", place, actor, *estimates))
    year = whole_numbers(raw["year"], name)
    places = raw[place].str.split(", ")
    raw = raw[places.map(lambda codes: SYRIA in codes) & (year >= FIRST)]
    low, best, high = (whole_numbers(raw[column], name) for column in estimates)
    known = raw["dyad_id"].eq(KNOWN_FAULT[0]) & raw["year"].eq(KNOWN_FAULT[1])
    if (wrong := ((low > best) | (best > high)) & ~known).any():
        raise ValueError(f"{name}, row {wrong.idxmax() + 2}: low, best and high are out of order")
    return pd.DataFrame(
        {
            "year": whole_numbers(raw["year"], name),
            "kind": kind,
            "government": raw[actor].eq("Government of Syria").map({True: "true", False: "false"}),
            "elsewhere": raw[place].ne(SYRIA).map({True: "true", False: "false"}),
            "low": low,
            "best": best,
            "high": high,
        }
    )
