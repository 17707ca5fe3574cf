"""Terrorist attacks in Russia, Syria, Iran and Iraq by year: a few counts."""

from pathlib import Path

import pandas as pd

from data.recipes._shared import read_cells, whole_numbers

NAME = "terror_attacks"
INPUTS = ("gtd-country-year/gtd_country_year_1991_2020.csv",)
PUBLISHED = "R package Ecdat (Rdatasets, csv/Ecdat/incidents.byCountryYr.csv), after START's GTD 1970-2020"

COUNTRIES = {"Iran": "IRN", "Iraq": "IRQ", "Russia": "RUS", "Syria": "SYR"}
FIRST, LAST = 2010, 2017
BREAK = 2012


def make(folder: Path) -> pd.DataFrame:
    """Return one row per country and year: how many attacks the database counts there.

    Source: the extract named in INPUTS, four countries in the years of the paper.

    Raises
    ------
    ValueError
        The file lacks a column, a country or a year, or a count is no whole number.
    """
    raw = read_cells(folder, INPUTS[0], ("country", "year", "incidents"))
    year = whole_numbers(raw["year"], INPUTS[0])
    rows = raw["country"].isin(list(COUNTRIES)) & year.between(FIRST, LAST)
    table = pd.DataFrame(
        {
            "country": raw.loc[rows, "country"].map(COUNTRIES),
            "year": year[rows],
            "attacks": whole_numbers(raw.loc[rows, "incidents"], INPUTS[0]),
            "collection": (year[rows] < BREAK).map({True: "before 2012", False: "from 2012"}),
        }
    ).sort_values(["country", "year"])
    expected = [(code, y) for code in sorted(COUNTRIES.values()) for y in range(FIRST, LAST + 1)]
    if list(zip(table["country"], table["year"], strict=True)) != expected:
        raise ValueError(f"{INPUTS[0]}: not one row for each of {', '.join(COUNTRIES)}, {FIRST} to {LAST}")
    return table
