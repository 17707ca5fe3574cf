"""Run each notebook alone under everything that a reader's machine may lack, all of it at once.

Run as ``python -m trials.alone`` by ``make trials``. Each notebook is executed from a clean kernel in the
environment of ``binder/``, in a copy of the book where no other notebook ran. There it meets: files that cannot be written, a user
without a name whose home directory does not exist, a path with spaces and letters of four scripts, another
locale and time zone, no network, and 512 MB for all its processes together. Nothing may be printed to the
error stream, and what cells show must be what the book shows. The results go to ``trials/results/alone.csv``.
"""

import functools
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from trials import ROOT, write

PYTHON = ROOT / ".venv" / "binder" / "bin" / "python"
MEMORY = 512 * 1024**2  # bytes
PLACE = "/tmp/my books کتاب Книга 書"
LOCALE = "fa_IR.UTF-8"
ZONE = "Asia/Tehran"
CONDITIONS = 7
CONTROL = Path("/sys/fs/cgroup")

INSIDE = r"""
import json, locale, os, resource, socket, sys, time
from pathlib import Path
import nbclient, nbformat

found = {"locale": locale.setlocale(locale.LC_ALL, ""), "zone": time.tzname[0]}
try:
    Path("written").touch()
except OSError as refusal:
    found["files"] = refusal.strerror
found["place"], found["devices"] = os.getcwd(), [name for _, name in socket.if_nameindex()]
found["home"] = os.path.isdir(os.path.expanduser("~"))
notebook = nbformat.read(sys.argv[1], 4)
began = time.perf_counter()
try:
    nbclient.execute(notebook, timeout=300)
except Exception as error:
    found["failed"] = f"{type(error).__name__}: {error}"[-2000:]
found["seconds"] = time.perf_counter() - began
found["kernel"] = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024
found["outputs"] = [
    output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs
]
print("\n" + json.dumps(found))
"""
"""What runs in the room: the notebook, and a look at whether the room is as it should be."""


@dataclass
class Lone:
    """One notebook after its run: what went wrong, what it took, what it met, what its cells showed."""

    failed: str
    seconds: float
    kernel: int  # bytes, the kernel's at most
    conditions: list[str]
    outputs: list[dict[str, Any]] = field(repr=False)

    @property
    def printed_errors(self) -> str:
        """Return what cells printed to the error stream."""
        return "".join(o["text"] for o in self.outputs if o.get("name") == "stderr")


def notebooks() -> list[Path]:
    """Return every notebook of the book."""
    found = sorted((ROOT / "book").rglob("*.ipynb"))
    return [path for path in found if ".ipynb_checkpoints" not in path.parts]


def run_alone(notebook: Path, python: Path = PYTHON) -> Lone:
    """Run one notebook of the book under all conditions that this machine can make.

    Parameters
    ----------
    notebook
        Its path in ``book/``.
    python
        The interpreter of the environment that readers have.

    Raises
    ------
    RuntimeError
        The room could not be made; says what to install, or what the program in it said.
    """
    if not _room_works():
        raise RuntimeError(
            "bwrap cannot shut a program in here: on Debian and Ubuntu, apt-get install bubblewrap"
        )
    with tempfile.TemporaryDirectory() as made, _memory() as (limit, kind):
        copy, spoken = Path(made) / "copy", Path(made) / "locale"
        _copy(copy)
        spoken.mkdir()
        where = f"{PLACE}/{notebook.parent.relative_to(ROOT)}"
        command = [*limit, *_room(copy, spoken, where), str(python), "-c", INSIDE, notebook.name]
        done = subprocess.run(command, text=True, capture_output=True)
    if done.returncode:
        return Lone(_end(done.stderr), 0, 0, [], [])
    told = json.loads(done.stdout.splitlines()[-1])
    conditions = [
        *(["read-only files"] if told.get("files") == "Read-only file system" else []),
        *(["no home"] if not told["home"] else []),
        *(["path with spaces and four scripts"] if told["place"].startswith(PLACE) else []),
        *([f"locale {told['locale']}"] if told["locale"].startswith(LOCALE) else []),
        *([f"time zone {ZONE}"] if told["zone"] == "+0330" else []),
        *(["no network"] if told["devices"] == ["lo"] else []),
        f"{MEMORY // 1024**2} MB ({kind})",
    ]
    assert len(conditions) <= CONDITIONS
    return Lone(told.get("failed", ""), told["seconds"], told["kernel"], conditions, told["outputs"])


@functools.cache
def _room_works() -> bool:
    try:
        return subprocess.run(["bwrap", "--unshare-all", "--ro-bind", "/", "/", "true"]).returncode == 0
    except FileNotFoundError:
        return False


def _end(text: str) -> str:
    return text.strip()[-600:] or "ended without a word: out of memory?"


def _copy(copy: Path) -> None:
    """Copy what a runner has, without what a run left behind."""
    skipped = shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints")
    for name in ("book", "data"):
        shutil.copytree(ROOT / name, copy / name, ignore=skipped)


def _room(copy: Path, spoken: Path, where: str) -> list[str]:
    """Return the command that starts a program in the room, up to the program."""
    variables = {
        "PATH": "/usr/bin:/bin", "TZ": ZONE, "LC_ALL": "C", "HOME": "/nonexistent",
        "JUPYTER_RUNTIME_DIR": "/tmp/runtime",
    }  # fmt: skip
    if _make_locale(spoken):
        variables |= {"LC_ALL": LOCALE, "LOCPATH": "/tmp/locale"}
    set_all = [part for name, value in variables.items() for part in ("--setenv", name, value)]
    return [
        "bwrap", "--unshare-all", "--die-with-parent", "--new-session", "--uid", "4242", "--gid", "4242",
        "--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc", "--tmpfs", "/tmp", "--dir", "/tmp/runtime",
        "--ro-bind", str(copy), PLACE, "--ro-bind", str(spoken), "/tmp/locale", "--chdir", where,
        "--clearenv", *set_all,
    ]  # fmt: skip


def _make_locale(folder: Path) -> bool:
    """Make the other locale from the system's sources (Debian's package locales); say whether that went well."""
    name, _, charset = LOCALE.partition(".")
    made = folder / LOCALE
    command = ["localedef", "--no-archive", "-i", name, "-f", charset, str(made)]
    try:
        subprocess.run(command, capture_output=True)
    except FileNotFoundError:
        return False
    return made.is_dir()


@contextmanager
def _memory() -> Iterator[tuple[list[str], str]]:
    """Give the start of a command that limits the memory of all its processes, and the kind of limit.

    A control group of the kernel's counts what processes really use. Where none can be made, each process
    is limited in the memory that it may ask for, which is stricter.
    """
    for folder, name in ((CONTROL / "memory", "memory.limit_in_bytes"), (CONTROL, "memory.max")):
        group = folder / f"alone-{os.getpid()}"
        try:
            group.mkdir()
            (group / name).write_text(str(MEMORY), encoding="utf-8")
        except OSError:
            if group.is_dir():
                group.rmdir()
            continue
        try:
            enter = f'echo $$ > {group}/cgroup.procs && exec "$@"'
            yield ["sh", "-c", enter, "sh"], "control group, all processes"
        finally:
            _remove(group)
        return
    blocks = MEMORY // 1024
    yield ["sh", "-c", f'ulimit -d {blocks} && exec "$@"', "sh"], "data of each process"


def _remove(group: Path) -> None:
    for _ in range(100):
        try:
            group.rmdir()
        except OSError:
            time.sleep(0.05)  # the last process is leaving
        else:
            return


def shown(outputs: list[dict[str, Any]]) -> str:
    """Return a hash of what cells show in words: everything but pictures and what was printed to the error stream."""
    told = []
    for output in outputs:
        data = output.get("data", {})
        if output.get("name") != "stderr" and not any(kind.startswith("image/") for kind in data):
            told.append([output.get("text"), data.get("text/html"), data.get("text/plain")])
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


def in_the_book(notebook: Path) -> list[dict[str, Any]]:
    """Return the outputs of a notebook's cells as the last build executed them.

    Raises
    ------
    LookupError
        The book was not built since the notebook changed.
    """
    import nbformat
    from jupyter_cache import get_cache

    from publish.cache import cache_folder

    cache = get_cache(str(cache_folder(ROOT)))
    try:
        record = cache.match_cache_notebook(nbformat.read(notebook, as_version=4))
    except KeyError:
        raise LookupError(f"{notebook.name} was not executed since it changed: run make book") from None
    cells = cache.get_cache_bundle(record.pk).nb.cells
    return [output for cell in cells if cell.cell_type == "code" for output in cell.outputs]


def main() -> int:
    """Run all notebooks, write the results, and return how many failed."""
    if not PYTHON.is_file():
        print(f"There is no {PYTHON.relative_to(ROOT)}. Run: make test")
        return 1
    rows, failed = [], 0
    for notebook in notebooks():
        run = run_alone(notebook)
        same = shown(run.outputs) == shown(in_the_book(notebook))
        problem = run.failed or run.printed_errors or ("" if same else "shows something else than the book")
        failed += bool(problem)
        name = notebook.relative_to(ROOT / "book").with_suffix("").as_posix()
        print(
            f"{name:24} {run.seconds:6.1f} s {run.kernel / 1e6:6.0f} MB {problem or 'as in the book'}",
            flush=True,
        )
        rows.append({
            "notebook": name, "seconds": f"{run.seconds:.0f}", "megabytes": f"{run.kernel / 1e6:.0f}",
            "result": "fails" if problem else "as in the book",
            "met": f"{len(run.conditions)} of {CONDITIONS}", "conditions": "; ".join(run.conditions),
        })  # fmt: skip
    if not failed:
        write("alone", pd.DataFrame(rows))
    return failed


if __name__ == "__main__":
    sys.exit(main())
