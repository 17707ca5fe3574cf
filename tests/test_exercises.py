"""The tags of exercises: what they say is read, and one that cannot be read is named."""

import json
from pathlib import Path

import pytest

from publish.questions.bank import BankError
from publish.questions.exercises import Exercise, exercises


def _book(root: Path, text: str) -> Path:
    """Write a chapter of one cell, with two objectives."""
    (root / "book" / "teaching").mkdir(parents=True)
    cell = {"cell_type": "markdown", "source": text}
    (root / "book" / "iran.ipynb").write_text(json.dumps({"cells": [cell]}))
    aims = "iran:\n  - {id: first, text: do}\n  - {id: second, text: do}\n"
    (root / "book" / "teaching" / "objectives.yaml").write_text(aims)
    return root


def test_a_tag_gives_level_objective_and_code(tmp_path: Path) -> None:
    text = "**1 (apply; objective 2; code).** Do.\n\n**2 (recall; objective 1; no code).** Say."
    assert exercises("iran", _book(tmp_path, text)) == [
        Exercise("iran", 1, "apply", "second", True),
        Exercise("iran", 2, "recall", "first", False),
    ]


@pytest.mark.parametrize(
    "tag",
    ["apply; objective 3; code", "apply; code", "apply; objective 2; coded", "learn; objective 1; code"],
)
def test_a_tag_that_cannot_be_read_is_named(tmp_path: Path, tag: str) -> None:
    with pytest.raises(BankError, match=r"book/iran.ipynb, exercise 4: .*'no code'"):
        exercises("iran", _book(tmp_path, f"**4 ({tag}).** Do."))
