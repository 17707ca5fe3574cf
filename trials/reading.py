"""Measure what it takes to read the book: weight, requests, first paint, and the barriers that axe-core knows.

Run as ``python -m trials.reading`` after ``make book``, on a machine with Chromium, best with nothing
else running. It reads every page of ``_build/html``, builds one chapter with the plain theme beside it,
and writes four tables into ``trials/results``, each with the date and the kind of machine. It takes about
seven minutes.
"""

import functools
import http.server
import itertools
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pandas as pd
import yaml

from trials import ROOT, write

HTML = ROOT / "_build" / "html"
CHAPTER = "book/russia"
WIDTHS = (1280, 768, 360)
THEMES = ("light", "dark")
BESIDE = ("_static/", "download/", "lite/", "pdf/", "slides/")  # folders that hold no pages of the book
NETWORK = {"offline": False, "latency": 150, "downloadThroughput": 1.6e6 / 8, "uploadThroughput": 1.6e6 / 8}
"""1.6 Mbit/s and 150 ms to the first byte, as the browser's own throttling understands them."""

BROWSER = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
           "--disable-component-update", "--disable-sync"]  # fmt: skip

# A reader who goes to the end: every fold open, every figure scrolled into view.
READ = """async () => {
  document.querySelectorAll("details").forEach(part => { part.open = true; });
  for (let y = 0; y < document.documentElement.scrollHeight; y += innerHeight) {
    scrollTo(0, y);
    await new Promise(requestAnimationFrame);
  }
  await Promise.all([...document.images].map(image => image.complete || new Promise(
    done => { image.onload = image.onerror = done; })));
}"""
PAINT = """() => new Promise(done => new PerformanceObserver(list => {
  const last = list.getEntries().pop();
  done([last.startTime, last.element ? last.element.tagName.toLowerCase() : ""]);
}).observe({type: "largest-contentful-paint", buffered: true}))"""
AXE = (ROOT / "trials" / "axe.js").read_text(encoding="utf-8")
EXCESS = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


class _Quiet(http.server.SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"  # connections are kept, as every host does

    def log_message(self, *arguments: object) -> None:
        """Say nothing."""


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve a folder on this machine, uncompressed, and yield its address."""
    handler = functools.partial(_Quiet, directory=str(folder))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


def pages(folder: Path) -> list[str]:
    """Return every page of a built book, in the order of the table of contents as far as it lists them."""
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    order = [f"{toc['root']}.html", *(f"{c['file']}.html" for p in toc["parts"] for c in p["chapters"])]
    found = {p.relative_to(folder).as_posix() for p in folder.rglob("*.html")}
    settings = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    leading_on = {"index.html", *(f"{old}.html" for old in settings["sphinx"]["config"]["book_redirects"])}
    found = {p for p in found if not p.startswith(BESIDE)} - leading_on
    return [p for p in order if p in found] + sorted(found - set(order))


def plain_book(folder: Path) -> Path:
    """Build one chapter with Jupyter Book's own settings into a folder; return where its pages are."""
    for source in ("book", "data"):
        shutil.copytree(ROOT / source, folder / source, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "references.bib", folder)
    settings = {
        "title": "Plain",
        "only_build_toc_files": True,
        "bibtex_bibfiles": ["references.bib"],
        "execute": {"execute_notebooks": "force", "timeout": 120},
        "parse": {"myst_enable_extensions": ["colon_fence", "deflist", "smartquotes", "attrs_inline", "dollarmath"]},
    }  # fmt: skip
    (folder / "_config.yml").write_text(yaml.safe_dump(settings), encoding="utf-8")
    (folder / "_toc.yml").write_text(yaml.safe_dump({"format": "jb-book", "root": CHAPTER}), encoding="utf-8")
    jupyter_book = [sys.executable, "-c", "from jupyter_book.cli.main import main; main()"]
    command = [*jupyter_book, "build", ".", "--path-output", "out", "-q"]
    subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return folder / "out" / "_build" / "html"


def weight(browser: Any, site: str, page: str) -> dict[str, Any]:
    """Open a page, read it to its end, and return what it fetched, in bytes as they are after unpacking."""
    # What a page asks for once more, to be kept for reading without a network, comes from the browser's own cache.
    context = browser.new_context(viewport={"width": 1280, "height": 900}, service_workers="block")
    tab = context.new_page()
    got: list[tuple[str, int]] = []
    elsewhere: list[str] = []

    def note(request: Any) -> None:
        if request.url.startswith(site + "/"):
            response = request.response()
            got.append((request.url.removeprefix(site), len(response.body()) if response else 0))

    def refuse(route: Any) -> None:
        elsewhere.append(urlsplit(route.request.url).netloc)
        route.abort()

    tab.route(lambda url: not url.startswith((site + "/", "data:", "blob:")), refuse)
    tab.on("requestfinished", note)
    tab.goto(f"{site}/{page}", wait_until="load")
    at_first = len(got) + len(elsewhere)
    tab.evaluate(READ)
    tab.wait_for_load_state("networkidle")
    figures = [size for path, size in got if path.startswith("/_images/")]
    at_start = [1 for path, _ in got[:at_first] if path.startswith("/_images/")]
    context.close()
    total = sum(size for _, size in got)
    return {
        "html": next(size for path, size in got if path.split("?")[0] == f"/{page}"),
        "styles": sum(size for path, size in got if ".css" in path),
        "scripts": sum(size for path, size in got if ".js" in path),
        "apart_from_figures": total - sum(figures),
        "requests": len(got) + len(elsewhere) - len(figures),
        "other_hosts": len(set(elsewhere)),
        "figures": len(figures),
        "figures_at_start": len(at_start),
        "largest_figure": max(figures, default=0),
        "read_to_the_end": total,
    }


def weights(browser: Any, book: str, plain: str) -> pd.DataFrame:
    """Return the weight of every page of the book, and of one chapter with the plain theme."""
    rows = [{"theme": "this book", "page": page, **weight(browser, book, page)} for page in pages(HTML)]
    rows.append({"theme": "plain", "page": f"{CHAPTER}.html", **weight(browser, plain, f"{CHAPTER}.html")})
    return pd.DataFrame(rows)


def paint(browser: Any, site: str, page: str) -> tuple[float, str]:
    """Return when the largest content was painted, in milliseconds, and which element it was."""
    context = browser.new_context(viewport={"width": 390, "height": 844})
    tab = context.new_page()
    tab.route(lambda url: not url.startswith((site + "/", "data:", "blob:")), lambda route: route.abort())
    context.new_cdp_session(tab).send("Network.emulateNetworkConditions", NETWORK)
    tab.goto(f"{site}/{page}", wait_until="load", timeout=120_000)
    tab.wait_for_load_state("networkidle")
    when, element = tab.evaluate(PAINT)
    context.close()
    return when, element


def paints(browser: Any, book: str, plain: str) -> pd.DataFrame:
    """Return five paints of one chapter in this book and with the plain theme, taken in turns."""
    rows = []
    for run, (theme, site) in itertools.product(range(1, 6), {"this book": book, "plain": plain}.items()):
        when, element = paint(browser, site, f"{CHAPTER}.html")
        rows.append({"theme": theme, "page": f"{CHAPTER}.html", "run": run, "milliseconds": round(when), "element": element})  # fmt: skip
    return pd.DataFrame(rows)


def barriers(chromium: str, site: str, chosen: list[str], theme: str, scheme: str) -> pd.DataFrame:
    """Return what axe-core finds on pages at three widths in light or dark, and reflow at 320 pixels."""
    from axe_playwright_python.sync_playwright import Axe
    from playwright.sync_api import sync_playwright

    rows = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=BROWSER)
        for width in (*WIDTHS, 320):
            look: dict[str, Any] = {"viewport": {"width": width, "height": 800}, "color_scheme": scheme}
            context = browser.new_context(**look, reduced_motion="reduce")
            context.add_init_script(Axe().axe_script)
            tab = context.new_page()
            tab.route(lambda url: not url.startswith((site + "/", "data:", "blob:")), lambda r: r.abort())
            for page in chosen:
                tab.goto(f"{site}/{page}", wait_until="load")
                found = tab.evaluate(AXE) if width in WIDTHS else []
                rows.append(
                    {
                        "theme": theme,
                        "page": page,
                        "scheme": scheme,
                        "width": width,
                        "rules_broken": len(found) if width in WIDTHS else None,
                        "elements": sum(n for _, n, _ in found) if width in WIDTHS else None,
                        "which": " ".join(sorted(name for name, _, _ in found)),
                        "pixels_too_wide": max(0, tab.evaluate(EXCESS)),
                    }
                )
            print(f"axe: {theme}, {scheme}, {width} px", flush=True)
            context.close()
        browser.close()
    return pd.DataFrame(rows)


def access(chromium: str, book: str, plain: str) -> pd.DataFrame:
    """Return the barriers of every page of the book and of one chapter with the plain theme, themes side by side."""
    jobs = [
        (chromium, site, chosen, theme, scheme)
        for theme, site, chosen in (
            ("this book", book, pages(HTML)),
            ("plain", plain, [f"{CHAPTER}.html"]),
        )
        for scheme in THEMES
    ]
    with ThreadPoolExecutor(max_workers=2) as pool:
        found = pd.concat(pool.map(lambda job: barriers(*job), jobs))
    return found.astype({"rules_broken": "Int64", "elements": "Int64"})


def summary(weight: pd.DataFrame, paint: pd.DataFrame, access: pd.DataFrame) -> pd.DataFrame:
    """Return the results in one table: the worst page of this book, the chapter with the plain theme, the limit."""
    by = {name: weight[weight["theme"] == name] for name in ("this book", "plain")}
    seen = {name: access[access["theme"] == name] for name in ("this book", "plain")}
    painted = paint.groupby("theme")["milliseconds"].median()
    rows = [
        (label, *(by[name][column].max() / unit for name in by), limit)
        for label, column, unit, limit in (
            ("Weight of a page apart from its figures, kB", "apart_from_figures", 1000, 450),
            ("Requests apart from figures", "requests", 1, 14),
            ("Other hosts asked", "other_hosts", 1, 0),
            ("Weight of a figure, kB", "largest_figure", 1000, 60),
            ("Weight of a page read to its end, kB", "read_to_the_end", 1000, 1200),
        )
    ]
    rows += [
        ("Largest contentful paint, ms, median of five", painted["this book"], painted["plain"], painted["plain"] / 2),
        ("Rules of axe-core broken, summed over pages, three widths and two themes", *(s["rules_broken"].sum() for s in seen.values()), 0),
        ("Pixels that a page is too wide, at most", *(s["pixels_too_wide"].max() for s in seen.values()), 0),
    ]  # fmt: skip
    table = pd.DataFrame(rows, columns=["what", "this_book", "plain_theme", "limit"])
    return table.round(0).astype({"this_book": int, "plain_theme": int, "limit": int})


def main() -> int:
    """Measure everything; return 1 if axe-core finds a barrier or a page is too wide, so that a run says so."""
    from playwright.sync_api import sync_playwright

    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if not (HTML / "index.html").is_file() or not chromium:
        print("This trial needs a built book (make book) and Chromium (Debian: apt-get install chromium).")
        return 2
    with (
        tempfile.TemporaryDirectory() as folder,
        served(HTML) as book,
        served(plain_book(Path(folder))) as plain,
    ):
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium, args=BROWSER)
            engine = f"Chromium {browser.version.split('.')[0]}"
            weighed, painted = weights(browser, book, plain), paints(browser, book, plain)
            browser.close()
        seen = access(chromium, book, plain)
    write("reading_weight", weighed, engine)
    write("reading_paint", painted, engine)
    write("reading_access", seen, engine)
    write("reading", summary(weighed, painted, seen), engine)
    ours = seen[seen["theme"] == "this book"]
    return int(ours["rules_broken"].sum() > 0 or ours["pixels_too_wide"].max() > 0)


if __name__ == "__main__":
    sys.exit(main())
