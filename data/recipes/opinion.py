"""What people in five countries thought of Iran and of Russia, in surveys of the Pew Research Center."""

from pathlib import Path

import pandas as pd

from data.recipes._shared import read_cells, refuse_twice, to_numbers

NAME = "opinion"
INPUTS = ("pew-attitudes/pew_favorability_by_country_wave.csv",)
PUBLISHED = (
    "Pew Research Center, Global Attitudes Survey (harmonised by C. Grasland: GitHub, worldregio/pew_opi)"
)

PUBLICS = ("ISR", "JOR", "LBN", "RUS", "TUR")
ABOUT = ("IRN", "RUS")
LAST_YEAR = 2019


def make(folder: Path) -> pd.DataFrame:
    """Return one row per survey year, public and country judged: whole percentages.

    What Russians think of Russia is left out.

    Raises
    ------
    ValueError
        A cell is no number, the three shares do not make 100, or a survey stands twice.
    """
    shares = ("favorable_pct", "unfavorable_pct", "dk_refused_pct")
    raw = read_cells(folder, INPUTS[0], ("year", "respondent_country", "about_country", *shares))
    raw = to_numbers(raw, INPUTS[0], ("year", *shares))
    refuse_twice(raw, INPUTS[0], ("year", "respondent_country", "about_country"))
    for row in raw[(raw[list(shares)].sum(axis=1) - 100).abs() > 0.2].itertuples():
        raise ValueError(f"{INPUTS[0]}, row {row.Index + 2}: the three shares do not make 100")
    kept = raw[
        raw["respondent_country"].isin(PUBLICS)
        & raw["about_country"].isin(ABOUT)
        & (raw["respondent_country"] != raw["about_country"])
        & (raw["year"] <= LAST_YEAR)
    ]
    return pd.DataFrame(
        {
            "year": kept["year"],
            "public": kept["respondent_country"],
            "about": kept["about_country"],
            "favourable": _whole(kept["favorable_pct"]),
            "unfavourable": _whole(kept["unfavorable_pct"]),
        }
    ).sort_values(["about", "public", "year"], kind="stable")


def _whole(percent: pd.Series) -> pd.Series:
    """Return whole percentages, a half rounded up as pollsters do."""
    return (percent + 0.5).floordiv(1).astype(int)
