"""People displaced inside Syria, by year, in two counts: IDMC's and UNHCR's."""

from pathlib import Path

import pandas as pd

NAME = "displaced"
INPUTS = ("unhcr-refugees/raw/idmc.rda", "unhcr-refugees/raw/population.rda")
PUBLISHED = "GitHub, PopulationStatistics/refugees, data/idmc.rda and data/population.rda"


def make(folder: Path) -> pd.DataFrame:
    """Return one row per year with both counts of internally displaced people at the year's end.

    Source: the provider's two files, rows whose country of origin is Syria; a count of nought in
    UNHCR's file means that the agency reported none, so the cell stays empty.

    Raises
    ------
    ValueError
        A year stands twice in IDMC's file, or a count is no whole number.
    """
    import rdata

    idmc = rdata.read_rda(folder / INPUTS[0])["idmc"]
    idmc = idmc[idmc["coo_iso"] == "SYR"].set_index("year")["total"]
    if idmc.index.has_duplicates:
        raise ValueError(
            f"{INPUTS[0]}: Syria stands there twice for {idmc.index[idmc.index.duplicated()][0]}"
        )
    unhcr = rdata.read_rda(folder / INPUTS[1])["population"]
    unhcr = unhcr[unhcr["coo_iso"] == "SYR"].groupby("year")["idps"].sum()
    for name, counts in ((INPUTS[0], idmc), (INPUTS[1], unhcr)):
        if (bad := (counts % 1 != 0)).any():
            raise ValueError(f"{name}, year {bad.idxmax():.0f}: {counts[bad.idxmax()]} is no whole number")
    years = sorted(int(year) for year in idmc.index)
    return pd.DataFrame(
        {
            "year": years,
            "idmc": [int(idmc[year]) for year in years],
            "unhcr": [str(int(count)) if (count := unhcr.get(year, 0)) else "" for year in years],
        }
    )
