"""Measure how long the book takes to build, beside plain Jupyter Book, and how that grows with the book.

Run as ``python -m trials.speed`` in the book's environment, with nothing else running. Everything
happens in copies in a temporary folder. Two tables go to ``trials/results``: ``speed.csv`` (what a
change costs, each the median of three after one run that is not counted, cold builds of one) and
``growth.csv`` (the book with its chapters once, four and sixteen times). It takes about an hour.

Plain Jupyter Book is the same sources without this book's own extensions and build: what
``jupyter-book build .`` gives with the same settings otherwise.
"""

import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from publish.build import SOURCES
from trials import ROOT, write

OURS = [sys.executable, "-m", "publish.build"]
PLAIN = [sys.executable, "-c", "from jupyter_book.cli.main import main; main()", "build", "."]
CHAPTER = "book/russia.ipynb"
TABLE = "council_on_iran"
FACTORS = (1, 4, 16)


def copy(folder: Path) -> Path:
    """Copy what a build needs into a folder, and return it."""
    for source in (*SOURCES, "trials/__init__.py"):
        path = ROOT / source
        target = folder / source
        target.parent.mkdir(parents=True, exist_ok=True)
        if path.is_dir():
            shutil.copytree(path, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(path, target)
    return folder


def plain_copy(folder: Path) -> Path:
    """Copy the book without its own extensions, so that plain Jupyter Book builds it."""
    config = yaml.safe_load((copy(folder) / "_config.yml").read_text(encoding="utf-8"))
    del config["sphinx"]["local_extensions"]
    for key in ("html_math_renderer", "bibtex_default_style"):
        config["sphinx"]["config"].pop(key, None)
    config["launch_buttons"] = {}
    (folder / "_config.yml").write_text(yaml.safe_dump(config, sort_keys=False), encoding="utf-8")
    return folder


def seconds(command: list[str], root: Path) -> tuple[float, str]:
    """Run a build and return how long it took and what it said; a failed build ends the trial."""
    started = time.perf_counter()
    done = subprocess.run(command, cwd=root, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    took = time.perf_counter() - started
    if done.returncode:
        sys.exit(f"{' '.join(command)} failed in {root}:\n{done.stdout[-3000:]}")
    return took, done.stdout


def change_paragraph(root: Path) -> None:
    """Add a sentence to a paragraph of the chapter."""
    _edit(root, "markdown", "{}\n\nOne more sentence.")


def change_cell(root: Path) -> None:
    """Add a comment to a cell of the chapter, so that it is executed again."""
    _edit(root, "code", "# changed\n{}")


def _edit(root: Path, kind: str, pattern: str) -> None:
    path = root / CHAPTER
    notebook = json.loads(path.read_text(encoding="utf-8"))
    cell = next(
        c
        for c in notebook["cells"]
        if c["cell_type"] == kind and c["id"] not in ("opening", "in-this-chapter")
    )
    cell["source"] = pattern.format("".join(cell["source"]))
    path.write_text(json.dumps(notebook, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def change_table(root: Path) -> None:
    """Change a note in a table that one chapter reads, and renew its hash."""
    path = root / "data" / f"{TABLE}.csv"
    path.write_text(
        path.read_text(encoding="utf-8").replace("Endorses", "Endorses again", 1), encoding="utf-8"
    )
    subprocess.run([sys.executable, "-m", "data.recipes", "--stamp", TABLE], cwd=root, check=True)


def nothing(root: Path) -> None:
    """Change nothing."""


CHANGES: dict[str, Callable[[Path], None]] = {
    "nothing changed": nothing,
    "one paragraph changed": change_paragraph,
    "one cell changed": change_cell,
    "one table changed": change_table,
}


def speed(folder: Path) -> pd.DataFrame:
    """Return seconds of a cold build and after each kind of change, ours beside the plain one."""
    plain, ours = plain_copy(folder / "plain"), copy(folder / "ours")
    rows: list[dict[str, Any]] = []
    seconds(PLAIN, plain)  # once beforehand, so that neither pays for cold files
    shutil.rmtree(plain / "_build")
    rows.append({"build": "cold", "plain_s": seconds(PLAIN, plain)[0], "ours_s": seconds(OURS, ours)[0]})
    for name, change in CHANGES.items():
        took: dict[str, list[float]] = {"plain": [], "ours": []}
        executed = ""
        for _ in range(3):
            for kind, root, command in (("plain", plain, PLAIN), ("ours", ours, OURS)):
                change(root)
                spent, said = seconds(command, root)
                took[kind].append(spent)
                if kind == "ours":
                    executed = " ".join(re.findall(r"book/(\w+)\.ipynb +executed", said))
        rows.append(
            {
                "build": name,
                "plain_s": statistics.median(took["plain"]),
                "ours_s": statistics.median(took["ours"]),
                "executed": executed,
            }
        )
        print(rows[-1], flush=True)
    table = pd.DataFrame(rows).fillna({"executed": "all"})
    table["ratio"] = (table["ours_s"] / table["plain_s"]).round(2)
    return table.round(2)


def multiply(root: Path, factor: int) -> None:
    """Put each chapter into the book several times, each copy with labels of its own."""
    toc = yaml.safe_load((root / "_toc.yml").read_text(encoding="utf-8"))
    part = next(part for part in toc["parts"] if part.get("caption") == "Chapters")
    for chapter in list(part["chapters"]):
        text = (root / f"{chapter['file']}.ipynb").read_text(encoding="utf-8")
        cells = json.loads(text)["cells"]
        labels = set(re.findall(r"\(([a-z0-9-]+)\)=\\n", text))
        labels |= {
            c["metadata"]["mystnb"]["figure"]["name"]
            for c in cells
            if "figure" in c["metadata"].get("mystnb", {})
        }
        for number in range(2, factor + 1):
            own = text
            for label in sorted(labels):
                own = re.sub(rf"(?<=[(`<\"]){re.escape(label)}(?=\)=|[`>\"])", f"{label}-{number}", own)
            name = f"{chapter['file']}_{number}"
            notebook = json.loads(own)
            first = next(cell for cell in notebook["cells"] if cell["cell_type"] == "code")
            first["source"] = f"# copy {number}\n" + "".join(first["source"])  # else one result serves both
            (root / f"{name}.ipynb").write_text(json.dumps(notebook), encoding="utf-8")
            part["chapters"].append({"file": name})
    (root / "_toc.yml").write_text(yaml.safe_dump(toc, sort_keys=False), encoding="utf-8")


def growth(folder: Path) -> pd.DataFrame:
    """Return seconds of a build and of an unchanged one, and the size of the search index, as the book grows."""
    rows = []
    for factor in FACTORS:
        root = copy(folder / f"times-{factor}")
        multiply(root, factor)
        cold, _ = seconds(OURS, root)
        pages = len(list((root / "_build" / "html" / "book").rglob("*.html")))
        unchanged = statistics.median(seconds(OURS, root)[0] for _ in range(3))
        index = (root / "_build" / "html" / "searchindex.js").stat().st_size
        rows.append(
            {
                "chapters_times": factor,
                "pages": pages,
                "cold_s": round(cold, 1),
                "cold_s_per_page": round(cold / pages, 2),
                "unchanged_s": round(unchanged, 2),
                "search_index_kb": round(index / 1000),
            }
        )
        print(rows[-1], flush=True)
        shutil.rmtree(root)
    return pd.DataFrame(rows)


def main() -> None:
    """Run both trials and write their tables."""
    os.environ.pop("BOOK_REPOSITORY_URL", None)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write("speed", speed(folder), "jupyter-book 1.0.4.post1")
        write("growth", growth(folder), "jupyter-book 1.0.4.post1")


if __name__ == "__main__":
    main()
