"""Long runs whose dated results are committed, one or more tables in ``results``."""

import datetime
import os
import platform
from pathlib import Path

import pandas as pd

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "trials" / "results"


def machine(*tools: str) -> str:
    """Return the kind of machine that a trial ran on, with the tools that mattered."""
    kind = f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores"
    return ", ".join([kind, f"Python {platform.python_version()}", *tools])


def write(name: str, result: pd.DataFrame, *tools: str) -> None:
    """Write a trial's table to ``results/NAME.csv``, each row with the date and the kind of machine.

    A row that has them already, from an earlier run, keeps them.
    """
    now = {"date": datetime.date.today().isoformat(), "machine": machine(*tools)}
    dated = result.assign(**{c: result[c].fillna(v) if c in result else v for c, v in now.items()})
    dated = dated[[c for c in dated if c not in now] + [*now]]
    dated.to_csv(RESULTS / f"{name}.csv", index=False, lineterminator="\n")
    print(f"wrote {(RESULTS / name).relative_to(ROOT)}.csv", flush=True)
