"""Major arms delivered to Syria, Iran and six neighbours, by year and main supplier."""

from pathlib import Path

import pandas as pd

from data.recipes._shared import read_cells

NAME = "arms_deliveries"
INPUTS = ("sipri-arms-transfers/tiv_imports_syria_iran_neighbours_1991_2021.csv",)
PUBLISHED = "SIPRI Arms Transfers Database, https://www.sipri.org/databases/armstransfers"

RECIPIENTS = {
    "Iran": "IRN", "Iraq": "IRQ", "Israel": "ISR", "Lebanon": "LBN",
    "Qatar": "QAT", "Saudi Arabia": "SAU", "Syria": "SYR", "Turkey": "TUR",
}  # fmt: skip
NOT_STATES = ("Hezbollah (Lebanon)*", "Syria rebels*")
"""Recipients that the provider marks with a star; left out."""

SUPPLIERS = {"China": "CHN", "Iran": "IRN", "Russia": "RUS", "Soviet Union": "RUS", "United States": "USA"}
"""Suppliers told apart; all others are summed."""

GROUPS = ("CHN", "IRN", "RUS", "USA", "other")
YEARS = range(1991, 2022)


def make(folder: Path) -> pd.DataFrame:
    """Return one row per recipient, year and supplier group, a year without deliveries as 0.

    The figures are sums of the provider's trend-indicator values; share and mean are derived from them.

    Raises
    ------
    ValueError
        A column is missing, a row names a recipient that is not known here, a year out of range or a value that is no count,
        or a pair stands twice in a year.
    """
    raw = read_cells(folder, INPUTS[0], ("supplier", "recipient", "year", "tiv_million"))
    for number, row in enumerate(raw.itertuples(index=False), start=2):
        if row.recipient not in RECIPIENTS and row.recipient not in NOT_STATES:
            raise ValueError(f"{INPUTS[0]}, row {number}: unknown recipient {row.recipient}")
        if not row.year.isdecimal() or int(row.year) not in YEARS:
            raise ValueError(f"{INPUTS[0]}, row {number}: {row.year} is outside {YEARS[0]}-{YEARS[-1]}")
        if not row.tiv_million.isdecimal():
            raise ValueError(f"{INPUTS[0]}, row {number}: {row.tiv_million} is no whole number")
    if (twice := raw.duplicated(["supplier", "recipient", "year"])).any():
        number = int(twice.to_numpy().argmax()) + 2
        raise ValueError(f"{INPUTS[0]}, row {number}: the pair stands twice in the year")
    raw = raw[raw["recipient"].isin(list(RECIPIENTS))]
    value = raw["tiv_million"].astype(int)
    keys = [
        raw["recipient"].map(RECIPIENTS).rename("recipient"),
        raw["year"].astype(int),
        raw["supplier"].map(SUPPLIERS).fillna("other").rename("supplier"),
    ]
    cells = [(r, y, s) for r in RECIPIENTS.values() for y in YEARS for s in GROUPS if r != s]
    table = value.groupby(keys).sum().reindex(cells, fill_value=0).rename("tiv").reset_index()
    total = table.groupby(["recipient", "year"])["tiv"].transform("sum")
    table["share"] = [f"{100 * v / t:.1f}" if t else "" for v, t in zip(table["tiv"], total, strict=True)]
    mean = table.groupby(["recipient", "supplier"])["tiv"].transform(lambda v: v.rolling(5).mean())
    table["mean_5_years"] = [f"{v:.1f}" if pd.notna(v) else "" for v in mean]
    return table
