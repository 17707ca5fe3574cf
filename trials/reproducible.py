"""Build the book in different places and see whether the same bytes come out.

Run as ``python -m trials.reproducible [PYTHON]`` in the book's environment; with ``--pages`` in front it
leaves out what ``make site`` adds, and is shorter. A first build, from nothing, is the measure. Against
it are held: a build from nothing in a folder with spaces and Cyrillic letters, minutes later, in another
time zone, with another locale, home, umask and order of hashes; one with another Python, PYTHON, in an
environment made from the same lock; and builds after changes that were taken back, which make only a part
of the book anew. Packs of assignments are made in the first two. Each file that differs is printed, with
the first bytes that do, and counted in ``trials/results/reproducible.csv``.
"""

import io
import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd

from trials import ROOT, write
from trials.copies import copy
from trials.faults import change

SEED = "reproducible"  # of the packs; a course's own seed is secret, this one is not
HERE = {"TZ": "UTC", "LC_ALL": "C.UTF-8", "PYTHONHASHSEED": "1"}
KINDS = {
    "pages": r"\.html$", "figures": r"\.svg$|\.png$", "downloads": r"^download/", "tables": r"\.(?:csv|json)$",
    "slides": r"^slides/", "PDF": r"\.pdf$", "browser door": r"^lite/", "packs": r"^packs/",
}  # fmt: skip
FIRST = ("packs", "slides", "PDF", "browser door", "downloads")


def elsewhere(home: Path) -> dict[str, str]:
    """Return an environment that differs in everything that should not matter."""
    return {"TZ": "Asia/Tehran", "LC_ALL": "ru_RU.UTF-8", "PYTHONHASHSEED": "4711", "HOME": str(home)}


def build(
    root: Path, what: list[str], env: dict[str, str], python: str = sys.executable, umask: int = 0o022
) -> None:
    """Build the book in a folder; a build that fails ends the trial."""
    done = subprocess.run(
        [python, "-m", "publish.build", *what],
        cwd=root,
        env=os.environ | env,
        umask=umask,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    if done.returncode:
        sys.exit(f"the build in {root} failed:\n{done.stdout[-3000:]}")
    print(f"built in {root.name}: {done.stdout.splitlines()[-1]}", flush=True)


def prepare(folder: Path) -> Path:
    """Copy the book, its instructors' part if there is one, and a link to the environments into a folder."""
    copy(folder)
    if (ROOT / "instructor").is_dir():
        shutil.copytree(
            ROOT / "instructor", folder / "instructor", ignore=shutil.ignore_patterns("__pycache__")
        )
    (folder / ".venv").symlink_to(ROOT / ".venv")
    return folder


def packs(root: Path, env: dict[str, str], umask: int = 0o022) -> None:
    """Make the packs of assignments into the built book's folder, so that they are compared with it."""
    made = root / "_build" / "html" / "packs"
    command = [str(ROOT / ".venv" / "grading" / "bin" / "python"), "-m", "publish.packs", "--out", str(made)]
    subprocess.run(
        command,
        cwd=root,
        env=os.environ | env | {"SEED": SEED},
        umask=umask,
        check=True,
        stdout=subprocess.DEVNULL,
    )


def files(html: Path) -> dict[str, bytes]:
    """Return every file of a built book."""
    return {p.relative_to(html).as_posix(): p.read_bytes() for p in sorted(html.rglob("*")) if p.is_file()}


def kind_of(name: str) -> str:
    """Return what kind of thing a file of the book is."""
    for kind in (*FIRST, *KINDS):
        if re.search(KINDS[kind], name):
            return kind
    return "scripts, styles, index"


def differences(one: dict[str, bytes], other: dict[str, bytes]) -> Iterator[tuple[str, str]]:
    """Yield the files that are not the same, each with what differs first; of zips the files in them."""
    for name in sorted(one.keys() | other.keys()):
        here, there = one.get(name), other.get(name)
        if here is None or there is None:
            yield name, "is in one of the two only"
        elif here != there and name.endswith(".zip"):
            inside = list(differences(members(here), members(there)))
            yield name, "; ".join(f"{n}: {why}" for n, why in inside) or "same files, packed differently"
        elif here != there:
            start = next(
                (n for n, (a, b) in enumerate(zip(here, there, strict=False)) if a != b),
                min(len(here), len(there)),
            )
            shown = [
                text[max(0, start - 20) : start + 40].decode("utf-8", "replace") for text in (here, there)
            ]
            yield name, f"at byte {start}: {shown[0]!r} and {shown[1]!r}"


def members(content: bytes) -> dict[str, bytes]:
    """Return the files of a zip."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def compare(name: str, first: dict[str, bytes], other: dict[str, bytes]) -> list[dict[str, Any]]:
    """Return one row for each kind of file; print what differs."""
    found = dict(differences(first, other))
    rows = []
    for kind in (*KINDS, "scripts, styles, index"):
        mine = [file for file in first.keys() | other.keys() if kind_of(file) == kind]
        if not mine:
            continue
        differ = sorted(file for file in mine if file in found)
        for file in differ:
            print(f"{name}: {file} {found[file][:400]}", flush=True)
        why = f"{differ[0]} {found[differ[0]]}"[:200] if differ else ""
        rows.append(
            {
                "build": name,
                "kind": kind,
                "files": len(mine),
                "identical": len(mine) - len(differ),
                "differing": len(differ),
                "why": why,
            }
        )
    return rows


def other_python(python: str, folder: Path) -> str:
    """Return the interpreter of an environment made from the book's lock with another Python."""
    subprocess.run([python, "-m", "venv", str(folder)], check=True)
    uv = [
        str(ROOT / ".venv" / "uv" / "bin" / "uv"),
        "pip",
        "install",
        "-q",
        "--python",
        str(folder),
        "--compile-bytecode",
    ]
    env = os.environ | {"UV_SYSTEM_CERTS": "1"}
    subprocess.run([*uv, "--require-hashes", "-r", "locks/book.txt"], cwd=ROOT, env=env, check=True)
    return str(folder / "bin" / "python")


def taken_back(root: Path, first: dict[str, bytes]) -> list[dict[str, Any]]:
    """Change a page, then the style sheet, and take each back; compare with the first build.

    What ``make site`` added is kept, as it is when pages alone are made anew.
    """
    rows = []
    style = root / "publish" / "static" / "book.css"
    page = root / "book" / "index.ipynb"
    before = {path: path.read_bytes() for path in (style, page)}
    change(root, "whole", "mark-of-the-trial")
    build(root, [], HERE)
    page.write_bytes(before[page])
    build(root, [], HERE)
    rows += compare("after a page was changed and changed back", first, files(root / "_build" / "html"))
    style.write_bytes(before[style] + b"\n.nobody { color: red }\n")
    build(root, [], HERE)
    style.write_bytes(before[style])
    build(root, [], HERE)
    return rows + compare(
        "after the style sheet was changed and changed back", first, files(root / "_build" / "html")
    )


def main(python: str | None, site: bool) -> None:
    """Build, compare, and write the table."""
    os.environ.pop("BOOK_REPOSITORY_URL", None)
    what = ["site"] if site else []
    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "home").mkdir()
        one = prepare(folder / "a")
        other = prepare(folder / "другая папка с книгой" / "and a longer name than the first")
        build(one, what, HERE)
        plain = files(one / "_build" / "html")
        build(other, what, elsewhere(folder / "home"), umask=0o077)
        if (ROOT / "instructor").is_dir():
            packs(one, HERE)
            packs(other, elsewhere(folder / "home"), umask=0o077)
        away = "elsewhere: other folder, time, zone, locale, home, umask, order of hashes"
        rows += compare(away, files(one / "_build" / "html"), files(other / "_build" / "html"))
        shutil.rmtree(other)
        shutil.rmtree(one / "_build" / "html" / "packs", ignore_errors=True)
        if python:
            newer = prepare(folder / "newer")
            interpreter = other_python(python, folder / "env")
            build(newer, what, HERE, interpreter)
            version = subprocess.run(
                [interpreter, "-V"], text=True, capture_output=True, check=True
            ).stdout.strip()
            rows += compare(f"with {version}", plain, files(newer / "_build" / "html"))
            shutil.rmtree(newer)
        rows += taken_back(one, plain)
    write("reproducible", pd.DataFrame(rows))


if __name__ == "__main__":
    given = [word for word in sys.argv[1:] if word != "--pages"]
    main(given[0] if given else None, "--pages" not in sys.argv)
