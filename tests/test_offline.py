"""The book without a network: what was read stays readable in one edition, and the folder opens by double click."""

import functools
import http.server
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from publish.offline import kept

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
    tab.goto(f"{host.address}/book/run.html")
    tab.get_by_text("The whole book is kept on this device").wait_for()
    host.serve()
