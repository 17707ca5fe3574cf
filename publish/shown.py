"""What the pages show that data decide, as text that is kept in ``tests/shown`` and can be read in a diff.

One file for a page: under the name of each cell the sentence that it says, the table that it shows, or
a line on what its figure draws. A test runs the pages again and names each cell that shows something
else. Run as ``make shown`` it writes the files anew, which whoever changes data or a page does after
having looked at the differences that the test names.

Cards of the ledger are left out: ``bookkit.claim`` itself holds them to ``data/claims.csv``. So is what
counts words of prose, or lists the tables.
"""

import ast
import contextlib
import difflib
import hashlib
import html
import json
import re
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from types import CodeType
from typing import Any, NamedTuple

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.ticker import ScalarFormatter

ROOT = Path(__file__).resolve().parents[1]
KEPT = ROOT / "tests" / "shown"
KINDS = {"say": "sentence", "show": "table", "behind": "numbers behind a figure"}
"""What the functions of ``bookkit`` show whose results are kept, by the name of the function."""


class Cell(NamedTuple):
    """A code cell, compiled: all but its last expression, that expression, and what kind of thing it shows."""

    name: str
    kind: str
    body: CodeType
    last: CodeType | None


def code(page: Path) -> list[Cell]:
    """Return the code cells of a notebook, ready to run."""
    found = []
    for cell in json.loads(page.read_text(encoding="utf-8"))["cells"]:
        if cell["cell_type"] != "code":
            continue
        tree = ast.parse("".join(cell["source"]))
        end = tree.body[-1] if tree.body else None
        last = end.value if isinstance(end, ast.Expr) else None
        if last:
            tree.body.pop()
        kind = ""
        if "figure" in cell["metadata"].get("mystnb", {}):
            kind = "figure"
        elif isinstance(last, ast.Call) and isinstance(last.func, ast.Name):
            kind = KINDS.get(last.func.id, "")
        where = f"<cell {cell['id']}>"
        ending = compile(ast.Expression(last), where, "eval") if last else None
        found.append(Cell(cell["id"], kind, compile(tree, where, "exec"), ending))
    return found


def record(
    page: Path, cells: list[Cell] | None = None, look: Callable[[Cell, Any], None] | None = None
) -> dict[str, str]:
    """Run a page in this process and return what its cells show, by the cell's name.

    A cell that raises shows the error, and the next ones run all the same, so that every cell that
    a change touches is named and not the first alone.

    Parameters
    ----------
    page
        The notebook; ``bookkit`` must be the one beside it.
    cells
        What ``code`` returned for it, where it is run many times.
    look
        Is given each cell and the value of its last line, while the cell's figures are open.
    """
    names: dict[str, Any] = {}
    shown: dict[str, str] = {}
    plt.switch_backend("Agg")
    with contextlib.chdir(page.parent), plt.rc_context({"figure.max_open_warning": 0}):
        for cell in cells or code(page):
            try:
                exec(cell.body, names)
                value = eval(cell.last, names) if cell.last else None
                if look:
                    look(cell, value)
                text = _drawn() if cell.kind == "figure" else _text(value, cell.kind)
            except Exception as error:
                text = f"raises {type(error).__name__}: {error}"
            if text:
                shown[cell.name] = text
            plt.close("all")
    return shown


def _text(value: Any, kind: str) -> str:
    """Return a sentence or the lines of a table as a reader meets them; nothing for what is not kept."""
    if kind == "sentence":
        return str(value.text)
    if kind:
        return _lines(value.markup)
    if isinstance(value, (pd.DataFrame, pd.Series)):
        from bookkit.sentences import markup

        return _lines(markup(value.reset_index().map(_rounded), ""))
    return ""


def _rounded(value: Any) -> Any:
    return float(f"{value:.6g}") if isinstance(value, float) else value


def _lines(markup: str) -> str:
    """Return the caption and the rows of a table's HTML, a row in a line."""
    caption = re.findall(r"<caption>(.*?)</caption>", markup, flags=re.S)
    rows = [
        " | ".join(re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, flags=re.S))
        for row in re.findall(r"<tr>(.*?)</tr>", markup, flags=re.S)
    ]
    made = re.findall(r">(data/[^<]*)</a>", markup)
    from_ = [f"Made from: {', '.join(made)}"] if made else []
    lines = [html.unescape(" ".join(line.split())) for line in [*caption, *rows, *from_]]
    return "\n".join(line for line in lines if line)


def _drawn() -> str:
    """Return a line on what the open figures draw: how many things, and a hash of their places and words."""
    count, digest = 0, hashlib.sha256()
    for axes in (axes for number in plt.get_fignums() for axes in plt.figure(number).axes):
        for thing in [*axes.lines, *axes.patches, *axes.collections, *axes.texts]:
            count += 1
            for places in _places(thing):
                digest.update(_digits(places))
            digest.update(str(getattr(thing, "get_text", thing.get_label)()).encode())
        for axis in (axes.xaxis, axes.yaxis):
            if not isinstance(axis.get_major_formatter(), ScalarFormatter):  # words, and not numbers
                digest.update(" ".join(label.get_text() for label in axis.get_ticklabels()).encode())
    return f"draws {count} things: {digest.hexdigest()[:16]}"


def _places(thing: Any) -> Iterable[Any]:
    """Return arrays of the places at which a thing of a figure lies, in the units of its axes."""
    if hasattr(thing, "get_xydata"):
        return [thing.get_xydata()]
    if hasattr(thing, "get_patch_transform"):
        return [thing.get_patch_transform().transform(thing.get_path().vertices)]
    if hasattr(thing, "get_offsets"):
        return [thing.get_offsets(), *(path.vertices for path in thing.get_paths())]
    return [thing.convert_xunits(thing.get_position()[0]), thing.convert_yunits(thing.get_position()[1])]


def _digits(places: Any) -> bytes:
    """Return numbers to six digits, so that another processor's last digit changes nothing."""
    numbers: list[float] = np.ma.filled(np.ma.asarray(places, dtype=float), np.nan).ravel().tolist()
    return " ".join(f"{n:.6g}" for n in numbers).encode()


def kept(page: str) -> dict[str, str]:
    """Return what ``tests/shown`` holds of a page, by the cell's name; nothing where there is no file."""
    path = KEPT / f"{page}.txt"
    if not path.is_file():
        return {}
    parts = re.split(r"^## ([\w-]+)\n", path.read_text(encoding="utf-8"), flags=re.M)
    return {name: text.rstrip("\n") for name, text in zip(parts[1::2], parts[2::2], strict=True)}


def differences(page: str, before: dict[str, str], now: dict[str, str]) -> dict[str, str]:
    """Return what differs, by the cell: a message that names page and cell and gives both texts.

    Of a table only the lines that differ are given.
    """
    told = {}
    for cell in [*before, *(c for c in now if c not in before)]:
        old, new = before.get(cell, ""), now.get(cell, "")
        if old != new:
            lines = list(difflib.ndiff(old.splitlines(), new.splitlines()))
            changed = [f"  {line}" for line in lines if line[0] in "-+"]
            more = [f"  ... and {len(changed) - 8} lines more"] if len(changed) > 8 else []
            told[cell] = "\n".join([f"{page}, cell {cell}:", *changed[:8], *more])
    return told


def pages() -> list[Path]:
    """Return every notebook of the book."""
    return sorted((ROOT / "book").glob("*.ipynb"))


def main() -> int:
    """Write what every page shows, unless a cell raises; say which pages show something else than before."""
    sys.path.insert(0, str(ROOT / "book"))
    now = {page.stem: record(page) for page in pages()}
    broken = [
        f"{page}, cell {cell}: {text}"
        for page, cells in now.items()
        for cell, text in cells.items()
        if text.startswith("raises ")
    ]
    if broken:
        print("\n".join([*broken, "nothing was written: mend the page or the data first"]))
        return 1
    for page, cells in now.items():
        changed = len(differences(page, kept(page), cells))
        text = "\n".join(f"## {name}\n{said}\n" for name, said in cells.items())
        (KEPT / f"{page}.txt").write_text(text, encoding="utf-8")
        print(f"tests/shown/{page}.txt: {len(cells)} cells, {changed} of them changed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
