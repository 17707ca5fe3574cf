"""A build that fails says which chapter, which cell and why, and leaves the last good book in place."""

import json
import os
import re
import shutil
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from notebooks import ROOT

SMALL_TOC = """format: jb-book
root: book/index
parts:
  - caption: Chapters
    chapters:
      - file: book/small
      - file: book/other
"""


def notebook(code: str) -> str:
    """Return a page with one cell of code."""
    return json.dumps(
        {
            "cells": [
                {"cell_type": "markdown", "id": "a", "metadata": {}, "source": "# Small\n\nText."},
                {
                    "cell_type": "code", "id": "b", "metadata": {}, "source": code,
                    "execution_count": None, "outputs": [],
                },
            ],
            "metadata": {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}},
            "nbformat": 4, "nbformat_minor": 5,
        }
    )  # fmt: skip


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A book of three pages with the real settings, built once."""
    root = tmp_path_factory.mktemp("tree")
    for folder in ("publish", "data", "locks", "binder"):
        shutil.copytree(ROOT / folder, root / folder, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "book" / "bookkit", root / "book" / "bookkit")
    for file in ("_config.yml", "references.bib", "LICENSE"):
        shutil.copy(ROOT / file, root / file)
    (root / "_toc.yml").write_text(SMALL_TOC, encoding="utf-8")
    (root / "book" / "index.md").write_text("# Index\n\nText.\n", encoding="utf-8")
    (root / "book" / "small.ipynb").write_text(notebook("print('the good book')"), encoding="utf-8")
    (root / "book" / "other.ipynb").write_text(
        notebook("import bookkit\nlen(bookkit.load('nato_members'))"), encoding="utf-8"
    )
    done = build(root)
    assert done.returncode == 0, done.stdout
    assert "book/small.ipynb             executed in" in done.stdout
    assert f"Open {root / '_build' / 'html' / 'index.html'}" in done.stdout
    return root


def build(root: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "publish.build", *words],
        cwd=root,
        env={k: v for k, v in os.environ.items() if k != "BOOK_REPOSITORY_URL"},
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )


def served(root: Path) -> str:
    return (root / "_build" / "html" / "book" / "small.html").read_text(encoding="utf-8")


def test_nothing_changed_is_said(tree: Path) -> None:
    assert "Nothing changed" in build(tree).stdout


def test_a_failing_cell_is_named_and_the_last_good_book_stays(tree: Path) -> None:
    page = tree / "book" / "small.ipynb"
    good = page.read_text(encoding="utf-8")
    page.write_text(notebook("import bookkit\nbookkit.load('vetos')"), encoding="utf-8")
    done = build(tree)
    page.write_text(good, encoding="utf-8")
    assert done.returncode == 1
    assert "book/small.ipynb fails in the cell that begins\n    import bookkit\n" in done.stdout
    assert 'DataError: There is no table "vetos"' in done.stdout
    assert "The last good book is still in" in done.stdout
    assert "the good book" in served(tree)


def test_a_failing_part_is_named_and_the_last_good_site_stays(tree: Path) -> None:
    """And the pages alone may be built anew without losing the parts."""
    parts = tree / "publish" / "parts.py"
    good = parts.read_text(encoding="utf-8")
    own = good[: good.index("PARTS = [")]

    def made(words: str, end: str) -> subprocess.CompletedProcess[str]:
        code = f"import pathlib, sys; f = pathlib.Path(sys.argv[1], 'extra'); f.mkdir(); {end}; (f / 'x').write_text('{words}')"
        parts.write_text(
            f'{own}PARTS = [Part("extra", "extra part", ({sys.executable!r}, "-c", {code!r}))]\n'
        )
        return build(tree, "site")

    extra = tree / "_build" / "html" / "extra" / "x"
    first, failed = made("the good part", "0"), made("a bad part", "sys.exit('no more space')")
    assert first.returncode == 0, first.stdout
    assert failed.returncode == 1
    assert "The extra part could not be made: no more space" in failed.stdout
    assert "The last good book is still in" in failed.stdout
    assert extra.read_text() == "the good part" and "the good book" in served(tree)
    alone = build(tree)
    assert alone.returncode == 0 and "Kept from an earlier make site" in alone.stdout, alone.stdout
    assert extra.read_text() == "the good part"
    parts.write_text(good, encoding="utf-8")
    unmade = build(tree, "site")
    assert (
        "The browser door could not be made: there is no .venv/lite/bin/python. Run: make site"
        in unmade.stdout
    )
    shutil.rmtree(extra.parent)


def test_a_warning_is_an_error_and_is_repeated(tree: Path) -> None:
    page = tree / "book" / "index.md"
    good = page.read_text(encoding="utf-8")
    page.write_text(good + "\nSee {doc}`nowhere`.\n", encoding="utf-8")
    first, second = build(tree), build(tree)
    page.write_text(good, encoding="utf-8")
    assert first.returncode == second.returncode == 1
    assert "book/index.md:5: WARNING: unknown document: 'nowhere'" in first.stdout, first.stdout
    assert "unknown document: 'nowhere'" in second.stdout, "an incremental build must repeat its warnings"
    assert "the good book" in served(tree)


def test_a_changed_table_runs_the_chapters_that_read_it_and_no_other(tree: Path) -> None:
    page = tree / "book" / "small.ipynb"
    page.write_text(notebook("import bookkit\nlen(bookkit.load('council_drafts'))"), encoding="utf-8")
    done = build(tree)
    assert done.returncode == 0, done.stdout
    assert "book/other.ipynb             unchanged" in done.stdout, done.stdout
    assert ">13<" in served(tree).replace("\n", "")
    table = tree / "data" / "council_drafts.csv"
    table.write_text("\n".join(table.read_text(encoding="utf-8").splitlines()[:-1]) + "\n", encoding="utf-8")
    subprocess.run([sys.executable, "-m", "data.recipes", "--stamp", "council_drafts"], cwd=tree, check=True)
    done = build(tree)
    assert "book/small.ipynb             executed" in done.stdout, done.stdout
    assert "book/other.ipynb             unchanged" in done.stdout, done.stdout
    assert ">12<" in served(tree).replace("\n", "")


def test_a_changed_bookkit_runs_every_chapter_again(tree: Path) -> None:
    module = tree / "book" / "bookkit" / "sphere.py"
    module.write_text(module.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    done = build(tree)
    assert "small.ipynb             executed" in done.stdout, done.stdout
    assert "other.ipynb             executed" in done.stdout, done.stdout


def test_one_who_writes_sees_each_saved_change(tree: Path) -> None:
    command = [sys.executable, "-m", "publish.live", "0"]
    with subprocess.Popen(command, cwd=tree, text=True, stdout=subprocess.PIPE) as live:
        assert live.stdout
        try:
            address = next(m[0] for line in live.stdout if (m := re.search(r"http://[\d.:]+", line)))
            with urllib.request.urlopen(f"{address}/live", timeout=120) as news:
                page = tree / "book" / "index.md"
                page.write_text(page.read_text(encoding="utf-8") + "\nA new line.\n", encoding="utf-8")
                assert news.readline() == b"data: new\n"
            with urllib.request.urlopen(f"{address}/book/index.html") as served_page:
                text = served_page.read().decode()
            with urllib.request.urlopen(
                f"{address}/live.js"
            ) as script:  # a file, as a page's policy wants it
                assert b"EventSource" in script.read()
        finally:
            live.terminate()
    assert "A new line." in text and 'src="/live.js"' in text
    assert "live.js" not in (tree / "_build" / "html" / "book" / "index.html").read_text(encoding="utf-8")
