"""Lines that more than one recipe needs. Append only; each function says who uses it."""

from pathlib import Path

import pandas as pd

COW_STATES = {
    2: "USA", 200: "GBR", 220: "FRA", 365: "RUS", 369: "UKR", 630: "IRN", 640: "TUR", 645: "IRQ",
    651: "EGY", 652: "SYR", 660: "LBN", 663: "JOR", 666: "ISR", 670: "SAU", 694: "QAT", 710: "CHN",
}  # fmt: skip
"""The book's sixteen states by their Correlates of War number. Used by capabilities and rivalries."""

SIXTEEN = tuple(sorted(COW_STATES.values()))
"""Used by alliances, disputes and ideal_points."""

TEN = ("CHN", "FRA", "GBR", "IRN", "ISR", "RUS", "SAU", "SYR", "TUR", "USA")
"""The states whose pairs the book compares. Used by _roll_calls, assembly_agreement and igo_shared."""


def read_cells(folder: Path, name: str, columns: tuple[str, ...]) -> pd.DataFrame:
    """Return the named columns of a provider's CSV file, every cell as text.

    Used by alliances, arms_deliveries, capabilities, disputes, events_between, ideal_points, igo_shared,
    military_spending, opinion, rivalries, trade, vetoes, and by terror_attacks,
    belligerents, cities, deaths, documented_killings, gdp_population and foreign_fighters. A letter
    that is not UTF-8 is replaced: some providers write accents otherwise, in columns not asked for.

    Raises
    ------
    ValueError
        A column is missing.
    """
    raw = pd.read_csv(folder / name, dtype=str, keep_default_na=False, encoding_errors="replace")
    if missing := [column for column in columns if column not in raw.columns]:
        raise ValueError(f"{name}, row 1: the column {', '.join(missing)} is missing")
    return raw[list(columns)]


def to_numbers(raw: pd.DataFrame, name: str, columns: tuple[str, ...], empty: bool = False) -> pd.DataFrame:
    """Return the table with these columns as numbers; the file's header is row 1.

    Used by alliances, capabilities, disputes, ideal_points, igo_shared, opinion and rivalries, and by cities,
    gdp_population and foreign_fighters.

    Raises
    ------
    ValueError
        A cell is no number, or is empty where ``empty`` does not allow it.
    """
    made = raw.copy()
    for column in columns:
        made[column] = pd.to_numeric(raw[column], errors="coerce")
        wrong = made[column].isna() & ~(empty & raw[column].eq(""))
        if wrong.any():
            row = int(wrong.to_numpy().argmax())
            raise ValueError(f'{name}, row {row + 2}: {column} is "{raw[column].iloc[row]}", not a number')
    return made


def refuse_twice(raw: pd.DataFrame, name: str, key: tuple[str, ...]) -> None:
    """Raise ValueError with file and row when a key stands twice, whatever else the rows say.

    Used by capabilities, gdp_population, foreign_fighters, ideal_points, igo_shared and opinion.
    """
    if (twice := raw.duplicated(list(key))).any():
        row = int(twice.to_numpy().argmax())
        said = ", ".join(str(raw[column].iloc[row]) for column in key)
        raise ValueError(f"{name}, row {row + 2}: {said} stands there twice")


def whole_numbers(cells: pd.Series, name: str) -> pd.Series:
    """Return a column of a provider's file as whole numbers.

    Used by terror_attacks, belligerents, cities, deaths, documented_killings, gdp_population and events_between.

    Raises
    ------
    ValueError
        A cell holds no whole number; the message names file and row (the header is row 1).
    """
    values = pd.to_numeric(cells, errors="coerce")
    bad = values.isna() | (values % 1 != 0)
    if bad.any():
        row = bad[bad].index[0]
        raise ValueError(f'{name}, row {row + 2}, {cells.name}: "{cells[row]}" is no whole number')
    return values.astype("int64")
