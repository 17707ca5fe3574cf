"""Graded work: every variant makes sense, and what is private stays so. Skipped where there is no instructor/."""

import csv
import functools
import inspect
import io
import json
import re
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import nbformat
import pytest
import yaml

import bookkit
from conftest import ROOT
from notebooks import traces
from publish import packs
from publish.grading import __main__ as grading
from publish.grading import sandbox
from publish.grading.checks import test_case as case
from publish.grading.marks import Key

pytestmark = pytest.mark.skipif(
    not packs.MASTERS.is_dir(), reason="no instructor/ here: a public copy holds no graded work"
)
SEEDS = [f"a seed for the tests, {n}" for n in range(8)]
ASKED = packs.CHAPTERS


@pytest.fixture(autouse=True)
def loaded_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hold a table to its schema once and not for every variant."""
    monkeypatch.setattr(bookkit, "load", lambda name: _load(name).copy())


_load = functools.cache(bookkit.load)


@functools.cache
def solved(chapter: str, seed: str) -> tuple[nbformat.NotebookNode, Key]:
    master = packs.fill(chapter, seed)
    return master, packs.solve(master)


@functools.cache
def made(chapter: str, seed: str = SEEDS[0]) -> tuple[dict[str, bytes], dict[str, bytes]]:
    return packs.make(chapter, seed)


def cases(task: dict[str, Any]) -> list[tuple[bool, list[str], Any]]:
    """The tests of a task: whether hidden, the values they ask for, and the function."""
    found = []
    for cell in task["cells"]["tests"]:
        names: dict[str, Any] = {}
        exec(re.sub(r'""" # BEGIN TEST CONFIG.*?""" # END TEST CONFIG', "", cell.source, flags=re.S), names)
        for test in (v for v in names.values() if inspect.isfunction(v)):
            asked = list(inspect.signature(test).parameters)
            found.append(("hidden: true" in cell.source, [n for n in asked if n != "key"], test))
    return found


@pytest.mark.parametrize("chapter", ASKED)
def test_every_variant_has_answers_that_pass_and_mistakes_that_are_told_apart(chapter: str) -> None:
    answers: dict[str, set[str]] = {}
    for seed in SEEDS:
        master, key = solved(chapter, seed)
        for task in (t for t in packs.tasks(master) if not t["by_hand"]):
            tests = cases(task)
            mine = {n for _, names, _ in tests for n in names}
            answers.setdefault(task["name"], set()).add(json.dumps([key.values[n] for n in sorted(mine)]))
            for hidden, names, test in tests:
                given = {n: key.values[n] for n in names}
                test(**given, key=key) if hidden else test(**given)
            mistakes = [m for m in key.mistakes if m["task"] == task["name"]]
            assert mistakes, f"{chapter}, {task['name']}: no typical mistake"
            for mistake in mistakes:
                assert mistake["values"], f"{seed}, {chapter}: {mistake['message']} gives the right answer"
                for hidden, names, test in tests:
                    if hidden and names[0] in mistake["values"]:
                        with pytest.raises(AssertionError) as told:
                            test(**{names[0]: mistake["values"][names[0]]}, key=key)
                        assert str(told.value) in [m["message"] for m in mistakes]
    few = {task: len(found) for task, found in answers.items() if len(found) < len(SEEDS) / 2}
    assert not few, f"{chapter}: too few different answers in {len(SEEDS)} seeds: {few}"


@pytest.mark.parametrize("chapter", ASKED)
def test_a_master_asks_what_an_assignment_should(chapter: str) -> None:
    tasks = packs.tasks(solved(chapter, SEEDS[0])[0])
    assert 4 <= sum(not t["by_hand"] for t in tasks) <= 6
    assert 2 <= sum(t["by_hand"] for t in tasks) - 1 <= 3 and tasks[-1]["name"] == "essay"
    objectives = ROOT / "book" / "teaching" / "objectives.yaml"
    known = (
        [o["id"] for o in yaml.safe_load(objectives.read_text(encoding="utf-8"))[chapter]]
        if objectives.is_file()
        else None
    )
    for task in tasks:
        assert task["objectives"], f"{chapter}, {task['name']}: no objective"
        assert known is None or set(task["objectives"]) <= set(known), f"{chapter}, {task['name']}"
    raw = json.loads((packs.MASTERS / f"{chapter}.ipynb").read_text(encoding="utf-8"))
    assert not any(cell.get("outputs") for cell in raw["cells"])


def test_packs_depend_on_the_seed_and_on_nothing_else() -> None:
    first, again, other = made("russia"), packs.make("russia", SEEDS[0]), packs.make("russia", SEEDS[1])
    assert first == again
    assert (
        first[0]["russia.ipynb"] != other[0]["russia.ipynb"] and first[1]["key.json"] != other[1]["key.json"]
    )


def test_packs_tell_nothing_of_the_machine_they_were_made_on() -> None:
    for chapter in ASKED:
        for pack in made(chapter):
            assert not traces(pack)


def test_without_a_seed_one_line_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    monkeypatch.setattr(packs, "SEED_FILE", tmp_path / "seed.txt")
    monkeypatch.setattr(sys, "argv", ["packs", "--out", str(tmp_path)])
    for seed in ("", "short"):
        monkeypatch.setenv("SEED", seed)
        assert packs.main() == 1
        assert re.fullmatch(r"No seed, .*make packs SEED=.*\n", capsys.readouterr().err)
    assert not list(tmp_path.iterdir())
    ignored = subprocess.run(["git", "check-ignore", "-q", "instructor/seed.txt"], cwd=ROOT)
    assert ignored.returncode == 0, "git would take the seed into a commit"


@pytest.mark.parametrize("chapter", ASKED)
def test_a_pack_grades_its_own_key_an_empty_notebook_and_the_typical_mistakes(
    chapter: str, tmp_path: Path
) -> None:
    if sandbox.isolation() == "none":
        pytest.skip("no isolation on this machine: install Debian's package bubblewrap")
    _, instructor = made(chapter)
    for name, content in instructor.items():
        (tmp_path / "pack" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "pack" / name).write_bytes(content)
    work = tmp_path / "work"
    work.mkdir()
    (work / "key.ipynb").write_bytes(instructor[f"{chapter}-key.ipynb"])
    (work / "empty.ipynb").write_bytes(instructor[f"student/{chapter}.ipynb"])
    (work / "mistaken.ipynb").write_text(
        mistaken(chapter, instructor[f"{chapter}-key.ipynb"]), encoding="utf-8"
    )
    limits = sandbox.Limits(seconds=60, cell_seconds=20)
    out = tmp_path / "out"
    results = grading.run(
        tmp_path / "pack", work, out, workers=2, limits=limits, kind=sandbox.isolation(), quiet=True
    )
    empty, key, wrong = results
    assert [m["points"] for m in empty["marks"]] == [0] * len(empty["marks"])
    assert not any(cell["error"] for cell in key["cells"]), key["cells"]
    assert [m["points"] for m in key["marks"]] == [m["possible"] for m in key["marks"]]
    assert all(m["points"] < m["possible"] for m in wrong["marks"]), wrong["marks"]
    told = [text.partition(". ")[2] for m in wrong["marks"] for passed, text in m["lines"] if not passed]
    assert told and set(told) <= {m["message"] for m in json.loads(instructor["key.json"])["mistakes"]}
    if models := packs.read_essay(chapter).get("models"):
        sheet = instructor["by-hand.md"].decode()
        assert all(f"### Model answer, {m['level']}: {m['total']}" in sheet for m in models)
        assert "divide what it gives by" in sheet and "rubric.csv" in instructor
    rows = list(csv.DictReader((out / "marks.csv").open(encoding="utf-8")))
    assert [r["Identifier"] for r in rows] == ["empty", "key", "mistaken"] and not any(
        r["Total"] for r in rows
    )
    assert list(key["texts"]) == list(json.loads(instructor["key.json"])["by_hand"]) and key["texts"]["s1"]


def mistaken(chapter: str, key: bytes) -> str:
    """The key with the first typical mistake of each task made after its solution."""
    notebook = nbformat.reads(key.decode(), as_version=4)
    for task in packs.tasks(solved(chapter, SEEDS[0])[0]):
        for cell in notebook.cells:
            if cell.cell_type == "code" and cell.source == f'check("{task["name"]}")':
                cell.source = task["cells"]["mistake"][0].source
    return nbformat.writes(notebook)


def private_words() -> dict[str, str]:
    """What nobody outside may read, each with where it comes from: messages, model texts, answers."""
    words = {}
    for chapter in ASKED:
        raw = nbformat.read(packs.MASTERS / f"{chapter}.ipynb", as_version=4)
        for master in (raw, solved(chapter, SEEDS[0])[0]):
            for task in packs.tasks(master):
                for kind in ("mistake", "solution", "tests"):
                    for cell in task["cells"][kind]:
                        lines = cell.source.splitlines()
                        if kind == "tests":
                            lines = [line for line in lines if "key.hold(" in line]
                        elif kind == "mistake":
                            lines = lines[:1]
                        elif (
                            cell.cell_type == "code"
                        ):  # the lines that give the answers; the way there is the book's
                            lines = [line for line in lines if line.endswith("# SOLUTION")]
                        for line in lines:
                            text = line.removesuffix(" # SOLUTION").strip("# ")
                            if len(text) >= 30 or kind == "tests":
                                words[text] = f"{chapter}, {cell.id}"
        essay = packs.read_essay(chapter)
        for text in _texts({k: v for k, v in essay.items() if k not in ("title", "prompt", "words", "id")}):
            for line in text.splitlines():
                if len(line) >= 45:
                    words[line.strip()] = f"essay of {chapter}"
    for seed in SEEDS:
        words[seed] = "the seed"
    return words


def _texts(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    values = value.values() if isinstance(value, dict) else value if isinstance(value, list) else []
    return [text for entry in values for text in _texts(entry)]


def leaks(files: dict[str, bytes], words: dict[str, str]) -> list[str]:
    """Return each private word that a file holds, in plain text, in JSON, in HTML or in a zip."""
    found = []
    for name, content in files.items():
        if name.endswith(".zip"):
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                found += leaks({f"{name}/{n}": archive.read(n) for n in archive.namelist()}, words)
            continue
        text = content.decode("utf-8", errors="ignore")
        if name.endswith(
            (".html", ".js", ".ipynb", ".json", ".xml", ".md", ".py", ".csv", ".txt", ".yaml", "")
        ):
            for escaped, plain in (
                ("&quot;", '"'),
                ("&#39;", "'"),
                ("&#x27;", "'"),
                ("&lt;", "<"),
                ('\\"', '"'),
            ):
                text = text.replace(escaped, plain)
        found += [f"{name}: {where}: {word[:60]}" for word, where in words.items() if word in text]
    return found


def test_no_key_no_hidden_test_and_no_seed_in_the_public_tree_and_in_what_students_get() -> None:
    words = private_words()
    assert len(words) > 120
    public = {}
    tree = subprocess.run(["git", "archive", "HEAD"], cwd=ROOT, capture_output=True, check=True).stdout
    with tarfile.open(fileobj=io.BytesIO(tree)) as archive:
        for member in archive.getmembers():
            file = archive.extractfile(member)
            if file and member.name != "tests/test_assignments.py":  # names the seeds of the tests
                public[member.name] = file.read()
    assert "README.md" in public and not [name for name in public if name.startswith("instructor")]
    student = {f"{c}/{name}": content for c in ASKED for name, content in made(c)[0].items()}
    assert leaks(public, words) == []
    assert leaks(student, words) == []
    assert not [name for name in student if "instructor" in name or name.endswith("key.json")]
    assert not [t for c in ASKED for t in _student_tests(c) if t.hidden]
    assert leaks({f"{c}.zip": _zipped(made(c)[1]) for c in ASKED}, words), "the search finds nothing at all"


def test_no_key_no_hidden_test_and_no_seed_in_the_site(html: Path) -> None:
    site = {str(p.relative_to(html)): p.read_bytes() for p in html.rglob("*") if p.is_file()}
    assert leaks(site, private_words()) == []
    assert not [name for name in site if "instructor" in name]


def _zipped(files: dict[str, bytes]) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return held.getvalue()


def _student_tests(chapter: str) -> list[case]:
    found = []
    for name, content in made(chapter)[0].items():
        if name.startswith("tests/"):
            names: dict[str, Any] = {}
            exec(content.decode().replace("from checks import test_case", ""), {"test_case": case}, names)
            found += [v for v in names.values() if isinstance(v, case)]
    assert found
    return found
