"""What a chapter asks of a class: minutes of reading, a first session, exercises; all read off its page."""

import ast
import html
import json
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bookkit.claims import ledger
from bookkit.paths import DataError
from bookkit.sentences import Shown

WORDS_A_MINUTE = 200
SESSION = re.compile(
    r"For one session of \d+ minutes, with (\d+) minutes of reading.*?\.(?=\s|$)", flags=re.S
)


@dataclass(frozen=True)
class Reading:
    """What one page asks of a class; minutes, and the labels and titles of the first session's sections.

    ``with_code`` is None where the tags of the exercises do not say which of them need code.
    """

    page: str
    title: str
    folded: int
    unfolded: int
    session: int
    sections: tuple[tuple[str, str], ...]
    exercises: int
    with_code: int | None


def reading(page: str) -> Reading:
    """Return what a page asks of a class.

    The minutes are those of its words up to the exercises, at 200 words a minute: prose, captions and
    the sentences that cells print, with the claims left shut and with all of them open. The first
    session is the one that its section on assigning begins with.

    Parameters
    ----------
    page
        The name of a notebook of ``book/``, such as ``"russia"``.

    Raises
    ------
    DataError
        The page is not there, or lacks its exercises or the sentence on one session.
    """
    path = Path(__file__).resolve().parents[1] / f"{page}.ipynb"
    if not path.is_file():
        raise DataError(f"book/{page}.ipynb is missing; restore it, or download the whole folder.")
    sys.audit("bookkit.reading", page)  # the build hears that only this result of the page matters
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    text = "\n\n".join("".join(c["source"]) for c in cells if c["cell_type"] == "markdown")
    body, exercises, rest = text.partition("\n## Exercises")
    session = SESSION.search(rest)
    if not exercises or not session:
        raise DataError(
            f"book/{page}.ipynb: it needs the heading 'Exercises' and, under 'Assign this chapter', a sentence "
            "that begins 'For one session of 50 minutes, with 30 minutes of reading'."
        )
    titles = dict(re.findall(r"^\(([a-z0-9-]+)\)=\n#+ (.+)$", text, flags=re.M))
    labels = re.findall(r"\{ref\}`([a-z0-9-]+)`", session[0])
    tags = re.findall(r"^\*\*\d+ \((.*?)\)\.\*\*", rest, flags=re.M)
    claims = ledger()
    claims = claims[claims["chapter"] == page]
    words = (claims["claim"] + " " + claims["finding"]).map(_words)
    shown = sum(_shown(c) for c in cells if c["cell_type"] == "code")
    folded = _words(_plain(body)) + shown + words[claims["rule"] != ""].sum()
    return Reading(
        page,
        re.findall(r"^# (.+)$", text, flags=re.M)[0],
        round(folded / WORDS_A_MINUTE),
        round((folded + words[claims["rule"] == ""].sum()) / WORDS_A_MINUTE),
        int(session[1]),
        tuple((label, titles[label]) for label in labels if label in titles),
        len(tags),
        sum(tag.endswith("; code") for tag in tags) if all(tag.endswith("code") for tag in tags) else None,
    )


def reading_table(*pages: str) -> Shown:
    """Return a table for instructors: one row a page, with links to its first session and its assigning."""
    found = [reading(page) for page in pages]
    caption = "What each chapter asks of a class"
    head = ("Chapter", "Reading and exercises", "A first session")
    lines = [
        f"{r.title}: {_work(r)}; a first session after {r.session} minutes: "
        f"{', '.join(title for _, title in r.sections)}"
        for r in found
    ]
    heads = "".join(f'<th scope="col">{h}</th>' for h in head)
    rows = "".join(_row(r) for r in found)
    return Shown(
        "\n".join([caption, *lines]),
        f'<div class="wide" role="region" tabindex="0" aria-label="{caption}"><table><caption>{caption}</caption>'
        f"<thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table></div>",
    )


def _work(r: Reading) -> str:
    code = "" if r.with_code is None else f", {r.with_code} of them with code"
    return f"{r.folded} minutes, {r.unfolded} with all claims open; {r.exercises} exercises{code}"


def _row(r: Reading) -> str:
    sections = ", ".join(
        f'<a href="{r.page}.ipynb#{label}">{html.escape(title)}</a>' for label, title in r.sections
    )
    return (
        f'<tr><th scope="row"><a href="{r.page}.ipynb#assign-this-chapter">{html.escape(r.title)}</a></th>'
        f"<td>{_work(r)}</td><td>{r.session} minutes of reading: {sections}</td></tr>"
    )


def _words(text: str) -> int:
    return len(re.findall(r"[^\W_]+(?:['’-][^\W_]+)*", text))


def _plain(text: str) -> str:
    """Return prose without what is not read: code, folds, citations, labels and addresses of links."""
    for cut in (r"<details>.*?</details>", r"```.*?```", r"\{cite:[pt]\}`[^`]*`", r"<[^>]*>", r"\]\([^)]*\)"):
        text = re.sub(cut, " ", text, flags=re.S)
    return re.sub(r"^(?:\([a-z0-9-]+\)=|:::.*)$", " ", text, flags=re.M)


def _shown(cell: dict[str, Any]) -> int:
    """Return how many words a cell's sentences and captions have; the numbers in them count as words too."""
    calls = [n for n in ast.walk(ast.parse("".join(cell["source"]))) if isinstance(n, ast.Call)]
    texts = [
        part.value
        for call in calls
        if isinstance(call.func, ast.Name) and call.func.id in ("say", "show", "fold")
        for part in ast.walk(call)
        if isinstance(part, ast.Constant) and isinstance(part.value, str)
    ]
    return sum(map(_words, texts)) + _words(
        cell["metadata"].get("mystnb", {}).get("figure", {}).get("caption", "")
    )
