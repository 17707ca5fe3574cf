"""Run one submission's cells, and hand out named values as plain data. Started by `sandbox` alone.

On standard input comes one JSON object: ``cells`` (id and source), ``names`` (of the values that may
leave), ``limits``, and ``uid`` (to become, or null). On standard output goes one JSON object a line:
``{"cell": id, "seconds": ..., "error": ..., "printed": ..., "values": {name: {"is": value} or {"not": why}}}``.
Whatever the submission prints is kept apart from it, up to a limit. Nothing here knows a test or a key:
the worst that a submission can do to this process is to spoil its own values.
"""

import io
import json
import os
import re
import resource
import signal
import sys
import time
from types import FrameType
from typing import Any

from checks import plain

SHOWN = 2_000  # characters of a cell's printed output that go into the report


class Stopped(BaseException):
    """A cell has used up its time or its output; not an Exception, so that a bare loop cannot swallow it."""


class Kept(io.TextIOBase):
    """Standard output of a submission: counted, and cut off at its limit."""

    def __init__(self, limit: int) -> None:
        """Take at most so many characters."""
        self.limit, self.written, self.start = limit, 0, ""

    def writable(self) -> bool:
        """Say that it can be written to."""
        return True

    def write(self, text: str) -> int:
        """Keep the beginning, count the rest, and stop a cell that goes on printing."""
        self.written += len(text)
        if len(self.start) < SHOWN:
            self.start += text[: SHOWN - len(self.start)]
        if self.written > self.limit:
            raise Stopped(f"printed more than {self.limit:,} characters")
        return len(text)


def words(error: BaseException | None) -> str | None:
    """Return an error in one line of limited length, whatever its own text does."""
    if error is None:
        return None
    try:
        text = str(error)
    except BaseException:
        text = "(its message cannot be shown)"
    kind = "Stopped" if isinstance(error, Stopped) else type(error).__name__
    text = re.sub(r"\(<ipython-input[^>]*>, (line \d+)\)", r"(\1)", text[:1_000])
    return f"{kind}: {text}"[:500]


def limit(limits: dict[str, int], uid: int | None) -> None:
    """Set the limits that the kernel keeps, and become a user of no rights where that is asked."""
    for kind, value in (
        (resource.RLIMIT_AS, limits["memory"]),
        (resource.RLIMIT_FSIZE, limits["file"]),
        (resource.RLIMIT_NOFILE, limits["open_files"]),
        (resource.RLIMIT_CPU, limits["seconds"] + 5),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(kind, (value, value))
    if uid is not None:
        os.setgroups([])
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)
    resource.setrlimit(resource.RLIMIT_NPROC, (limits["processes"], limits["processes"]))


def main() -> None:
    """Run the cells in order; an error ends its cell and not the run, as in a notebook."""
    asked = json.load(sys.stdin)
    limits = asked["limits"]
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    limit(limits, asked["uid"])
    sys.path.insert(0, os.getcwd())

    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    settings = Config()
    settings.HistoryManager.enabled = False
    shell = InteractiveShell.instance(config=settings)
    for name in ("showtraceback", "showsyntaxerror"):  # the report has the error itself
        setattr(shell, name, lambda *_, **__: None)
    nothing = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(nothing, number)

    def ring(number: int, frame: FrameType | None) -> None:
        raise Stopped(f"ran for more than {limits['cell_seconds']} seconds")

    signal.signal(signal.SIGALRM, ring)
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # a file over its limit is an OSError, not the end
    sent: dict[str, str] = {}
    for cell in asked["cells"]:
        kept = Kept(limits["printed"])
        sys.stdout = sys.stderr = kept
        began = time.monotonic()
        error: BaseException | None = None
        try:
            signal.setitimer(signal.ITIMER_REAL, limits["cell_seconds"], 1)
            done = shell.run_cell(cell["source"], store_history=False)
            error = done.error_before_exec or done.error_in_exec
        except BaseException as caught:
            error = caught
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
        values: dict[str, Any] = {}
        for name in asked["names"]:
            if name in shell.user_ns:
                try:
                    line = {"is": plain(shell.user_ns[name])}
                except Exception as why:
                    line = {"not": str(why)[:200]}
                if sent.get(name) != json.dumps(line):
                    sent[name] = json.dumps(line)
                    values[name] = line
        seconds = round(time.monotonic() - began, 2)
        report = {"cell": cell["id"], "seconds": seconds, "error": words(error), "values": values}
        out.write(json.dumps({**report, "printed": kept.start}) + "\n")
        out.flush()
    out.write(json.dumps({"finished": True}) + "\n")
    out.flush()
    os._exit(0)  # nothing that the submission left behind, a thread or an exit handler, runs on


if __name__ == "__main__":
    main()
