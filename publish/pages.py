"""What the book's pages need on top of Jupyter Book, as a Sphinx extension of its own.

It settles configuration that depends on the repository's state (execution cache, launch buttons),
turns links of cell outputs into links between pages, and repairs what the theme and the notebooks
write: parts that no page uses are dropped, nothing is fetched from another host, and readers with a
keyboard, a screen reader or a small screen get what everyone gets. Repairs are made on the written
pages, all in one place, because copies of the theme's templates would go stale silently with its next
version. Every repair may be applied twice without harm.
"""

import hashlib
import html
import itertools
import os
import posixpath
import re
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from bs4 import BeautifulSoup, Tag
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.util import logging

from publish.cache import cache_key

LOG = logging.getLogger(__name__)
PLACEHOLDER = "OWNER/REPOSITORY"
UNWANTED = ("sphinx_thebe", "sphinx_comments")
"""Extensions that Jupyter Book always loads, that this book does not use and that name other hosts."""

PAGE_BUILDERS = ("html", "dirhtml", "singlehtml")


def setup(app: Sphinx) -> dict[str, Any]:
    """Connect everything to the build."""
    app.add_config_value("book_publish_state", "", "html", str)
    app.connect("config-inited", settle_cache)
    app.connect("config-inited", note_state)
    app.connect("config-inited", settle_repository)
    app.connect("config-inited", silence_unwanted)
    app.connect("builder-inited", begin)
    app.connect("doctree-resolved", link_outputs)
    app.connect("html-page-context", add_filter)
    app.connect("build-finished", finish, priority=900)  # after the theme has written its own files
    return {"parallel_read_safe": True, "parallel_write_safe": True}


# Configuration


def settle_cache(app: Sphinx, config: Config) -> None:
    """Keep executed chapters in a cache that belongs to the present state of data and bookkit."""
    if config.nb_execution_mode == "cache":
        root = Path(app.srcdir)
        config.nb_execution_cache_path = str(root / "_build" / "cache" / cache_key(root))


def note_state(app: Sphinx, config: Config) -> None:
    """Make Sphinx write every page anew when this extension or a style sheet changed.

    It would otherwise find no page out of date and not even copy the style sheet.
    """
    files = (p for p in Path(__file__).parent.rglob("*") if p.suffix in (".py", ".css", ".js", ".svg"))
    state = hashlib.sha256(b"\0".join(p.read_bytes() for p in sorted(files)))
    config.book_publish_state = state.hexdigest()


def settle_repository(app: Sphinx, config: Config) -> None:
    """Take the repository's address from outside if given; without a real one show none of its buttons."""
    options = config.html_theme_options
    address = os.environ.get("BOOK_REPOSITORY_URL") or options.get("repository_url", "")
    if address and PLACEHOLDER not in address:
        options["repository_url"] = address.rstrip("/").removesuffix(".git")
        return
    for key in ("repository_url", "launch_buttons", "use_repository_button", "use_issues_button",
                "use_edit_page_button", "use_source_button"):  # fmt: skip
        options.pop(key, None)


def silence_unwanted(app: Sphinx, config: Config) -> None:
    """Take the unwanted extensions out of the build: their event handlers and their style sheets."""
    for listeners in list(app.events.listeners.values()):
        for listener in list(listeners):
            if listener.handler.__module__.split(".")[0] in UNWANTED:
                app.disconnect(listener.id)
    app.registry.css_files[:] = [f for f in app.registry.css_files if "thebe" not in f[0]]


def begin(app: Sphinx) -> None:
    """Note when this run began; leave launch buttons to builders that write pages for a browser."""
    app.pages_began = time.time()  # type: ignore[attr-defined]
    if app.builder.name not in PAGE_BUILDERS:
        app.config.html_theme_options.pop("launch_buttons", None)  # the theme's EPUB fails on them


def add_filter(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: Any) -> None:
    """Give the ledger's script to the page that holds the ledger, and to no other."""
    if "ledger-filter" in context.get("body", ""):
        app.add_js_file("ledger.js", loading_method="defer")


# Links in the outputs of cells

ANCHOR = re.compile(r"<a\b[^>]*>")
TARGET = re.compile(r'\bhref="(?P<path>[^":#?]+)\.(?:ipynb|md)(?P<anchor>#[^"]*)?"')
SOURCE = re.compile(r'(?P<open><a class="source" href="[^"#]*#ref-(?P<key>[^"]+)">)[^<]*(?=</a>)')
PLACE = re.compile(r'(?P<open><a class="place" href="[^"#]*#(?P<label>[^"]+)">)[^<]*(?=</a>)')


def link_outputs(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Make links of raw HTML, which name source files, lead to pages, and name what they lead to.

    In JupyterLab ``claims.ipynb``, a label and a citation key are the right things to show; a page has
    a work's author and year, a section's title and a figure's number. A page, label or work that does
    not exist is reported, which fails a strict build.
    """
    for raw in doctree.findall(nodes.raw):
        if "html" not in raw.get("format", "").split():
            continue
        linked = _linked(app, raw, _page_of(raw, docname))
        if linked != raw.astext():
            raw.clear()
            raw.append(nodes.Text(linked))


def _linked(app: Sphinx, raw: nodes.raw, docname: str) -> str:
    named = SOURCE.sub(lambda m: _anchored(m) + _work(app, m["key"], raw), raw.astext())
    named = PLACE.sub(lambda m: m["open"] + _place(app, html.unescape(m["label"]), raw), named)
    return ANCHOR.sub(lambda m: _page_link(app, m[0], docname, raw), named)


def _anchored(source: re.Match[str]) -> str:
    """Return the opening tag of a link to a work; in an id on a page docutils writes ``_`` as ``-``."""
    return source["open"].replace(f"#ref-{source['key']}", f"#ref-{source['key'].replace('_', '-')}")


def _page_of(node: nodes.Node, docname: str) -> str:
    """Return the page that a node came from, also where one file holds them all."""
    while node := node.parent:
        if "docname" in getattr(node, "attributes", {}) and node.tagname == "start_of_file":
            return node["docname"]
    return docname


def _page_link(app: Sphinx, tag: str, docname: str, where: nodes.Node) -> str:
    found = TARGET.search(tag)
    if not found or re.search(r"\sdownload\b", tag):
        return tag
    page = posixpath.normpath(posixpath.join(posixpath.dirname(docname), found["path"]))
    anchor = html.unescape(found["anchor"] or "")
    if page not in app.env.found_docs:
        LOG.warning("link to a page that does not exist: %s", page, location=where, type="book")
        return tag
    if app.builder.name == "singlehtml" and anchor:
        address = anchor
    else:
        address = app.builder.get_relative_uri(docname, page) + anchor
    return tag[: found.start()] + f'href="{html.escape(address)}"' + tag[found.end() :]


def _place(app: Sphinx, label: str, where: nodes.Node) -> str:
    """Return what a section or a figure is called, and its chapter: "Fig. 2.1, Iran's position"."""
    known = app.env.get_domain("std").labels.get(label)  # type: ignore[attr-defined]
    if known is None:
        LOG.warning("no section or figure with the label %s", label, location=where, type="book")
        return html.escape(label)
    page, anchor, title = known
    number = app.env.toc_fignumbers.get(page, {}).get("figure", {}).get(anchor)
    name = f"Fig. {'.'.join(map(str, number))}" if number else title
    return f"{html.escape(name)} ({html.escape(app.env.titles[page].astext())})"


def _work(app: Sphinx, key: str, where: nodes.Node) -> str:
    entry = app.env.get_domain("cite").bibdata.data.entries.get(key)  # type: ignore[attr-defined]
    if entry is None:
        LOG.warning("no work with the key %s in references.bib", key, location=where, type="book")
        return html.escape(key)
    return html.escape(author_year(entry))


def author_year(entry: Any) -> str:
    """Return how a page names a work: "Walt 1987", "Walt and Snyder 1990", "Walt et al. 1991"."""
    people = entry.persons.get("author") or entry.persons.get("editor") or []
    names = [" ".join(str(n) for n in (*p.rich_prelast_names, *p.rich_last_names)) for p in people]
    if not names:
        names = [entry.fields.get("organization") or entry.fields.get("title", entry.key)]
    who = f"{names[0]} et al." if len(names) > 2 else " and ".join(names)
    year = entry.fields.get("year") or entry.fields.get("date", "n.d.")[:4]
    return f"{who.replace('{', '').replace('}', '')} {year}"


# The written pages


def finish(app: Sphinx, exception: Exception | None) -> None:
    """Repair the pages of this run and lay beside them what they link to."""
    if exception or app.builder.name not in PAGE_BUILDERS:
        return
    out = Path(app.outdir)
    write_door(out, app.config.root_doc, app.config.html_title)
    copy_data(Path(app.srcdir), out)
    began = app.pages_began - 1  # type: ignore[attr-defined]  # a file system's clock may be coarse
    for path in all_pages(out):
        if path.stat().st_mtime >= began:
            mend(path)
    slim_icons(out)
    drop_files(out)


def all_pages(out: Path) -> list[Path]:
    """Return every page; the theme's own fragments and the sheets to print are none."""
    return sorted(
        p for p in out.rglob("*.html") if p.relative_to(out).parts[0] not in ("_static", "download")
    )


def write_door(out: Path, root: str, title: str) -> None:
    """Write the top ``index.html``, which leads to the first page also where redirects are off."""
    target, name = f"{root}.html", html.escape(title)
    door = f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{name}</title>
<link rel="icon" href="_static/icon.svg">
<meta http-equiv="refresh" content="0; url={target}">
</head>
<body><main><h1>{name}</h1><p><a href="{target}">Open the book</a></p></main></body>
</html>
"""
    if not (out / "index.html").is_file() or "http-equiv" in (out / "index.html").read_text(encoding="utf-8"):
        (out / "index.html").write_text(door, encoding="utf-8")


def copy_data(root: Path, out: Path) -> None:
    """Copy the tables, which pages link to as ``../data/name.csv``, and their descriptor."""
    folder = out / "data"
    shutil.rmtree(folder, ignore_errors=True)  # a table that was removed must not linger
    folder.mkdir()
    for path in [*(root / "data").glob("*.csv"), root / "data" / "datapackage.json"]:
        if path.is_file():
            shutil.copyfile(path, folder / path.name)


def mend(path: Path) -> None:
    """Apply every repair to one written page."""
    soup = BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")
    for repair in REPAIRS:
        repair(soup)
    path.write_text(str(soup), encoding="utf-8")


DROP: list[tuple[str, str | None]] = [
    (r"scripts/fontawesome\.js", None),  # 1.5 MB; the icon font draws the same icons
    (r"togglebutton|toggleHint|toggleOpen", ".toggle, .admonition.dropdown"),
    (r"sphinx-design|design-tabs", ".bd-article [class*='sd-']"),
    (r"clipboard\.min|copybutton", "div.highlight pre"),
    (r"mystnb\.[0-9a-f]+\.css", "div.cell"),
    (r"searchtools\.js|language_data\.js|searchindex\.js|search_as_you_type", ".bd-search-container"),
]
"""Scripts and styles (by a pattern of their address or text), and what must be on a page to need them."""


def drop_unused_parts(soup: BeautifulSoup) -> None:
    """Drop scripts, styles and placeholders that the page has no use for."""
    for part in soup.select("script, link[rel=stylesheet], link[rel=preload]"):
        text = f"{part.get('src', '')}{part.get('href', '')}{part.string or ''}"
        for pattern, needed_by in DROP:
            if re.search(pattern, text) and not (needed_by and soup.select_one(needed_by)):
                part.decompose()
                break
    for part in soup.select("#ethical-ad-placement, .pst-async-banner-revealer"):
        part.decompose()


FIRST_PAINT = """
(() => {
  let mode = "";
  try { mode = localStorage.getItem("mode"); } catch { /* storage is off: follow the system */ }
  if (!["light", "dark"].includes(mode)) mode = "auto";
  const dark = mode === "dark" || (mode === "auto" && matchMedia("(prefers-color-scheme: dark)").matches);
  document.documentElement.dataset.mode = mode;
  document.documentElement.dataset.theme = dark ? "dark" : "light";
  let shown;
  addEventListener("beforeprint", () => {
    shown = document.documentElement.dataset.theme;
    document.documentElement.dataset.theme = "light";
  });
  addEventListener("afterprint", () => { document.documentElement.dataset.theme = shown; });
})();
"""


def choose_theme_before_paint(soup: BeautifulSoup) -> None:
    """Settle light or dark before anything is drawn, and light on paper; colour code without scripts too.

    The theme's own script sets an empty mode first, reports that as an error and repaints.
    """
    if soup.html:
        soup.html["data-theme"] = "light"
    if script := soup.select_one("script[data-cfasync]"):
        script.string = FIRST_PAINT


def name_landmarks(soup: BeautifulSoup) -> None:
    """Give the sidebar a landmark, and the sidebars' and search's dialogs a name."""
    if sidebar := soup.find(id="pst-primary-sidebar"):
        sidebar["role"], sidebar["aria-label"] = "complementary", "The book"
    names = {
        "pst-primary-sidebar-modal": "The book",
        "pst-secondary-sidebar-modal": "On this page",
        "pst-search-dialog": "Search",
    }
    for ident, name in names.items():
        if dialog := soup.find("dialog", id=ident):
            dialog["aria-label"] = name


def name_buttons(soup: BeautifulSoup) -> None:
    """Let a control's name hold the words that it shows, and give one to those that show an icon only."""
    for control in soup.select(".search-button-field, details > summary"):
        del control["aria-label"]
    for button in soup.select("button[title]:not([aria-label])"):
        if not button.get_text(strip=True):
            button["aria-label"] = button["title"]
    for icon in soup.select("i[class*='fa-'], span[class*='fa-']"):
        icon["aria-hidden"] = "true"
        del icon["title"]


def plain_references(soup: BeautifulSoup) -> None:
    """Drop roles that are deprecated or lack the children they demand from lists of references."""
    for part in soup.select(".citation-list[role], .citation[role]"):
        del part["role"]


def mend_pandas(soup: BeautifulSoup) -> None:
    """Turn a table that pandas drew into one that can be read aloud and scrolled by keyboard."""
    for table in soup.select("table.dataframe"):
        del table["border"]
        for head in table.select("thead th"):
            _mend_head(head)
        for head in table.select("tbody th"):
            head["scope"] = "row"
        if holder := table.find_parent("div"):
            for style in holder.find_all("style"):
                style.decompose()
            if "wide" not in (holder.get("class") or ()):
                holder["class"] = "wide"
                holder["role"], holder["tabindex"], holder["aria-label"] = "region", "0", "Output: a table"


def _mend_head(head: Tag) -> None:
    if head.get_text(strip=True):
        head["scope"] = "col"
    else:
        head.name = "td"


def one_name_each(soup: BeautifulSoup) -> None:
    """Number regions that share a name on a page, so that a list of landmarks tells them apart."""
    by_name: dict[str, list[Tag]] = {}
    for region in soup.select("[role=region][aria-label]"):
        by_name.setdefault(re.sub(r" \(\d+ of \d+\)$", "", str(region["aria-label"])), []).append(region)
    for name, regions in by_name.items():
        if len(regions) > 1:
            for number, region in enumerate(regions, 1):
                region["aria-label"] = f"{name} ({number} of {len(regions)})"


def one_id_each(soup: BeautifulSoup) -> None:
    """Keep an id only where it stands first, as a claim may be shown twice on a page."""
    seen: set[str] = set()
    for part in soup.select("[id]"):
        if part["id"] in seen:
            del part["id"]
        else:
            seen.add(str(part["id"]))


REPAIRS: list[Callable[[BeautifulSoup], None]] = [
    drop_unused_parts,
    choose_theme_before_paint,
    name_landmarks,
    name_buttons,
    plain_references,
    mend_pandas,
    one_name_each,
    one_id_each,
]


# Files beside the pages

ICON_RULE = re.compile(r'(?P<names>(?:\.fa-[a-z0-9-]+:before,?)+)\{content:"\\(?P<code>[0-9a-f]+) ?"\}')
ICON_FACE = re.compile(r"@font-face\{[^}]*fontawesome/webfonts/fa-(?P<family>[a-z]+)-[^}]*\}")


def slim_icons(out: Path) -> None:
    """Reduce the icon font and its style rules to the icons that pages show, from 240 to a few kB."""
    static = out / "_static"
    font = static / "vendor" / "fontawesome" / "webfonts" / "fa-solid-900.ttf"
    sheet = static / "styles" / "pydata-sphinx-theme.css"
    if not font.is_file():
        return  # nothing was written in this run, so nothing changed
    used = _names("".join(p.read_text(encoding="utf-8") for p in all_pages(out)))
    rules = sheet.read_text(encoding="utf-8")
    codes = {ord(c) for c in re.findall(r'--pst-icon-[a-z-]+:"(.)"', rules)}
    codes |= {int(m["code"], 16) for m in ICON_RULE.finditer(rules) if _names(m["names"]) & used}
    rules = ICON_RULE.sub(lambda m: m[0] if _names(m["names"]) & used else "", rules)
    rules = ICON_FACE.sub(_icon_face, rules)
    sheet.write_text(rules, encoding="utf-8")
    _subset(font, static / "styles" / "icons.woff", codes)


def _names(text: str) -> set[str]:
    return set(re.findall(r"\bfa-[a-z0-9-]+", text))


def _icon_face(face: re.Match[str]) -> str:
    if face["family"] != "solid":
        return ""
    return re.sub(r"src:[^}]*", 'src:url(icons.woff) format("woff")', face[0])


def _subset(font: Path, target: Path, codes: set[int]) -> None:
    from fontTools import subset

    options = subset.Options(flavor="woff", recalc_timestamp=False, name_IDs=["*"], notdef_outline=True)
    loaded = subset.load_font(str(font), options)
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=codes)
    subsetter.subset(loaded)
    subset.save_font(loaded, str(target), options)


def drop_files(out: Path) -> None:
    """Delete files of the theme that no page asks for: source maps, icon fonts, translations."""
    static = out / "_static"
    for path in itertools.chain(_unasked(static), static.rglob("*.map")):
        path.unlink()
    for folder in ("vendor", "locales"):
        shutil.rmtree(static / folder, ignore_errors=True)


def _unasked(static: Path) -> Iterator[Path]:
    yield from static.glob("scripts/fontawesome.js*")
    yield from static.glob("*webpack-macros.html")
