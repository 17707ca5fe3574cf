"""Gross domestic product and population of sixteen countries, 1991 to 2024."""

from pathlib import Path

import pandas as pd

from data.recipes._shared import read_cells, refuse_twice, to_numbers, whole_numbers

NAME = "gdp_population"
INPUTS = (
    "world-bank/raw/gdp_2026.csv",
    "world-bank/raw/wb2018_ny.gdp.mktp.cd.csv",
    "world-bank/raw/population_2026.csv",
    "world-bank/raw/wb2018_sp.pop.totl.csv",
)
PUBLISHED = (
    "GitHub, datasets/gdp, datasets/population and datasets/world-bank-data (World Development Indicators)"
)

COUNTRIES = (
    "CHN", "EGY", "FRA", "GBR", "IRN", "IRQ", "ISR", "JOR", "LBN", "QAT", "RUS", "SAU", "SYR", "TUR", "UKR",
    "USA",
)  # fmt: skip
FIRST, LAST = 1991, 2024
INDICATORS = {"gdp": {2026: INPUTS[0], 2018: INPUTS[1]}, "population": {2026: INPUTS[2], 2018: INPUTS[3]}}


def make(folder: Path) -> pd.DataFrame:
    """Return one row per country, year and indicator: the newest value, its vintage, and the older value.

    Source: the provider's files of two vintages. The rule: the value is that of the 2026 file; where that
    has none, the 2018 file's. The 2018 value stands beside it so that the revision can be seen.

    Raises
    ------
    ValueError
        A file lacks a column or a country, has a country's year twice, or a value that is no number above 0.
    """
    parts = []
    for indicator, files in INDICATORS.items():
        both = pd.DataFrame({vintage: _series(folder, name) for vintage, name in files.items()})
        part = both.reset_index(names=["country", "year"])
        part.insert(2, "indicator", indicator)
        part["value"] = part[2026].fillna(part[2018])
        part["vintage"] = part[2026].notna().map({True: 2026, False: 2018})
        parts.append(part)
    table = pd.concat(parts)
    table["value"] = table["value"].round().astype("int64")
    table["value_2018"] = [str(round(value)) if pd.notna(value) else "" for value in table[2018]]
    columns = ["country", "year", "indicator", "value", "vintage", "value_2018"]
    return table[columns].sort_values(["country", "indicator", "year"])


def _series(folder: Path, name: str) -> pd.Series:
    raw = read_cells(folder, name, ("Country Code", "Year", "Value"))
    refuse_twice(raw, name, ("Country Code", "Year"))
    year, value = whole_numbers(raw["Year"], name), to_numbers(raw, name, ("Value",))["Value"]
    known = raw["Country Code"].isin(COUNTRIES)
    if missing := [code for code in COUNTRIES if code not in set(raw["Country Code"])]:
        raise ValueError(f"{name}: has no row for {', '.join(missing)}")
    if (wrong := known & (value <= 0)).any():
        raise ValueError(f"{name}, row {wrong.idxmax() + 2}: the value is not above 0")
    rows = known & year.between(FIRST, LAST)
    return pd.Series(
        value[rows].to_numpy(),
        index=pd.MultiIndex.from_arrays([raw.loc[rows, "Country Code"], year[rows]]),
    )
