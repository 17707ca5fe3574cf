"""The room in which a submission runs: an empty folder, limits, no network, nobody else's files.

Three kinds, the first that works on this machine is taken:

- ``bubblewrap``: a mount namespace that holds the system's libraries, Python and the student's pack, all
  read-only, and one small folder to write in; no network device; processes and users of its own.
- ``user``: a user without rights, where we are root and there is no bubblewrap. It cannot change other
  people's files, but can read what everybody may read and can reach the network.
- ``none``: limits alone. Every report says so.
"""

import functools
import itertools
import json
import os
import selectors
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
CHANNEL = 4_000_000  # bytes that a run may hand out in all
FINISHED = b'{"finished": true}\n'  # the runner's last line
DESCRIPTIONS = {
    "bubblewrap": "Ran apart from this machine (bubblewrap): no network, no files but those of the student's pack.",
    "user": "Ran as a user without rights, NOT wholly apart from this machine: it could reach the network "
    "and read what every user may read. Install bubblewrap to close this.",
    "none": "Ran WITHOUT ISOLATION: its code could do whatever the person who graded it may do. Install "
    "bubblewrap to close this.",
}
_runs = itertools.count()


@dataclass(frozen=True)
class Limits:
    """What one submission may use: seconds, bytes, characters, counts."""

    seconds: int = 120  # the whole notebook
    cell_seconds: int = 30
    memory: int = 1_500_000_000  # bytes of address space, for each process
    printed: int = 100_000  # characters a cell
    file: int = 10_000_000  # bytes of one file
    folder: int = 20_000_000  # bytes of all files together (where bubblewrap makes the folder)
    open_files: int = 64
    processes: int = 4  # the submission's own included


@dataclass
class Run:
    """What came out of a run. Everything in it was said by the submission, and is data, never code."""

    cells: list[dict[str, Any]] = field(default_factory=list)
    values: dict[str, dict[str, Any]] = field(default_factory=dict)
    stopped: str | None = None
    seconds: float = 0.0


@functools.cache
def isolation() -> str:
    """Return the kind of room that this machine offers, found by trying."""
    for kind in ("bubblewrap", "user"):
        with tempfile.TemporaryDirectory() as empty:
            cells = [{"id": "try", "source": "answer = 6 * 7"}]
            if _works(kind) and run(Path(empty), cells, ["answer"], Limits(), kind).values == {
                "answer": {"is": 42}
            }:
                return kind
    return "none"


def _works(kind: str) -> bool:
    return shutil.which("bwrap") is not None if kind == "bubblewrap" else os.geteuid() == 0


def run(pack: Path, cells: list[dict[str, str]], names: list[str], limits: Limits, kind: str) -> Run:
    """Run the cells of one submission beside the files of the student's pack.

    Parameters
    ----------
    pack
        The folder whose files the submission may read (``checks.py``, ``tests``, ``bookkit``, ``data``).
    cells
        Each with ``id`` and ``source``, in the order of the notebook.
    names
        Of the values that may leave.
    kind
        ``"bubblewrap"``, ``"user"`` or ``"none"``.

    Returns
    -------
    Run
        The cells that were reached, the named values as they last were, and why the run was stopped, if it was.
    """
    uid = 1_000_000 + os.getpid() * 100 + next(_runs) % 100 if os.geteuid() == 0 and kind != "none" else None
    asked = {"cells": cells, "names": names, "limits": asdict(limits), "uid": uid}
    began = time.monotonic()
    with _room(pack, limits, kind, uid) as (command, folder), tempfile.TemporaryFile() as given:
        given.write(json.dumps(asked).encode())
        given.seek(0)
        process = subprocess.Popen(
            command, stdin=given, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=folder,
            env=_environment(folder), start_new_session=True,
        )  # fmt: skip
        try:
            said, stopped = _listen(process, began + limits.seconds)
        finally:
            _end(process, uid if kind == "user" else None)
    result = _understand(said)
    result.seconds = round(time.monotonic() - began, 2)
    if stopped:
        result.stopped = stopped.format(seconds=limits.seconds)
    elif not said.endswith(FINISHED):
        result.stopped = "its process ended before the last cell (it left by itself, or ran out of memory)"
    return result


def _environment(folder: str | None) -> dict[str, str]:
    room = folder or "/room"
    return {
        "PATH": "/usr/bin:/bin", "HOME": room, "TMPDIR": room, "LANG": "C.UTF-8", "MPLBACKEND": "Agg",
        "MPLCONFIGDIR": room, "IPYTHONDIR": room, "OPENBLAS_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONHASHSEED": "0", "PYTHONPATH": str(HERE) if folder else "/grader",
    }  # fmt: skip


@contextmanager
def _room(pack: Path, limits: Limits, kind: str, uid: int | None) -> Iterator[tuple[list[str], str | None]]:
    """Give the command that starts the runner, and the folder to start it in (None: the room has its own)."""
    with tempfile.TemporaryDirectory(prefix="submission-") as made:
        copy = Path(made) / "pack"
        shutil.copytree(pack, copy, ignore=shutil.ignore_patterns("*.ipynb", "__pycache__"))
        for path in [Path(made), copy, *copy.rglob("*")]:
            path.chmod(0o755 if path.is_dir() else 0o644)
        if kind == "bubblewrap":
            yield _bubblewrap(copy, limits), None
            return
        if uid is not None:
            os.chown(copy, uid, uid)
        yield [sys.executable, str(HERE / "runner.py")], str(copy)


def _bubblewrap(pack: Path, limits: Limits) -> list[str]:
    command = [
        "bwrap",
        "--die-with-parent",
        "--unshare-pid",
        "--unshare-net",
        "--unshare-ipc",
        "--unshare-uts",
    ]
    if os.geteuid() == 0:  # the runner gives up root before the submission's first cell
        command += ["--cap-drop", "ALL", "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"]
    else:
        command += ["--unshare-user", "--uid", "65534", "--gid", "65534"]
    command += ["--ro-bind", "/usr", "/usr", "--ro-bind-try", "/etc/ld.so.cache", "/etc/ld.so.cache"]
    for name in ("/bin", "/lib", "/lib64"):
        if os.path.islink(name):
            command += ["--symlink", os.readlink(name), name]
        elif os.path.isdir(name):
            command += ["--ro-bind", name, name]
    for prefix in dict.fromkeys((os.path.realpath(sys.base_prefix), sys.base_prefix, sys.prefix)):
        if not prefix.startswith("/usr/"):
            for parent in reversed(Path(prefix).parents[:-1]):  # bubblewrap would make them for root alone
                command += ["--perms", "0755", "--dir", str(parent)]
            command += ["--ro-bind", prefix, prefix]
    command += ["--perms", "0755", "--dir", "/grader"]
    for name in ("checks.py", "runner.py"):
        command += ["--ro-bind", str(HERE / name), f"/grader/{name}"]
    command += ["--proc", "/proc", "--dev", "/dev", "--remount-ro", "/dev"]
    command += ["--perms", "0777", "--size", str(limits.folder), "--tmpfs", "/room"]
    for path in sorted(pack.iterdir()):
        command += ["--ro-bind", str(path), f"/room/{path.name}"]
    command += ["--remount-ro", "/", "--chdir", "/room"]
    return [*command, sys.executable, "/grader/runner.py"]


def _listen(process: subprocess.Popen[bytes], until: float) -> tuple[bytes, str | None]:
    """Collect what a run hands out until it ends, its time is up, or it says too much."""
    assert process.stdout is not None
    said = bytearray()
    with selectors.DefaultSelector() as waiting:
        waiting.register(process.stdout, selectors.EVENT_READ)
        while True:
            left = until - time.monotonic()
            if left <= 0:
                return bytes(said), "it did not end within {seconds} seconds"
            if not waiting.select(left):
                continue
            some = os.read(process.stdout.fileno(), 65536)
            if not some:
                return bytes(said), None
            said += some
            if said.endswith(FINISHED):  # a process that it left behind may still hold the pipe
                return bytes(said), None
            if len(said) > CHANNEL:
                return bytes(said), "it handed out more than any answer needs"


def _end(process: subprocess.Popen[bytes], uid: int | None) -> None:
    """End the run and all that it started; where it had a user of its own, all that this user runs."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, 9)
    if uid is not None:
        subprocess.run(["/bin/sh", "-c", "kill -9 -1"], user=uid, group=uid, extra_groups=[], check=False)
    process.wait()
    if process.stdout:
        process.stdout.close()


def _understand(said: bytes) -> Run:
    """Read the lines of a run, passing over whatever is not what the runner writes."""
    result = Run()
    for line in said.splitlines():
        try:
            entry = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if not isinstance(entry, dict) or not isinstance(entry.get("cell"), str):
            continue
        cell = {
            "cell": entry["cell"][:100],
            "seconds": entry["seconds"] if isinstance(entry.get("seconds"), (int, float)) else 0,
            "error": entry["error"][:500] if isinstance(entry.get("error"), str) else None,
            "printed": entry["printed"][:2_000] if isinstance(entry.get("printed"), str) else "",
        }
        result.cells.append(cell)
        values = entry.get("values")
        for name, value in (values if isinstance(values, dict) else {}).items():
            if isinstance(value, dict) and set(value) in ({"is"}, {"not"}):
                result.values[name] = value
    return result
