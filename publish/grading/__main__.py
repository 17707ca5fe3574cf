"""Grade a folder of submissions: ``python -m publish.grading PACK SUBMISSIONS`` (``make grade``).

Every finished submission is kept in a file of its own, written whole or not at all; the same command
after an interruption goes on with the others. Reports and the table of marks are written at the end.
"""

import argparse
import csv
import hashlib
import json
import re
import sys
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import click
import nbformat

from publish.grading import report, sandbox
from publish.grading.marks import Key, mark, names, tests

LARGEST = 20_000_000  # bytes of a handed-in notebook
UNTOUCHED = "_Type your answer here, replacing this text._"
RULES = 1  # raised when the same submission would get another mark, so that kept results are not taken


class GradingError(Exception):
    """A pack, a folder or a sheet of marks cannot be used; the message says which and what to do."""


class Pack:
    """An instructor's pack, unpacked: tests, key, and what stands beside a student's notebook."""

    def __init__(self, folder: Path) -> None:
        """Read a pack, or say what is missing in it."""
        if not (folder / "key.json").is_file():
            raise GradingError(
                f"{folder} is no instructor's pack: it has no key.json. Unzip CHAPTER-instructor.zip."
            )
        kept = json.loads((folder / "key.json").read_text(encoding="utf-8"))
        self.chapter: str = kept["chapter"]
        self.by_hand: dict[str, float] = kept["by_hand"]
        self.key = Key.read(folder / "key.json")
        self.tests = folder / "tests"
        self.student = folder / "student"
        self.names = names(tests(self.tests))
        digest = hashlib.sha256(str(RULES).encode())
        for path in sorted(
            p for p in folder.rglob("*") if p.is_file() and p.suffix in (".py", ".json", ".csv")
        ):
            digest.update(str(path.relative_to(folder)).encode() + path.read_bytes())
        self.sha256 = digest.hexdigest()


def collect(folder: Path) -> dict[str, list[Path]]:
    """Return the notebooks of a folder by submission: files in it, or folders with a notebook in them."""
    if not folder.is_dir():
        raise GradingError(f"There is no folder {folder}.")
    found: dict[str, list[Path]] = {}
    for path in sorted(folder.iterdir()):
        if path.name.startswith(".") or path.is_symlink():
            continue
        if path.is_dir():
            found[path.name] = sorted(p for p in path.glob("*.ipynb") if p.is_file() and not p.is_symlink())
        elif path.suffix == ".ipynb":
            found[path.stem] = [path]
    if not found:
        raise GradingError(f"{folder} holds no notebook and no folder of one.")
    return found


def file_name(submission: str) -> str:
    """Return a name for a submission's files that every system can keep, different for each submission."""
    safe = re.sub(r"[^\w.@+-]", "_", submission)
    return safe if safe == submission else f"{safe}-{hashlib.sha256(submission.encode()).hexdigest()[:6]}"


def grade(pack: Pack, name: str, paths: list[Path], limits: sandbox.Limits, kind: str) -> dict[str, Any]:
    """Run and mark one submission; whatever is wrong with it ends in a result, never in an error."""
    result: dict[str, Any] = {
        "submission": name, "file": file_name(name), "sha256": _digest(paths), "pack": pack.sha256,
        "isolation": kind, "limits": asdict(limits), "trouble": "", "stopped": None, "seconds": 0.0,
        "notes": [], "cells": [], "texts": {},
    }  # fmt: skip
    values: dict[str, dict[str, Any]] = {}
    try:
        notebook = _read(paths)
    except ValueError as trouble:
        result["trouble"] = str(trouble)
    else:
        cells = [
            {"id": str(number), "source": cell.source}
            for number, cell in enumerate(notebook.cells, start=1)
            if cell.cell_type == "code"
        ]
        done = sandbox.run(pack.student, cells, pack.names, limits, kind)
        values = done.values
        sources = {cell["id"]: cell["source"] for cell in cells}
        result |= {"stopped": done.stopped, "seconds": done.seconds, "texts": _texts(notebook, pack)}
        result["cells"] = [
            {"number": cell["cell"], "source": sources.get(cell["cell"], "")[:2_000], "error": cell["error"],
             "seconds": cell["seconds"]}
            for cell in done.cells
        ]  # fmt: skip
        result["notes"] = _notes(notebook)
    result["marks"] = [asdict(m) for m in mark(tests(pack.tests), pack.key, values)]
    return result


def _digest(paths: list[Path]) -> str:
    digest = hashlib.sha256()
    for path in paths:
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def _read(paths: list[Path]) -> nbformat.NotebookNode:
    if len(paths) != 1:
        raise ValueError(f"Not run: {len(paths)} notebooks were handed in, and one is wanted.")
    if paths[0].stat().st_size > LARGEST:
        raise ValueError("Not run: the file is too large to be a notebook of this assignment.")
    try:
        notebook = nbformat.read(paths[0], as_version=4)
        for cell in notebook.cells:
            cell.source, cell.cell_type, cell.metadata.get("answer")
        return notebook
    except Exception as error:
        raise ValueError(f"Not run: the file is not a notebook ({type(error).__name__}).") from None


def _texts(notebook: nbformat.NotebookNode, pack: Pack) -> dict[str, str]:
    """Return the texts by name: the cells that were made for them, and those that follow them at once."""
    texts: dict[str, str] = {}
    open_for = ""
    for cell in notebook.cells:
        given = cell.metadata.get("answer")
        if cell.cell_type != "markdown" or not cell.metadata.get("editable", True):
            open_for = ""
        elif given in pack.by_hand or open_for:
            open_for = given if given in pack.by_hand else open_for
            text = "" if cell.source.strip() == UNTOUCHED else cell.source
            texts[open_for] = f"{texts.get(open_for, '')}\n\n{text}".strip()[:100_000]
    return texts


def _notes(notebook: nbformat.NotebookNode) -> list[str]:
    counts = [c.get("execution_count") for c in notebook.cells if c.cell_type == "code"]
    numbers = [n for n in counts if isinstance(n, int)]
    if numbers != sorted(numbers):
        return [
            "As it was saved, its cells had been run in another order than they stand in. It was marked as it "
            "runs from top to bottom: restart the kernel and run all cells before handing in."
        ]
    return []


def read_by_hand(path: Path, pack: Pack, submissions: list[str]) -> dict[str, dict[str, Any]]:
    """Return the points that a person gave; write an empty sheet where there is none yet.

    Raises
    ------
    GradingError
        A row names no submission, or points are no number or more than a text can get.
    """
    if not path.is_file():
        with path.open("w", encoding="utf-8", newline="") as file:
            rows = csv.writer(file, lineterminator="\n")
            rows.writerow(["Identifier", *pack.by_hand, "Feedback"])
            rows.writerows([name, *("" for _ in pack.by_hand), ""] for name in submissions)
        return {}
    given: dict[str, dict[str, Any]] = {}
    with path.open(encoding="utf-8-sig", newline="") as file:
        for number, row in enumerate(csv.DictReader(file), start=2):
            name = (row.get("Identifier") or "").strip()
            if name not in submissions:
                raise GradingError(f'{path}, row {number}: there is no submission "{name}"')
            points: dict[str, Any] = {"Feedback": (row.get("Feedback") or "").strip()}
            for text, most in pack.by_hand.items():
                said = (row.get(text) or "").strip().replace(",", ".")
                if said:
                    if not re.fullmatch(r"\d+(\.\d+)?", said) or float(said) > most:
                        raise GradingError(
                            f'{path}, row {number}, {text}: "{said}" is not from 0 to {most:g}'
                        )
                    points[text] = float(said)
            given[name] = points
    return given


def kept(path: Path, wanted: dict[str, Any]) -> dict[str, Any] | None:
    """Return a finished result if it is of this submission, pack, limits and kind of room."""
    try:
        result = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return result if all(result.get(key) == value for key, value in wanted.items()) else None


def put(path: Path, text: str) -> None:
    """Write a file whole or not at all."""
    unfinished = path.with_name(path.name + ".part")
    unfinished.write_text(text, encoding="utf-8")
    unfinished.replace(path)


def run(
    folder: Path,
    submissions: Path,
    out: Path,
    *,
    workers: int,
    limits: sandbox.Limits,
    kind: str,
    quiet: bool = False,
) -> list[dict[str, Any]]:
    """Grade all that is not graded yet; write reports and marks; return the results by name.

    Raises
    ------
    GradingError
        The pack, the folder or the sheet of points cannot be used. Nothing is graded then.
    """
    pack = Pack(folder)
    found = collect(submissions)
    for name in ("results", "reports"):
        (out / name).mkdir(parents=True, exist_ok=True)
    given = read_by_hand(out / "by-hand.csv", pack, list(found))
    results: dict[str, dict[str, Any]] = {}
    files = {name: out / "results" / f"{file_name(name)}.json" for name in found}
    for name, paths in found.items():
        wanted = {"submission": name, "sha256": _digest(paths), "pack": pack.sha256, "isolation": kind}
        if done := kept(files[name], {**wanted, "limits": asdict(limits)}):
            results[name] = done
    waiting = [name for name in found if name not in results]
    if results and not quiet:
        print(f"{len(results)} of {len(found)} were graded before.")
    with (
        ThreadPoolExecutor(workers) as pool,
        click.progressbar(length=len(waiting), label="Grading", show_pos=True, hidden=quiet) as bar,
    ):
        doing = {pool.submit(grade, pack, name, found[name], limits, kind): name for name in waiting}
        try:
            for future in as_completed(doing):
                name = doing[future]
                results[name] = future.result()
                put(files[name], json.dumps(results[name], ensure_ascii=False, indent=1) + "\n")
                bar.update(1)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    ordered = [results[name] for name in sorted(results)]
    for result in ordered:
        mine = given.get(result["submission"], {})
        put(out / "reports" / f"{result['file']}.html", report.page(pack.chapter, result, pack.by_hand, mine))
    put(out / "marks.csv", report.table(ordered, pack.by_hand, given))
    return ordered


def main() -> int:
    """Grade what the command line names."""
    parser = argparse.ArgumentParser(prog="python -m publish.grading", description=__doc__.partition("\n")[0])
    parser.add_argument("pack", type=Path, help="an instructor's pack, unpacked")
    parser.add_argument(
        "submissions", type=Path, help="the folder of notebooks, or of one folder for each student"
    )
    parser.add_argument(
        "--out", type=Path, help="where results go (default: beside the submissions, with -graded)"
    )
    parser.add_argument(
        "--workers", type=int, default=2, help="submissions that run at the same time (default: 2)"
    )
    parser.add_argument("--seconds", type=int, default=120, help="for a whole notebook (default: 120)")
    parser.add_argument("--cell-seconds", type=int, default=30, help="for one cell (default: 30)")
    parser.add_argument(
        "--roster", type=Path, help="a grade book's export, to be given back with a column of totals"
    )
    parser.add_argument(
        "--without-isolation",
        action="store_true",
        help="grade although this machine cannot shut submissions in",
    )
    asked = parser.parse_args()
    kind = sandbox.isolation()
    if kind == "none" and not asked.without_isolation:
        print(
            "This machine offers no isolation: a submission could do whatever you may do. Install bubblewrap (on "
            "Debian and Ubuntu: apt-get install bubblewrap), or say --without-isolation; the reports will say so.",
            file=sys.stderr,
        )
        return 1
    print(sandbox.DESCRIPTIONS[kind].replace("Ran", "Submissions run"))
    submissions = asked.submissions.resolve()
    out = asked.out or submissions.with_name(f"{submissions.name}-graded")
    limits = replace(sandbox.Limits(), seconds=asked.seconds, cell_seconds=asked.cell_seconds)
    try:
        results = run(asked.pack, submissions, out, workers=asked.workers, limits=limits, kind=kind)
        print(f"{len(results)} reports in {out / 'reports'}; marks in {out / 'marks.csv'}")
        if asked.roster:
            pack = Pack(asked.pack)
            given = read_by_hand(out / "by-hand.csv", pack, [r["submission"] for r in results])
            sums = {
                r["submission"]: report.totals(r, pack.by_hand, given.get(r["submission"], {}))
                for r in results
            }
            text = report.for_roster(asked.roster, f"Testing Realism: {pack.chapter}", results, sums)
            put(out / "gradebook.csv", text)
            print(f"For the grade book: {out / 'gradebook.csv'}")
    except (GradingError, ValueError) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped. The same command goes on from here.", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
