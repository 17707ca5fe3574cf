"""What a grading run leaves to read: one page for each submission, and one table of marks."""

import csv
import html
import io
from pathlib import Path
from typing import Any

from publish.grading.sandbox import DESCRIPTIONS
from publish.policy import of_sheet

STYLE = """
:root { color-scheme: light dark; }
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 46rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; width: 100%; margin: 1rem 0; }
caption { text-align: left; font-weight: bold; padding-bottom: .3rem; }
th, td { text-align: left; vertical-align: top; border-bottom: 1px solid #888; padding: .35rem .6rem .35rem 0; }
td.number, th.number { text-align: right; white-space: nowrap; }
pre, blockquote { white-space: pre-wrap; overflow-wrap: anywhere; margin: .5rem 0 1rem; padding-left: 1rem;
  border-left: 3px solid #888; }
pre { font-size: .9rem; }
@media print { body { margin: 0; max-width: none; } tr, blockquote { break-inside: avoid; } }
"""


def number(value: float | None) -> str:
    """Return points without needless zeros; nothing for points not given yet."""
    return "" if value is None else f"{value:g}"


def totals(result: dict[str, Any], by_hand: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    """Return points by tests, points by hand, and the total, which is None until every text has its points."""
    coding = sum(mark["points"] for mark in result["marks"])
    texts = [given.get(name) for name in by_hand]
    hand = None if any(points is None for points in texts) else sum(p for p in texts if p is not None)
    out_of = sum(mark["possible"] for mark in result["marks"]) + sum(by_hand.values())
    return {
        "coding": coding,
        "hand": hand,
        "total": None if hand is None else coding + hand,
        "out_of": out_of,
    }


def page(chapter: str, result: dict[str, Any], by_hand: dict[str, Any], given: dict[str, Any]) -> str:
    """Return the report of one submission as a page that needs nothing beside it.

    Parameters
    ----------
    result
        What ``python -m publish.grading`` keeps for a submission.
    by_hand
        The points that each text may get.
    given
        The points that a person gave, by text, and ``Feedback``; empty until then.
    """
    e = html.escape
    sums = totals(result, by_hand, given)
    out_of = number(sums["out_of"])
    total = (
        f"{number(sums['total'])} of {out_of}"
        if sums["total"] is not None
        else f"open until the texts are read, of {out_of}"
    )
    parts = [
        f"<h1>{e(chapter)}: {e(result['submission'])}</h1>",
        f"<p>Points by tests: {number(sums['coding'])} of "
        f"{number(sum(m['possible'] for m in result['marks']))}. All points: {total}.</p>",
    ]
    if result["trouble"]:
        parts.append(f"<p><strong>{e(result['trouble'])}</strong></p>")
    if feedback := given.get("Feedback"):
        parts.append(f"<h2>Remarks</h2><blockquote>{e(feedback)}</blockquote>")
    rows = []
    for mark in result["marks"]:
        lines = "".join(
            f"<div>{'Right' if good else 'Not yet'}: {e(text)}</div>" for good, text in mark["lines"]
        )
        rows.append(
            f'<tr><th scope="row">{e(mark["task"])}</th><td>{lines}</td>'
            f'<td class="number">{number(mark["points"])} of {number(mark["possible"])}</td></tr>'
        )
    head = '<th scope="col">Task</th><th scope="col">What the tests say</th><th scope="col" class="number">Points</th>'
    parts.append(
        f"<table><caption>Coding tasks</caption><thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>"
    )
    parts.append("<h2>Texts</h2>")
    for name, possible in by_hand.items():
        text = result["texts"].get(name) or ""
        points = given.get(name)
        said = "not marked yet" if points is None else f"{number(points)} points"
        parts.append(f"<h3>{e(name)}: {said}, of {number(possible)}; {len(text.split())} words</h3>")
        parts.append(f"<blockquote>{e(text)}</blockquote>" if text.strip() else "<p>No text was found.</p>")
    parts.append(
        f"<h2>How it ran</h2><p>{e(DESCRIPTIONS[result['isolation']])} It took {result['seconds']:.1f} seconds.</p>"
    )
    if result["stopped"]:
        parts.append(f"<p>The run was stopped: {e(result['stopped'])}. What came before counts.</p>")
    parts += [f"<p>{e(note)}</p>" for note in result["notes"]]
    for cell in result["cells"]:
        if cell["error"]:
            parts.append(f"<h3>Cell {cell['number']} ended with an error</h3><pre>{e(cell['source'])}</pre>")
            parts.append(f"<p>{e(cell['error'])}</p>")
    title = f"{e(chapter)}: {e(result['submission'])}"
    return (
        f'<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n{of_sheet(STYLE)}\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n<title>{title}</title>\n'
        f"<style>{STYLE}</style>\n</head>\n<body>\n<main>\n"
        + "\n".join(parts)
        + "\n</main>\n</body>\n</html>\n"
    )


def table(results: list[dict[str, Any]], by_hand: dict[str, Any], given: dict[str, dict[str, Any]]) -> str:
    """Return the marks as CSV: one row for each submission, and a column for every task and text.

    ``Total`` is empty until every text of the submission has its points, so that half a mark is never
    taken for a whole one.
    """
    coding = [mark["task"] for mark in results[0]["marks"]] if results else []
    columns = [
        "Identifier",
        *coding,
        "Coding",
        *by_hand,
        "Total",
        "Out of",
        "Feedback",
        "How it ran",
        "Report",
    ]
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(columns)
    for result in results:
        mine = given.get(result["submission"], {})
        sums = totals(result, by_hand, mine)
        said = "; ".join(
            f"{m['task']} {number(m['points'])} of {number(m['possible'])}" for m in result["marks"]
        )
        rows.writerow(
            [
                result["submission"],
                *(number(mark["points"]) for mark in result["marks"]),
                number(sums["coding"]),
                *(number(mine.get(name)) for name in by_hand),
                number(sums["total"]),
                number(sums["out_of"]),
                f"{said}. {mine.get('Feedback') or ''}".strip(),
                _ran(result),
                f"reports/{result['file']}.html",
            ]
        )
    return text.getvalue()


def _ran(result: dict[str, Any]) -> str:
    """Return in a few words how a submission ran, and in which kind of room."""
    failed = sum(bool(cell["error"]) for cell in result["cells"])
    errors = f", {failed} of {len(result['cells'])} cells ended with an error" if failed else ""
    how = f"stopped: {result['stopped']}" if result["stopped"] else f"to the end{errors}"
    return result["trouble"] or f"{how} ({result['isolation']})"


def for_roster(roster: Path, column: str, results: list[dict[str, Any]], sums: dict[str, Any]) -> str:
    """Return a grade book's own export with one column more, as Canvas reads it back.

    Kept are the columns that name the student; the row of a student is found by whichever of them holds
    the submission's name.

    Raises
    ------
    ValueError
        The file has none of these columns, or a submission has no row in it.
    """
    kept = ["Student", "ID", "SIS User ID", "SIS Login ID", "Section"]
    with roster.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    columns = [name for name in kept if rows and name in rows[0]]
    if not columns:
        raise ValueError(f"{roster}: none of the columns {', '.join(kept)}; export it from the grade book")
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*columns, column])
    left = {result["submission"] for result in results}
    for row in rows:
        names = {(row[name] or "").strip() for name in columns[:-1] or columns}
        mine = sorted(names & left)
        if mine:
            left.discard(mine[0])
            writer.writerow([*(row[name] for name in columns), number(sums[mine[0]]["total"])])
    if left:
        raise ValueError(f"{roster}: no row for {', '.join(sorted(left))}")
    return text.getvalue()
