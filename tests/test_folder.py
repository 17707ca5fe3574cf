"""What readers download runs where nothing else of the book is, and reads well without MyST."""

import csv
import hashlib
import json
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from bs4 import BeautifulSoup

from notebooks import ROOT, prose, run
from publish.edition import edition, foot
from publish.pages import whole
from trials.pyodide_versions import RESULT, inputs

PAGES = sorted(path.stem for path in (ROOT / "book").glob("*.ipynb") if path.stem != "index")
RAW = r".{0,40}(?:^:::|^```\{|\{[a-z:]+\}`|^\([\w-]+\)=).{0,40}"
"""Roles, directives and labels, which only the book understands."""


def unpack(html: Path, name: str, target: Path) -> Path:
    """Unpack one of the downloads into an empty folder; return the folder in it."""
    with zipfile.ZipFile(html / "download" / f"{name}.zip") as archive:
        archive.extractall(target)
    return target / name


def test_folder_holds_every_page_and_table_and_plain_text(html: Path, tmp_path: Path) -> None:
    folder = unpack(html, "testing-realism", tmp_path)
    assert {p.name for p in folder.glob("book/*.ipynb")} == {p.name for p in ROOT.glob("book/*.ipynb")}
    assert {p.name for p in folder.glob("book/bookkit/*")} == {p.name for p in ROOT.glob("book/bookkit/*.py")}
    assert {p.name for p in folder.glob("data/*")} == {p.name for p in ROOT.glob("data/*.csv")} | {
        "datapackage.json"
    }
    told = (folder / "READ ME FIRST.txt").read_text(encoding="utf-8").splitlines()
    assert told[1] == foot(edition(ROOT)), "the edition"
    assert (folder / "requirements.txt").read_bytes() == (ROOT / "binder" / "requirements.txt").read_bytes()
    for notebook in folder.glob("book/*.ipynb"):
        assert not re.findall(RAW, prose(notebook), flags=re.M), notebook.name
    done = run(folder / "book" / "index.ipynb")
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("page", PAGES)
def test_page_runs_alone(html: Path, tmp_path: Path, page: str) -> None:
    folder = unpack(html, f"testing-realism-run-{page}", tmp_path)
    listed = json.loads((folder / "data" / "datapackage.json").read_text(encoding="utf-8"))["resources"]
    assert {r["path"] for r in listed} | {"datapackage.json"} == {p.name for p in (folder / "data").iterdir()}
    assert (folder / "requirements.txt").is_file() and (folder / "READ ME FIRST.txt").is_file()
    done = run(folder / "book" / f"{page}.ipynb")
    assert done.returncode == 0, done.stdout
    text = prose(folder / "book" / f"{page}.ipynb")
    assert not re.findall(RAW, text, flags=re.M)
    local = [link for link in re.findall(r"\]\(([^)\s]+)\)", text) if "://" not in link and link[0] != "#"]
    assert not [link for link in local if not (folder / "book" / link.split("#")[0]).exists()], (
        "links that lead nowhere"
    )


def test_page_reads_like_the_book(html: Path, tmp_path: Path) -> None:
    """A citation is an author and a year, a figure has its number and caption, works stand at the end."""
    folder = unpack(html, "testing-realism-run-iran", tmp_path)
    text = prose(folder / "book" / "iran.ipynb")
    assert "(Mosaddegh et al." in text
    page = BeautifulSoup(whole((html / "book" / "iran.html").read_text(encoding="utf-8")), "html.parser")
    number, caption = (page.select_one(f"figcaption .caption-{part}") for part in ("number", "text"))
    assert number and caption
    assert f"*{number.get_text().strip()}.* {caption.get_text()}"[:80] in text
    assert re.search(r"^- Mosaddegh et al\. .+https?://", text, flags=re.M)


def test_unknown_markup_stops_the_build() -> None:
    """A role or directive that nobody gave a plain form would reach a student raw."""
    code = (
        "from publish.plain import Names, plain\n"
        "cell = {'cell_type': 'markdown', 'id': 'a', 'metadata': {}, 'source': ['{kbd}`x`']}\n"
        "plain({'cells': [cell]}, Names(str, str, str, str), set())"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, text=True, capture_output=True)
    assert "the role kbd has no plain form; give it one in publish/plain.py" in done.stderr


def test_every_page_ran_with_the_libraries_of_pyodide() -> None:
    """The trial's result is of the pages, the package and the lock as they are now."""
    with RESULT.open(encoding="utf-8", newline="") as file:
        rows = {row["page"]: row for row in csv.DictReader(file)}
    renew = "run it again: make trials"
    assert rows.keys() == {p.stem for p in ROOT.glob("book/*.ipynb")}, renew
    assert not [page for page, row in rows.items() if row["runs"] != "yes"]
    stale = [
        page for page, row in rows.items() if row["inputs_sha256"] != inputs(ROOT / "book" / f"{page}.ipynb")
    ]
    assert not stale, f"trials/results/pyodide_versions.csv is older than {', '.join(stale)}; {renew}"


def test_measured_environments_are_those_of_the_locks() -> None:
    """A number on the page about running is of the lock as it is now."""
    with (ROOT / "trials" / "results" / "measured_locks.csv").open(encoding="utf-8", newline="") as file:
        measured = {row["lock"]: row["sha256"] for row in csv.DictReader(file)}
    stale = [
        lock
        for lock, digest in measured.items()
        if hashlib.sha256((ROOT / lock).read_bytes()).hexdigest() != digest
    ]
    assert measured and not stale, (
        f"trials/results/environments.csv is older than {', '.join(stale)}; run it again: make trials"
    )
