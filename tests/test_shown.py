"""What a page shows is what somebody looked at: a changed number is named with its page and its cell."""

import ast
import csv
import json
from pathlib import Path

import pytest

from bookkit import ledger
from notebooks import ROOT, cells, notebooks
from publish.shown import KEPT, KINDS, code, differences, kept, record

RENEW = "If it is right, renew what is kept: make shown"


@pytest.mark.parametrize("path", notebooks(), ids=lambda p: p.stem)
def test_a_page_shows_what_was_looked_at(path: Path) -> None:
    changed = differences(path.stem, kept(path.stem), record(path))
    if changed:
        pytest.fail(
            "\n".join(["what these cells show has changed:", *changed.values(), RENEW]), pytrace=False
        )


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


def test_every_claim_and_cell_was_tried_with_changed_data_and_is_caught_or_has_a_reason() -> None:
    """The trial's result is of the claims and cells that the book has now."""
    with (ROOT / "trials" / "results" / "mutation_all.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    claims = ledger().query("rule != ''")
    there = {(page.stem, cell) for page in notebooks() for cell in kept(page.stem)}
    there |= set(zip(claims["chapter"], claims["slug"], strict=True))
    tried = {(row["page"], row["item"]) for row in rows}
    assert tried == there, (
        f"{sorted(tried ^ there)}: run it again for these pages: python -m trials.mutation PAGE"
    )
    left = [(r["page"], r["item"]) for r in rows if r["result"] != "caught" and not r["reason"]]
    assert not left, f"no test names {left}, and trials/mutation.py gives no reason"
