"""Every notebook runs from top to bottom, and a changed fact stops it by the claim's name."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from notebooks import ROOT, notebooks, run


@pytest.mark.parametrize("path", notebooks(), ids=lambda p: p.stem)
def test_notebook_and_solutions_run(path: Path) -> None:
    done = run(path)
    assert done.returncode == 0, done.stdout


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The pages and the data in a folder that a test may damage."""
    for folder in ("book", "data"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def restamp(copy: Path, table: str) -> None:
    """Renew rows and hashes in the descriptor, as one would who changes a table on purpose."""
    subprocess.run([sys.executable, "-m", "data.recipes", "--stamp", table], cwd=copy, check=True)


@pytest.mark.parametrize(
    ("table", "old", "new", "slug"),
    [
        ("vetoes", "2016-10-08,S/2016/846", "2017-10-08,S/2016/846", "russian-vetoes-on-syria-by-mid-2017"),
        ("council_drafts", "in Aleppo,Egypt; New Zealand; Spain", "in Aleppo,Egypt", "vetoed-drafts-had-a-western-sponsor"),
        ("council_drafts", "of measures,France;", "of measures,Egypt; France;", "vetoed-drafts-were-western-only"),
        ("council_drafts", "others,France,sponsor", "others,France,not a sponsor", "vetoed-drafts-american-sponsored"),
        ("council_drafts", "United States,joint lead", "United States,sponsor", "vetoed-drafts-american-led"),
    ],
)  # fmt: skip
def test_a_changed_fact_stops_the_chapter_by_the_claims_name(
    copy: Path, table: str, old: str, new: str, slug: str
) -> None:
    path = copy / "data" / f"{table}.csv"
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1
    path.write_text(text.replace(old, new), encoding="utf-8")
    restamp(copy, table)
    done = run(copy / "book" / "russia.ipynb")
    assert done.returncode != 0
    assert f"claim {slug}" in done.stdout, done.stdout


def test_a_changed_verdict_stops_the_chapter(copy: Path) -> None:
    path = copy / "data" / "claims.csv"
    text = path.read_text(encoding="utf-8")
    path.write_text(
        text.replace("to 30 June 2017.,contradicted", "to 30 June 2017.,supported"), encoding="utf-8"
    )
    done = run(copy / "book" / "russia.ipynb")
    assert "claim russian-vetoes-on-syria-by-mid-2017" in done.stdout, done.stdout


def test_chapters_run_in_a_path_with_spaces_and_other_letters(copy: Path, tmp_path: Path) -> None:
    moved = tmp_path / "мой курс" / "کتاب"
    moved.mkdir(parents=True)
    for folder in ("book", "data"):
        shutil.move(str(copy / folder), moved / folder)
    done = run(moved / "book" / "russia.ipynb")
    assert done.returncode == 0, done.stdout


def test_solutions_are_really_checked(copy: Path) -> None:
    path = copy / "book" / "russia.ipynb"
    text = path.read_text(encoding="utf-8")
    given = re.search(r"# answer: (\d+)", text)
    assert given, "no worked solution with a number"
    wrong = int(given.group(1)) + 1
    path.write_text(text.replace(given.group(0), f"# answer: {wrong}", 1), encoding="utf-8")
    assert f"gives {wrong - 1}" in run(path).stdout
