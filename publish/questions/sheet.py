"""Questions on paper: a page of HTML that prints well, without and with its key."""

from collections.abc import Sequence
from html import escape

from publish.policy import of_sheet
from publish.questions.bank import LETTERS, Objective, Question
from publish.questions.page import right_answer
from publish.questions.plain import block, line

STYLE = """
:root { color-scheme: light dark; }
body { font: 1rem/1.5 Charter, "Bitstream Charter", Cambria, Georgia, serif; margin: 2rem auto; max-width: 42rem; padding: 0 1rem; }
h1 { font-size: 1.5rem; line-height: 1.2; }
h2 { font-size: 1rem; margin: 1.6rem 0 0.4rem; }
.stem > :first-child, .feedback > :first-child { margin-top: 0; }
.about { color: color-mix(in srgb, currentColor 80%, transparent); font-size: 0.85rem; }
code { overflow-wrap: anywhere; }
ol.options { list-style: upper-alpha; }
ol.options li { margin: 0.3rem 0; padding-left: 0.3rem; }
.feedback { font-size: 0.92rem; margin: 0.1rem 0 0.5rem; }
.feedback p { margin: 0; }
.right { font-weight: 700; }
.line { border-bottom: 1px solid; display: inline-block; min-width: 12rem; }
.room { border: 1px solid; height: 14rem; }
@media print {
  :root { color-scheme: light; }
  @page { margin: 18mm 20mm; }
  body { font-size: 10.5pt; margin: 0; max-width: none; padding: 0; }
  section { break-inside: avoid; }
  section.long { break-inside: auto; }
  h1, h2 { break-after: avoid; }
}
"""
DO = {
    "choice": "One answer holds.",
    "several": "More than one answer holds.",
    "number": "Give a number.",
    "essay": "Write.",
}


def _about(q: Question, objectives: Sequence[Objective], key: bool) -> str:
    told = f"{DO[q.type]} {q.level.capitalize()}; objective {_number(q, objectives)}."
    if key:
        told += f" Look it up in {line('{ref}`' + q.section + '`')}. In the bank: {escape(q.id)}."
    return f'<p class="about">{told}</p>'


def _number(q: Question, objectives: Sequence[Objective]) -> int:
    return next(o.number for o in objectives if o.id == q.objective)


def _option(text: str, right: bool, feedback: str, key: bool) -> str:
    if not key:
        return f"<li>{line(text)}</li>"
    shown = f'<span class="right">{line(text)} (right)</span>' if right else line(text)
    return f'<li>{shown}<div class="feedback">{block(feedback)}</div></li>'


def _answer(q: Question, key: bool) -> str:
    if q.options:
        items = "\n".join(_option(o.text, o.right, o.feedback, key) for o in q.options)
        return f'<ol class="options">\n{items}\n</ol>'
    if q.type == "number" and key:
        right, wrong = block(q.right), block(q.wrong)
        return f'<p class="right">{line(right_answer(q))}</p><div class="feedback">{right}{wrong}</div>'
    if q.type == "number":
        return f'<p>Answer: <span class="line">&nbsp;</span> {line(q.unit) if q.unit else ""}</p>'
    if key:
        return f'<div class="feedback">{block(q.marking)}</div>'
    return '<div class="room" role="img" aria-label="Room to write"></div>'


def letters(q: Question) -> str:
    """Return the right answer in short: letters, a number, or that it is for writing."""
    if q.options:
        return ", ".join(letter for letter, o in zip(LETTERS, q.options, strict=False) if o.right)
    return right_answer(q) if q.type == "number" else "for writing"


def sheet(
    title: str, questions: Sequence[Question], objectives: Sequence[Objective], *, key: bool, note: str
) -> bytes:
    """Return the page; with ``key`` it gives answers and feedback, without it room for the answers."""
    name = f"{title}{', with key' if key else ''}"
    parts = [f"<h1>{escape(name)}</h1>", f'<p class="about">{note}</p>']
    if key:
        short = "; ".join(f"{n}: {line(letters(q))}" for n, q in enumerate(questions, 1))
        parts.append(f"<p>{short}.</p>")
    else:
        parts.append('<p>Name: <span class="line">&nbsp;</span> Date: <span class="line">&nbsp;</span></p>')
    for n, q in enumerate(questions, 1):
        long = ' class="long"' if key or q.type == "essay" else ""
        parts.append(
            f'<section{long} aria-labelledby="q{n}">\n<h2 id="q{n}">Question {n}</h2>\n'
            f'<div class="stem">{block(q.stem)}</div>\n{_about(q, objectives, key)}\n{_answer(q, key)}\n</section>'
        )
    body = "\n".join(parts)
    return (
        f'<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n{of_sheet(STYLE)}\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n<title>{escape(name)}</title>\n<link rel="icon" href="data:,">\n'
        f"<style>{STYLE}</style>\n</head>\n<body>\n<main>\n{body}\n</main>\n</body>\n</html>\n"
    ).encode()
