"""Build the book: execute the chapters, make the HTML, and only then replace the last good book.

Run as ``python -m publish.build`` from the top folder, by ``make book``; with ``site`` after it, by
``make site``, it also makes the parts that ``publish/parts.py`` lists.
"""

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from publish.cache import cache_folder, note_reads
from publish.parts import PARTS, Part

if TYPE_CHECKING:  # what takes long to import is imported where it is used: most runs find nothing to do
    from nbformat import NotebookNode

ROOT = Path(__file__).resolve().parents[1]
BUILD = ROOT / "_build"
WORK = BUILD / "work"
HTML = BUILD / "html"
NEW = BUILD / "html.new"
DONE = BUILD / "html.key"
PARTS_DONE = BUILD / "parts.key"
SOURCES = (
    "book", "data", "publish", "_config.yml", "_toc.yml", "references.bib", "locks",
    "binder/requirements.txt", "LICENSE", "CHANGELOG.md", "CITATION.cff", "trials/results",
)  # fmt: skip


FIGURES = [  # as SVG without a date, which publish/figures.py makes small and fit for both themes
    "--InlineBackend.figure_formats={'svg'}",
    "--InlineBackend.print_figure_kwargs={'bbox_inches': 'tight', 'metadata': {'Date': None}}",
]


@dataclass
class Failure:
    """A cell that did not run: the first line of its code, and what went wrong."""

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
    import yaml

    toc = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    files = [toc["root"], *(c["file"] for part in toc["parts"] for c in part["chapters"])]
    return [f"{f}.ipynb" for f in files if (ROOT / f"{f}.ipynb").is_file()]


def fingerprint(folders: Sequence[str]) -> str:
    """Return a hash of everything that the built book depends on, the folders of its parts included."""
    settled = [os.environ.get(name, "") for name in ("BOOK_REPOSITORY_URL", "BOOK_HUB_URL")]
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
    reached = ["(the kernel did not start)"]
    client = NotebookClient(
        notebook,
        timeout=timeout,
        record_timing=False,  # times in the cells would hide the result from the cache
        resources={"metadata": {"path": str((ROOT / page).parent)}},
        extra_arguments=[f"--IPKernelApp.exec_files={ROOT / 'publish' / 'reads.py'}", *FIGURES],
        on_cell_execute=lambda cell, cell_index: reached.append(cell.source.splitlines()[0]),
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
    return f"{name}: {getattr(error, 'evalue', '') or str(error).strip()}"


def run_chapters() -> list[Run]:
    """Execute the notebooks that changed or read something that changed, side by side; return the failures."""
    import nbformat
    import yaml
    from jupyter_cache import get_cache
    from jupyter_cache.base import CacheBundleIn

    folder = cache_folder(ROOT)
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
        with ProcessPoolExecutor(max_workers=min(len(todo), os.cpu_count() or 1)) as pool:
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


def make_html(folders: Sequence[str]) -> str | None:
    """Make the pages in a folder of their own; return the warnings and errors, or None if all is well.

    ``folders`` names the parts that the book has beside its pages, so that these can lead to them.
    """
    log = BUILD / "build.log"
    jupyter_book = [sys.executable, "-c", "from jupyter_book.cli.main import main; main()"]
    command = [*jupyter_book, "build", ".", "--path-output", str(WORK), "-W", "-n", "--keep-going"]
    with log.open("w", encoding="utf-8") as out:
        env = os.environ | {"BOOK_PARTS": " ".join(folders)}
        done = subprocess.run(command, cwd=ROOT, env=env, stdout=out, stderr=subprocess.STDOUT)
    if done.returncode == 0:
        return None
    shutil.rmtree(WORK, ignore_errors=True)  # an incremental build would not repeat the warnings
    text = re.sub(r"\x1b\[[0-9;]*m", "", log.read_text(encoding="utf-8"))
    lines = text.splitlines()
    told = [line for line in lines if re.search(r"WARNING|ERROR|[Ee]rror:", line)] or lines[-15:]
    return "\n".join(told) + f"\nThe whole log is in {log.relative_to(ROOT)}."


def lay_out(parts: Sequence[Part], kept: Sequence[str]) -> str | None:
    """Lay the new book beside the last good one, with its parts; return what went wrong, or None."""
    shutil.rmtree(NEW, ignore_errors=True)
    shutil.copytree(WORK / "_build" / "html", NEW)
    for folder in kept:
        shutil.copytree(HTML / folder, NEW / folder, copy_function=os.link)  # the same files, not copies
    for part in parts:
        before = time.perf_counter()
        log = BUILD / f"{part.folder}.log"
        with log.open("w", encoding="utf-8") as out:
            command = [*part.command, str(NEW)]
            done = subprocess.run(command, cwd=ROOT, stdout=out, stderr=subprocess.STDOUT)
        if done.returncode or not (NEW / part.folder).is_dir():
            told = log.read_text(encoding="utf-8").strip().splitlines()[-1:] or ["no message"]
            return (
                f"The {part.name} could not be made: {told[0]}\nThe whole log is in {log.relative_to(ROOT)}."
            )
        print(f"{part.name:28} made in {time.perf_counter() - before:.1f} s", flush=True)
    from publish.doors import open_doors

    open_doors(NEW)  # links to what is there by now, made or kept
    return None


def put_in_place() -> None:
    """Replace the last good book by the new one in two renames, so that no half-written book is served."""
    old = BUILD / "html.old"
    shutil.rmtree(old, ignore_errors=True)
    if HTML.exists():
        HTML.rename(old)
    NEW.rename(HTML)
    shutil.rmtree(old, ignore_errors=True)


@contextmanager
def alone() -> Iterator[None]:
    """Let one build at a time work in ``_build``; a second one waits, and says so."""
    BUILD.mkdir(exist_ok=True)
    with (BUILD / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("Another build of this book is running; waiting for it to end.", flush=True)
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def main(site: bool = False) -> int:
    """Build the book, with its parts if it is the whole site; return the exit code."""
    with alone():
        return build(site)


def build(site: bool = False) -> int:
    """Build the book if anything changed, and put it in place if all went well; return the exit code.

    Without ``site`` the parts of an earlier ``make site`` stay, and the pages go on leading to them.
    """
    started = time.perf_counter()
    parts = PARTS if site else []
    kept = [] if site else [part.folder for part in PARTS if (HTML / part.folder).is_dir()]
    folders = [part.folder for part in parts] + kept
    key = fingerprint(folders)
    done = [DONE, PARTS_DONE] if site else [DONE]
    if HTML.is_dir() and all(file.is_file() and file.read_text(encoding="utf-8") == key for file in done):
        print(f"Nothing changed. Open {HTML / 'index.html'}")
        return 0
    left = f"The last good book is still in {HTML}." if HTML.is_dir() else "There is no earlier book to keep."
    for part in parts:
        if not (ROOT / part.command[0]).is_file():
            print(
                f"The {part.name} could not be made: there is no {part.command[0]}. Run: make site\n\n{left}"
            )
            return 1
    if failed := run_chapters():
        for run in failed:
            assert run.failure
            print(f"\n{run.page} fails in the cell that begins\n    {run.failure.cell}\n{run.failure.error}")
        print(f"\n{left}")
        return 1
    before = time.perf_counter()
    if problems := make_html(folders):
        print(f"\nThe pages could not be made:\n{problems}\n\n{left}")
        return 1
    print(f"{'pages':28} made in {time.perf_counter() - before:.1f} s")
    if problem := lay_out(parts, kept):
        print(f"\n{problem}\n\n{left}")
        return 1
    put_in_place()
    for file in done:
        file.write_text(key, encoding="utf-8")
    if kept and (not PARTS_DONE.is_file() or PARTS_DONE.read_text(encoding="utf-8") != key):
        print(f"Kept from an earlier make site, which makes them anew: {', '.join(kept)}")
    print(f"Done in {time.perf_counter() - started:.0f} s. Open {HTML / 'index.html'}")
    return 0


if __name__ == "__main__":
    sys.exit(main(site="site" in sys.argv[1:]))
