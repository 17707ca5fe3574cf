"""Copies of the book that trials and tests may change and build: the whole of it, and a small one.

The small one has the real settings, data and code, and three pages, two of them executed.
"""

import json
import re
import shutil
from pathlib import Path
from typing import Any

from publish.build import SOURCES
from trials import ROOT

FOLDERS = ("publish", "data", "locks", "binder", "book/bookkit")
FILES = ("references.bib", "LICENSE", "CHANGELOG.md")
TOC = """format: jb-book
root: book/index
parts:
  - caption: Chapters
    chapters:
      - file: book/small
      - file: book/other
"""
GOOD = "print('the good book')"


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


def small_book(root: Path) -> Path:
    """Write the book into a folder and return it; its ledger has no claims, as none of its pages shows any."""
    for folder in FOLDERS:
        shutil.copytree(ROOT / folder, root / folder, ignore=shutil.ignore_patterns("__pycache__"))
    for file in FILES:
        shutil.copy(ROOT / file, root / file)
    config = (ROOT / "_config.yml").read_text(encoding="utf-8")
    config = re.sub(
        r"^ +book_redirects:.*\n(?: +book/.*\n)+", "", config, flags=re.M
    )  # to pages that are not here
    (root / "_config.yml").write_text(config, encoding="utf-8")
    claims = root / "data" / "claims.csv"
    claims.write_text(claims.read_text(encoding="utf-8").splitlines()[0] + "\n", encoding="utf-8")
    (root / "_toc.yml").write_text(TOC, encoding="utf-8")
    pages = {
        "index.md": "# Index\n\nText.\n\n## Three doors\n\nText.\n",
        "small.ipynb": page(GOOD),
        "other.ipynb": page("import bookkit\nlen(bookkit.load('nato_members'))"),
    }
    for name, text in pages.items():
        (root / "book" / name).write_text(text, encoding="utf-8")
    return root


def page(code: str) -> str:
    """Return a page with one cell of Markdown, ``a``, and one of code, ``b``."""
    text = {"cell_type": "markdown", "id": "a", "metadata": {}, "source": "# Small\n\nText."}
    cell: dict[str, Any] = {
        "cell_type": "code",
        "id": "b",
        "metadata": {},
        "source": code,
        "execution_count": None,
        "outputs": [],
    }
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    return json.dumps(
        {"cells": [text, cell], "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}
    )
