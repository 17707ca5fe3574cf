"""What Sphinx complains of, one line each: the file below the top folder, the cell or the line, the fault.

Sphinx writes ``/top/folder/book/russia.ipynb:30004: WARNING: unknown document: 'nowhere' [ref.doc]``,
where 30004 is line 3 of the third cell, among colours, progress and sometimes a traceback.
"""

import json
import re
from pathlib import Path

COLOUR = re.compile(r"\x1b\[[0-9;]*m")
TOLD = re.compile(
    r"^(?:(?P<path>[^\n]*?\.(?:md|ipynb|py|bib|yml)\b):?(?:<[^>]*>)?(?P<line>\d+)?: )?"
    r"(?:WARNING|ERROR|CRITICAL|SEVERE): (?P<fault>.*)$",
    flags=re.M,
)
RAISED = re.compile(r"^(?:[a-z_]\w*\.)*([A-Z]\w*(?:Error|Exception)): (.+)$", flags=re.M)
WITHIN = re.compile(r"threw an exception \(exception: (.+)\)$", flags=re.M)
KIND = re.compile(r" \[[a-z_-]+(?:\.[a-z_-]+)*\]$")
CELL = 10_000  # MyST-NB counts the lines of a cell from its number times this, and one more


def complaints(log: str, root: Path) -> list[str]:
    """Return what a log of Sphinx complains of, each fault once, in its order.

    Parameters
    ----------
    log
        The whole output of a build.
    root
        The top folder of the book, which names of files are told from.

    Returns
    -------
    list
        At least one line: where nothing in the log is a warning, the last error that was raised or the last line.
    """
    text = COLOUR.sub("", log)
    found = [
        f"{_place(match['path'], match['line'], root)}{KIND.sub('', match['fault'].strip())}"
        for match in TOLD.finditer(text)
        if match["fault"].strip()
    ]
    if found:
        return list(dict.fromkeys(found))
    if within := WITHIN.findall(text):
        return within[-1:]
    if raised := RAISED.findall(text):
        return [f"{name}: {said}" for name, said in raised[-1:]]
    return text.strip().splitlines()[-1:] or ["Sphinx ended without a word"]


def _place(path: str | None, line: str | None, root: Path) -> str:
    if path is None:
        return ""
    file = Path(path.strip())
    if file.is_absolute() and file.is_relative_to(root):
        file = file.relative_to(root)
    number = int(line or 0)
    if file.suffix == ".ipynb" and number >= CELL:
        return f"{file.as_posix()}, cell {_cell(root / file, number // CELL)}, line {max(number % CELL - 1, 1)}: "
    return f"{file.as_posix()}, line {number}: " if number else f"{file.as_posix()}: "


def _cell(path: Path, number: int) -> str:
    """Return the id of a notebook's cell by its number, from 1; the number where it has none."""
    try:
        return str(json.loads(path.read_text(encoding="utf-8"))["cells"][number - 1]["id"])
    except (OSError, ValueError, LookupError):
        return str(number)
