"""The browser door: built from the downloads, it opens every page with its files and starts from the book alone.

A student at a school computer has only a browser. So the site is built and served here, each page is
opened in it, a kernel is started, and every request is watched: none may go to another host before a
cell asks for a library that only Pyodide's distribution has, and when that cannot be reached the student
must be told so in words, at once.
"""

import functools
import http.server
import json
import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from notebooks import ROOT, cells

PATIENCE = 180_000  # milliseconds: a bound for a busy machine, not a wait
PAGES = sorted(path.stem for path in (ROOT / "book").glob("*.ipynb"))
RUN = """async code => {
    const app = window.jupyterapp, panel = app.shell.currentWidget, page = panel.content;
    await panel.context.ready;
    await panel.sessionContext.ready;
    page.activeCellIndex = 0;
    await app.commands.execute("notebook:insert-cell-above");
    await app.commands.execute("notebook:change-cell-to-code");
    page.activeCell.model.sharedModel.setSource(code);
    await app.commands.execute("notebook:run-cell");
    return page.activeCell.outputArea.node.innerText;
}"""


def _needs(path: str) -> Path:
    """Return a file that ``make test`` lays where Node is installed; without it skip by name, under CI fail."""
    if (ROOT / path).is_file():
        return ROOT / path
    why = f"the browser door is not tried: there is no {path}. Install Node with npm, then: make test"
    if os.environ.get("CI"):
        pytest.fail(why, pytrace=False)
    pytest.skip(why)


def build(book: Path) -> None:
    """Make the door of a built book, with the app within reach of a script."""
    _needs(".venv/node/ready")
    command = [str(_needs(".venv/lite/bin/python")), "-m", "publish.lite", str(book)]
    done = subprocess.run(command, cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode:
        pytest.fail(f"the browser door is not built:\n{done.stdout[-4000:]}", pytrace=False)


def contents(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


@pytest.fixture(scope="session")
def lite(html: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The browser door beside the downloads that it is made from."""
    book = tmp_path_factory.mktemp("door")
    shutil.copytree(html / "download", book / "download")
    build(book)
    return book


@pytest.fixture(scope="module")
def served(lite: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a copy of the door that lets a script talk to it."""
    folder = tmp_path_factory.mktemp("served")
    shutil.copytree(lite / "lite", folder / "lite")
    settings = folder / "lite" / "jupyter-lite.json"
    told = json.loads(settings.read_text(encoding="utf-8"))
    told["jupyter-config-data"]["exposeAppInBrowser"] = True
    settings.write_text(json.dumps(told), encoding="utf-8")
    handler = functools.partial(Quiet, directory=str(folder))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *arguments: object) -> None:
        """Say nothing."""


class Tab:
    """One page of the door in a browser profile of its own, with what it asks for."""

    def __init__(self, browser: Any, served: str, page: str, *, kernel: bool = True) -> None:
        self.context = browser.new_context(viewport={"width": 1280, "height": 900})
        self.requests: list[str] = []
        self.context.on("request", lambda request: self.requests.append(request.url))
        self.context.route("https://**", lambda route: route.abort())  # no network, on any machine
        if not kernel:  # to look at many pages without starting Python for each
            self.context.route("**/static/pyodide/**", lambda route: route.abort())
        self.served = served
        self.page = self.open(page)

    def open(self, name: str) -> Any:
        """Open a page of the book in the profile, by the address that its button has."""
        page = self.context.new_page()
        page.set_default_timeout(PATIENCE)
        page.goto(f"{self.served}/lite/notebooks/index.html?path=book/{name}.ipynb")
        page.locator(".jp-Notebook .jp-Cell").first.wait_for()
        return page

    def run(self, code: str) -> str:
        """Run one cell above the others; return what stands under it."""
        return self.page.evaluate(RUN, code)

    def elsewhere(self) -> set[str]:
        """Return the other hosts that were asked for something."""
        hosts = {urlsplit(url).hostname for url in self.requests if url.startswith("http")}
        return {host for host in hosts if host and host != "127.0.0.1"}


@pytest.fixture(scope="module")
def tab(browser: Any, served: str) -> Iterator[Tab]:
    """The chapter on Iran, opened in the door."""
    opened = Tab(browser, served, "iran")
    yield opened
    opened.context.close()


def test_every_page_lies_there_with_its_tables_and_package(lite: Path) -> None:
    listed = {
        folder: {entry["name"] for entry in json.loads(
            (lite / "lite" / "api" / "contents" / folder / "all.json").read_text(encoding="utf-8"))["content"]}
        for folder in ("book", "book/bookkit", "data")
    }  # fmt: skip
    assert {f"{page}.ipynb" for page in PAGES} | {"bookkit"} <= listed["book"]
    assert listed["book/bookkit"] == {p.name for p in (ROOT / "book" / "bookkit").glob("*.py")}
    assert listed["data"] == {p.name for p in (ROOT / "data").glob("*.csv")} | {"datapackage.json"}


def test_the_same_sources_give_the_same_door(lite: Path, tmp_path: Path) -> None:
    shutil.copytree(lite / "download", tmp_path / "download")
    build(tmp_path)
    once, again = contents(lite / "lite"), contents(tmp_path / "lite")
    assert once.keys() == again.keys()
    assert not [name for name in once if once[name] != again[name]]


def test_only_libraries_that_pyodide_alone_has_come_from_elsewhere(lite: Path) -> None:
    """And their versions are those that the trial ran every page with."""
    lock = json.loads((lite / "lite/static/pyodide/pyodide-lock.json").read_text(encoding="utf-8"))
    here = {name for name, entry in lock["packages"].items() if "://" not in entry["file_name"]}
    assert all((lite / "lite/static/pyodide" / lock["packages"][n]["file_name"]).is_file() for n in here)
    pins = (ROOT / "locks" / "pyodide.txt").read_text(encoding="utf-8")
    for name in ("numpy", "pandas", "matplotlib"):
        assert name not in here
        assert f"\n{name}=={lock['packages'][name]['version']} " in f"\n{pins}", f"{name} is not Pyodide's"


def test_every_page_opens(browser: Any, served: str, lite: Path) -> None:
    tab = Tab(browser, served, PAGES[0], kernel=False)
    for name in PAGES:
        page = tab.open(name)
        shown = "window.jupyterapp.shell.currentWidget.content.widgets.length"
        wanted = len(json.loads((lite / "lite/files/book" / f"{name}.ipynb").read_bytes())["cells"])
        page.wait_for_function(f"{shown} == {wanted}")
        assert wanted >= len(cells(ROOT / "book" / f"{name}.ipynb", "code"))
        page.close()
    assert not tab.elsewhere()
    tab.context.close()


def test_kernel_starts_from_the_book_alone_and_reads_a_table(tab: Tab) -> None:
    rows = len((ROOT / "data" / "vetoes.csv").read_text(encoding="utf-8").splitlines()) - 1
    code = "import csv\nprint(sum(1 for row in csv.DictReader(open('../data/vetoes.csv', encoding='utf-8'))))"
    assert tab.run(code).strip() == str(rows)
    assert "bookkit" in tab.run("import os\nprint(os.listdir())")
    assert not tab.elsewhere()


@pytest.mark.parametrize("first", ["import pandas as pd", "from bookkit import load"])
def test_missing_network_is_explained(tab: Tab, first: str) -> None:
    """Whether a cell names a library or only ``bookkit``, which needs it: never a message on package managers."""
    said = tab.run(first)
    assert "could not be fetched, so this cell did not run" in said
    assert "run the chapter on\nyour own computer" in said
    assert "Traceback" not in said and "micropip" not in said
    assert tab.elsewhere() == {"cdn.jsdelivr.net"}, "the pages name this host before the reader clicks"


def test_other_errors_stay_what_they_are(tab: Tab) -> None:
    assert "No module named 'nosuch'" in tab.run("import nosuch")
    assert "SyntaxError" in tab.run("1 +")
