"""What a browser keeps of the book: an app's manifest, a service worker, and a button that keeps it all.

``write`` does it on the finished pages, last of all, because the worker knows each file by its hash: what
it serves without a network is of one edition only. Each page that was read is kept, with the figures that
were seen; the button on the page about running the book keeps every page, every figure and the search, and
says what that costs. A worker of our own in place of Workbox, whose builder brings two hundred packages:
it is one file, ``worker.js``, and the tests take the network away from it.
"""

import gzip
import hashlib
import json
import re
from pathlib import Path

from rjsmin import jsmin

from publish.meta import LEADS_ON
from publish.volume import contents

HERE = Path(__file__).parent
LIST = "_static/offline.json"
CORE = ("index.html", "_static/site.css", "_static/site.js", "_static/icons.woff", "_static/icon.svg")
"""The way in and what every page needs: kept from the first visit, and fetched by it anyway but for the first."""

MANIFEST = {
    "id": "./",
    "name": "Testing Realism: Iran, Russia and the Syrian Crisis, 2010-2017",
    "short_name": "Testing Realism",
    "description": "An executable textbook that tests a published article against data and dated records.",
    "lang": "en",
    "start_url": "./book/index.html",
    "scope": "./",
    "display": "minimal-ui",  # a book's reader goes back
    "background_color": "#fcfcfa",
    "theme_color": "#0b4f6c",
    "categories": ["books", "education"],
    "icons": [
        {"src": "_static/icon.svg", "sizes": "any", "type": "image/svg+xml"},
        {"src": "_static/icon-192.png", "sizes": "192x192", "type": "image/png"},
        {"src": "_static/icon-512.png", "sizes": "512x512", "type": "image/png"},
        {
            "src": "_static/icon-maskable.png",
            "sizes": "512x512",
            "type": "image/png",
            "purpose": "maskable",
        },
    ],
}

PLACE = re.compile(r'<div class="?keep-book"? hidden(?:="")?>.*?</div>')
"""Where the page about running the book has room for the button; without scripts it stays hidden."""

BUTTON = """<div class="keep-book" hidden><p><button type="button">Keep the whole book for \
offline reading ({size})</button> <span role="status"></span></p><p>It takes {size} on this device, every page, every \
figure and the search, and as much over the network, or about {packed} where the book’s server packs what it sends. \
When a new edition comes, what changed is fetched again.</p><script defer src="../_static/keep.js"></script></div>"""


def files(site: Path) -> list[str]:
    """Return the files that make up the book for reading, as paths below the site: pages, figures, search, looks.

    Pages come in the order of the contents, in which the worker lists those that are kept; others before them. Pages that only lead on are none of them, but for the way in; nor is the one for addresses without a page.
    """
    place = {f"book/{name}.html": at for at, (name, _) in enumerate(contents())}
    found = sorted(
        (*site.glob("*.html"), *site.glob("book/**/*.html")),
        key=lambda path: (place.get(path.relative_to(site).as_posix(), -1), path),
    )
    texts = {path.relative_to(site).as_posix(): path.read_text(encoding="utf-8") for path in found}
    pages = [
        n for n, text in texts.items() if n == "index.html" or n != "404.html" and not LEADS_ON.search(text)
    ]
    figures = sorted({figure for page in pages for figure in re.findall(r"_images/[\w.-]+", texts[page])})
    static = sorted(path.relative_to(site).as_posix() for path in (site / "_static").rglob("*.*"))
    named = [*pages, *figures, *static, "searchindex.js"]
    return [name for name in named if name != LIST and (site / name).is_file()]


def digest(path: Path) -> str:
    """Return the beginning of a file's hash, by which the worker knows it."""
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16]


def write(site: Path) -> str:
    """Write manifest, list and worker into a finished site, and the button on its page; return the build's name.

    A second run gives the same files.
    """
    _offer(site)
    _stamp_index(site)
    hashes = {name: digest(site / name) for name in files(site)}
    core = [name for name in CORE if name in hashes]
    build = hashlib.sha256(json.dumps(hashes, sort_keys=True).encode()).hexdigest()[:16]
    _write_json(site / LIST, {"build": build, "core": core, "files": hashes})
    _write_json(site / "manifest.webmanifest", MANIFEST)
    worker = (HERE / "worker.js").read_text(encoding="utf-8").replace("{build}", build)
    (site / "sw.js").write_text(jsmin(worker) + "\n", encoding="utf-8")
    return build


def _offer(site: Path) -> None:
    """Put the button where the page about running the book has room for it, with the megabytes as they are."""
    page = site / "book" / "run.html"
    text = page.read_text(encoding="utf-8") if page.is_file() else ""
    if not PLACE.search(text):
        return
    script = jsmin((HERE / "keep.js").read_text(encoding="utf-8"))
    (site / "_static" / "keep.js").write_text(f"{script}\n", encoding="utf-8")
    contents = [(site / name).read_bytes() for name in files(site)]
    size, packed = (sum(map(len, parts)) for parts in (contents, map(_packed, contents)))
    button = BUTTON.format(size=megabytes(size), packed=megabytes(packed))
    page.write_text(PLACE.sub(lambda _: button, text, count=1), encoding="utf-8")


def _packed(content: bytes) -> bytes:
    return gzip.compress(content, 6, mtime=0)


def megabytes(size: int) -> str:
    """Return a size in bytes as readers are told it."""
    return f"{size / 1e6:.1f} MB"


def _stamp_index(site: Path) -> None:
    """Let the search page name its index by what is in it, as pages name their style sheet."""
    page, index = site / "search.html", site / "searchindex.js"
    if page.is_file() and index.is_file():
        text = re.sub(
            r"searchindex\.js(\?\w+)?",
            f"searchindex.js?{digest(index)[:8]}",
            page.read_text(encoding="utf-8"),
        )
        page.write_text(text, encoding="utf-8")


def _write_json(path: Path, value: object) -> None:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    path.write_text(f"{text}\n", encoding="utf-8")
