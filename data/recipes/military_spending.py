"""What sixteen states spent on their armed forces, 1991 to 2020, as estimated by SIPRI."""

from pathlib import Path

import pandas as pd

from data.recipes._shared import read_cells

NAME = "military_spending"
INPUTS = ("sipri-military-expenditure/sipri_milex_16c_1991_2020.csv",)
PUBLISHED = "SIPRI Military Expenditure Database, https://www.sipri.org/databases/milex"

COUNTRIES = (
    "CHN", "EGY", "FRA", "GBR", "IRN", "IRQ", "ISR", "JOR",
    "LBN", "QAT", "RUS", "SAU", "SYR", "TUR", "UKR", "USA",
)  # fmt: skip


def make(folder: Path) -> pd.DataFrame:
    """Return one row per country and year with an estimate: billions, share of output, change since 2010.

    Raises
    ------
    ValueError
        A column is missing, a row names another country, a figure is no number, or a country stands twice in a year.
    """
    raw = read_cells(folder, INPUTS[0], ("iso3c", "year", "milex_const2019usd", "milex_pct_gdp"))
    for number, row in enumerate(raw.itertuples(index=False), start=2):
        if row.iso3c not in COUNTRIES:
            raise ValueError(f"{INPUTS[0]}, row {number}: unknown country {row.iso3c}")
        for cell in (row.year, row.milex_const2019usd, row.milex_pct_gdp):
            if cell and not cell.replace(".", "", 1).isdecimal():
                raise ValueError(f"{INPUTS[0]}, row {number}: {cell} is no number")
    if (twice := raw.duplicated(["iso3c", "year"])).any():
        number = int(twice.to_numpy().argmax()) + 2
        raise ValueError(f"{INPUTS[0]}, row {number}: the country stands twice in the year")
    raw = raw[(raw["milex_const2019usd"] != "") | (raw["milex_pct_gdp"] != "")]
    raw = raw.assign(year=raw["year"].astype(int)).sort_values(["iso3c", "year"], kind="stable")
    spent = pd.to_numeric(raw["milex_const2019usd"])
    base = raw["iso3c"].map(spent[raw["year"] == 2010].groupby(raw["iso3c"]).first())
    return pd.DataFrame(
        {
            "country": raw["iso3c"],
            "year": raw["year"],
            "billion_usd": _text(spent / 1e9, 2),
            "index_2010": _text(100 * spent / base, 1),
            "percent_of_gdp": _text(pd.to_numeric(raw["milex_pct_gdp"]), 2),
        }
    )


def _text(values: pd.Series, places: int) -> list[str]:
    return [f"{v:.{places}f}" if pd.notna(v) else "" for v in values]
