"""The whole book as one zip that opens from a folder by double click, search included.

``python -m publish.offline.bundle FOLDER`` writes ``FOLDER/bundle/`` with the zip and its checksum, as a part of
``make site``. What works only from a web server stays out (the browser door, the service worker), and so do
the PDFs and the EPUB, which are downloads of their own. From a folder a browser lets no script read another
page, so the texts that the search takes its excerpts from come along as a script. The same book gives the
same bytes.
"""

import hashlib
import html
import json
import re
import shutil
import sys
import tempfile
import textwrap
import zipfile
from pathlib import Path

from selectolax.lexbor import LexborHTMLParser, LexborNode

from publish.doors import open_doors
from publish.edition import edition
from publish.folder import NOTICES, WHEN
from publish.offline import kept

ROOT = Path(__file__).resolve().parents[2]
NAME = "testing-realism-book"
TAKEN = ("_downloads", "_images", "_sources", "_static", "book", "data", "download", "slides")
"""The folders of the site that a reader without a network can use."""

IN_BROWSER = re.compile(r'<li><a href="?[^">]*lite/notebooks/.*?</li>', re.S)
"""The way to run a page in the browser, which needs a web server."""

README = """Testing Realism: Iran, Russia and the Syrian Crisis, 2010-2017
Version {version}

Open index.html with a browser: a double click does it. Every page, figure and note and the search work from
this folder, with no network. To put it on a web server, copy the folder there as it is.

To run the chapters, unpack download/testing-realism.zip and read READ ME FIRST.txt in it. Not in here are
the notebook that runs in the browser, which needs a web server, and the PDFs and the EPUB, which the book's
site and its releases offer beside this folder.

Text and figures may be used under the licence CC BY 4.0, except figures drawn from tables whose provider
sets other terms, which their captions name; code under the MIT licence. LICENSE.txt has the words. The tables in data/
keep terms of their own, which data/datapackage.json names for each.

OPEN TABLES: {open}

{notice_open}
TABLES TO CITE: {cited}

{notice_cited}
download/CHANGES.txt says what is new in this edition, and what was in those before it.

Cite the book as: The contributors to Testing Realism ({year}). Testing Realism: Iran, Russia and the Syrian
Crisis, 2010-2017. Version {version}.
"""


def readme(root: Path) -> str:
    """Return the first thing to read: how to open the folder, and what may be done with what is in it."""
    this = edition(root)
    package = json.loads((root / "data" / "datapackage.json").read_text(encoding="utf-8"))
    named = {
        kind: ", ".join(r["name"] for r in package["resources"] if r["reuse"] == kind) for kind in NOTICES
    }
    text = README.format(
        version=this.version,
        year=this.day.year,
        notice_open=NOTICES["open"],
        notice_cited=NOTICES["cited"],
        **{kind: textwrap.fill(names, 100) for kind, names in named.items()},
    )
    return text.replace("\n", "\r\n")  # so that every system's plain editor shows the lines


# The search


def plain(node: LexborNode) -> str:
    """Return an element's text with nothing left of its markup but the places that a search result can lead to."""
    if node.is_text_node:
        return html.escape(re.sub(r"\s+", " ", node.text_content or ""), quote=False)
    if node.tag in ("script", "style", "svg") or "headerlink" in (node.attributes.get("class") or "").split():
        return ""
    inside = "".join(plain(child) for child in node.iter(include_text=True))
    if node.id:
        return f'<div id="{html.escape(node.id)}">{inside}</div> '
    return inside if node.tag in INLINE else f"{inside} "


INLINE = {"a", "abbr", "b", "code", "em", "i", "mark", "small", "span", "strong", "sub", "sup"}

EXCERPTS = """/* From a folder a browser lets no script read another page: what the search shows of a page is here. */
(() => {{
  const texts = {texts};
  const ask = window.fetch;
  window.fetch = (address, ...rest) => {{
    const path = new URL(address, location.href).href.slice(new URL(".", location.href).href.length);
    return path in texts ? Promise.resolve(new Response(texts[path])) : ask(address, ...rest);
  }};
}})();
"""


def excerpts(site: Path) -> str:
    """Return the script that answers the search when it asks for a page."""
    texts = {}
    for page in sorted(site.glob("book/**/*.html")):
        article = LexborHTMLParser(page.read_text(encoding="utf-8")).css_first("article")
        if article:
            text = re.sub(r" {2,}", " ", plain(article))
            texts[page.relative_to(site).as_posix()] = f'<div role="main">{text}</div>'
    return EXCERPTS.format(texts=json.dumps(texts, ensure_ascii=False, indent=0))


# The zip


def fit(site: Path) -> None:
    """Make a copy of the site fit to be read from a folder: links to what is there, and a search that shows excerpts."""
    open_doors(site)
    used = set(kept.files(site))
    for file in (*site.glob("_images/*"), *site.glob("*.html"), *site.glob("book/**/*.html")):
        if file.relative_to(site).as_posix() not in used:
            file.unlink()  # a figure of an earlier build; a page that only a web server shows
    for page in site.glob("book/**/*.html"):
        text = page.read_text(encoding="utf-8")
        fitted = kept.PLACE.sub("", IN_BROWSER.sub("", text))
        if fitted != text:
            page.write_text(fitted, encoding="utf-8")
    (site / "_static" / "search-texts.js").write_text(excerpts(site), encoding="utf-8")
    search = site / "search.html"
    ours = '<script defer src="_static/search-texts.js"></script>'  # before the search begins
    text = search.read_text(encoding="utf-8")
    search.write_text(re.sub(r"(?=<script[^>]*/search\.js)", ours, text, count=1), encoding="utf-8")


def write(site: Path, root: Path = ROOT) -> Path:
    """Write the zip and its checksum into the folder ``bundle`` of a site; return the zip."""
    name = f"{NAME}-{edition(root).version}"
    folder = site / "bundle"
    folder.mkdir(exist_ok=True)
    target = folder / f"{name}.zip"
    with tempfile.TemporaryDirectory() as scratch:
        copy = Path(scratch) / name
        copy.mkdir()
        for part in TAKEN:
            if (site / part).is_dir():
                shutil.copytree(site / part, copy / part)
        for file in (*site.glob("*.html"), site / "searchindex.js"):
            shutil.copy(file, copy)
        fit(copy)
        shutil.copy(root / "LICENSE", copy / "LICENSE.txt")
        (copy / "README.txt").write_text(readme(root), encoding="utf-8", newline="")
        pack(copy, target)
    digest = hashlib.sha256(target.read_bytes()).hexdigest()
    target.with_name(f"{target.name}.sha256").write_text(f"{digest}  {target.name}\n", encoding="utf-8")
    return target


def pack(folder: Path, target: Path) -> None:
    """Write a zip of a folder, named by it, whose bytes depend on its contents alone."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            entry = zipfile.ZipInfo(path.relative_to(folder.parent).as_posix(), WHEN)
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, path.read_bytes(), zipfile.ZIP_DEFLATED)


if __name__ == "__main__":
    print(write(Path(sys.argv[1])).name)
