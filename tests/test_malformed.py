"""What is broken in the sources stops make book with one line that names file and place, and leaves the last good book.

Most kinds are found by ``publish.check`` before anything is executed; those that only Sphinx can find share
one build of a small book.
"""

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from notebooks import ROOT
from publish.check import faults
from publish.complaints import complaints

SOURCES = ("book", "data", "_config.yml", "_toc.yml", "references.bib")


@pytest.fixture
def book(tmp_path: Path) -> Path:
    """A copy of the sources that a test may damage."""
    for name in SOURCES:
        if (ROOT / name).is_dir():
            shutil.copytree(
                ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__", "recipes")
            )
        else:
            shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


def replace(file: str, old: str, new: str) -> Callable[[Path], None]:
    """Return a fault: another text in place of the first of its kind in a file."""

    def break_it(root: Path) -> None:
        text = (root / file).read_text(encoding="utf-8")
        assert old in text, f"{file} does not hold {old}"
        (root / file).write_text(text.replace(old, new, 1), encoding="utf-8")

    return break_it


def append(file: str, text: str) -> Callable[[Path], None]:
    """Return a fault: a text at the end of a file."""

    def break_it(root: Path) -> None:
        (root / file).write_text((root / file).read_text(encoding="utf-8") + text, encoding="utf-8")

    return break_it


def write(file: str, text: str) -> Callable[[Path], None]:
    """Return a fault: a file that holds something else."""
    return lambda root: (root / file).write_text(text, encoding="utf-8") and None  # type: ignore[func-returns-value]


def cell(page: str, ident: str, change: Callable[[dict], object]) -> Callable[[Path], None]:
    """Return a fault: a change to one cell of a notebook."""

    def break_it(root: Path) -> None:
        path = root / "book" / f"{page}.ipynb"
        notebook = json.loads(path.read_text(encoding="utf-8"))
        change(next(c for c in notebook["cells"] if c["id"] == ident))
        path.write_text(json.dumps(notebook), encoding="utf-8")

    return break_it


def says(text: str) -> Callable[[dict], object]:
    """Return a change: the cell holds this text and nothing else."""
    return lambda c: c.update(source=text)


def two_right(root: Path) -> None:
    """Break the bank: in its first choice a wrong option is right, too."""
    path = root / BANK
    questions = yaml.safe_load(path.read_text(encoding="utf-8"))
    options = next(q["options"] for q in questions if q["type"] == "choice")
    wrong = next(option for option in options if not option.get("right"))
    wrong |= {"right": True, "feedback": "Yes."}
    path.write_text(yaml.safe_dump(questions), encoding="utf-8")


RUSSIA = "book/russia.ipynb"
BANK = "book/teaching/questions/russia.yaml"
FAULTS = {
    "a notebook that is not JSON": (
        append(RUSSIA, "}"), rf"{RUSSIA}, line \d+: not a notebook, for it is not JSON \(Extra data\); restore it",
    ),
    "a notebook that is none": (write(RUSSIA, '{"a": 1}'), f"{RUSSIA}: not a notebook of format 4; open it in"),
    "a cell without its parts": (
        cell("russia", "count-claim", lambda c: c.pop("outputs")), f"{RUSSIA}, cell count-claim: not a sound notebook, 'outputs' is",
    ),
    "code that is no Python": (cell("russia", "count-claim", says("claim(")), f"{RUSSIA}, cell count-claim, line 1: '\\(' was never closed"),
    "two cells of one name": (
        cell("russia", "count-claim", lambda c: c.update(id="opening")), f"{RUSSIA}, cell opening: an earlier cell has this id, too; rename one",
    ),
    "settings that are no YAML": (append("_config.yml", "html: [\n"), r"_config.yml, line \d+: .*; see to indentation"),
    "a page that is not there": (
        replace("_toc.yml", "book/method", "book/methods"), r"_toc.yml, line \d+: there is no page book/methods.ipynb or book/methods.md; write it",
    ),
    "a page in another encoding": (
        lambda root: (root / "book" / "method.md").write_bytes("# Méthode".encode("latin-1")), "book/method.md: not UTF-8 text",
    ),
    "a page listed twice": (replace("_toc.yml", "book/method", "book/data"), r"_toc.yml, line \d+: book/data stands 2 times in the table"),
    "a bibliography key given twice": (
        append("references.bib", 2 * "\n@misc{one2000,\n  title = {X},\n}\n"),
        r"references.bib, line \d+: the key one2000 stands in line \d+, too; rename",
    ),
    "an entry that is not closed": (
        append("references.bib", "\n@misc{open2000,\n  title = {X,\n}\n"), r"references.bib, line \d+: the entry open2000 has a brace",
    ),
    "a table without descriptor": (write("data/new.csv", "a\n1\n"), "data/new.csv: no resource of data/datapackage.json describes this table"),
    "a descriptor without table": (
        lambda root: (root / "data" / "vetoes.csv").unlink(),
        "data/datapackage.json, resource vetoes: there is no table data/vetoes.csv; restore it",
    ),
    "a descriptor that is not JSON": (write("data/datapackage.json", "{"), r"data/datapackage.json, line 1: not JSON \(.*; restore it"),
    "a citation without entry": (
        cell("russia", "opening", says("# Russia\n\nSo {cite:p}`nobody1999`.")), f"{RUSSIA}, cell opening, line 3: no entry nobody1999 in references.bib",
    ),
    "a citation without entry in a caption": (
        cell("russia", "distance-figure", lambda c: c["metadata"]["mystnb"]["figure"].update(caption="X {cite:p}`nobody1999`")),
        f"{RUSSIA}, cell distance-figure, line 1: no entry nobody1999",
    ),
    "an unknown term": (append("book/method.md", "\nA {term}`wrod`.\n"), r"book/method.md, line \d+: no term 'wrod' in the glossary; add it"),
    "a dangling reference": (
        append("book/method.md", "\nSee {ref}`words <nowhere>`.\n"), r"book/method.md, line \d+: no section, table or figure has the label nowhere",
    ),
    "a dangling number": (append("book/method.md", "\n{numref}`fig-no`.\n"), r"book/method.md, line \d+: no section, table or figure has the label fig-no"),
    "a link to no file": (append("book/method.md", "\n[x](nowhere.md).\n"), r"book/method.md, line \d+: there is no file nowhere.md to link to"),
    "a duplicate label": (append("book/method.md", "\n(quality-reading)=\n## X\n"), r"book/quality.md, line \d+: the label quality-reading stands in book/method.md, line \d+, too"),
    "a missing image": (append("book/method.md", "\n![A map of it](no.png)\n"), r"book/method.md, line \d+: there is no image no.png"),
    "an image that says nothing": (append("book/method.md", "\n![](../book/method.md)\n"), r"book/method.md, line \d+: the image .* has no alternative text"),
    "a figure without alternative text": (
        cell("russia", "distance-figure", lambda c: c["metadata"]["mystnb"].pop("image")),
        f"{RUSSIA}, cell distance-figure: the alternative text is missing; write it as mystnb.image.alt",
    ),
    "a figure without caption": (
        cell("russia", "distance-figure", lambda c: c["metadata"]["mystnb"]["figure"].pop("caption")),
        f"{RUSSIA}, cell distance-figure: the figure has no caption; write it as mystnb.figure.caption",
    ),
    "an unknown verdict": (
        replace("data/claims.csv", "to 30 June 2017.,contradicted", "to 30 June 2017.,wrong"),
        "data/claims.csv, claim russian-vetoes-on-syria-by-mid-2017: the verdict 'wrong' is unknown; write one of supported, partly",
    ),
    "a ledger without a column": (replace("data/claims.csv", "slug,", "name,"), "data/claims.csv, row 1: lacks the column slug"),
    "a row of the ledger with a comma too many": (
        replace("data/claims.csv", "crisis-increased-cooperation,", "crisis-increased-cooperation,,"), "data/claims.csv, row 2: has not as many cells",
    ),
    "evidence that is not there": (
        replace("data/claims.csv", "cooperation#coop-votes", "cooperation#coop-voted"), "data/claims.csv, claim .*: its evidence names cooperation#coop-voted, but",
    ),
    "a claim shown nowhere": (
        cell("russia", "count-claim", says("1")), "data/claims.csv, claim russian-vetoes-on-syria-by-mid-2017: no cell of book/russia.ipynb shows it",
    ),
    "an unknown claim": (
        cell("russia", "count-mid-2017", lambda c: c.update(source="".join(c["source"]) + "\nclaim('no-such')")),
        rf"{RUSSIA}, cell count-mid-2017, line \d+: data/claims.csv has no claim 'no-such'; correct the slug",
    ),
    "a literal where a claim is computed": (
        cell("russia", "count-claim", says('claim("russian-vetoes-on-syria-by-mid-2017", 8)')),
        f"{RUSSIA}, cell count-claim, line 1: data decide the claim russian-vetoes-on-syria-by-mid-2017, but the value 8 is typed; compute it",
    ),
    "a literal behind a name": (
        cell("russia", "count-claim", says('n = 2\nm = int(n) * 4\nclaim("russian-vetoes-on-syria-by-mid-2017", m)')),
        f"{RUSSIA}, cell count-claim, line 3: data decide .* but the value m is typed",
    ),
    "a claim without its value": (
        cell("russia", "count-claim", says('claim("russian-vetoes-on-syria-by-mid-2017")')), f"{RUSSIA}, cell count-claim, line 1: .* no value is given",
    ),
    "two right answers": (two_right, rf"{BANK}, question russia-[\w-]+: 2 options are right; a choice has exactly one"),
    "a self-check that is not the bank's": (cell("russia", "self-check", says("## Check yourself")), f"{RUSSIA}, cell self-check: is not what the question bank says; run"),
    "a bad objective number": (replace(RUSSIA, "objective 1; ", "objective 19; "), rf"{RUSSIA}, exercise \d+: the tag is '\(\w+; objective 19"),
    "objectives that are no list": (
        append("book/teaching/objectives.yaml", "\nmethod: many\n"), "book/teaching/objectives.yaml, chapter method: write a list of objectives",
    ),
    "other words in the objectives": (
        replace("book/teaching/objectives.yaml", "text: ", "text: never "), r"book/\w+.ipynb: its list of objectives is not that of",
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", FAULTS)
def test_a_fault_is_one_line_with_its_place(book: Path, kind: str) -> None:
    break_it, told = FAULTS[kind]
    break_it(book)
    found = faults(book)
    matching = [line for line in found if re.match(told, line)]
    assert len(matching) == 1 and "\n" not in matching[0] and len(found) <= 4, "\n".join(found)


def test_a_sound_book_has_no_fault() -> None:
    assert not faults(ROOT)


def test_what_sphinx_says_is_told_by_cell_or_line(tmp_path: Path) -> None:
    """The warnings as Sphinx writes them; tests/test_build.py has them in a real build."""
    (tmp_path / "book").mkdir()
    cells = [{"id": "first"}, {"id": "second"}]
    (tmp_path / "book" / "a.ipynb").write_text(json.dumps({"cells": cells}), encoding="utf-8")
    log = f"""[01mreading sources... [39;49;00m[ 50%] book/a
\x1b[91m{tmp_path}/book/a.ipynb:20004: WARNING: unknown document: 'x' [ref.doc]\x1b[39;49;00m
{tmp_path}/book/b.md:5: ERROR: Unknown directive type: 'y'
{tmp_path}/book/b.md:5: ERROR: Unknown directive type: 'y'
{tmp_path}/book/b.md: WARNING: document isn't included in any toctree
WARNING: something without a place [app.add]
"""
    assert complaints(log, tmp_path) == [
        "book/a.ipynb, cell second, line 3: unknown document: 'x'",
        "book/b.md, line 5: Unknown directive type: 'y'",
        "book/b.md: document isn't included in any toctree",
        "something without a place",
    ]


@pytest.mark.parametrize(
    ("log", "told"),
    [
        ("Traceback (most recent call last):\n  File x\nsphinx.errors.ThemeError: no theme\n\nDuring\n", "ThemeError: no theme"),
        ("ExtensionError: Handler <f at 0x7> for event 'e' threw an exception (exception: no end)\n", "no end"),
        ("Running\nsyntax error in line 4\n\n", "syntax error in line 4"),
        ("", "Sphinx ended without a word"),
    ],
)  # fmt: skip
def test_what_ends_sphinx_is_told_in_one_line(tmp_path: Path, log: str, told: str) -> None:
    assert complaints(log, tmp_path) == [told]
