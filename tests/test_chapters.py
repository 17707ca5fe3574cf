"""Every notebook runs from top to bottom, and a changed fact stops it by the claim's name."""

import csv
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from bookkit import ledger
from notebooks import ROOT, notebooks, run

LEDGER = ledger()
CHAPTER = dict(zip(LEDGER["slug"], LEDGER["chapter"], strict=True))


@pytest.mark.parametrize("path", notebooks(), ids=lambda p: p.stem)
def test_notebook_and_each_cell_again_and_solutions_run_without_a_warning(path: Path) -> None:
    done = run(path, again=True)
    assert done.returncode == 0, done.stdout
    said = [line for line in done.stdout.splitlines() if "building the font cache" not in line]
    assert not said, f"a reader would see this warning: {done.stdout}"


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The pages and the data in a folder that a test may damage."""
    for folder in ("book", "data"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def restamp(copy: Path, table: str) -> None:
    """Renew rows and hashes in the descriptor, as one would who changes a table on purpose."""
    subprocess.run([sys.executable, "-m", "data.recipes", "--stamp", table], cwd=copy, check=True)


def mutations() -> list[dict[str, str]]:
    """Return tests/mutations.csv: in which table which words are changed, and which claim must notice."""
    with (ROOT / "tests" / "mutations.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def mutated_run(change: dict[str, str], folder: Path) -> subprocess.CompletedProcess[str]:
    """Change a table in a copy of pages and data, and run the page of the claim there."""
    for name in ("book", "data"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    path = folder / "data" / f"{change['table']}.csv"
    text = path.read_text(encoding="utf-8")
    assert text.count(change["old"]) == 1, f"{change['old']} stands {text.count(change['old'])} times"
    path.write_text(text.replace(change["old"], change["new"]), encoding="utf-8")
    restamp(folder, change["table"])
    return run(folder / "book" / f"{CHAPTER[change['slug']]}.ipynb")


@pytest.fixture(scope="module")
def mutated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Future]]:
    """The runs of all mutations, side by side on the machine's cores, by claim."""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        yield {c["slug"]: pool.submit(mutated_run, c, tmp_path_factory.mktemp("change")) for c in mutations()}


@pytest.mark.parametrize("slug", [c["slug"] for c in mutations()])
def test_a_changed_fact_stops_the_chapter_by_the_claims_name(mutated: dict[str, Future], slug: str) -> None:
    done = mutated[slug].result()
    assert done.returncode != 0
    assert f"claim {slug}" in done.stdout, done.stdout


def test_every_claim_that_data_decide_has_a_mutation() -> None:
    assert {c["slug"] for c in mutations()} == set(LEDGER[LEDGER["rule"] != ""]["slug"])


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
