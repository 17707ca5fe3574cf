"""Build the book: execute the chapters, make the HTML, and only then replace the last good book.

A build may be killed at any moment, and the disk may be full: the last good book stays as it is, and the
next build does not trust what this one left half done.

Run as ``python -m publish.build`` from the top folder, by ``make book``; with ``site`` after it, by
``make site``, it also makes the parts that ``publish/parts.py`` lists.
"""

import errno
import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from publish.cache import cache_folder, drop_unfinished, note_reads
from publish.edition import commit, edition, source_day, stamp
from publish.parts import PARTS, Part

if TYPE_CHECKING:  # what takes long to import is imported where it is used: most runs find nothing to do
    from nbformat import NotebookNode

ROOT = Path(__file__).resolve().parents[1]
BUILD = ROOT / "_build"
WORK = BUILD / "work"
HTML = BUILD / "html"
NEW = BUILD / "html.new"
OLD = BUILD / "html.old"
UNFINISHED = BUILD / "work.unfinished"  # stands there while Sphinx writes
DONE = BUILD / "html.key"
PARTS_DONE = BUILD / "parts.key"
SOURCES = (
    "book", "data", "publish", "_config.yml", "_toc.yml", "references.bib", "locks",
    "binder/requirements.txt", "LICENSE", "trials/results", "CHANGELOG.md", "CITATION.cff",
)  # fmt: skip
SETTLED = ("BOOK_REPOSITORY_URL", "BOOK_HUB_URL", "BOOK_SITE_URL", "BOOK_COMMIT", "SOURCE_DATE_EPOCH")
"""What may be said from outside, by variables of the environment."""


FIGURES = [  # as SVG without a date, which publish/figures.py makes small and fit for both themes
    "--InlineBackend.figure_formats={'svg'}",
    "--InlineBackend.print_figure_kwargs={'bbox_inches': 'tight', 'metadata': {'Date': None}}",
]


@dataclass
class Failure:
    """A cell that did not run: its id, and what went wrong in one line."""

    cell: str
    error: str


@dataclass
class Run:
    """One notebook after its execution."""

    page: str
    notebook: "NotebookNode"
    seconds: float
    reads: str
    failure: Failure | None


def pages() -> list[str]:
    """Return the notebooks of the table of contents, in its order, as paths below the top folder."""
    from publish.check import Book, listed

    return [f"{f}.ipynb" for f in listed(Book(ROOT).toc) if (ROOT / f"{f}.ipynb").is_file()]


def fingerprint(folders: Sequence[str]) -> str:
    """Return a hash of everything that the built book depends on, the folders of its parts included."""
    settled = [os.environ.get(name, "") for name in SETTLED]
    digest = hashlib.sha256("\0".join([*settled, sys.version, *folders]).encode())
    for source in SOURCES:
        path = ROOT / source
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            if file.is_file() and file.suffix != ".pyc" and ".ipynb_checkpoints" not in file.parts:
                digest.update(str(file.relative_to(ROOT)).encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.hexdigest()


def execute(page: str, timeout: int) -> Run:
    """Run one notebook from its own folder, as a reader would, and return it with its outputs."""
    import nbformat
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

    notebook = nbformat.read(ROOT / page, as_version=4)
    reached = ["(none: the kernel did not start)"]
    client = NotebookClient(
        notebook,
        timeout=timeout,
        record_timing=False,  # times in the cells would hide the result from the cache
        resources={"metadata": {"path": str((ROOT / page).parent)}},
        extra_arguments=[f"--IPKernelApp.exec_files={ROOT / 'publish' / 'reads.py'}", *FIGURES],
        on_cell_execute=lambda cell, cell_index: reached.append(cell.id),
    )
    started = time.perf_counter()
    failure = None
    with TemporaryDirectory() as folder:
        log = Path(folder) / "reads"
        try:
            client.execute(env=os.environ | {"BOOK_READS": str(log)})
        except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
            failure = Failure(reached[-1], _reason(error))
        reads = log.read_text(encoding="utf-8") if log.is_file() else ""
    return Run(page, notebook, time.perf_counter() - started, reads, failure)


def _reason(error: Exception) -> str:
    name = getattr(error, "ename", "") or type(error).__name__
    said = " ".join(getattr(error, "evalue", "").split()) or str(error).strip().splitlines()[0]
    return f"{name}: {said}"


def run_chapters() -> list[Run]:
    """Execute the notebooks that changed or read something that changed, side by side; return the failures."""
    import nbformat
    import yaml
    from jupyter_cache import get_cache
    from jupyter_cache.base import CacheBundleIn

    folder = cache_folder(ROOT)
    drop_unfinished(folder)
    cache = get_cache(str(folder))
    config = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    todo = {}
    for page in pages():
        notebook = nbformat.read(ROOT / page, as_version=4)
        try:
            cache.match_cache_notebook(notebook)
            print(f"{page:28} unchanged", flush=True)
        except KeyError:
            todo[page] = sum(cell.cell_type == "code" for cell in notebook.cells)
    failed = []
    if todo:
        longest_first = sorted(todo, key=lambda page: -todo[page])  # so that none is left over at the end
        with ProcessPoolExecutor(min(len(todo), os.cpu_count() or 1), initializer=end_with_parent) as pool:
            runs = [pool.submit(execute, page, config["execute"]["timeout"]) for page in longest_first]
            for done in as_completed(runs):
                run = done.result()
                if run.failure:
                    failed.append(run)
                    print(f"{run.page:28} failed after {run.seconds:.1f} s", flush=True)
                    continue
                record = cache.cache_notebook_bundle(
                    CacheBundleIn(
                        run.notebook, str(ROOT / run.page), data={"execution_seconds": run.seconds}
                    ),
                    check_validity=False,
                    overwrite=True,
                )
                note_reads(ROOT, folder, record.hashkey, run.reads)
                print(f"{run.page:28} executed in {run.seconds:.1f} s", flush=True)
    return failed


def told(failed: Sequence[Run]) -> list[str]:
    """Return one line for each error: the page, the cell, what went wrong, and which other pages it stops."""
    by_error: dict[str, list[Run]] = {}
    for run in sorted(failed, key=lambda run: pages().index(run.page)):
        assert run.failure
        by_error.setdefault(run.failure.error, []).append(run)
    lines = []
    for error, runs in by_error.items():
        assert runs[0].failure
        also = f" It stops {', '.join(run.page for run in runs[1:])}, too." if runs[1:] else ""
        lines.append(f"{runs[0].page}, cell {runs[0].failure.cell}: {error}{also}")
    return lines


def end_with_parent() -> None:
    """Let a process that executes chapters end when the build is killed: it would wait for ever, and hold the lock."""
    import multiprocessing.connection
    import threading

    parent = multiprocessing.parent_process()
    assert parent

    def watch() -> None:
        multiprocessing.connection.wait([parent.sentinel])
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def make_html(folders: Sequence[str], lock: int) -> str | None:
    """Make the pages in a folder of their own; return the warnings and errors, or None if all is well.

    ``folders`` names the parts that the book has beside its pages, so that these can lead to them. ``lock``
    is handed on, so that no other build begins while Sphinx outlives a build that was killed.
    """
    if UNFINISHED.exists():  # pages may be half written, or not mended, and look newer than their sources
        shutil.rmtree(WORK, ignore_errors=True)
    UNFINISHED.touch()
    log = BUILD / "build.log"
    jupyter_book = [sys.executable, "-c", "from jupyter_book.cli.main import main; main()"]
    command = [*jupyter_book, "build", ".", "--path-output", str(WORK), "-W", "-n", "--keep-going"]
    with log.open("w", encoding="utf-8") as out:
        env = os.environ | {"BOOK_PARTS": " ".join(folders)}
        done = subprocess.run(
            command, cwd=ROOT, env=env, stdout=out, stderr=subprocess.STDOUT, pass_fds=[lock]
        )
    if done.returncode == 0:
        UNFINISHED.unlink()
        return None
    full = disk_is_full()
    shutil.rmtree(WORK, ignore_errors=True)  # an incremental build would not repeat the warnings
    text = log.read_text(encoding="utf-8", errors="replace")
    if full or "No space left on device" in text:
        raise OSError(errno.ENOSPC, "no space is left", str(BUILD))
    from publish.complaints import complaints

    return "\n".join([*complaints(text, ROOT), f"The whole log is in {log.relative_to(ROOT)}."])


def disk_is_full() -> bool:
    """Say whether nothing more can be written; a program that fails for this reason seldom says so."""
    return shutil.disk_usage(BUILD).free < 100_000


def lay_out(parts: Sequence[Part], kept: Sequence[str], lock: int) -> str | None:
    """Lay the new book beside the last good one, with its parts; return what went wrong, or None."""
    shutil.rmtree(NEW, ignore_errors=True)
    notes = shutil.ignore_patterns(".buildinfo")  # Sphinx's own, which differ between versions of Python
    shutil.copytree(WORK / "_build" / "html", NEW, ignore=notes)
    stamp([*NEW.glob("*.html"), *(NEW / "book").rglob("*.html")])
    for folder in kept:
        shutil.copytree(HTML / folder, NEW / folder, copy_function=os.link)  # the same files, not copies
    for part in parts:
        before = time.perf_counter()
        log = BUILD / f"{part.folder}.log"
        with log.open("w", encoding="utf-8") as out:
            command = [*part.command, str(NEW)]
            done = subprocess.run(command, cwd=ROOT, stdout=out, stderr=subprocess.STDOUT, pass_fds=[lock])
        if done.returncode or not (NEW / part.folder).is_dir():
            told = log.read_text(encoding="utf-8").strip().splitlines()[-1:] or ["no message"]
            return (
                f"The {part.name} could not be made: {told[0]}\nThe whole log is in {log.relative_to(ROOT)}."
            )
        print(f"{part.name:28} made in {time.perf_counter() - before:.1f} s", flush=True)
    from publish.doors import open_doors
    from publish.offline import kept as offline

    open_doors(NEW)  # links to what is there by now, made or kept
    offline.write(NEW)  # last, as it knows each file by its hash
    return None


def put_in_place() -> None:
    """Replace the last good book by the new one in one step, so that at every moment a whole book is served."""
    if not HTML.exists():
        NEW.rename(HTML)
    elif not exchange(NEW, HTML):
        shutil.rmtree(OLD, ignore_errors=True)
        HTML.rename(OLD)  # killed between these two, the next build puts it back
        NEW.rename(HTML)


def exchange(one: Path, other: Path) -> bool:
    """Let two folders change names in one step, as Linux can; say whether that was possible."""
    import ctypes

    rename = getattr(ctypes.CDLL(None), "renameat2", None)
    here, swap = -100, 2  # AT_FDCWD, RENAME_EXCHANGE
    return rename is not None and rename(here, os.fsencode(one), here, os.fsencode(other), swap) == 0


@contextmanager
def alone() -> Iterator[int]:
    """Let one build at a time work in ``_build``; a second one waits, and says so. Give the lock's descriptor."""
    BUILD.mkdir(exist_ok=True)
    with (BUILD / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("Another build of this book is running; waiting for it to end.", flush=True)
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield lock.fileno()


def main(site: bool = False) -> int:
    """Build the book, with its parts if it is the whole site; return the exit code."""
    try:
        with alone() as lock:
            if OLD.is_dir() and not HTML.exists():
                OLD.rename(HTML)
            try:
                return build(site, lock)
            finally:
                for folder in (NEW, OLD):
                    shutil.rmtree(folder, ignore_errors=True)
    except KeyboardInterrupt:
        print(f"\nThe build was stopped. {left()}")
        return 130
    except BrokenProcessPool:
        print(f"\nA chapter's process was ended from outside; often no memory is left. {left()}")
        return 1
    except Exception as error:
        wanted = isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)
        if not wanted and not disk_is_full():
            raise
        place = getattr(error, "filename", None) or BUILD
        print(f"\nThe disk is full: {place} cannot be written. Make room, and build again. {left()}")
        return 1


def left() -> str:
    """Say what a build that failed leaves."""
    return f"The last good book is still in {HTML}." if HTML.is_dir() else "There is no earlier book to keep."


def build(site: bool, lock: int) -> int:
    """Build the book if anything changed, and put it in place if all went well; return the exit code.

    Without ``site`` the parts of an earlier ``make site`` stay, and the pages go on leading to them.
    """
    started = time.perf_counter()
    try:
        edition(ROOT), commit(), source_day()
    except (OSError, ValueError) as error:
        print(error)
        return 1
    parts = PARTS if site else []
    kept = [] if site else [part.folder for part in PARTS if (HTML / part.folder).is_dir()]
    folders = [part.folder for part in parts] + kept
    key = fingerprint(folders)
    done = [DONE, PARTS_DONE] if site else [DONE]
    if HTML.is_dir() and all(file.is_file() and file.read_text(encoding="utf-8") == key for file in done):
        print(f"Nothing changed. Open {HTML / 'index.html'}")
        return 0
    for part in parts:
        if not (ROOT / part.command[0]).is_file():
            print(
                f"The {part.name} could not be made: there is no {part.command[0]}. Run: make site\n\n{left()}"
            )
            return 1
    from publish.check import faults

    if found := faults(ROOT):
        print("\n".join([*found, "", left()]))
        return 1
    if failed := run_chapters():
        print("\n".join(["", *told(failed), "", left()]))
        return 1
    before = time.perf_counter()
    if problems := make_html(folders, lock):
        print(f"\n{problems}\n\n{left()}")
        return 1
    print(f"{'pages':28} made in {time.perf_counter() - before:.1f} s")
    if problem := lay_out(parts, kept, lock):
        print(f"\n{problem}\n\n{left()}")
        return 1
    for file in done:
        file.unlink(
            missing_ok=True
        )  # killed before it is written anew, the next build begins from the sources
    put_in_place()
    for file in done:
        file.write_text(key, encoding="utf-8")
    if kept and (not PARTS_DONE.is_file() or PARTS_DONE.read_text(encoding="utf-8") != key):
        print(f"Kept from an earlier make site, which makes them anew: {', '.join(kept)}")
    print(f"Done in {time.perf_counter() - started:.0f} s. Open {HTML / 'index.html'}")
    return 0


if __name__ == "__main__":
    sys.exit(main(site="site" in sys.argv[1:]))
