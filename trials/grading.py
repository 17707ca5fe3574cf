"""Grade a hundred made submissions with one worker and with two, and once with a kill half-way.

Run as ``python -m trials.grading`` in the instructors' repository. The submissions are the key, the empty
notebook, the typical mistakes, one that raises, one that never stops, one that prints without end and one
that fills memory, in a fixed mixture. Its result goes to ``trials/results/grading.csv``, with the date
and the kind of machine.
"""

import datetime
import hashlib
import os
import platform
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import nbformat
import pandas as pd

from publish import packs
from publish.grading import sandbox

ROOT = Path(__file__).resolve().parents[1]
RESULT = Path(__file__).parent / "results" / "grading.csv"
CHAPTER = "russia"
SEED = "the seed of the trial"
HOSTILE = {
    "raises": "1 / 0",
    "never stops": "while True: pass",
    "prints": "while True: print('x' * 1000)",
    "fills memory": "held = []\nwhile True: held.append(bytes(100_000_000))",
}


def submissions(folder: Path, pack: Path, count: int) -> None:
    """Write numbered submissions: of each hundred four fail in their own way, 24 are mistaken, 12 empty."""
    key = (pack / f"{CHAPTER}-key.ipynb").read_text(encoding="utf-8")
    empty = (pack / "student" / f"{CHAPTER}.ipynb").read_text(encoding="utf-8")
    tasks = [t for t in packs.tasks(packs.fill(CHAPTER, SEED)) if not t["by_hand"]]
    for number in range(count):
        notebook = nbformat.reads(empty if number % 25 in (7, 14, 21) else key, as_version=4)
        checks = [c for c in notebook.cells if c.cell_type == "code" and c.source.startswith("check(")]
        if number % 25 == 3:
            checks[1].source = list(HOSTILE.values())[number // 25 % len(HOSTILE)]
        elif number % 4 == 1:
            wrong = tasks[number // 4 % len(tasks)]
            checks[tasks.index(wrong)].source = wrong["cells"]["mistake"][0].source
        nbformat.write(notebook, folder / f"{number:03}.ipynb")


def start(pack: Path, folder: Path, out: Path, workers: int) -> subprocess.Popen[bytes]:
    """Start the command that an instructor would run."""
    command = [sys.executable, "-m", "publish.grading", str(pack), str(folder), "--out", str(out)]
    command += ["--workers", str(workers), "--cell-seconds", "5"]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, start_new_session=True)


def marks(out: Path) -> str:
    """Return the hash of the table of marks."""
    return hashlib.sha256((out / "marks.csv").read_bytes()).hexdigest()


def main(count: int = 100) -> int:
    """Time the gradings; return 0 if all gave the same marks and nothing was graded twice."""
    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as made:
        pack, folder = Path(made) / "pack", Path(made) / "submissions"
        folder.mkdir()
        for name, content in packs.make(CHAPTER, SEED)[1].items():
            (pack / name).parent.mkdir(parents=True, exist_ok=True)
            (pack / name).write_bytes(content)
        submissions(folder, pack, count)
        for workers in (1, 2):
            out = Path(made) / f"out-{workers}"
            began = time.monotonic()
            if start(pack, folder, out, workers).wait():
                return 1
            rows.append(
                {"run": "whole", "workers": workers, "seconds": time.monotonic() - began, "marks": marks(out)}
            )
        out = Path(made) / "out-killed"
        began = time.monotonic()
        process = start(pack, folder, out, 2)
        while len(list((out / "results").glob("*.json"))) < count // 2 and process.poll() is None:
            time.sleep(0.1)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        first = {p: p.stat().st_mtime_ns for p in (out / "results").glob("*.json")}
        if start(pack, folder, out, 2).wait():
            return 1
        again = [p for p, when in first.items() if p.stat().st_mtime_ns != when]
        seconds = time.monotonic() - began
        run = f"killed after {len(first)}, resumed"
        rows.append(
            {"run": run, "workers": 2, "seconds": seconds, "marks": marks(out), "graded_twice": len(again)}
        )
    result = pd.DataFrame(rows)
    result["submissions"] = count
    result["seconds"] = result["seconds"].round(1)
    result["a_submission"] = (result["seconds"] / count).round(2)
    result["graded_twice"] = result["graded_twice"].fillna(0).astype(int)
    result["isolation"] = sandbox.isolation()
    result["date"] = datetime.date.today().isoformat()
    result["machine"] = (
        f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    )
    result.to_csv(RESULT, index=False, lineterminator="\n")
    print(result.drop(columns=["marks", "machine"]).to_string(index=False))
    return int(result["marks"].nunique() > 1 or result["graded_twice"].any())


if __name__ == "__main__":
    sys.exit(main())
