"""Kill builds at random moments, fill their disk, start two at once, and see what is left.

Run as ``python -m trials.faults`` in the book's environment; it takes about half an hour. Everything
happens in copies in a temporary folder: most of it in a small book with the real settings, data and
code (``trials/copies.py``), some kills in the whole book. After each fault the folder of the built book
must be byte for byte the last good one (or, where the kill came after the exchange, the whole new one),
the next build must end well and show the change, and at the end the book must be the one that a cold
build of the same sources makes. The seed is fixed, the moments still differ, as no machine is equally fast.

The full disk is a small tmpfs in a mount namespace of its own; where that is not allowed, the row says so.
"""

import hashlib
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import pandas as pd

from trials import ROOT, write
from trials.copies import copy, small_book

BUILD = [sys.executable, "-m", "publish.build"]
SEED = 2011
KILLS = {"small": 20, "whole": 4}
PAGE = {"small": "book/small.ipynb", "whole": "book/index.ipynb"}
ROOM = (0.0, 0.02, 0.1, 0.3, 0.6)  # of what a build needs beside the last good book


def change(root: Path, book: str, mark: str) -> None:
    """Write a mark into the first text and the first code of a page, so that it is executed and made anew."""
    path = root / PAGE[book]
    notebook = json.loads(path.read_text(encoding="utf-8"))
    for kind, pattern in (("markdown", "\n\nMark {}.\n"), ("code", "\n# {}")):
        cell = next(c for c in notebook["cells"] if c["cell_type"] == kind)
        text = re.sub(r"\n\nMark [\w-]+\.\n$|\n# mark-[\w-]+$", "", "".join(cell["source"]))
        cell["source"] = text + pattern.format(mark)
    path.write_text(json.dumps(notebook, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def state(root: Path) -> str:
    """Return a hash of every name and byte of the built book; "none" where there is none."""
    html = root / "_build" / "html"
    if not html.is_dir():
        return "none"
    digest = hashlib.sha256()
    for path in sorted(html.rglob("*")):
        if path.is_file():
            digest.update(path.relative_to(html).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def start(root: Path) -> subprocess.Popen[str]:
    """Start a build in a process group of its own."""
    return subprocess.Popen(
        BUILD, cwd=root, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True
    )


def build(root: Path) -> tuple[int, str]:
    """Build to the end; return the exit code and what was said."""
    running = start(root)
    said, _ = running.communicate()
    return running.returncode, said


def must(root: Path) -> str:
    """Build, which has to end well; return the state of the book."""
    code, said = build(root)
    if code:
        sys.exit(f"a build that nothing disturbed failed in {root}:\n{said}")
    return state(root)


def shows(root: Path, book: str, mark: str) -> bool:
    """Say whether the built page shows the mark."""
    page = (root / "_build" / "html" / PAGE[book]).with_suffix(".html")
    return f"Mark {mark}." in page.read_text(encoding="utf-8")


def cold(root: Path, folder: Path) -> str:
    """Return the state of the book that a first build of the same sources makes elsewhere."""
    shutil.copytree(root, folder, ignore=shutil.ignore_patterns("_build", "__pycache__"))
    made = must(folder)
    shutil.rmtree(folder)
    return made


def kills(root: Path, book: str) -> list[dict[str, Any]]:
    """Kill builds of a book at random moments; return a row for killing all its processes, one for its first alone."""
    chance = random.Random(SEED)
    must(root)
    change(root, book, "mark-long")
    began = time.monotonic()
    good = must(root)
    long = time.monotonic() - began
    rows: dict[str, dict[str, Any]] = {
        how: {"fault": f"killed: {how}", "book": book, "tries": 0, "kept": 0, "next_well": 0, "said": set()}
        for how in ("all its processes", "its first process alone")
    }
    for number in range(KILLS[book]):
        mark = f"mark-{number}"
        change(root, book, mark)
        row = rows["its first process alone" if number % 4 == 3 else "all its processes"]
        running = start(root)
        time.sleep(chance.uniform(0, long))
        if row is rows["all its processes"]:
            os.killpg(running.pid, signal.SIGKILL)
        else:
            running.kill()
        said = running.communicate()[0].strip().splitlines()
        left = state(root)
        code, told = build(root)
        new = state(root)
        row["tries"] += 1
        row["kept"] += left in (good, new)
        row["next_well"] += code == 0 and shows(root, book, mark)
        row["said"].add(_stage(said))
        print(f"{book} {number}: {_stage(said)}; kept {left in (good, new)}, then {code}", flush=True)
        if code:
            print(told, flush=True)
        good = new
    same = cold(root, root.parent / f"{book}-cold") == good
    for row in rows.values():
        row["said"] = "killed while " + ", ".join(sorted(row["said"]))
        row["as_cold"] = "yes" if same else "NO"
    return list(rows.values())


def _stage(said: list[str]) -> str:
    """Say what a build was doing when it was killed."""
    text = "\n".join(said)
    if "Done in" in text:
        return "it ended"
    if "pages" in text:
        return "the new book was laid out"
    if "executed in" in text:
        return "the pages were made"
    return "chapters were executed" if said else "it began"


def two_at_once(root: Path) -> dict[str, Any]:
    """Start two builds at the same moment, three times."""
    row: dict[str, Any] = {
        "fault": "two builds at once",
        "book": "small",
        "tries": 3,
        "kept": 0,
        "next_well": 0,
    }
    for number in range(3):
        change(root, "small", f"mark-both-{number}")
        both = [start(root), start(root)]
        said = [running.communicate()[0] for running in both]
        well = all(running.returncode == 0 for running in both) and shows(
            root, "small", f"mark-both-{number}"
        )
        waited = sum("waiting for it to end" in text for text in said) == 1
        once = sum("Nothing changed" in text for text in said) == 1
        row["kept"] += waited and once
        row["next_well"] += well
        print(f"two at once {number}: {well}, one waited {waited}, built once {once}", flush=True)
    same = cold(root, root.parent / "two-cold") == state(root)
    return row | {"said": "one waits and then has nothing to do", "as_cold": "yes" if same else "NO"}


def full_disk(root: Path) -> dict[str, Any]:
    """Build on a tmpfs that is too small, in a mount namespace; return the row, or one that says why not."""
    row: dict[str, Any] = {"fault": "full disk", "book": "small"}
    enter = ["unshare", "-m"] if os.geteuid() == 0 else ["unshare", "-Urm"]
    inside = [*enter, sys.executable, "-m", "trials.faults", "--on-tmpfs", str(root)]
    if not shutil.which("unshare") or subprocess.run([*enter, "true"], capture_output=True).returncode:
        return row | {"tries": 0, "said": "not tried: this machine allows no mount namespace"}
    done = subprocess.run(inside, cwd=ROOT, text=True, stdout=subprocess.PIPE)
    print(done.stdout, flush=True)
    if done.returncode:
        sys.exit("the trial of the full disk did not end well")
    return row | json.loads(done.stdout.splitlines()[-1])


def on_tmpfs(root: Path) -> None:
    """Inside the namespace: fill the disk at several points of a build; print the row as JSON."""
    disk = root / "_build"
    shutil.rmtree(disk, ignore_errors=True)
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=2g", "tmpfs", str(disk)]
    subprocess.run(mount, check=True)
    good = must(root)
    need = sum(p.stat().st_size for p in (disk / "html").rglob("*") if p.is_file())
    row: dict[str, Any] = {"tries": 0, "kept": 0, "next_well": 0, "said": set()}
    for number, part in enumerate(ROOM):
        mark = f"mark-full-{number}"
        change(root, "small", mark)
        used = shutil.disk_usage(disk).used
        size = used // 4096 * 4096 + 4096 + int(part * need) // 4096 * 4096
        subprocess.run(["mount", "-o", f"remount,size={size}", str(disk)], check=True)
        code, said = build(root)
        lines = said.strip().splitlines()
        kept = state(root) == good and not (disk / "html.new").exists()
        clear = code == 1 and "Traceback" not in said and lines[-1].startswith("The disk is full: ")
        subprocess.run(["mount", "-o", "remount,size=2g", str(disk)], check=True)
        after, told = build(root)
        well = after == 0 and shows(root, "small", mark)
        good = state(root)
        row["tries"] += 1
        row["kept"] += kept and clear
        row["next_well"] += well
        print(
            f"full disk, room for {part:.0%}: kept {kept}, one clear line {clear}, then {after}", flush=True
        )
        if not (kept and clear and well):
            print(said, told, flush=True)
    same = cold(root, root.parent / "full-cold") == good
    row |= {"said": "each says that the disk is full, and what to do", "as_cold": "yes" if same else "NO"}
    print(json.dumps(row))


def main() -> None:
    """Run all of it and write the table."""
    os.environ.pop("BOOK_REPOSITORY_URL", None)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        small = small_book(folder / "small")
        rows = [*kills(small, "small"), two_at_once(small), full_disk(small)]
        rows += kills(copy(folder / "whole"), "whole")
    table = pd.DataFrame(rows).fillna("")
    write("faults", table)
    tried = table[table["tries"] > 0]
    if not (
        (tried["kept"] == tried["tries"])
        & (tried["next_well"] == tried["tries"])
        & (tried["as_cold"] == "yes")
    ).all():
        sys.exit("a fault did harm: see the table")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--on-tmpfs"]:
        on_tmpfs(Path(sys.argv[2]))
    else:
        main()
