"""The self-checks of the chapters: the practice questions marked ``on_page``, written into the notebooks.

Each question is a group with a name for screen readers and each answer a fold, so that it works without
scripts, from the keyboard, and as plain Markdown in JupyterLab and on GitHub.
"""

import json
from collections.abc import Iterable
from pathlib import Path

from publish.questions.bank import LETTERS, Question, objectives
from publish.questions.plain import ROOT

CELL = "self-check"
HEAD = "## Check yourself\n\nEach answer has a note that says whether it holds."


def fold(summary: str, text: str) -> str:
    """Return a fold whose text is Markdown."""
    return f"<details><summary>{summary}</summary>\n\n{text}\n\n</details>"


def number_text(value: float) -> str:
    """Return a number as it is read: no point where it is whole."""
    return str(int(value)) if value == int(value) else str(value)


def right_answer(question: Question) -> str:
    """Return the answer of a number question with its unit, and what counts as right beside it."""
    unit = f" {question.unit}" if question.unit else ""
    answer = f"{number_text(question.answer)}{unit}"
    if question.tolerance:
        answer += f", and up to {number_text(question.tolerance)} more or less"
    return answer


def ask(question: Question, number: int, of: int) -> str:
    """Return one question as it stands on the page."""
    first, *rest = question.stem.split("\n\n")
    hint = " More than one answer holds." if question.type == "several" else ""
    parts = [f"**{number}. {first}**{hint}", *rest]
    if question.type == "number":
        text = f"**The answer: {right_answer(question)}.** {question.right}\n\n*If yours is another:* {question.wrong}"
        parts.append(fold("See the answer", text))
    else:
        folds = [
            fold(f"{letter}. {o.text}", o.feedback)
            for letter, o in zip(LETTERS, question.options, strict=False)
        ]
        parts += folds  # a blank line between them, without which JupyterLab shows them open
    body = "\n\n".join(parts)
    return f'<div role="group" aria-label="Question {number} of {of}">\n\n{body}\n\n</div>'


def self_check(questions: Iterable[Question], chapter: str) -> str:
    """Return the text of a chapter's self-check."""
    shown = [q for q in questions if q.chapter == chapter and q.pool == "practice" and q.on_page]
    return "\n\n".join([HEAD, *(ask(q, n, len(shown)) for n, q in enumerate(shown, 1))])


def stored(chapter: str, root: Path = ROOT) -> str | None:
    """Return the self-check as the chapter's notebook holds it; None if it has no cell for it."""
    notebook = json.loads((root / "book" / f"{chapter}.ipynb").read_text(encoding="utf-8"))
    return next(("".join(c["source"]) for c in notebook["cells"] if c["id"] == CELL), None)


def write(questions: list[Question], root: Path = ROOT) -> list[str]:
    """Write the self-checks that differ from the bank into their notebooks; return the chapters changed."""
    changed = []
    for chapter in objectives(root):
        text = self_check(questions, chapter)
        if text == stored(chapter, root):
            continue
        path = root / "book" / f"{chapter}.ipynb"
        notebook = json.loads(path.read_text(encoding="utf-8"))
        cell = next(c for c in notebook["cells"] if c["id"] == CELL)
        cell["source"] = text.splitlines(keepends=True)
        path.write_text(json.dumps(notebook, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        changed.append(chapter)
    return changed
