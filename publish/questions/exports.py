"""The files that people take away: sheets, QTI and Moodle XML, for each chapter and pool.

A Sphinx extension: it writes those of the practice pool into ``download/questions/`` of every HTML build.
Those of the graded pool go to ``_build/instructor/questions/``, by ``make exam``, and never into
the site.
"""

import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx
from sphinx.util import logging

from publish.questions import moodle, qti
from publish.questions.bank import POOLS, BankError, Objective, Question, load, objectives
from publish.questions.plain import ROOT, title
from publish.questions.sheet import sheet

LOG = logging.getLogger(__name__)
FOLDER = "download/questions"
GRADED = ROOT / "_build" / "instructor" / "questions"
NOTES = {
    "practice": "Testing Realism: Iran, Russia and the Syrian Crisis, 2010-2017. The answers to these questions "
    "are public: they are for practice, not for a mark. CC BY 4.0, the contributors to Testing Realism.",
    "graded": "Testing Realism: Iran, Russia and the Syrian Crisis, 2010-2017. The contributors to Testing "
    "Realism. For a mark: not to be published.",
}


def setup(app: Sphinx) -> dict[str, Any]:
    """Write the downloads when the pages are done."""
    app.connect("build-finished", write_downloads)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


Make = Callable[[str, list[Question], list[Objective], str], bytes]
FORMS: dict[str, Make] = {
    "sheet.html": lambda name, qs, aims, note: sheet(name, qs, aims, key=False, note=note),
    "key.html": lambda name, qs, aims, note: sheet(name, qs, aims, key=True, note=note),
    "qti.zip": lambda name, qs, aims, note: qti.package(name, qs),
    "moodle.xml": lambda name, qs, aims, note: moodle.document(name, qs),
}


def files(pool: str, root: Path = ROOT) -> dict[str, bytes]:
    """Return the exports of one pool by their file names, ``russia-practice-qti.zip`` and the like."""
    made = {}
    questions = load(root, (pool,))
    for chapter, aims in objectives(root).items():
        mine = [q for q in questions if q.chapter == chapter]
        if mine:
            name = f"{title(chapter, root)}: {'practice' if pool == 'practice' else 'graded'} questions"
            for form, make in FORMS.items():
                made[f"{chapter}-{pool}-{form}"] = make(name, mine, aims, NOTES[pool])
    return made


def write(pool: str, folder: Path, root: Path = ROOT) -> list[str]:
    """Write the exports of one pool into a folder in place of those that are there; return their names."""
    made = files(pool, root)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name, content in made.items():
        (folder / name).write_bytes(content)
    return sorted(made)


def write_downloads(app: Sphinx, error: Exception | None) -> None:
    """Write the practice pool, if the book has one, into a finished HTML build."""
    if error or app.builder.format != "html" or not (Path(app.srcdir) / POOLS["practice"]).is_dir():
        return
    try:
        write("practice", Path(app.outdir) / FOLDER, Path(app.srcdir))
    except BankError as faults:
        for fault in str(faults).splitlines():
            LOG.warning(fault, type="book")  # which fails a strict build


def main() -> int:
    """Write the graded pool, for ``make exam``; return the exit code."""
    try:
        names = write("graded", GRADED)
    except BankError as faults:
        print(faults)
        return 1
    print(
        f"{len(names)} files of graded questions in {GRADED}" if names else "There are no graded questions."
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
