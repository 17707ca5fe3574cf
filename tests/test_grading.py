"""Grading: whatever is handed in ends in a mark and a report, and disturbs nothing else.

The assignment is made up here, so that these tests hold no key and travel with the public tree.
"""

import csv
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from conftest import ROOT
from publish.grading import __main__ as grading
from publish.grading import report, sandbox
from publish.grading.checks import plain

LIMITS = sandbox.Limits(seconds=8, cell_seconds=1, memory=500_000_000, printed=20_000)
TEST = """from otter.test_files import test_case
OK_FORMAT = False
name = "{task}"
points = 2
@test_case(points=0, hidden=False)
def test_form_of_{name}({name}):
    assert isinstance({name}, int), "{name} should be a whole number."
@test_case(points=2, hidden=True)
def test_{name}({name}, key):
    key.hold({name}={name})
"""
KEY = {
    "chapter": "made-up",
    "values": {"six": 6, "nine": 9},
    "mistakes": [{"task": "q1", "message": "You added where the task multiplies.", "values": {"six": 5}}],
    "by_hand": {"s1": 5},
}
RIGHT = ("six = 2 * 3", "nine = 3 * 3")
SUBMISSIONS: dict[str, tuple[str, ...]] = {
    "correct": RIGHT,
    "empty": ("six = ...", "nine = ..."),
    "mistaken": ("six = 2 + 3", "nine = '9'"),
    "never-stops": ("six = 6", "while True: pass", "nine = 9"),
    "never-stops-and-hides": (
        "six = 6",
        "import signal\nsignal.signal(signal.SIGALRM, signal.SIG_IGN)\nwhile True: pass",
        "nine = 9",
    ),
    "raises": ("six = 1 / 0", "nine = 9"),
    "prints": ("six = 6", "while True: print('x' * 1000)", "nine = 9"),
    "fills-memory": ("six = 6", "all = []\nwhile True: all.append(bytes(50_000_000))", "nine = 9"),
    "fills-the-disk": (
        "six = 6",
        "for n in range(40): open(str(n), 'wb').write(bytes(4_000_000))",
        "nine = 9",
    ),
    "forks": ("six = 6", "import os, time\nwhile os.fork(): pass\ntime.sleep(60)", "nine = 9"),
    "leaves": ("six = 6", "import os\nos._exit(0)", "nine = 9"),
    "out-of-order": ("six = two * 3", "two = 2", "nine = 9"),
    "huge-answer": ("six = [0] * 10_000_000", "nine = 10 ** 5000"),
    "cheats": (
        "class Six(int):\n    def __eq__(self, other): return True\n    __hash__ = int.__hash__\nsix = Six(1)",
        "import sys\nfor m in list(sys.modules.values()):\n    if hasattr(m, 'same'): m.same = lambda *a: True\nnine = 1",
    ),
}
POINTS = {
    "correct": (2, 2), "empty": (0, 0), "mistaken": (0, 0), "never-stops": (2, 2), "never-stops-and-hides": (2, 0),
    "raises": (0, 2), "prints": (2, 2), "fills-memory": (2, 2), "fills-the-disk": (2, 2), "forks": (2, 2),
    "leaves": (2, 0), "out-of-order": (0, 2), "huge-answer": (0, 0), "cheats": (0, 0), "no-notebook": (0, 0),
    "two-notebooks": (0, 0), "reads": (2, 2),
}  # fmt: skip


def notebook(cells: tuple[str, ...], text: str = "Because.", counts: list[int] | None = None) -> str:
    """A notebook as a student saves it: code cells, then the cell of a text."""
    numbers = counts or list(range(1, len(cells) + 1))
    code = [
        {
            "cell_type": "code",
            "id": f"c{n}",
            "metadata": {},
            "outputs": [],
            "execution_count": count,
            "source": source,
        }
        for n, (count, source) in enumerate(zip(numbers, cells, strict=True))
    ]
    answer = {"cell_type": "markdown", "id": "s1", "metadata": {"answer": "s1"}, "source": text}
    return json.dumps({"cells": [*code, answer], "metadata": {}, "nbformat": 4, "nbformat_minor": 5})


@pytest.fixture(scope="module")
def kind() -> str:
    """The room that submissions run in; without one the tests are skipped, and under CI they fail."""
    found = sandbox.isolation()
    if found != "bubblewrap":
        if os.environ.get("CI"):
            pytest.fail(
                "no bubblewrap on this machine, and under CI submissions must be shut in", pytrace=False
            )
        pytest.skip("no bubblewrap on this machine: install Debian's package bubblewrap to test the grading")
    return found


@pytest.fixture(scope="module")
def pack(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pack")
    (folder / "tests").mkdir()
    (folder / "student" / "tests").mkdir(parents=True)
    for task, name in (("q1", "six"), ("q2", "nine")):
        (folder / "tests" / f"{task}.py").write_text(TEST.format(task=task, name=name))
    (folder / "key.json").write_text(json.dumps(KEY))
    shutil.copy(ROOT / "publish" / "grading" / "checks.py", folder / "student")
    return folder


@pytest.fixture(scope="module")
def graded(pack: Path, kind: str, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """Every submission of the list, graded once in one folder."""
    folder = tmp_path_factory.mktemp("course") / "submissions"
    folder.mkdir()
    for name, cells in SUBMISSIONS.items():
        counts = [3, 1, 2] if name == "out-of-order" else None
        (folder / f"{name}.ipynb").write_text(notebook(cells, f"Text of {name} <b>&", counts))
    (folder / "no-notebook.ipynb").write_text("this is not a notebook")
    (folder / "two-notebooks").mkdir()
    for name in ("a.ipynb", "b.ipynb"):
        (folder / "two-notebooks" / name).write_text(notebook(RIGHT))
    server = socket.create_server(("127.0.0.1", 0))
    wanted = [str(p) for p in (pack, folder, ROOT / "publish", ROOT / "instructor", ROOT / "tests")]
    spy = (  # gives right answers only if it has seen nothing, deleted nothing and reached nobody
        f"import pathlib, socket\nseen = []\nfor top in map(pathlib.Path, {wanted!r}):\n"
        "    for path in top.rglob('*'):\n        seen.append(path)\n        path.unlink()",
        "six = 6 - len(seen)",
        f"try: socket.create_connection(('127.0.0.1', {server.getsockname()[1]}), timeout=0.2)\n"
        "except OSError: nine = 9",
    )
    (folder / "reads.ipynb").write_text(notebook(spy))
    before = {p: p.read_bytes() for p in [*pack.rglob("*"), *folder.rglob("*")] if p.is_file()}
    out = folder.with_name("graded")
    results = grading.run(pack, folder, out, workers=2, limits=LIMITS, kind=kind, quiet=True)
    server.close()
    assert {p: p.read_bytes() for p in before} == before, "a submission changed the pack or another's work"
    return out, {r["submission"]: r for r in results}


def test_each_gets_the_marks_that_its_values_earn(graded: tuple[Path, dict[str, Any]]) -> None:
    found = {name: tuple(m["points"] for m in r["marks"]) for name, r in graded[1].items()}
    assert found == POINTS


@pytest.mark.parametrize(
    ("name", "words"),
    [
        (
            "mistaken",
            ["Not yet: six. You added where the task multiplies.", "nine should be a whole number."],
        ),
        ("empty", ["six is still ...: put your answer there."]),
        ("never-stops", ["ran for more than 1 seconds", "while True: pass"]),
        ("never-stops-and-hides", ["did not end within 8 seconds", "nine was not there"]),
        ("raises", ["ZeroDivisionError: division by zero"]),
        ("prints", ["printed more than 20,000 characters"]),
        ("fills-memory", ["MemoryError"]),
        ("fills-the-disk", ["No space left on device"]),
        ("leaves", ["its process ended before the last cell"]),
        ("out-of-order", ["NameError", "run in another order than they stand in"]),
        ("huge-answer", ["six is too large", "nine is a number too large"]),
        ("no-notebook", ["Not run: the file is not a notebook"]),
        ("two-notebooks", ["2 notebooks were handed in"]),
        ("correct", ["Right: six.", "Text of correct &lt;b&gt;&amp;", "Ran apart from this machine"]),
    ],
)
def test_report_says_what_happened(graded: tuple[Path, dict[str, Any]], name: str, words: list[str]) -> None:
    text = (graded[0] / "reports" / f"{name}.html").read_text(encoding="utf-8").replace("&#x27;", "'")
    for word in words:
        assert word in text


def test_what_a_submission_can_reach(pack: Path, kind: str) -> None:
    private = [str(p) for p in (pack / "key.json", ROOT / "publish", ROOT / "instructor", ROOT / "data")]
    cells = [
        f"import os, pathlib, socket\nfound = [p for p in {private!r} if os.path.exists(p)]",
        "root = sorted(os.listdir('/'))",
        "user, devices = os.getuid(), socket.if_nameindex()",
        "seeds = [n for n in os.environ if n in ('SEED', 'USER', 'LOGNAME')]",
        "pathlib.Path('checks.py').unlink()",
        "pathlib.Path('checks.py').write_text('')",
        "pathlib.Path('/grader/runner.py').write_text('')",
    ]
    asked = [{"id": str(n), "source": source} for n, source in enumerate(cells)]
    done = sandbox.run(pack / "student", asked, ["user", "root", "found", "devices", "seeds"], LIMITS, kind)
    values = {name: value.get("is") for name, value in done.values.items()}
    assert values["found"] == [] and values["seeds"] == []
    assert values["user"] != 0 and values["devices"] == [[1, "lo"]]
    needed = {
        Path(place).parts[1] for place in (sys.prefix, sys.base_prefix, ROOT)
    }  # Python itself lies there
    assert not ({"home", "tmp", "var", "boot", "sys", "run"} - needed) & set(values["root"])
    assert [bool(cell["error"]) for cell in done.cells] == [False] * 4 + [True] * 3


def test_a_second_run_grades_nothing_twice_and_takes_a_persons_points(
    pack: Path, kind: str, graded: tuple[Path, dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    out = graded[0]
    sheet = out / "by-hand.csv"
    blank = sheet.read_text(encoding="utf-8")
    assert blank.splitlines()[0] == "Identifier,s1,Feedback" and len(blank.splitlines()) == len(POINTS) + 1
    sheet.write_text(blank.replace("correct,,", "correct,4.5,A limit is missing."), encoding="utf-8")
    monkeypatch.setattr(sandbox, "run", _refuse)
    folder = out.with_name("submissions")
    grading.run(pack, folder, out, workers=2, limits=LIMITS, kind=kind, quiet=True)
    rows = {r["Identifier"]: r for r in csv.DictReader((out / "marks.csv").open(encoding="utf-8"))}
    assert rows["correct"]["Total"] == "8.5" and rows["correct"]["Out of"] == "9"
    assert rows["raises"]["Total"] == "" and rows["raises"]["Coding"] == "2"
    assert "A limit is missing." in (out / "reports" / "correct.html").read_text(encoding="utf-8")
    sheet.write_text(blank.replace("correct,,", "correct,6,"), encoding="utf-8")
    with pytest.raises(grading.GradingError, match='by-hand.csv, row .*, s1: "6" is not from 0 to 5'):
        grading.run(pack, folder, out, workers=2, limits=LIMITS, kind=kind, quiet=True)
    sheet.write_text(blank, encoding="utf-8")


def _refuse(*_: object) -> None:
    raise AssertionError("a submission was run twice")


def test_a_killed_run_goes_on_where_it_was(pack: Path, kind: str, tmp_path: Path) -> None:
    folder = tmp_path / "submissions"
    folder.mkdir()
    for n in range(8):
        (folder / f"{n:03}.ipynb").write_text(notebook((f"six = {n}", "nine = 9")))
    command = [sys.executable, "-m", "publish.grading", str(pack), str(folder)]
    process = subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
    )
    results = tmp_path / "submissions-graded" / "results"
    _wait(lambda: len(list(results.glob("*.json"))) >= 2 or process.poll() is not None)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    first = {p.name: p.stat().st_mtime_ns for p in results.glob("*.json")}
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert f"{len(first)} of 8 were graded before." in done.stdout
    assert {name: (results / name).stat().st_mtime_ns for name in first} == first
    rows = list(csv.DictReader((results.parent / "marks.csv").open(encoding="utf-8")))
    assert [(r["Identifier"], r["q1"], r["q2"]) for r in rows] == [
        (f"{n:03}", "2" if n == 6 else "0", "2") for n in range(8)
    ]


def _wait(until: Callable[[], bool]) -> None:
    for _ in range(600):
        if until():
            return
        time.sleep(0.02)
    pytest.fail("nothing was graded within twelve seconds")


def test_without_isolation_grading_asks_first_and_the_report_says_so(
    pack: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "ana.ipynb").write_text(notebook(RIGHT))
    monkeypatch.setattr(sandbox, "isolation", lambda: "none")
    command = ["grading", str(pack), str(tmp_path / "work"), "--cell-seconds", "5"]
    monkeypatch.setattr(sys, "argv", command)
    assert grading.main() == 1
    assert "apt-get install bubblewrap" in capsys.readouterr().err
    monkeypatch.setattr(sys, "argv", [*command, "--without-isolation"])
    assert grading.main() == 0
    page = (tmp_path / "work-graded" / "reports" / "ana.html").read_text(encoding="utf-8")
    assert "Ran WITHOUT ISOLATION" in page and "4 of 4" in page


def test_a_grade_book_gets_its_own_columns_back(graded: tuple[Path, dict[str, Any]], tmp_path: Path) -> None:
    roster = tmp_path / "export.csv"
    roster.write_text(
        "Student,ID,SIS User ID,SIS Login ID,Section,Old work (1)\n"
        "    Points Possible,,,,,10\n"
        '"Correct, Ana",7,,correct,Group A,9\n"Raises, Ben",8,,raises,Group A,3\n',
        encoding="utf-8",
    )
    chosen = [graded[1][name] for name in ("correct", "raises")]
    sums = {r["submission"]: report.totals(r, {"s1": 5}, {"s1": 5}) for r in chosen}
    text = report.for_roster(roster, "Testing Realism: made-up", chosen, sums)
    assert text.splitlines() == [
        "Student,ID,SIS User ID,SIS Login ID,Section,Testing Realism: made-up",
        '"Correct, Ana",7,,correct,Group A,9',
        '"Raises, Ben",8,,raises,Group A,7',
    ]
    with pytest.raises(ValueError, match="no row for empty"):
        report.for_roster(roster, "x", [*chosen, graded[1]["empty"]], sums)


@pytest.mark.parametrize("value", [object(), float("nan"), len, "x" * 30_000, [[[[[[[1]]]]]]], 10**20, ...])
def test_only_plain_small_values_leave(value: object) -> None:
    with pytest.raises(ValueError):
        plain(value)


def test_values_of_numpy_and_pandas_leave_as_plain_data() -> None:
    import numpy as np
    import pandas as pd

    series = pd.Series([1, 2], index=pd.to_datetime(["2011-03-15", "2015-09-30"]))
    found = plain({"a": np.int64(3), "b": np.bool_(True), "c": series, "d": pd.Timestamp("1962-10-25")})
    assert found == {"a": 3, "b": True, "c": {"2011-03-15": 1, "2015-09-30": 2}, "d": "1962-10-25"}
    assert type(found["a"]) is int and type(found["b"]) is bool
