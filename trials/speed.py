"""Measure how long the book takes to build, beside plain Jupyter Book, and how that grows with the book.

Run as ``python -m trials.speed`` in the tests' environment, with nothing else running. Everything
happens in copies in a temporary folder. Two tables go to ``trials/results``: ``speed.csv`` (what a
change costs, each the median of three) and ``growth.csv`` (the book with its chapters once, four and
sixteen times, and how long its search takes in a browser). It takes about forty minutes; ``speed`` or
``growth`` after the command runs one of the two.

Plain Jupyter Book is the same sources without this book's own extensions and build: what
``jupyter-book build .`` gives with the same settings otherwise.
"""

import json
import os
import re
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from publish.prints import find_chromium
from trials import write
from trials.copies import copy
from trials.reading import BROWSER, served

OURS = [sys.executable, "-m", "publish.build"]
PLAIN = [sys.executable, "-c", "from jupyter_book.cli.main import main; main()", "build", "."]
CHAPTER = "book/russia.ipynb"
TABLE = "council_on_iran"
FACTORS = (1, 4, 16)


def plain_copy(folder: Path) -> Path:
    """Copy the book without its own extensions, so that plain Jupyter Book builds it."""
    config = yaml.safe_load((copy(folder) / "_config.yml").read_text(encoding="utf-8"))
    del config["sphinx"]["local_extensions"]
    for key in ("html_math_renderer", "bibtex_default_style"):
        config["sphinx"]["config"].pop(key, None)
    config["launch_buttons"] = {}
    (folder / "_config.yml").write_text(yaml.safe_dump(config, sort_keys=False), encoding="utf-8")
    return folder


@dataclass(frozen=True)
class Took:
    """Seconds of a build, by the clock and of all processors together, and what it said."""

    clock: float
    processors: float
    said: str


def _processors() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def timed(command: list[str], root: Path) -> Took:
    """Run a build and return how long it took; a failed build ends the trial."""
    used, started = _processors(), time.perf_counter()
    done = subprocess.run(command, cwd=root, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    took = time.perf_counter() - started
    if done.returncode:
        sys.exit(f"{' '.join(command)} failed in {root}:\n{done.stdout[-3000:]}")
    return Took(took, _processors() - used, done.stdout)


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


def start_anew(root: Path) -> None:
    """Delete everything that was built."""
    shutil.rmtree(root / "_build", ignore_errors=True)


def nothing(root: Path) -> None:
    """Change nothing."""


CHANGES: dict[str, Callable[[Path], None]] = {
    "cold": start_anew,
    "nothing changed": nothing,
    "one paragraph changed": change_paragraph,
    "one cell changed": change_cell,
    "one table changed": change_table,
}


def speed(folder: Path) -> pd.DataFrame:
    """Return seconds of a cold build and after each kind of change, ours beside the plain one."""
    roots = {"plain": plain_copy(folder / "plain"), "ours": copy(folder / "ours")}
    commands = {"plain": PLAIN, "ours": OURS}
    timed(PLAIN, roots["plain"])  # once beforehand, so that neither pays for cold files
    rows: list[dict[str, Any]] = []
    for name, change in CHANGES.items():
        took: dict[str, list[Took]] = {"plain": [], "ours": []}
        for _ in range(3):
            for kind, root in roots.items():
                change(root)
                took[kind].append(timed(commands[kind], root))
        executed = re.findall(r"book/([\w/]+)\.ipynb +executed", took["ours"][-1].said)
        row: dict[str, Any] = {"build": name, "executed": " ".join(executed) or "none"}
        for kind in roots:
            row[f"{kind}_s"] = round(statistics.median(t.clock for t in took[kind]), 2)
            row[f"{kind}_processor_s"] = round(statistics.median(t.processors for t in took[kind]), 1)
        rows.append(row | {"ratio": round(row["ours_s"] / row["plain_s"], 2)})
        print(rows[-1], flush=True)
    table = pd.DataFrame(rows)
    table.loc[table["build"] == "cold", "executed"] = "all"
    return table


def multiply(root: Path, factor: int) -> None:
    """Put each chapter into the book several times, each copy with labels of its own."""
    toc = yaml.safe_load((root / "_toc.yml").read_text(encoding="utf-8"))
    part = next(part for part in toc["parts"] if part.get("caption") == "Chapters")
    for chapter in list(part["chapters"]):
        text = (root / f"{chapter['file']}.ipynb").read_text(encoding="utf-8")
        cells = json.loads(text)["cells"]
        sections = set(re.findall(r"\(([a-z0-9-]+)\)=\\n", text))
        figures = {
            c["metadata"]["mystnb"]["figure"]["name"]
            for c in cells
            if "figure" in c["metadata"].get("mystnb", {})
        }
        for number in range(2, factor + 1):
            own = text
            for label in sorted(sections):
                own = own.replace(f"({label})=", f"({label}-{number})=")
            for label in sorted(sections | figures):
                role = rf"(\{{(?:ref|numref)\}}`(?:[^`<]*<)?){re.escape(label)}(?=>?`)"
                own = re.sub(role, rf"\g<1>{label}-{number}", own)
            for label in sorted(figures):
                own = own.replace(f'"name": "{label}"', f'"name": "{label}-{number}"')
            name = f"{chapter['file']}_{number}"
            notebook = json.loads(own)
            first = next(cell for cell in notebook["cells"] if cell["cell_type"] == "code")
            first["source"] = f"# copy {number}\n" + "".join(first["source"])  # else one result serves both
            (root / f"{name}.ipynb").write_text(json.dumps(notebook), encoding="utf-8")
            part["chapters"].append({"file": name})
    (root / "_toc.yml").write_text(yaml.safe_dump(toc, sort_keys=False), encoding="utf-8")


def search_seconds(page: Any, site: str) -> float:
    """Return how long it takes from the opening of the search page to the first results."""
    started = time.perf_counter()
    page.goto(f"{site}/search.html?q=veto")
    page.wait_for_selector("ul.search li")
    return time.perf_counter() - started


def growth(folder: Path) -> pd.DataFrame:
    """Return seconds of a build, of an unchanged one and of a search, as the book grows."""
    from playwright.sync_api import sync_playwright

    rows: list[dict[str, Any]] = []
    for factor in FACTORS:
        root = copy(folder / f"times-{factor}")
        multiply(root, factor)
        cold = timed(OURS, root)
        html = root / "_build" / "html"
        pages = len(list((html / "book").rglob("*.html")))
        row: dict[str, Any] = {
            "chapters_times": factor,
            "pages": pages,
            "cold_s": round(cold.clock, 1),
            "processor_s": round(cold.processors, 1),
            "added_page_s": "",
            "unchanged_s": round(statistics.median(timed(OURS, root).clock for _ in range(3)), 2),
            "search_index_kb": round((html / "searchindex.js").stat().st_size / 1000),
        }
        with served(html) as site, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=find_chromium(), args=BROWSER)
            page = browser.new_page()
            row["search_s"] = round(statistics.median(search_seconds(page, site) for _ in range(3)), 2)
            browser.close()
        if rows:
            added = (row["cold_s"] - rows[-1]["cold_s"]) / (row["pages"] - rows[-1]["pages"])
            row["added_page_s"] = round(added, 2)
        rows.append(row)
        print(row, flush=True)
        shutil.rmtree(root)
    return pd.DataFrame(rows)


TRIALS: dict[str, Callable[[Path], pd.DataFrame]] = {"speed": speed, "growth": growth}


def main(chosen: list[str]) -> int:
    """Run the trials and write their tables."""
    if unknown := set(chosen) - set(TRIALS):
        print(f"unknown: {' '.join(sorted(unknown))}. Known: {' '.join(TRIALS)}")
        return 2
    for name in ("BOOK_REPOSITORY_URL", "BOOK_HUB_URL"):
        os.environ.pop(name, None)
    for name in chosen or TRIALS:
        with tempfile.TemporaryDirectory() as folder:
            write(name, TRIALS[name](Path(folder)), f"jupyter-book {version('jupyter-book')}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
