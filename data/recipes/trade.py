"""Goods traded by Russia, Iran and Syria with one another and with three others, from two providers."""

from itertools import permutations
from pathlib import Path

import pandas as pd

from data.recipes._shared import read_cells

NAME = "trade"
INPUTS = (
    "trade-bilateral/cow_trade4_dyads_16c_1991_2014.csv",
    "trade-bilateral/itpde_exports_16c_2000_2016.csv",
)
PUBLISHED = "Correlates of War, Trade v4.0 (through peacesciencer); USITC, ITPD-E Release 1"

CORE = ("IRN", "RUS", "SYR")
OTHERS = ("CHN", "TUR", "USA")


def make(folder: Path) -> pd.DataFrame:
    """Return one row per provider, exporter, importer and year, for pairs with Iran, Russia or Syria.

    ``share`` is derived: percent of what the same provider records for the exporter's sales to the
    other fifteen countries of the extract in that year, so that current and constant dollars compare.

    Raises
    ------
    ValueError
        A column is missing, a figure is no number, or a pair stands twice in a year.
    """
    flows = pd.concat([_cow(folder), _itpde(folder)], ignore_index=True)
    total = flows.groupby(["provider", "exporter", "year"])["million_usd"].transform("sum")
    flows["share"] = [
        f"{100 * v / t:.2f}" if t else "" for v, t in zip(flows["million_usd"], total, strict=True)
    ]
    pairs = {p for p in permutations(CORE + OTHERS, 2) if p[0] in CORE or p[1] in CORE}
    kept = flows[[p in pairs for p in zip(flows["exporter"], flows["importer"], strict=True)]]
    kept = kept.sort_values(["provider", "exporter", "importer", "year"], kind="stable")
    million = [f"{v:.1f}" for v in kept["million_usd"]]
    columns = ["provider", "exporter", "importer", "year", "million_usd", "prices", "share"]
    return kept.assign(million_usd=million)[columns]


def _cow(folder: Path) -> pd.DataFrame:
    raw = _numbers(
        folder, INPUTS[0], ["iso_a", "iso_b"], ["year", "imports_a_from_b_musd", "imports_b_from_a_musd"]
    )
    halves = [
        pd.DataFrame({"exporter": raw[x], "importer": raw[m], "year": raw["year"], "million_usd": raw[v]})
        for x, m, v in (
            ("iso_b", "iso_a", "imports_a_from_b_musd"),
            ("iso_a", "iso_b", "imports_b_from_a_musd"),
        )
    ]
    return _once(pd.concat(halves, ignore_index=True), INPUTS[0]).assign(provider="COW", prices="current")


def _itpde(folder: Path) -> pd.DataFrame:
    raw = _numbers(folder, INPUTS[1], ["exporter", "importer"], ["year", "exports_const2010_musd"])
    raw = raw.rename(columns={"exports_const2010_musd": "million_usd"})
    return _once(raw, INPUTS[1]).assign(provider="ITPD-E", prices="constant 2010")


def _numbers(folder: Path, name: str, states: list[str], columns: list[str]) -> pd.DataFrame:
    raw = read_cells(folder, name, (*states, *columns))
    for column in columns:
        values = pd.to_numeric(raw[column], errors="coerce")
        if (wrong := values.isna() & (raw[column] != "")).any():
            row = int(wrong.to_numpy().argmax())
            raise ValueError(f"{name}, row {row + 2}: {raw[column].iloc[row]} is no number")
        raw[column] = values
    return raw


def _once(flows: pd.DataFrame, name: str) -> pd.DataFrame:
    flows = flows.dropna(subset=["million_usd"])
    flows = flows[flows["million_usd"] >= 0].assign(year=flows["year"].astype(int))
    if (twice := flows.duplicated(["exporter", "importer", "year"])).any():
        pair = flows[twice].iloc[0]
        raise ValueError(f"{name}: {pair['exporter']} to {pair['importer']} stands twice in {pair['year']}")
    return flows
