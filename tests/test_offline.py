"""The book without a network: what was read stays readable in one edition, and the folder opens by double click."""

import functools
import hashlib
import http.server
import shutil
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from PIL import Image, ImageChops, ImageStat
from selectolax.lexbor import LexborHTMLParser

from notebooks import ROOT
from publish.offline import bundle, kept

PARTS = ("lite", "pdf", "epub", "bundle", "download", "_downloads", "_sources", "slides")
CONTROLLED = "() => navigator.serviceWorker.controller !== null"
HELD = """async () => {
  const held = {};
  for (const name of await caches.keys()) {
    const root = new URL("/", location.href).href;
    held[name.split(" ").at(-1)] = (await (await caches.open(name)).keys()).map(r => r.url.slice(root.length));
  }
  return held;
}"""


class Host:
    """A web server that can be cut off, and come back at the same address with another edition."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = 0
        self.serve()

    def serve(self) -> None:
        """Answer from now on."""
        handler = functools.partial(_Quiet, directory=str(self.folder))
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", self.port), handler)
        self.port = self.server.server_port
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def cut(self) -> None:
        """Answer nobody any more."""
        self.server.shutdown()
        self.server.server_close()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *arguments: object) -> None:
        """Say nothing."""


@pytest.fixture
def host(html: Path, tmp_path: Path) -> Iterator[Host]:
    """A copy of the book's pages on a server of its own."""
    folder = tmp_path / "site"
    shutil.copytree(html, folder, ignore=shutil.ignore_patterns(*PARTS))
    running = Host(folder)
    yield running
    running.cut()


@pytest.fixture
def tab(browser: Any) -> Iterator[Any]:
    """A tab with nothing kept."""
    context = browser.new_context(reduced_motion="reduce")
    yield context.new_page()
    context.close()


def until(tab: Any, condition: str, argument: object = None) -> None:
    """Wait until a condition on what is held holds; half a minute at most."""
    found = tab.evaluate(
        f"""async (wanted) => {{
          const end = Date.now() + 30000;
          while (Date.now() < end) {{
            const held = await ({HELD})();
            if ({condition}) return "";
            await new Promise(resolve => setTimeout(resolve, 20));
          }}
          return JSON.stringify(await ({HELD})());
        }}""",
        argument,
    )
    assert not found, f"{condition} for {argument}, but there is {found}"


def test_what_was_read_stays_readable_and_a_new_edition_replaces_it_whole(host: Host, tab: Any) -> None:
    tab.goto(f"{host.address}/book/index.html")
    tab.wait_for_function(CONTROLLED)
    tab.goto(f"{host.address}/book/iran.html")
    figure = tab.locator("article figure img").first
    figure.scroll_into_view_if_needed()
    source = str(figure.get_attribute("src")).removeprefix("../")
    read = ["book/index.html", "book/iran.html", "_static/site.css", source]
    until(tab, "wanted.every(path => Object.values(held)[0].includes(path))", read)
    host.cut()

    tab.reload()
    assert tab.locator("article h1").is_visible()
    assert tab.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(252, 252, 250)"
    figure.scroll_into_view_if_needed()
    figure.evaluate("image => image.decode()")
    tab.locator(".bd-sidebar-primary a[href='index.html']").first.click()
    tab.locator("article h1", has_text="Testing Realism").wait_for()
    tab.goto(f"{host.address}/book/russia.html")  # never read
    assert tab.locator("h1").inner_text() == "This page is not kept on this device"
    assert [link.inner_text() for link in tab.locator("li a").all()][1].startswith("2. Iran")
    tab.locator("li a").last.click()
    assert tab.url.endswith("/book/iran.html")

    edit(host.folder / "book" / "iran.html", "Iran’s position", "Iran’s new position")
    build = kept.write(host.folder)
    host.serve()
    tab.reload()
    assert "new position" in tab.locator("article h1").inner_text()
    until(tab, "Object.keys(held).length === 1 && held[wanted]", build)
    host.cut()
    tab.reload()
    assert "new position" in tab.locator("article h1").inner_text()
    tab.goto(f"{host.address}/book/index.html")
    assert tab.locator("article h1").is_visible()
    host.serve()


def edit(page: Path, old: str, new: str) -> None:
    text = page.read_text(encoding="utf-8")
    assert old in text
    page.write_text(text.replace(old, new), encoding="utf-8")


def test_a_file_of_another_edition_is_never_kept(host: Host, tab: Any) -> None:
    """A page that was changed on the server after the list was written is shown and not kept."""
    tab.goto(f"{host.address}/book/index.html")
    tab.wait_for_function(CONTROLLED)
    edit(host.folder / "book" / "iran.html", "Iran’s position", "Iran’s other position")
    tab.goto(f"{host.address}/book/iran.html")
    assert "other position" in tab.locator("article h1").inner_text()
    tab.goto(f"{host.address}/book/method.html")
    until(tab, "Object.values(held)[0].includes('book/method.html')")
    assert "book/iran.html" not in [path for paths in tab.evaluate(HELD).values() for path in paths]


def test_the_button_keeps_the_whole_book(host: Host, tab: Any) -> None:
    tab.goto(f"{host.address}/book/run.html")
    button = tab.get_by_role("button", name="Keep the whole book")
    button.click()
    tab.get_by_text("The whole book is kept on this device").wait_for()
    host.cut()
    tab.goto(f"{host.address}/search.html?q=hamadan")
    tab.locator("#search-results li a[href^='book/cooperation.html']").first.wait_for()
    tab.locator("#search-results li .context", has_text="Hamadan").first.wait_for()
    tab.goto(f"{host.address}/book/russia.html")
    images = tab.locator("article figure img")
    assert images.count() >= 4
    assert images.evaluate_all(
        "all => Promise.all(all.map(i => { i.loading = 'eager'; return i.decode().then(() => i.naturalWidth); }))"
    )
    edit(host.folder / "book" / "russia.html", "Russia’s position", "Russia’s new position")
    build = kept.write(host.folder)
    host.serve()
    tab.goto(f"{host.address}/book/run.html")
    until(tab, "Object.keys(held).length === 1 && held[wanted]", build)
    host.cut()
    tab.reload()
    tab.get_by_text("The whole book is kept on this device").wait_for()
    tab.goto(f"{host.address}/book/russia.html")
    assert "new position" in tab.locator("article h1").inner_text()
    host.serve()


# The folder to read


@pytest.fixture(scope="module")
def folder(html: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The book as a reader unpacks it, with its zip beside it."""
    scratch = tmp_path_factory.mktemp("folder")
    shutil.copytree(html, scratch / "site", ignore=shutil.ignore_patterns("lite", "pdf", "epub", "bundle"))
    archive = bundle.write(scratch / "site")
    with zipfile.ZipFile(archive) as packed:
        packed.extractall(scratch)
    shutil.move(archive, scratch)
    digest = archive.with_name(f"{archive.name}.sha256").read_text(encoding="utf-8").split()[0]
    assert hashlib.sha256((scratch / archive.name).read_bytes()).hexdigest() == digest
    return scratch / archive.stem


def test_the_folder_opens_by_double_click(folder: Path, browser: Any) -> None:
    """Every page at night from a folder: nothing complains, nothing is asked of a host, every figure is drawn."""
    context = browser.new_context(color_scheme="dark", reduced_motion="reduce")
    tab = context.new_page()
    wrong: list[str] = []
    tab.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
    tab.on("pageerror", lambda error: wrong.append(str(error)))
    tab.on("request", lambda r: wrong.append(r.url) if not r.url.startswith(("file:", "data:")) else None)
    tab.goto((folder / "index.html").as_uri())
    tab.wait_for_url("**/book/index.html")
    for page in sorted([*folder.glob("[!i]*.html"), *folder.glob("book/**/*.html")]):
        tab.goto(page.as_uri())
        drawn = tab.evaluate(
            """() => Promise.all([...document.querySelectorAll("article img")].map(image => {
              image.loading = "eager";
              return image.decode().then(() => image.naturalWidth > 0, () => image.src);
            }))"""
        )
        assert set(drawn) <= {True}, f"{page.name}: {drawn}"
        assert not wrong, f"{page.name}: {wrong}"
    tab.goto(f"{(folder / 'search.html').as_uri()}?q=hamadan")
    tab.locator("#search-results li .context", has_text="Hamadan").first.wait_for()
    tab.locator(".theme-switch-button").first.click()
    assert not wrong
    context.close()


def test_the_folder_is_whole_and_promises_nothing_that_is_not_in_it(folder: Path, tmp_path: Path) -> None:
    lost = []
    for page in [*folder.glob("*.html"), *folder.glob("book/**/*.html"), *folder.glob("slides/*.html")]:
        for part in LexborHTMLParser(page.read_text(encoding="utf-8")).css("[href], [src]"):
            address = str(part.attributes.get("href") or part.attributes.get("src"))
            path = unquote(urlsplit(address).path)
            if not urlsplit(address).scheme and path and not (page.parent / path).is_file():
                lost.append(f"{page.relative_to(folder)}: {address}")
    assert not lost, "\n" + "\n".join(lost)
    told = (folder / "README.txt").read_text(encoding="utf-8")
    tables = {path.stem for path in (folder / "data").glob("*.csv")}
    assert tables and not [table for table in tables if table not in told], "README.txt names every table"
    assert not [path for path in folder.rglob("*") if "instructor" in path.name]
    assert not (folder / "sw.js").exists() and not (folder / "bundle").exists()
    bundle.pack(folder, tmp_path / "again.zip")  # other times, other owner: the same bytes
    assert (tmp_path / "again.zip").read_bytes() == (folder.parent / f"{folder.name}.zip").read_bytes()


def test_the_icons_of_the_app_are_pictures_of_the_drawing(browser: Any, tmp_path: Path) -> None:
    """On the maskable one the ground reaches the edges, as systems cut it to a shape of theirs."""
    drawing = (ROOT / "publish" / "static" / "icon.svg").read_text(encoding="utf-8")
    for icon in kept.MANIFEST["icons"][1:]:
        size = int(icon["sizes"].partition("x")[0])
        svg = drawing.replace(' rx="6"', "") if icon.get("purpose") == "maskable" else drawing
        tab = browser.new_page(viewport={"width": size, "height": size})
        tab.set_content(f"<style>body{{margin:0}}svg{{display:block;width:{size}px}}</style>{svg}")
        drawn = tmp_path / Path(icon["src"]).name
        tab.screenshot(path=drawn, omit_background=True)
        tab.close()
        pictures = [Image.open(p).convert("RGBA") for p in (drawn, ROOT / "publish" / "static" / drawn.name)]
        assert pictures[0].size == pictures[1].size == (size, size)
        off = ImageStat.Stat(ImageChops.difference(*pictures)).mean
        assert max(off) < 1, f"{drawn.name} is not the picture of icon.svg any more; {drawn} is"
