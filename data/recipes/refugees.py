"""Syrians who found asylum abroad, by country and year, as UNHCR counts them."""

from pathlib import Path

import pandas as pd

NAME = "refugees"
INPUTS = ("unhcr-refugees/raw/population.rda",)
PUBLISHED = "GitHub, PopulationStatistics/refugees, data/population.rda (UNHCR Refugee Data Finder)"

FIRST = 2010


def make(folder: Path) -> pd.DataFrame:
    """Return one row per year and country of asylum with refugees and asylum-seekers at the year's end.

    Source: the provider's file, rows whose country of origin is Syria, from 2010.

    Raises
    ------
    ValueError
        A country stands twice in a year, has no code of three letters, or a count is no whole number.
    """
    import rdata

    raw = rdata.read_rda(folder / INPUTS[0])["population"]
    rows = raw[(raw["coo_iso"] == "SYR") & (raw["coa_iso"] != "SYR") & (raw["year"] >= FIRST)]
    counts = rows[["refugees", "asylum_seekers"]]
    for number, row in rows[["year", "coa_iso", "refugees", "asylum_seekers"]].iterrows():
        whole = all(value >= 0 and value % 1 == 0 for value in row.iloc[2:])
        if not whole or not str(row["coa_iso"]).isalpha() or len(row["coa_iso"]) != 3:
            raise ValueError(f"{INPUTS[0]}, row {number}: {row.to_dict()} is not as expected")
    table = pd.DataFrame(
        {
            "year": rows["year"].astype(int),
            "country": rows["coa_iso"].astype(str),
            "name": rows["coa_name"].astype(str),
            "refugees": counts["refugees"].astype(int),
            "asylum_seekers": counts["asylum_seekers"].astype(int),
        }
    )
    if (twice := table.duplicated(["year", "country"])).any():
        raise ValueError(f"{INPUTS[0]}, row {twice.idxmax()}: the country stands there twice in one year")
    return table[(table["refugees"] > 0) | (table["asylum_seekers"] > 0)].sort_values(["year", "country"])
