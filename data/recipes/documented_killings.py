"""Named dead of the Violations Documentation Center by month, in groups of causes and of provinces."""

from pathlib import Path

import pandas as pd

from data.recipes._shared import read_cells, whole_numbers

NAME = "documented_killings"
INPUTS = ("vdc-casualties-daily/vdc_by_cause_month.csv", "vdc-casualties-daily/vdc_by_province_month.csv")
PUBLISHED = (
    "GitHub, romansul/syrian-civil-war, casualties_by_cause_of_death_by_day.csv and "
    "casualties_by_province_by_day.csv (scraped from vdc-sy.net), summed by month"
)

FIRST, LAST = "2011-03-01", "2018-07-01"
"""The uprising's first month, and the last month before the scrape breaks off on 13 August 2018."""

CAUSES = {
    "shooting": ("Shooting",),
    "shelling": ("Shelling",),
    "explosion": ("Explosion",),
    "chemical": ("Chemical Weapon",),
    "captivity": ("Detention", "Execution"),
    "other_cause": ("Lack of Medical Access", "Siege", "Unknown"),
}
REGIONS = {
    "north_west": ("Aleppo", "Idlib"),
    "coast": ("Lattakia", "Tartous"),
    "centre": ("Hama", "Homs"),
    "capital": ("Damascus", "Damascus Suburbs"),
    "south": ("Daraa", "Quneitra", "Sweida"),
    "east": ("Deir Ezzor", "Hasakeh", "Raqqa"),
}


def make(folder: Path) -> pd.DataFrame:
    """Return one row per month: all dead, six groups of causes, six groups of provinces.

    Source: the two extracts named in INPUTS; only sums over groups leave this recipe.

    Raises
    ------
    ValueError
        A file lacks a column or a month, or its groups do not add up to its total.
    """
    causes, regions = _sums(folder, INPUTS[0], CAUSES), _sums(folder, INPUTS[1], REGIONS)
    if not causes[["month", "total"]].equals(regions[["month", "total"]]):
        raise ValueError(f"{INPUTS[0]} and {INPUTS[1]} do not have the same months and totals")
    table = pd.concat([causes, regions.drop(columns=["month", "total"])], axis=1)
    table = table[table["month"].between(FIRST, LAST)]
    if len(table) != len(pd.date_range(FIRST, LAST, freq="MS")):
        raise ValueError(f"{INPUTS[0]}: lacks a month between {FIRST} and {LAST}")
    return table


def _sums(folder: Path, name: str, groups: dict[str, tuple[str, ...]]) -> pd.DataFrame:
    columns = [column for group in groups.values() for column in group]
    raw = read_cells(folder, name, ("month", "total", *columns))
    counts = pd.DataFrame({column: whole_numbers(raw[column], name) for column in ("total", *columns)})
    table = pd.DataFrame({"month": raw["month"], "total": counts["total"]})
    for group, members in groups.items():
        table[group] = counts[list(members)].sum(axis=1)
    if (wrong := table[list(groups)].sum(axis=1) != table["total"]).any():
        raise ValueError(f"{name}, row {wrong.idxmax() + 2}: the groups do not add up to the total")
    return table
