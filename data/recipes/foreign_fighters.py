"""Sunni foreign fighters in Syria and Iraq by country of origin, in two estimates."""

from pathlib import Path

import pandas as pd

from data.recipes._shared import read_cells, refuse_twice, to_numbers

NAME = "foreign_fighters"
INPUTS = ("foreign-fighters/icsr_2013_2015.csv",)
PUBLISHED = (
    "GitHub, lukesonnet/foreign_fighters, data/icsr.csv (after ICSR, 17 December 2013 and 26 January 2015)"
)

WAVES = {"20131217": "2013", "20150126": "2015"}
GROUPS = {
    "Russia": ("RUS",),
    "Central Asia": ("KAZ", "KGZ", "TJK", "TKM", "UZB"),
    "Iran and neighbours of Syria": ("IRN", "IRQ", "ISR", "JOR", "LBN", "TUR"),
    "Gulf and Egypt": ("EGY", "QAT", "SAU"),
    "North Africa": ("LBY", "MAR", "TUN"),
    "Western Europe": ("BEL", "DEU", "FRA", "GBR"),
    "other": ("CHN", "UKR", "USA"),
}
"""The countries that the book names, and the largest countries of origin to compare them with."""


def make(folder: Path) -> pd.DataFrame:
    """Return one row per country: the middle of each estimate, how wide it is, and the growth between them.

    Source: the extract named in INPUTS. The middle is taken anew from low and high, whichever stands
    first; where ICSR gives one figure, that figure is the middle and the width is 1.

    Raises
    ------
    ValueError
        The file lacks a column, a country stands twice for one date, or an estimate is no number.
    """
    raw = read_cells(folder, INPUTS[0], ("countrycode", "icsr.date", "icsr.low", "icsr.high", "icsr.mean"))
    wanted = {code: group for group, codes in GROUPS.items() for code in codes}
    raw = raw.replace({"icsr.mean": {"NA": ""}})
    refuse_twice(raw, INPUTS[0], ("countrycode", "icsr.date"))
    if (strange := ~raw["icsr.date"].isin(list(WAVES))).any():
        raise ValueError(f"{INPUTS[0]}, row {strange.idxmax() + 2}: an estimate of another date")
    raw = to_numbers(raw, INPUTS[0], ("icsr.low", "icsr.high", "icsr.mean"), empty=True)
    raw = raw[raw["countrycode"].isin(list(wanted)) & raw["icsr.mean"].notna()]
    ends = pd.DataFrame({end: raw[f"icsr.{end}"].fillna(raw["icsr.mean"]) for end in ("low", "high")})
    middle, width = ends.mean(axis=1), ends.max(axis=1) / ends.min(axis=1)
    table = pd.DataFrame({"country": list(wanted), "region": list(wanted.values())})
    for date, wave in WAVES.items():
        rows = raw["icsr.date"] == date
        codes = raw.loc[rows, "countrycode"]
        table[f"middle_{wave}"] = table["country"].map(dict(zip(codes, middle[rows], strict=True)))
        table[f"width_{wave}"] = table["country"].map(dict(zip(codes, width[rows], strict=True))).round(1)
    table["growth"] = (table["middle_2015"] / table["middle_2013"]).round(1)
    numbers = table.columns[2:]
    table[numbers] = table[numbers].map(lambda value: "" if pd.isna(value) else f"{value:g}")
    return table
