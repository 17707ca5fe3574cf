"""Make the packs of an assignment from its master: one for students, one for the instructor.

Run as ``python -m publish.packs [CHAPTER ...]`` with the seed in the variable SEED or in the file
``instructor/seed.txt`` (``make packs SEED=...``). A master is a notebook in otter-grader's format
(https://otter-grader.readthedocs.io) with three additions:

- a code cell tagged ``variant`` draws what differs by seed: ``draw(name, options)`` returns one option,
  the same for the same seed; the names that the cell defines fill ``{{name}}`` wherever it stands;
- a code cell tagged ``mistake``, after the solution of a task, gives the values that a typical mistake
  gives; its first line is a comment with what a student who made it is told;
- ``{{essay_title}}``, ``{{essay_prompt}}`` and ``{{essay_words}}`` come from ``instructor/essays``.
"""

import argparse
import ast
import contextlib
import copy
import csv
import hashlib
import io
import json
import os
import re
import sys
import tempfile
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar

import nbformat
import yaml

from publish.grading.checks import plain
from publish.grading.marks import Key

ROOT = Path(__file__).resolve().parents[1]
MASTERS = ROOT / "instructor" / "assignments"
ESSAYS = ROOT / "instructor" / "essays"
SEED_FILE = ROOT / "instructor" / "seed.txt"
OUT = ROOT / "_build" / "packs"
CHAPTERS = ("theory", "iran", "russia", "cooperation")
CONFIG = """# ASSIGNMENT CONFIG
name: {chapter}
init_cell: false
export_cell: false
generate: false
run_tests: false
show_question_points: true
tests:
  files: true
  ok_format: false
"""
WHEN = (2026, 1, 1, 0, 0, 0)  # one date for every entry, so that a zip depends on its files alone
NOTICE = """Tables marked open may be passed on under the terms named here. Tables marked cited hold figures derived
from data whose providers keep their own terms; they are given to be taught with, and not to be passed on.

"""
T = TypeVar("T")


class PackError(Exception):
    """A seed or a master cannot be used; the message says which cell or key and what to do."""


class Draw:
    """Choose among options by the seed, the chapter and the name of the choice, and by nothing else."""

    def __init__(self, seed: str, chapter: str) -> None:
        """Take the two things that every choice of an assignment depends on."""
        self.seed, self.chapter = seed, chapter

    def __call__(self, name: str, options: Sequence[T]) -> T:
        """Return one of the options."""
        if not options:
            raise PackError(f"{self.chapter}: the draw of {name} has no option left")
        digest = hashlib.sha256(f"{self.seed}\0{self.chapter}\0{name}".encode()).digest()
        return options[int.from_bytes(digest[:8], "big") % len(options)]


def read_seed() -> str:
    """Return the instructor's seed, from the variable SEED or from ``instructor/seed.txt``."""
    seed = os.environ.get("SEED", "")
    if not seed and SEED_FILE.is_file():
        seed = SEED_FILE.read_text(encoding="utf-8")
    seed = seed.strip()
    if len(seed) < 8:
        raise PackError(
            "No seed, or one shorter than eight characters: run `make packs SEED=...`, or write one line into "
            "instructor/seed.txt, which git ignores. Keep it: the same seed makes the same packs."
        )
    return seed


def fill(chapter: str, seed: str) -> nbformat.NotebookNode:
    """Return a master with its variant drawn and every ``{{name}}`` filled.

    Raises
    ------
    PackError
        There is no such master, or a cell names something that neither the variant nor the essay defines.
    """
    path = MASTERS / f"{chapter}.ipynb"
    if not path.is_file():
        raise PackError(
            f"There is no master {path.relative_to(ROOT)}. Masters are private and left out of every public "
            "copy: packs are made in the instructors' repository."
        )
    master = nbformat.read(path, as_version=4)
    names: dict[str, Any] = {"draw": Draw(seed, chapter), **_essay(chapter)}
    for cell in master.cells:
        if "variant" in cell.metadata.get("tags", []):
            with _bookkit():
                exec(compile(cell.source, f"{chapter}.ipynb, cell {cell.id}", "exec"), names)
    master.cells = [c for c in master.cells if "variant" not in c.metadata.get("tags", [])]
    for cell in master.cells:
        if cell.id == "essay-begin":
            cell.metadata["objectives"] = read_essay(chapter).get("objectives", [])

        def value(found: re.Match[str], cell: nbformat.NotebookNode = cell) -> str:
            if found[1] not in names:
                raise PackError(f"{chapter}.ipynb, cell {cell.id}: nothing defines {{{{{found[1]}}}}}")
            return str(names[found[1]])

        cell.source = re.sub(r"\{\{(\w+)\}\}", value, cell.source)
    return master


def _essay(chapter: str) -> dict[str, str]:
    essay = read_essay(chapter)
    missing = [k for k in ("title", "prompt", "words") if k not in essay]
    if missing:
        raise PackError(f"instructor/essays/{chapter}.yaml: {', '.join(missing)} missing")
    words = essay["words"]
    span = " to ".join(str(w) for w in words) if isinstance(words, list) else str(words)
    return {
        "essay_title": str(essay["title"]),
        "essay_prompt": str(essay["prompt"]).strip(),
        "essay_words": span,
    }


def read_essay(chapter: str) -> dict[str, Any]:
    """Return the essay of a chapter as its file has it."""
    path = ESSAYS / f"{chapter}.yaml"
    essay = yaml.safe_load(path.read_text(encoding="utf-8")) if path.is_file() else None
    if not isinstance(essay, dict):
        raise PackError(f"instructor/essays/{chapter}.yaml is missing or holds no keys")
    return essay


@contextlib.contextmanager
def _bookkit() -> Any:
    """Let code import bookkit, and let nothing that it prints be seen."""
    beside = [str(ROOT / "book"), str(ROOT / "publish" / "grading")]
    sys.path[:0] = beside
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            yield
    finally:
        for folder in beside:
            sys.path.remove(folder)


def tasks(master: nbformat.NotebookNode) -> list[dict[str, Any]]:
    """Return the questions of a master: name, points, whether a person marks it, objectives, cells by kind.

    The kinds are ``prompt``, ``solution``, ``tests`` and ``mistake``.
    """
    found: list[dict[str, Any]] = []
    place = ""
    for cell in master.cells:
        head = cell.source.partition("\n")[0].strip() if cell.cell_type == "raw" else ""
        if head == "# BEGIN QUESTION":
            settings = yaml.safe_load(cell.source)
            found.append(
                {
                    "name": settings["name"],
                    "points": settings["points"],
                    "by_hand": bool(settings.get("manual")),
                    "objectives": cell.metadata.get("objectives", []),
                    "cells": {"prompt": [], "solution": [], "tests": [], "mistake": []},
                }
            )
            place = "prompt"
        elif head in ("# BEGIN SOLUTION", "# BEGIN TESTS"):
            place = head.rpartition(" ")[2].lower()
        elif head in ("# END SOLUTION", "# END TESTS"):
            place = "prompt"
        elif head == "# END QUESTION":
            place = ""
        elif place:
            kind = "mistake" if "mistake" in cell.metadata.get("tags", []) else place
            found[-1]["cells"][kind].append(cell)
    return found


def solve(master: nbformat.NotebookNode) -> Key:
    """Run the solutions of a filled master, and its mistakes, and return the key."""
    names: dict[str, Any] = {"check": lambda question: None}
    values: dict[str, Any] = {}
    mistakes = []
    with _bookkit():
        for task in tasks(master):
            if task["by_hand"]:
                continue
            asked = _asked(task)
            for cell in [*_given(master, task["name"]), *task["cells"]["solution"]]:
                if cell.cell_type == "code":
                    exec(compile(cell.source, f"cell {cell.id}", "exec"), names)
            for name in asked:
                values[name] = plain(names[name])
            for cell in task["cells"]["mistake"]:
                wrong = dict(names)
                exec(compile(cell.source, f"cell {cell.id}", "exec"), wrong)
                changed = {n: plain(wrong[n]) for n in asked if plain(wrong[n]) != values[n]}
                message = cell.source.partition("\n")[0].lstrip("# ").strip()
                mistakes.append({"task": task["name"], "message": message, "values": changed})
    return Key(values, mistakes)


def _asked(task: dict[str, Any]) -> list[str]:
    """Return the names that the tests of a task take as arguments."""
    found = []
    for cell in task["cells"]["tests"]:
        code = re.sub(r'""" # BEGIN TEST CONFIG.*?""" # END TEST CONFIG', "", cell.source, flags=re.S)
        for node in ast.walk(ast.parse(code)):
            if isinstance(node, ast.FunctionDef):
                found += [argument.arg for argument in node.args.args]
    return sorted(set(found) - {"key"})


def _given(master: nbformat.NotebookNode, name: str) -> list[nbformat.NotebookNode]:
    """Return the code that stands between the last task and this one, outside any question."""
    given: list[nbformat.NotebookNode] = []
    inside = False
    for cell in master.cells:
        head = cell.source.partition("\n")[0].strip() if cell.cell_type == "raw" else ""
        if head == "# BEGIN QUESTION":
            if yaml.safe_load(cell.source)["name"] == name:
                return given
            given, inside = [], True
        elif head == "# END QUESTION":
            inside = False
        elif not inside and cell.cell_type == "code":
            given.append(cell)
    return given


def split(chapter: str, master: nbformat.NotebookNode) -> tuple[dict[str, bytes], dict[str, bytes]]:
    """Let otter-grader split a filled master; return a student's and an instructor's notebook with tests."""
    from otter.assign import main as assign

    master = copy.deepcopy(master)
    for task in tasks(master):
        first = task["cells"]["prompt"][0]
        first.source = f"<!-- question {task['name']} -->\n\n{first.source}"
    whole = nbformat.v4.new_notebook(metadata=master.metadata)
    whole.cells = [
        nbformat.v4.new_raw_cell(CONFIG.format(chapter=chapter), id="config"),
        *(c for c in master.cells if "mistake" not in c.metadata.get("tags", [])),
    ]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{chapter}.ipynb"
        nbformat.write(whole, path)
        here = os.getcwd()
        try:
            assign(str(path), str(Path(folder) / "dist"), no_pdfs=True, no_run_tests=True)
        finally:
            os.chdir(here)
        halves = []
        for side in ("student", "autograder"):
            made = Path(folder) / "dist" / side
            files = {f"tests/{p.name}": _test(p) for p in sorted((made / "tests").glob("*.py"))}
            files[f"{chapter}.ipynb"] = _notebook(made / f"{chapter}.ipynb")
            halves.append(files)
    student, teacher = halves
    student = {
        name: _for_students(content) if name.endswith(".py") else content for name, content in student.items()
    }
    return student, teacher


def _test(path: Path) -> bytes:
    return path.read_bytes().replace(b"\r\n", b"\n")


def _for_students(test: bytes) -> bytes:
    return test.replace(b"from otter.test_files import test_case", b"from checks import test_case")


def _notebook(path: Path) -> bytes:
    """Return a notebook of otter's with ids that do not change, its own checks and no trace of otter."""
    made = nbformat.read(path, as_version=4)
    made.metadata.pop("otter", None)
    question = ""
    for number, cell in enumerate(made.cells, start=1):
        cell.source = cell.source.replace('grader.check("', 'check("')
        if found := re.search(r"<!-- question (\w+) -->\n*", cell.source):
            question = found[1]
            cell.source = cell.source.replace(found[0], "")
        if cell.cell_type == "code":  # in the key: the marks of what otter takes out of a student's copy
            cell.source = re.sub(r"^# (BEGIN|END) SOLUTION.*\n", "", cell.source, flags=re.M)
            cell.source = re.sub(r" *# SOLUTION$", "", cell.source, flags=re.M)
        if "otter_answer_cell" in cell.metadata.get("tags", []):
            cell.metadata["answer"] = question
        elif cell.metadata.get("editable", True) and "otter_assign_solution_cell" not in cell.metadata.get(
            "tags", []
        ):
            question = ""
        cell.metadata.pop("objectives", None)
        cell.id = f"c{number:02d}-{question or 'start'}"
    return (nbformat.writes(made, indent=1) + "\n").encode()


def tables(master: nbformat.NotebookNode) -> list[str]:
    """Return the names of the tables that a master loads."""
    code = "\n".join(c.source for c in master.cells if c.cell_type == "code")
    return sorted(set(re.findall(r"load\(\"(\w+)\"\)", code)))


def make(chapter: str, seed: str) -> tuple[dict[str, bytes], dict[str, bytes]]:
    """Return the files of both packs of a chapter, by their names in them."""
    master = fill(chapter, seed)
    key = solve(master)
    student, teacher = split(chapter, master)
    student |= _beside(master)
    student["HAND IN.md"] = _hand_in(chapter, master)
    instructor = {f"student/{name}": content for name, content in student.items()}
    instructor |= {name: content for name, content in teacher.items() if name.startswith("tests/")}
    instructor[f"{chapter}-key.ipynb"] = teacher[f"{chapter}.ipynb"]
    kept = {"chapter": chapter, "values": key.values, "mistakes": key.mistakes}
    kept["by_hand"] = {t["name"]: t["points"] for t in tasks(master) if t["by_hand"]}
    instructor["key.json"] = (json.dumps(kept, indent=1, ensure_ascii=False) + "\n").encode()
    instructor["by-hand.md"] = _by_hand(chapter, master)
    instructor["GRADE.md"] = _grade(chapter, master)
    if (rubric := ROOT / str(read_essay(chapter).get("rubric", ""))).is_file():
        instructor["rubric.csv"] = rubric.read_bytes()
    return student, instructor


def _beside(master: nbformat.NotebookNode) -> dict[str, bytes]:
    """Return what the student's notebook needs beside it: tables and their papers, bookkit, the checks."""
    package = json.loads((ROOT / "data" / "datapackage.json").read_text(encoding="utf-8"))
    used = tables(master)
    package["resources"] = [r for r in package["resources"] if r["name"] in used]
    files = {f"data/{r['path']}": (ROOT / "data" / r["path"]).read_bytes() for r in package["resources"]}
    files["data/datapackage.json"] = (json.dumps(package, indent=2, ensure_ascii=False) + "\n").encode()
    terms = (f"{r['path']} ({r['reuse']}): {r['terms']}" for r in package["resources"])
    files["data/NOTICE.txt"] = (NOTICE + "\n".join(terms) + "\n").encode()
    for path in (ROOT / "book" / "bookkit").glob("*.py"):
        files[f"bookkit/{path.name}"] = path.read_bytes()
    files["checks.py"] = (ROOT / "publish" / "grading" / "checks.py").read_bytes()
    files["requirements.txt"] = (ROOT / "binder" / "requirements.txt").read_bytes()
    files["LICENSE"] = (ROOT / "LICENSE").read_bytes()
    return files


def _hand_in(chapter: str, master: nbformat.NotebookNode) -> bytes:
    rows = "\n".join(
        f"| {t['name']} | {t['points']} | {'a person' if t['by_hand'] else 'tests'} |" for t in tasks(master)
    )
    total = sum(t["points"] for t in tasks(master))
    return f"""# How to hand in: {chapter}

1. Unpack this folder and make an environment in it:

       python3 -m venv env
       env/bin/pip install -r requirements.txt
       env/bin/jupyter lab {chapter}.ipynb

   On Windows write `env\\Scripts` in place of `env/bin`, and `py` in place of `python3`.

2. Replace each `...` by your code, and each line that says *Type your answer here* by your text. Keep the
   names that the task gives (they are what is marked), and leave the cells in their order.

3. `check("q1")` says whether an answer has the right form. It does not say whether it is right.

4. Before you hand in: *Kernel, Restart Kernel and Run All Cells*. What is marked is what the notebook
   gives when it runs from top to bottom, in this folder, without a network, within two minutes; a single
   cell gets thirty seconds.

5. Hand in `{chapter}.ipynb` and nothing else.

| part | points | marked by |
|---|---|---|
{rows}
| all | {total} | |
""".encode()


def _by_hand(chapter: str, master: nbformat.NotebookNode) -> bytes:
    parts = [f"# What a person marks: {chapter}\n"]
    essay = read_essay(chapter)
    for task in (t for t in tasks(master) if t["by_hand"]):
        prompt = "\n\n".join(c.source for c in task["cells"]["prompt"] if c.cell_type == "markdown")
        model = "\n\n".join(c.source for c in task["cells"]["solution"])
        parts.append(f"## {task['name']}, {task['points']} points\n\n{prompt}\n")
        parts.append(f"Objectives: {', '.join(task['objectives'])}.\n")
        if "instructor/essays" in model:
            parts.append(_essay_sheet(essay, task["points"]))
        else:
            parts.append(f"### Model answer and rubric\n\n{model}\n")
    return "\n".join(parts).encode()


def _rubric(essay: dict[str, Any]) -> list[dict[str, str]]:
    """Return the criteria of an essay's rubric, or none where its file names no rubric."""
    path = ROOT / str(essay.get("rubric", ""))
    if not path.is_file():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _essay_sheet(essay: dict[str, Any], points: float) -> str:
    """Return the rubric as a table, what an answer must concede, and the model answers with their marks."""
    parts = []
    if criteria := _rubric(essay):
        most = sum(float(c["Rating Points 1"]) for c in criteria)
        levels = [n for n in range(1, 10) if f"Rating Name {n}" in criteria[0]]
        heads = [criteria[0][f"Rating Name {n}"] for n in levels]
        rows = [
            f"| {c['Criteria Name']}: {c['Criteria Description']} | "
            + " | ".join(f"{c[f'Rating Points {n}']}: {c[f'Rating Description {n}']}" for n in levels)
            for c in criteria
        ]
        parts.append(
            f"### Rubric\n\nThe rubric counts to {most:g} and the essay {points:g} points: divide what it gives by "
            f"{most / points:g}.\n\n| Criterion | {' | '.join(heads)} |\n|{'---|' * (len(heads) + 1)}\n"
            + " |\n".join(rows)
            + " |\n"
        )
    if concede := essay.get("concede"):
        parts.append(
            "### What a strong answer must concede\n\n" + "\n".join(f"- {text}" for text in concede) + "\n"
        )
    for model in essay.get("models", []):
        marks = "\n".join(
            f"- {name}: {given[0]}. {given[1]}" for name, given in model.get("marks", {}).items()
        )
        parts.append(
            f"### Model answer, {model['level']}: {model['total']}\n\n{model['text'].strip()}\n\n{marks}\n"
        )
    return "\n".join(parts)


def _grade(chapter: str, master: nbformat.NotebookNode) -> bytes:
    rows = "\n".join(
        f"| {t['name']} | {t['points']} | {'you' if t['by_hand'] else 'tests'} | {', '.join(t['objectives'])} |"
        for t in tasks(master)
    )
    by_hand = ", ".join(t["name"] for t in tasks(master) if t["by_hand"])
    return f"""# How to grade: {chapter}

Private: this folder holds the key. Never put it where students can read it.

1. Hand out `{chapter}-student.zip`, which lies beside this pack.
2. Collect the notebooks into one folder, `submissions`: either files named by student (`ana.ipynb`), or one
   folder for each student with one notebook in it, as learning platforms download them.
3. From the top folder of the book's repository:

       make grade PACK=path/to/this/folder SUBMISSIONS=path/to/submissions

   Stopped half-way, the same command goes on where it was. Reports and marks are in `submissions-graded`
   beside `submissions`: one page for each student in `reports`, and `marks.csv`.
4. Read the texts ({by_hand}) in the reports; `by-hand.md` has the rubric. Write your points into the sheet
   that the first run has made, `submissions-graded/by-hand.csv`, one row for each student, and run the command
   of step 3 again: nothing is graded twice, and the totals and the reports then hold your points.

Look at one report before you send any: it says under *How it ran* whether the submission ran apart from
this machine. To see the marks that the key itself gets, hand `{chapter}-key.ipynb` in as a student.

| part | points | marked by | objectives |
|---|---|---|---|
{rows}
""".encode()


def write(path: Path, folder: str, files: dict[str, bytes]) -> None:
    """Write a zip whose bytes depend on its files alone."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".part")
    with zipfile.ZipFile(unfinished, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in sorted(files.items()):
            archive.writestr(zipfile.ZipInfo(f"{folder}/{name}", WHEN), content, zipfile.ZIP_DEFLATED)
    unfinished.replace(path)


def main() -> int:
    """Write the packs of the chapters that are named, or of all."""
    parser = argparse.ArgumentParser(
        prog="python -m publish.packs", description="Make the packs of assignments."
    )
    parser.add_argument(
        "chapters", nargs="*", metavar="CHAPTER", help=f"of {', '.join(CHAPTERS)}; all if none"
    )
    parser.add_argument("--out", type=Path, default=OUT, help="folder to write to (default: _build/packs)")
    asked = parser.parse_args()
    try:
        seed = read_seed()
        for chapter in asked.chapters or CHAPTERS:
            student, instructor = make(chapter, seed)
            for side, files in (("student", student), ("instructor", instructor)):
                write(asked.out / f"{chapter}-{side}.zip", f"{chapter}-{side}", files)
            print(f"{chapter}: {asked.out / chapter}-student.zip (hand out), -instructor.zip (keep private)")
    except PackError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
