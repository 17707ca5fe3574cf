"""Measure the ways to run the book: what each installs, how long until the first output, how much memory.

Run as ``python -m trials.doors`` after ``make site``, by ``make trials``. Environments are made anew
from their locks; pages are opened in a headless Chromium from servers on this machine; each time is the
median of three. The results go to ``trials/results/``: ``environments.csv``, ``doors.csv``, ``served.csv`` and
``memory.csv``, with the date and the kind of machine in ``measured.csv`` and the hashes of the locks in
``measured_locks.csv``. The browser door is measured as far as it goes without a network: until its kernel has
answered, before numpy, pandas and matplotlib are fetched.
"""

import csv
import datetime
import functools
import hashlib
import http.server
import os
import platform
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
RESULTS = Path(__file__).parent / "results"
HTML = ROOT / "_build" / "html"
LOCKS = {
    "run a chapter (binder)": "binder/requirements.txt",
    "build the book (book)": "locks/book.txt",
    "test it (test)": "locks/test.txt",
    "make the browser door (lite)": "locks/lite.txt",
}
TIMES = 3
PAGE = "book/russia.ipynb"
PATIENCE = 300_000  # milliseconds
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync"]  # fmt: skip
ASK = """async () => {
    const panel = window.jupyterapp.shell.currentWidget;
    await panel.context.ready;
    await panel.sessionContext.ready;
    const future = panel.sessionContext.session.kernel.requestExecute({code: "print(6 * 7)"});
    let said = "";
    future.onIOPub = message => { said += message.content.text ?? ""; };
    await future.done;
    return said.trim();
}"""
PEAK = "import resource; resource.getrusage(resource.RUSAGE_SELF).ru_maxrss"
MEMORY = f"""
import sys, nbformat, nbclient
notebook = nbformat.read(sys.argv[1], 4)
notebook.cells.append(nbformat.v4.new_code_cell({PEAK!r}))
nbclient.execute(notebook)
print(notebook.cells[-1].outputs[0]["data"]["text/plain"])
"""


def weight(folder: Path) -> float:
    """Return the size of a folder's files in megabytes."""
    return sum(p.stat().st_size for p in folder.rglob("*") if p.is_file() and not p.is_symlink()) / 1e6


def environment(lock: str, folder: Path) -> Path:
    """Make an environment from a lock; return its folder of programs."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    uv = [str(ROOT / ".venv" / "uv" / "bin" / "uv"), "pip", "install", "-q", "--python", str(folder)]
    subprocess.run([*uv, "--require-hashes", "-r", str(ROOT / lock)], check=True)
    return folder / "bin"


def environments(scratch: Path) -> Iterator[dict[str, Any]]:
    """Make every environment and say what it holds."""
    for name, lock in LOCKS.items():
        folder = scratch / Path(lock).parent.name / Path(lock).stem
        environment(lock, folder)
        packages = len(list(folder.glob("lib/python*/site-packages/*.dist-info")))
        yield {"environment": name, "packages": packages, "megabytes": round(weight(folder))}


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *arguments: object) -> None:
        """Say nothing."""


@contextmanager
def book(folder: Path) -> Iterator[str]:
    """Serve a copy of the browser door that lets a script talk to it; yield its address."""
    shutil.copytree(HTML / "lite", folder / "lite")
    settings = folder / "lite" / "jupyter-lite.json"
    text = settings.read_text(encoding="utf-8")
    settings.write_text(
        text.replace('"appName"', '"exposeAppInBrowser": true, "appName"', 1), encoding="utf-8"
    )
    server = http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), functools.partial(_Quiet, directory=str(folder))
    )
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/lite/notebooks/index.html?path={PAGE}"
    server.shutdown()


@contextmanager
def lab(programs: Path, scratch: Path) -> Iterator[str]:
    """Start JupyterLab on the book's folder; yield the address that opens the page."""
    files, home = scratch / "files", scratch / "home"
    home.mkdir()
    for name in ("book", "data"):
        shutil.copytree(ROOT / name, files / name, ignore=shutil.ignore_patterns("__pycache__"))
    command = [
        str(programs / "jupyter-lab"), "--no-browser", "--allow-root", "--ServerApp.ip=127.0.0.1",
        "--ServerApp.port=0", "--IdentityProvider.token=", f"--ServerApp.root_dir={files}",
        "--LabApp.expose_app_in_browser=True",
    ]  # fmt: skip
    env = {"PATH": f"{programs}:{os.environ['PATH']}", "HOME": str(home)}
    with subprocess.Popen(command, env=env, stderr=subprocess.PIPE, text=True) as server:
        assert server.stderr
        for line in server.stderr:
            if address := re.search(r"http://127\.0\.0\.1:\d+/", line):
                break
        else:
            raise SystemExit("JupyterLab did not start")
        threading.Thread(target=server.stderr.read, daemon=True).start()
        yield f"{address[0]}lab/tree/{PAGE}"
        server.terminate()


def _size(got: Any) -> int:
    """Return the bytes of an answer that came over the wire, not out of the door's own service worker."""
    return 0 if got.from_service_worker else int(got.headers.get("content-length", 0))


def opened(browser: Any, address: str) -> dict[str, float]:
    """Open a page in a fresh browser profile; say when its text stood there and when the kernel answered."""
    context = browser.new_context()
    received: list[int] = []
    context.on("response", lambda got: received.append(_size(got)))
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    began = time.perf_counter()
    page.goto(address, wait_until="commit")
    page.locator(".jp-Notebook .jp-Cell").first.wait_for()
    read = time.perf_counter() - began
    assert page.evaluate(ASK) == "42"
    seconds = time.perf_counter() - began
    context.close()
    return {"read": read, "ready": seconds, "megabytes": sum(received) / 1e6}


def doors(scratch: Path, programs: Path) -> Iterator[dict[str, Any]]:
    """Open the page three times through each door that can be tried on one machine."""
    from playwright.sync_api import sync_playwright

    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    ways: dict[str, Callable[[], Any]] = {
        "browser alone": lambda: book(scratch / "served"),
        "JupyterLab on this machine": lambda: lab(programs, scratch),
    }
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        for name, way in ways.items():
            with way() as address:
                seen = [opened(browser, address) for _ in range(TIMES)]
            found = {key: statistics.median(run[key] for run in seen) for key in seen[0]}
            yield {"door": name, "what": "from the click until the text stands there", "measured": f"{found['read']:.0f}", "unit": "seconds"}  # fmt: skip
            yield {"door": name, "what": "from the click until the kernel has answered", "measured": f"{found['ready']:.0f}", "unit": "seconds"}  # fmt: skip
            if name == "browser alone":
                yield {"door": name, "what": "fetched until then, uncompressed", "measured": f"{found['megabytes']:.0f}", "unit": "megabytes"}  # fmt: skip
        browser.close()


def memory(programs: Path) -> Iterator[dict[str, Any]]:
    """Run every page and say how much memory its kernel took at its peak."""
    for page in sorted((ROOT / "book").glob("*.ipynb")):
        command = [str(programs / "python"), "-c", MEMORY, str(page)]
        done = subprocess.run(command, cwd=page.parent, check=True, text=True, capture_output=True)
        yield {"page": page.stem, "megabytes": round(int(done.stdout.split()[-1]) * 1024 / 1e6)}


def write(name: str, rows: list[dict[str, Any]]) -> None:
    """Write a result."""
    with (RESULTS / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    print(f"trials/results/{name}.csv is written", flush=True)


def machine() -> dict[str, str]:
    """Return the kind of machine."""
    return {
        "date": datetime.date.today().isoformat(),
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores",
        "processes waiting for them meanwhile": f"{os.getloadavg()[2]:.0f}",
        "Python": platform.python_version(),
    }


def main() -> None:
    """Measure everything."""
    if not (HTML / "lite").is_dir():
        raise SystemExit("There is no browser door to measure: run make site first.")
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        write("environments", list(environments(scratch)))
        programs = scratch / "binder" / "requirements" / "bin"
        write("doors", list(doors(scratch, programs)))
        write(
            "served",
            [{"what": "the browser door on the server's disk", "megabytes": f"{weight(HTML / 'lite'):.0f}"}],
        )
        write("memory", list(memory(programs)))
    hashes = {lock: hashlib.sha256((ROOT / lock).read_bytes()).hexdigest() for lock in LOCKS.values()}
    write("measured_locks", [{"lock": lock, "sha256": digest} for lock, digest in hashes.items()])
    write("measured", [machine()])


if __name__ == "__main__":
    main()
