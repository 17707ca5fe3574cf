"""Where states stood in the General Assembly's votes, as estimated by Bailey, Strezhnev and Voeten."""

from pathlib import Path

import pandas as pd

from data.recipes._shared import SIXTEEN, read_cells, refuse_twice, to_numbers

NAME = "ideal_points"
INPUTS = (
    "unga-ideal-points/raw/IdealpointestimatesAll_Apr2020.csv",
    "unga-ideal-points/raw/IdealpointestimatesMiddleEast_Apr2020.csv",
    "unga-ideal-points/newer_vintage_IRN_RUS_2005_2024_transcribed.csv",
)
PUBLISHED = (
    "GitHub, evoeten/United-Nations-General-Assembly-Votes-and-Ideal-Points, Output/ (April 2020), and "
    "Harvard Dataverse doi:10.7910/DVN/LEJUQZ, version 39"
)

FIRST_SESSION = 46

COLUMNS = ["vintage", "votes", "country", "session", "year", "votes_cast", "ideal_point", "low", "high"]


def make(folder: Path) -> pd.DataFrame:
    """Return one row per vintage, set of votes, state and session, from 1991.

    Raises
    ------
    ValueError
        A cell is no number, a state stands twice in a session, or an estimate is outside its interval.
    """
    return pd.concat(
        [
            _april_2020(folder, INPUTS[0], "all", ""),
            _april_2020(folder, INPUTS[1], "middle east", "MiddleEast"),
            _version_39(folder),
        ]
    ).sort_values(COLUMNS[:4], kind="stable")[COLUMNS]


def _april_2020(folder: Path, name: str, votes: str, suffix: str) -> pd.DataFrame:
    figures = ("session", f"NVotes{suffix}", f"IdealPoint{suffix}", f"Q5%{suffix}", f"Q95%{suffix}")
    raw = to_numbers(read_cells(folder, name, ("iso3c", *figures)), name, figures)
    raw.columns = ["country", "session", "votes_cast", "ideal_point", "low", "high"]
    made = _held(raw, name)
    made = made[made["country"].isin(SIXTEEN) & (made["session"] >= FIRST_SESSION)]
    return made.assign(vintage="April 2020", votes=votes)


def _version_39(folder: Path) -> pd.DataFrame:
    figures = ("session", "n_votes_fp", "ideal_point_fp", "q05", "q95")
    raw = to_numbers(read_cells(folder, INPUTS[2], ("iso3c", *figures)), INPUTS[2], figures)
    raw.columns = ["country", "session", "votes_cast", "ideal_point", "low", "high"]
    return _held(raw, INPUTS[2]).assign(vintage="version 39", votes="final passage")


def _held(raw: pd.DataFrame, name: str) -> pd.DataFrame:
    known = raw[raw["country"].isin(SIXTEEN)]
    refuse_twice(known, name, ("country", "session"))
    outside = (known["ideal_point"] < known["low"]) | (known["ideal_point"] > known["high"])
    for row in known[outside].itertuples():
        raise ValueError(
            f"{name}, row {row.Index + 2}: the estimate {row.ideal_point} is outside its interval"
        )
    made = known.astype({"session": int, "votes_cast": int})
    return made.round({"ideal_point": 4, "low": 4, "high": 4}).assign(year=made["session"] + 1945)
