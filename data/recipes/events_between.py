"""How often news reports show Iran, Russia, Syria and the United States acting towards one another."""

from itertools import permutations
from pathlib import Path

import pandas as pd

from data.recipes._shared import read_cells, whole_numbers

NAME = "events_between"
INPUTS = ("icews-dyads/icews_directed_dyads_16c_2002_2014.csv",)
PUBLISHED = "ICEWS, Harvard Dataverse doi:10.7910/DVN/28075; yearly sums in the R package netify"

STATES = ("IRN", "RUS", "SYR", "USA")
COUNTS = ("verbCoop", "matlCoop", "verbConf", "matlConf")


def make(folder: Path) -> pd.DataFrame:
    """Return one row per acting state, target and year, with sums and shares of the yearly counts.

    Raises
    ------
    ValueError
        A column is missing, a count or year is no whole number, or a pair is missing or stands twice in a year.
    """
    raw = read_cells(folder, INPUTS[0], ("source", "target", "year", *COUNTS))
    for number, row in enumerate(raw.itertuples(index=False), start=2):
        for cell in (row.verbCoop, row.matlCoop, row.verbConf, row.matlConf):
            if not cell.removesuffix(".0").isdecimal():
                raise ValueError(f"{INPUTS[0]}, row {number}: {cell} is no whole number")
    counts = raw[list(COUNTS)].astype(float).astype(int)
    raw = raw.assign(
        year=whole_numbers(raw["year"], INPUTS[0]),
        cooperation=counts["verbCoop"] + counts["matlCoop"],
        deeds_cooperation=counts["matlCoop"],
        conflict=counts["verbConf"] + counts["matlConf"],
        deeds_conflict=counts["matlConf"],
    )
    raw["events"] = raw["cooperation"] + raw["conflict"]
    raw["of_source"] = raw.groupby(["source", "year"])["events"].transform("sum")
    raw = raw.rename(columns={"source": "actor"})
    years = range(raw["year"].min(), raw["year"].max() + 1)
    for pair in permutations(STATES, 2):
        have = sorted(raw["year"][(raw["actor"] == pair[0]) & (raw["target"] == pair[1])])
        if have != list(years):
            raise ValueError(f"{INPUTS[0]}: {pair[0]} to {pair[1]} does not have each year once")
    kept = raw[raw["actor"].isin(STATES) & raw["target"].isin(STATES)]
    kept = kept.sort_values(["actor", "target", "year"], kind="stable")
    kept = kept.assign(
        cooperation_share=_percent(kept["cooperation"], kept["events"]),
        share_of_actor=_percent(kept["events"], kept["of_source"]),
    )
    return kept[
        [
            "actor", "target", "year", "events", "cooperation", "deeds_cooperation",
            "conflict", "deeds_conflict", "cooperation_share", "share_of_actor",
        ]
    ]  # fmt: skip


def _percent(part: pd.Series, whole: pd.Series) -> list[str]:
    return [f"{100 * p / w:.1f}" if w else "" for p, w in zip(part, whole, strict=True)]
