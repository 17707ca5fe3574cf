"""What the book's pages need on top of Jupyter Book, as a Sphinx extension of its own.

It settles configuration that depends on the repository's state (execution cache, launch buttons),
turns links of cell outputs into links between pages, and repairs what the theme and the notebooks
write: parts that no page uses are dropped, nothing is fetched from another host, and readers with a
keyboard, a screen reader or a small screen get what everyone gets. Repairs are made on the written
pages, all in one place, because copies of the theme's templates would go stale silently with its next
version. Every repair may be applied twice without harm.
"""

import csv
import hashlib
import html
import json
import os
import posixpath
import re
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from docutils import nodes
from selectolax.lexbor import LexborHTMLParser, LexborNode
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.util import logging

from publish import assets, figures, meta, notes
from publish.policy import settle_policy
from publish.search import Words, parted

LOG = logging.getLogger(__name__)
PLACEHOLDER = "OWNER/REPOSITORY"
UNWANTED = ("sphinx_thebe", "sphinx_comments")
"""Extensions that Jupyter Book always loads, that this book does not use and that name other hosts."""

DOORS_COST = Path("trials") / "results" / "doors.csv"
"""What it costs to run a page, as it was measured."""

PAGE_BUILDERS = ("html", "dirhtml", "singlehtml")


def setup(app: Sphinx) -> dict[str, Any]:
    """Connect everything to the build."""
    app.add_search_language(Words)
    app.add_config_value("book_publish_state", "", "env", str)
    app.add_config_value("book_parts", os.environ.get("BOOK_PARTS", ""), "html", str)
    app.connect("config-inited", note_state)
    app.connect("config-inited", settle_repository)
    app.connect("config-inited", silence_unwanted)
    app.connect("builder-inited", begin)
    app.connect("doctree-resolved", link_outputs)
    app.connect("html-page-context", add_doors)
    app.connect("build-finished", finish, priority=900)  # after the theme has written its own files
    return {"parallel_read_safe": True, "parallel_write_safe": True}


# Configuration


def note_state(app: Sphinx, config: Config) -> None:
    """Make Sphinx read every page anew when this extension, a style sheet or a measured cost changed.

    It would otherwise find no page out of date and not even copy the style sheet.
    """
    files = [
        p for p in Path(__file__).parent.rglob("*") if p.suffix in (".py", ".css", ".js", ".svg", ".json")
    ]
    files += [doors] if (doors := Path(app.srcdir) / DOORS_COST).is_file() else []
    state = hashlib.sha256(b"\0".join(p.read_bytes() for p in sorted(files)))
    config.book_publish_state = state.hexdigest()


def settle_repository(app: Sphinx, config: Config) -> None:
    """Take the repository's address from outside if given; without a real one show none of its buttons."""
    options = config.html_theme_options
    if hub := os.environ.get("BOOK_HUB_URL"):
        options.get("launch_buttons", {})["jupyterhub_url"] = hub
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


DOORS = """
<details class="doors"><summary>Run this page</summary><ul>{items}</ul>
<p><a href="{run}">Running the book</a> says which way suits whom, and what to do when one fails.</p></details>
"""
IN_BROWSER = """<li><a href="{lite}">Run it in your browser</a>: nothing to install, no account. It fetches \
about {megabytes} MB from this book the first time, and the libraries numpy, pandas and matplotlib from \
Pyodide's public distribution (version {version}, cdn.jsdelivr.net): some megabytes more, which we could not \
measure, and no table or figure without them. On mobile data, wait for a better network. It needs the book on a \
web server; opened from a folder of yours, this way stays shut.</li>"""
TO_KEEP = """<li><a href="{zip}" download>Download it as a folder</a> and run it with Python on your own \
computer: the notebook, the tables that it uses, <code>bookkit</code>.</li>"""


def add_doors(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: Any) -> None:
    """Put under the title of a chapter's page the ways to run it that were built, and what each costs."""
    root = app.config.root_doc
    if app.builder.name not in PAGE_BUILDERS or app.builder.name == "singlehtml" or page == root:
        return
    if posixpath.dirname(page) != posixpath.dirname(root):
        return  # a page for instructors is made by code, and nobody needs to run it
    if not str(context.get("sourcename", "")).endswith(".ipynb"):
        return
    items = ""
    to: Callable[..., str] = context["pathto"]
    if "lite" in app.config.book_parts.split():
        items += IN_BROWSER.format(
            lite=f"{to('lite/notebooks/index.html', 1)}?path={page}.ipynb", **lite_facts(Path(app.srcdir))
        )
    items += TO_KEEP.format(zip=to(f"download/testing-realism-run-{page.split('/')[-1]}.zip", 1))
    doors = DOORS.format(items=items, run=to("book/run"))
    context["body"] = context["body"].replace("</h1>", f"</h1>{doors}", 1)


def lite_facts(root: Path) -> dict[str, str]:
    """Return what a reader is told of the browser door: its weight as it was measured, Pyodide's version."""
    with (root / DOORS_COST).open(encoding="utf-8", newline="") as file:
        measured = {(row["door"], row["unit"]): row["measured"] for row in csv.DictReader(file)}
    package = json.loads((root / "publish" / "package.json").read_text(encoding="utf-8"))
    megabytes = round(float(measured["browser alone", "megabytes"]))
    return {"megabytes": str(megabytes), "version": package["dependencies"]["pyodide"]}


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
        linked = parted(_linked(app, raw, _page_of(raw, docname)))
        if linked != raw.astext():
            raw.clear()
            raw.append(nodes.Text(linked))


def _linked(app: Sphinx, raw: nodes.raw, docname: str) -> str:
    named = SOURCE.sub(lambda m: _anchored(m) + _work(app, m["key"], raw), raw.astext())
    named = PLACE.sub(lambda m: m["open"] + _place(app, html.unescape(m["label"]), raw), named)
    return ANCHOR.sub(lambda m: _page_link(app, m[0], docname, raw), named)


def _anchored(source: re.Match[str]) -> str:
    """Return the opening tag of a link to a work; in an id on a page docutils writes ``_`` as ``-``."""
    opening = source["open"].replace(f"#ref-{source['key']}", f"#ref-{source['key'].replace('_', '-')}")
    return opening.replace(' class="source"', "")


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
    write_door(app, out)
    copy_data(Path(app.srcdir), out)
    began = app.pages_began - 1  # type: ignore[attr-defined]  # a file system's clock may be coarse
    figures.slim_all(out / "_images")
    pages = all_pages(out)
    written = [path for path in pages if path.stat().st_mtime >= began]
    coloured = assets.coloured_code(out / "_static")
    for path in written:
        mend(path, coloured)
    notes.write_notes(out / "book", out / "_static")
    assets.join(out, pages)


def all_pages(out: Path) -> list[Path]:
    """Return every page; the theme's own fragments and the sheets to print are none."""
    return sorted(
        p for p in out.rglob("*.html") if p.relative_to(out).parts[0] not in ("_static", "download")
    )


def write_door(app: Sphinx, out: Path) -> None:
    """Write the top ``index.html``, which leads to the first page also where redirects are off."""
    door, root = out / "index.html", app.config.root_doc
    if not door.is_file() or meta.LEADS_ON.search(door.read_text(encoding="utf-8")):
        told = (
            meta.head(app, root, app.config.book_description) + '<link rel="icon" href="_static/icon.svg">\n'
        )
        door.write_text(
            meta.stub(app.config.html_title, f"{root}.html", meta.address(app, root), told), encoding="utf-8"
        )


def copy_data(root: Path, out: Path) -> None:
    """Copy the tables, which pages link to as ``../data/name.csv``, and their descriptor."""
    folder = out / "data"
    shutil.rmtree(folder, ignore_errors=True)  # a table that was removed must not linger
    folder.mkdir()
    for path in [*(root / "data").glob("*.csv"), root / "data" / "datapackage.json"]:
        if path.is_file():
            shutil.copyfile(path, folder / path.name)


def mend(path: Path, coloured: set[str]) -> None:
    """Apply every repair to one written page; ``coloured`` are the kinds of code that have a colour of their own."""
    tree = LexborHTMLParser(path.read_text(encoding="utf-8"))
    for repair in REPAIRS:
        repair(tree)
    plain_code(tree, coloured)
    show_figures(tree, path.parent)
    settle_policy(tree)  # of what the page holds by now
    path.write_text(f"{in_few_bytes(str(tree.html))}\n", encoding="utf-8")


AS_WRITTEN = re.compile(r"(<(pre|script|style|textarea)\b.*?</\2>)", flags=re.S)
SPACE = re.compile(r"[ \t]*\n\s*")
TAG = re.compile(r'<[a-z](?:[^<>"]|"[^"]*")*>')
QUOTED = re.compile(r'="([\w#.:-][\w#./:-]*)"')
CELL_END = re.compile(r"</t[dh]>\s*(?=<t[dh]\b|</tr>)")
BETWEEN = re.compile(r"(?<=>)\n+(?=</?(?:div|section|p|ul|ol|li|dl|dt|dd|figure|table|details|h\d)\b)")
ROW_END = re.compile(r"</tr>\s*(?=<tr\b|</t(?:body|head)>)")


def in_few_bytes(page: str) -> str:
    """Leave out what HTML lets a page leave out, and a long page has thousands of.

    That is quotation marks, empty values, ends of cells, and the indentation and empty lines of templates.
    """
    parts = AS_WRITTEN.split(page)  # text, then three by three: a part as written, its name, text
    parts = [
        SPACE.sub("\n", part) if number % 3 == 0 else part
        for number, part in enumerate(parts)
        if number % 3 < 2
    ]
    bare = TAG.sub(lambda tag: QUOTED.sub(r"=\1", tag[0].replace('=""', "")), "".join(parts))
    return BETWEEN.sub("", ROW_END.sub("", CELL_END.sub("", bare)))


def whole(page: str) -> str:
    """Return a page with the ends of cells and rows that ``in_few_bytes`` left out, for parsers that need them."""
    return str(LexborHTMLParser(page).html)


def _set(node: LexborNode, **attributes: str) -> None:
    """Set attributes of an element; ``data_theme`` stands for ``data-theme``."""
    for name, value in attributes.items():
        node.attrs[name.replace("_", "-")] = value


def _drop(node: LexborNode, *attributes: str) -> None:
    for name in attributes:
        if name in node.attributes:
            del node.attrs[name]


JOINED = re.compile(
    r"_static/.*\.(?:css|js)\b|DOCUMENTATION_OPTIONS|toggle(?:Hint|OpenOnPrint|buttonSelector)"
    r"|language_data\.js|searchtools\.js"
)
"""Addresses of style sheets and scripts, and scripts in the page that only set what they need: see assets.py."""


def link_assets(tree: LexborHTMLParser) -> None:
    """Ask for the joined style sheet and script in place of the parts; the search page asks for its own too."""
    if not tree.head or tree.css_first("link[href*='_static/site.css']"):
        return
    top = (tree.css_first("html") or tree.head).attributes.get("data-content_root") or ""
    parts = tree.css("script, link[rel=stylesheet], link[rel=preload]")
    joined = [
        p for p in parts if JOINED.search(f"{p.attributes.get('src')}{p.attributes.get('href')}{p.text()}")
    ]
    for part in joined:
        part.decompose()
    if not joined:
        return  # the door, which needs nothing
    index = tree.css_first("script[src*='searchindex.js']")
    if index and not tree.css_first(".bd-search-container"):
        index.decompose()
        index = None
    scripts = ["site.js", "search.js"] if index else ["site.js"]
    _add(tree, "link", rel="stylesheet", href=f"{top}_static/site.css")
    for name in scripts:
        _add(tree, "script", defer="", src=f"{top}_static/{name}")
    if index:
        _add(tree, "script", defer="", src=str(index.attributes["src"]))
        index.decompose()


def _add(tree: LexborHTMLParser, name: str, **attributes: str) -> None:
    """Add an element to the head of the page."""
    node = tree.create_node(name)
    _set(node, **attributes)
    assert tree.head
    tree.head.insert_child(node)


def drop_unused_parts(tree: LexborHTMLParser) -> None:
    """Drop placeholders, a second table of contents for paper, and repeated settings of the viewport."""
    for part in tree.css(
        "#ethical-ad-placement, .pst-async-banner-revealer, #jb-print-docs-body, #searchbox, meta[name^=docsearch]"
    ):
        part.decompose()
    for extra in tree.css("meta[name=viewport]")[1:]:
        extra.decompose()
    for node in list(tree.root.traverse(include_text=True)) if tree.root else []:
        if node.is_comment_node:
            node.decompose()


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


def choose_theme_before_paint(tree: LexborHTMLParser) -> None:
    """Settle light or dark before anything is drawn, and light on paper; colour code without scripts too.

    The theme's own script sets an empty mode first, reports that as an error and repaints.
    """
    if html_element := tree.css_first("html"):
        _set(html_element, data_theme="light")
    if script := tree.css_first("script[data-cfasync]"):
        early = tree.create_node("script")
        early.insert_child(FIRST_PAINT)
        script.replace_with(early)


DOES = {"window.print()": "print", "toggleFullScreen()": "full-screen"}
"""What the theme writes as code into a button, which the page's policy refuses, and what menus.js knows it by."""


def name_what_buttons_do(tree: LexborHTMLParser) -> None:
    """Let a script of the book's hear a button, in place of code in the page."""
    for button in tree.css("[onclick]"):
        if does := DOES.get(button.attributes["onclick"] or ""):
            _drop(button, "onclick")
            _set(button, data_does=does)


def style_by_sheet(tree: LexborHTMLParser) -> None:
    """Take styles out of attributes, which the page's policy refuses; book.css has what is wanted of them."""
    for part in tree.css("table.dataframe tr[style], table.indextable, table.indextable td"):
        _drop(part, "style")


def name_landmarks(tree: LexborHTMLParser) -> None:
    """Give the sidebar a landmark, and the sidebars' and search's dialogs a name."""
    names = {
        "#pst-primary-sidebar-modal": "The book",
        "#pst-secondary-sidebar-modal": "On this page",
        "#pst-search-dialog": "Search",
    }
    for selector, name in names.items():
        for dialog in tree.css(selector):
            _set(dialog, aria_label=name)
    for sidebar in tree.css("#pst-primary-sidebar"):
        _set(sidebar, role="complementary", aria_label="The book")


def name_buttons(tree: LexborHTMLParser) -> None:
    """Let a control's name hold the words that it shows, and give one to those that show an icon only."""
    for control in tree.css(".search-button-field, details > summary"):
        _drop(control, "aria-label")
    for button in tree.css("button[title]:not([aria-label])"):
        if not button.text(strip=True):
            _set(button, aria_label=str(button.attributes["title"]))
    for icon in tree.css("i[class*='fa-'], span[class*='fa-']"):
        _set(icon, aria_hidden="true")
        _drop(icon, "title")


def plain_references(tree: LexborHTMLParser) -> None:
    """Drop from citations and their lists what nobody sees or hears: wrong roles, numbers, repeated entries."""
    for part in tree.css(".citation-list[role], .citation[role], .backrefs a[role]"):
        _drop(part, "role")
    for label in tree.css(".citation > .label"):
        label.decompose()
    for link in tree.css("a[href*='#ref-'][title]"):
        _drop(link, "title")  # the whole entry, which stands in the list and is shown by notes.js


def short_addresses(tree: LexborHTMLParser) -> None:
    """Let a link that shows its whole address show the host only; print shows the address again (book.css)."""
    for link in tree.css(".bd-article a[href^=http]"):
        address = str(link.attributes["href"])
        if link.text().strip() == address and (host := urlsplit(address).netloc):
            for part in list(link.iter(include_text=True)):
                part.decompose()
            link.insert_child(host.removeprefix("www."))


WRAPPERS = (
    "code.literal > span.pre, a.reference > span.std, a.reference > span.doc, .backrefs > span, "
    "span.bibtex-citation:not([id]), .cell_input > .notranslate, .cell_output > div.text_html"
)


def plain_markup(tree: LexborHTMLParser) -> None:
    """Take off wrappers and class names that carry no style, and identifiers that nothing points to."""
    asked = {str(link.attributes["href"]).partition("#")[2] for link in tree.css("a[href*='#']")}
    for part in tree.css("[id^=id]"):
        if re.fullmatch(r"id\d+", part.id or "") and part.id not in asked:
            _drop(part, "id")
    for wrapper in tree.css(WRAPPERS):
        wrapper.unwrap()
    for part in tree.css(".docutils, .notranslate, a.reference, a.external, th.head"):
        names = (part.attributes.get("class") or "").split()
        left = [name for name in names if name not in PLAIN or (name == "container" and "cell" in names)]
        _set(part, **{"class": " ".join(left)}) if left else _drop(part, "class")
    for row in tree.css(".bd-article tr[class^=row-]"):
        _drop(row, "class")


PLAIN = {"docutils", "container", "reference", "internal", "external", "notranslate", "head"}
"""Class names of docutils and Sphinx that no style sheet of the book needs within the text."""


SHORT = {"s1": "i", "s2": "i", "k": "b", "kn": "b", "ow": "b", "kc": "b"}
"""What Pygments calls strings and keywords, the most frequent by far, and the short elements that stand for them."""


def plain_code(tree: LexborHTMLParser, coloured: set[str]) -> None:
    """Leave in code only the elements that have a colour of their own: half of them are drawn like the rest."""
    for part in tree.css("div.highlight pre span"):
        if not part.text():
            part.decompose()
        elif short := SHORT.get(part.attributes.get("class") or ""):
            marked = tree.create_node(short)
            marked.insert_child(part.text())
            part.replace_with(marked)
        elif not coloured.intersection((part.attributes.get("class") or "").split()):
            part.unwrap()
    for block in tree.css("div.highlight"):
        _set(block, translate="no")


def plain_folds(tree: LexborHTMLParser) -> None:
    """Let the words of a fold of code be words: a paragraph may not stand in a summary (book.css shows one of them)."""
    for words in tree.css("details.hide > summary > p"):
        said = tree.create_node("span")
        _set(said, **{"class": (words.attributes.get("class") or "").split()[0]})
        said.insert_child(words.text())
        words.replace_with(said)


def show_figures(tree: LexborHTMLParser, folder: Path) -> None:
    """Let the browser know each figure's size and fetch it only when it comes near."""
    for image in tree.css(".bd-article img"):
        source = folder / str(image.attributes.get("src"))
        if source.suffix == ".svg" and source.is_file():
            width, height = figures.size(source.read_text(encoding="utf-8"))
            _set(image, width=width, height=height)
        _set(image, loading="lazy")


def name_columns(tree: LexborHTMLParser) -> None:
    """Say of a heading in a table's head that it heads its column."""
    for head in tree.css(".bd-article thead th:not([scope])"):
        _set(head, scope="col")


def mend_pandas(tree: LexborHTMLParser) -> None:
    """Turn a table that pandas drew into one that can be read aloud and scrolled by keyboard."""
    for table in tree.css("table.dataframe"):
        _drop(table, "border")
        for head in table.css("thead th"):
            if head.text(strip=True):
                _set(head, scope="col")
            else:
                head.replace_with(tree.create_node("td"))
        for head in table.css("tbody th"):
            _set(head, scope="row")
            _drop(head, "valign")
        holder = table.parent
        if holder and holder.tag == "div":
            for style in holder.css("style"):
                style.decompose()
            if "wide" not in (holder.attributes.get("class") or "").split():
                _set(holder, **{"class": "wide"}, role="region", tabindex="0", aria_label="Output: a table")


def caption_tables(tree: LexborHTMLParser) -> None:
    """Give a table without a caption the heading of its section, for those who meet the table on its own.

    It is not shown, as the heading stands above. Layout tables of the index are called what they are.
    """
    for table in tree.css("table.indextable"):
        _set(table, role="presentation")
    for table in tree.css(".bd-article table"):
        if table.css_first("caption"):
            continue
        section = table.parent
        while section and section.tag != "section":
            section = section.parent
        heading = section.css_first("h1, h2, h3, h4") if section else None
        number = heading.css_first(".section-number") if heading else None
        words = (
            heading.text().removesuffix("#").removeprefix(number.text() if number else "") if heading else ""
        )
        caption = tree.create_node("caption")
        _set(caption, **{"class": "visually-hidden"})
        caption.insert_child(words.strip() or "Table")
        _insert_first(table, caption)


def _insert_first(node: LexborNode, new: LexborNode) -> None:
    if node.first_child:
        node.first_child.insert_before(new)
    else:
        node.insert_child(new)


def describe_figures(tree: LexborHTMLParser) -> None:
    """Link each figure to the table of its numbers, as the long description of what the alt text sums up."""
    figure = None
    for part in tree.css("figure, details.behind"):
        if part.tag == "figure":
            figure = part
        elif figure and figure.id and part.css_first("table"):
            part.attrs["id"] = f"{figure.id}-numbers"
            for image in figure.css("img"):
                _set(image, aria_details=f"{figure.id}-numbers")
            figure = None


def one_name_each(tree: LexborHTMLParser) -> None:
    """Number regions that share a name on a page, so that a list of landmarks tells them apart."""
    by_name: dict[str, list[LexborNode]] = {}
    for region in tree.css("[role=region][aria-label]"):
        name = re.sub(r" \(\d+ of \d+\)$", "", str(region.attributes["aria-label"]))
        by_name.setdefault(name, []).append(region)
    for name, regions in by_name.items():
        if len(regions) > 1:
            for number, region in enumerate(regions, 1):
                _set(region, aria_label=f"{name} ({number} of {len(regions)})")


def one_id_each(tree: LexborHTMLParser) -> None:
    """Keep an id only where it stands first, as a claim may be shown twice on a page."""
    seen: set[str] = set()
    for part in tree.css("[id]"):
        if str(part.id) in seen:
            _drop(part, "id")
        else:
            seen.add(str(part.id))


REPAIRS: list[Callable[[LexborHTMLParser], None]] = [
    link_assets,
    drop_unused_parts,
    choose_theme_before_paint,
    name_what_buttons_do,
    style_by_sheet,
    name_landmarks,
    name_buttons,
    plain_references,
    short_addresses,
    plain_markup,
    plain_folds,
    name_columns,
    mend_pandas,
    caption_tables,
    describe_figures,
    one_name_each,
    one_id_each,
]
