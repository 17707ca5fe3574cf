"""What a page shows is what somebody looked at: a changed number is named with its page and its cell."""

import ast
import json
from pathlib import Path

import pytest

from notebooks import cells, notebooks
from publish.shown import KEPT, KINDS, code, differences, kept, record

RENEW = "If it is right, renew what is kept: make shown"


@pytest.mark.parametrize("path", notebooks(), ids=lambda p: p.stem)
def test_a_page_shows_what_was_looked_at(path: Path) -> None:
    changed = differences(path.stem, kept(path.stem), record(path))
    assert not changed, "\n".join(["what these cells show has changed:", *changed.values(), RENEW])


def test_nothing_is_kept_of_a_page_that_is_gone() -> None:
    assert {p.stem for p in KEPT.iterdir()} == {p.stem for p in notebooks()}


@pytest.mark.parametrize("path", notebooks(), ids=lambda p: p.stem)
def test_every_sentence_and_table_is_kept(path: Path) -> None:
    """What a cell shows before its last line, no reader would see and no test would hold."""
    called = [
        cell["id"]
        for cell in cells(path, "code")
        for node in ast.walk(ast.parse(cell["source"]))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in KINDS
    ]
    assert called == [cell.name for cell in code(path) if cell.kind in KINDS.values()]
    assert set(called) <= kept(path.stem).keys(), f"not kept; {RENEW}"


def test_a_cell_that_raises_is_named_and_so_is_one_after_it(tmp_path: Path) -> None:
    sources = {
        "number": "from bookkit import claim, say\nn = 9",
        "card": "claim('russian-vetoes-on-syria-by-mid-2017', n)",
        "sentence": "say('Russia cast {n} vetoes.', n=n)",
    }
    page = tmp_path / "page.ipynb"
    page.write_text(
        json.dumps(
            {
                "cells": [
                    {"cell_type": "code", "id": i, "metadata": {}, "source": s} for i, s in sources.items()
                ]
            }
        )
    )
    told = differences("page", {"sentence": "Russia cast 8 vetoes."}, record(page))
    assert (
        "page, cell card:\n  + raises ClaimError: claim russian-vetoes-on-syria-by-mid-2017:" in told["card"]
    )
    assert told["sentence"].splitlines()[1:] == ["  - Russia cast 8 vetoes.", "  + Russia cast 9 vetoes."]
