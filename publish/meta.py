"""What the built pages tell machines and those who cite: a Sphinx extension.

Each page gets a description, Open Graph and, where it is the front page, a chapter or the catalogue of
data, schema.org's terms as JSON-LD; chapters get their citation, folded under the title; every page gets
the edition at its foot. Beside the pages stand the citations as files, a page for addresses that lead
nowhere, and a small page at each address that moved.

What needs the address of the site (canonical addresses, ``sitemap.xml``, ``robots.txt``, ``og:url``) is
made only where ``html.baseurl`` in ``_config.yml`` or ``BOOK_SITE_URL`` gives one. sphinxext-opengraph and
sphinx-sitemap do parts of this; both want the address, and the first draws an image for each page.
"""

import hashlib
import html
import json
import os
import posixpath
import re
import shutil
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.errors import ConfigError
from sphinx.util import logging

from publish.edition import AUTHOR, FORMS, TITLE, Cited, Edition, edition, foot, in_text, source_day

LOG = logging.getLogger(__name__)
PAPER = "mosaddegh_political"
CC_BY = "https://creativecommons.org/licenses/by/4.0/"
MIT = "https://spdx.org/licenses/MIT.html"
LICENCES = {
    "CC BY 4.0": CC_BY,
    "CC0": "https://creativecommons.org/publicdomain/zero/1.0/",
    "MIT": MIT,
}
"""Licences as the terms of a table name them, and their addresses."""
ACCESS = {
    "accessMode": ["textual", "visual"],
    "accessibilityFeature": ["alternativeText", "longDescription", "structuralNavigation"],
}
"""What the page on access says and the tests hold: every figure has a text and a table that say what it shows."""
PUBLISHER = {"@type": "Organization", "name": AUTHOR}


def setup(app: Sphinx) -> dict[str, Any]:
    """Connect everything to the build."""
    app.add_config_value("book_description", "", "html", str)
    app.add_config_value("book_redirects", {}, "html", dict)
    app.add_config_value("book_told", "", "html", str)
    app.connect("config-inited", settle_address)
    app.connect("config-inited", settle_edition)
    app.connect("html-collect-pages", lost_page)
    app.connect(
        "html-page-context", tell, priority=400
    )  # before the ways to run a page, which come first on it
    app.connect("build-finished", write_files)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


# Configuration


def settle_address(app: Sphinx, config: Config) -> None:
    """Take the address of the site from outside if given, and refuse what is none."""
    given = os.environ.get("BOOK_SITE_URL") or config.html_baseurl or ""
    if given and not (urlsplit(given).scheme in ("http", "https") and urlsplit(given).netloc):
        raise ConfigError(
            f'the address of the site is "{given}" (html.baseurl in _config.yml, or BOOK_SITE_URL); write a '
            "whole one that begins with https://, or leave it empty"
        )
    config.html_baseurl = f"{given.rstrip('/')}/" if given else ""


def settle_edition(app: Sphinx, config: Config) -> None:
    """Put the edition at the foot of every page, and have pages written anew when what they tell has changed."""
    root = Path(app.srcdir)
    try:
        this = edition(root)
        source_day()
    except ValueError as error:
        raise ConfigError(str(error)) from None
    config.html_theme_options["extra_footer"] = f'<p class="edition">{foot(this)}</p>'
    told = hashlib.sha256(f"{this} {source_day()}".encode())
    for path in (root / "book" / "teaching" / "objectives.yaml", root / "data" / "datapackage.json"):
        told.update(path.read_bytes() if path.is_file() else b"")
    config.book_told = told.hexdigest()


# On each page


def tell(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: Any) -> None:
    """Add to a page what it tells machines, and to a chapter its citation."""
    if app.builder.name != "html":
        return
    if page not in app.env.found_docs:
        context["metatags"] = context.get("metatags", "") + '<meta name="robots" content="noindex">'
        context["pageurl"] = None  # what nobody should find has no canonical address
        return
    about = description(app, page, doctree)
    context["metatags"] = context.get("metatags", "") + head(app, page, about)
    terms: dict[str, Any] | None = None
    if page == app.config.root_doc:
        terms = book_terms(app)
    elif page in chapters(app):
        terms = chapter_terms(app, page)
        fold = citation(app, page, context["pathto"])
        context["body"] = context["body"].replace("</h1>", f"</h1>{fold}", 1)
    elif page == "book/data":
        terms = data_terms(app)
    if terms:
        context["metatags"] += json_ld(terms)


def head(app: Sphinx, page: str, about: str) -> str:
    """Return what the head of a page says of it: a description, and Open Graph for those who pass it on."""
    said = {
        "og:title": TITLE if page == app.config.root_doc else app.env.titles[page].astext(),
        "og:type": "book" if page == app.config.root_doc else "article",
        "og:locale": "en_GB",
        "og:site_name": TITLE,
    }
    if app.config.html_baseurl:
        said["og:url"] = address(app, page)
    tags = [f'<meta name="description" property="og:description" content="{html.escape(about)}">']
    tags += [f'<meta property="{key}" content="{html.escape(text)}">' for key, text in said.items()]
    return "\n".join(tags) + "\n"


def address(app: Sphinx, page: str) -> str:
    """Return the whole address of a page, or nothing where that of the site is not known."""
    return f"{app.config.html_baseurl}{page}.html" if app.config.html_baseurl else ""


SOURCES = re.compile(r" \([^()]*\b(?:\d{4}|n\.d\.)[a-z]?\)")


def description(app: Sphinx, page: str, doctree: nodes.document) -> str:
    """Return what a page is about: the question that it puts, or else how it begins, without sources."""
    if page == app.config.root_doc:
        return app.config.book_description
    texts = [" ".join(p.astext().split()) for p in doctree.findall(nodes.paragraph)]
    for text in texts:
        if text.startswith("The question. "):
            return text.removeprefix("The question. ")
    plain = [p for p in doctree.findall(nodes.paragraph) if isinstance(p.parent, nodes.section)]
    return shortened(SOURCES.sub("", " ".join(plain[0].astext().split()))) if plain else TITLE


def shortened(text: str, most: int = 200) -> str:
    """Return a text up to the end of the last sentence, or else the last word, that has room."""
    if len(text) <= most:
        return text
    whole = re.match(rf".{{100,{most - 1}}}[.?!](?= )", text)
    return whole[0] if whole else text[:most].rsplit(" ", 1)[0].rstrip(",;:") + "\N{HORIZONTAL ELLIPSIS}"


def chapters(app: Sphinx) -> dict[str, list[str]]:
    """Return the pages that state objectives, and those in plain words."""
    path = Path(app.srcdir) / "book" / "teaching" / "objectives.yaml"
    if not path.is_file():
        return {}
    found = _objectives(path.read_text(encoding="utf-8"))
    return {page: texts for page, texts in found.items() if page in app.env.found_docs}


@cache
def _objectives(given: str) -> dict[str, list[str]]:
    pages = yaml.safe_load(given).items()
    return {f"book/{name}": [_words(row["text"]) for row in rows] for name, rows in pages}


def _words(text: str) -> str:
    """Return an objective without emphasis, and terms by their words."""
    return re.sub(r"\*|\{term\}`([^`<]*?)(?: <[^`]*>)?`", lambda m: m[1] or "", text)


def number(app: Sphinx, page: str) -> str:
    """Return the number of a chapter, or nothing for a page that has none."""
    return ".".join(map(str, app.env.toc_secnumbers.get(page, {}).get("", ())))


# How to cite


def cited(app: Sphinx, page: str = "") -> Cited:
    """Return the book, or one of its pages, as somebody cites it."""
    this = edition(Path(app.srcdir))
    if not page:
        return Cited(this, url=app.config.html_baseurl)
    title = app.env.titles[page].astext()
    return Cited(this, posixpath.basename(page), title, number(app, page), address(app, page))


CITE = """<details class="doors cite"><summary>Cite this {kind}</summary><p>{text}</p>
<p>For a program that keeps references: {forms}.</p></details>"""


def citation(app: Sphinx, page: str, to: Any) -> str:
    """Return the fold under a chapter's title that says how to cite it."""
    it = cited(app, page)
    forms = (
        f'<a href="{to(f"download/cite/{it.name}.{end}", 1)}" download>{name}</a>'
        for end, (name, _) in FORMS.items()
    )
    return CITE.format(kind=it.kind, text=in_text(it, "<cite>{}</cite>"), forms=", ".join(forms))


# Terms of schema.org


def json_ld(terms: dict[str, Any]) -> str:
    """Return terms as a piece of data in the head, which no browser runs."""
    text = json.dumps({"@context": "https://schema.org"} | terms, ensure_ascii=False, separators=(",", ":"))
    return f'<script type="application/ld+json">{text.replace("<", chr(92) + "u003c")}</script>\n'


def of_edition(this: Edition) -> dict[str, str]:
    """Return version, date and language, which the book and its chapters share."""
    return {"version": this.version, "datePublished": this.day.isoformat(), "inLanguage": "en"}


def book_terms(app: Sphinx) -> dict[str, Any]:
    """Return what the front page says of the book."""
    parts = [
        {"@type": "Chapter" if number(app, page) else "LearningResource", "name": app.env.titles[page].astext(), "url": app.builder.get_relative_uri(app.config.root_doc, page)}
        | ({"position": number(app, page)} if number(app, page) else {})
        for page in chapters(app)
    ]  # fmt: skip
    terms: dict[str, Any] = {
        "@type": ["Book", "LearningResource"],
        "name": TITLE,
        "description": app.config.book_description,
        "author": PUBLISHER,
        **of_edition(edition(Path(app.srcdir))),
        "bookFormat": "https://schema.org/EBook",
        "isAccessibleForFree": True,
        "license": [CC_BY, MIT],
        "learningResourceType": "textbook",
        **ACCESS,
        "accessModeSufficient": "textual",
        "isBasedOn": paper_terms(app),
        "hasPart": parts,
    }
    if app.config.html_baseurl:
        terms["url"] = address(app, app.config.root_doc)
    return terms


def paper_terms(app: Sphinx) -> dict[str, Any]:
    """Return what the bibliography knows of the paper that the book tests, and nothing else."""
    entry = app.env.get_domain("cite").bibdata.data.entries.get(PAPER)  # type: ignore[attr-defined]
    if entry is None:
        LOG.warning("no work with the key %s in references.bib", PAPER, type="book")
        return {}
    names = [" ".join((*p.first_names, *p.prelast_names, *p.last_names)) for p in entry.persons["author"]]
    return {
        "@type": "ScholarlyArticle",
        "name": re.sub(r"[{}]", "", entry.fields["title"]),
        "author": [{"@type": "Person", "name": name} for name in names],
        "url": entry.fields["url"],
    }


TIME = re.compile(r"^\*\*Time\.\*\* About (\d+) minutes to read", flags=re.M)


def chapter_terms(app: Sphinx, page: str) -> dict[str, Any]:
    """Return what a page with objectives says of itself; its time is the one it states for reading.

    A chapter is long enough, so what its description says is not repeated, nor what the book says for it.
    """
    stated = TIME.search(_prose(Path(app.srcdir) / f"{page}.ipynb"))
    numbered = number(app, page)
    return {
        "@type": ["Chapter", "LearningResource"] if numbered else "LearningResource",
        "name": app.env.titles[page].astext(),
        **({"position": numbered} if numbered else {}),
        "author": PUBLISHER,
        **of_edition(edition(Path(app.srcdir))),
        "license": CC_BY,
        "isPartOf": {"@type": "Book", "name": TITLE, "url": app.builder.get_relative_uri(page, app.config.root_doc)},
        "learningResourceType": "chapter",
        **({"timeRequired": f"PT{stated[1]}M"} if stated else {}),
        **ACCESS,
        "teaches": chapters(app)[page],
    }  # fmt: skip


def _prose(notebook: Path) -> str:
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    return "\n\n".join("".join(c["source"]) for c in cells if c["cell_type"] == "markdown")


def data_terms(app: Sphinx) -> dict[str, Any]:
    """Return what the page on the data says of each table, from the papers that travel with the tables."""
    package = json.loads((Path(app.srcdir) / "data" / "datapackage.json").read_text(encoding="utf-8"))
    return {
        "@type": "DataCatalog",
        "name": package["title"],
        "creator": PUBLISHER,
        "dataset": [table_terms(resource, app.config.html_baseurl) for resource in package["resources"]],
    }


def table_terms(resource: dict[str, Any], site: str = "") -> dict[str, Any]:
    """Return what is said of one table; its addresses begin with that of the site, if it is known.

    A licence is named only where the table may be passed on and its terms name one; the terms stand there
    in full in any case. What the table was derived from is named as the book cites it.
    """
    licence = None
    if resource["reuse"] == "open":
        named = [(resource["terms"].find(name), url) for name, url in LICENCES.items()]
        licence = min(((at, url) for at, url in named if at >= 0), default=(0, None))[1]
    terms = {
        "@type": "CreativeWork",
        "name": f"Terms of use ({resource['reuse']})",
        "text": resource["terms"],
    }
    return {
        "@type": "Dataset",
        "name": resource["title"],
        "alternateName": resource["name"],
        "description": resource["description"],
        "url": f"{site}book/data.html#table-{resource['name']}" if site else f"#table-{resource['name']}",
        "creator": PUBLISHER,
        "version": resource["version"],
        "isAccessibleForFree": True,
        **({"license": licence} if licence else {}),
        "usageInfo": terms,
        "isBasedOn": resource["citation"],
        "variableMeasured": [field["name"] for field in resource["schema"]["fields"]],
        "distribution": {
            "@type": "DataDownload",
            "contentUrl": f"{site or '../'}data/{resource['path']}",
            "encodingFormat": resource["mediatype"],
            "sha256": resource["hash"].removeprefix("sha256:"),
        },
    }


# Beside the pages

LOST = """<section id="not-here"><h1>There is no page at this address</h1>
<p>The address may have been copied wrongly or cut off, or it belongs to another edition of the book. Addresses
that an earlier edition had still lead to their pages, wherever these are now.</p>
<ul>
<li><a href="{root}.html">The front page</a>, with the contents of the book beside it or in its menu</li>
<li><a href="search.html">Search the book</a></li>
<li><a href="book/claims.html">The ledger of claims</a>: every claim of the article, with its verdict</li>
<li><a href="book/data.html">The data</a>: every table, with its terms and a file to download</li>
<li><a href="book/glossary.html">Terms and names</a>, and <a href="book/bibliography.html">all works cited</a></li>
</ul>
<p>If a link of this book led you here, it is an error that we would like to know of:
<a href="book/method.html#corrections">how to tell us</a>.</p></section>"""

FOLDERS = (
    "book", "bundle", "data", "download", "epub", "lite", "pdf", "slides",
    "_downloads", "_images", "_sources", "_static",
)  # fmt: skip
FIND_TOP = (
    'document.head.append(Object.assign(document.createElement("base"),{href:location.pathname'
    f'.replace(/[^/]*$/,"").replace(/\\/(?:{"|".join(FOLDERS)})\\/.*/,"/")}}))'
)
"""Where the address of the site is not known: the top is what stands before one of the book's own folders."""


def lost_page(app: Sphinx) -> Iterator[tuple[str, dict[str, Any], str]]:
    """Yield ``404.html``, which hosts show at any address that has no page.

    Its links are written from the top of the site, so the page must say where the top is: the address of
    the site does, or else a line of script, which looks for one of the book's folders in the address.
    Without either the links work from the top folder only.
    """
    if app.builder.name != "html":
        return
    at = urlsplit(app.config.html_baseurl).path
    base = f'<base href="{html.escape(at)}">' if at else f"<script>{FIND_TOP}</script>"
    body = LOST.format(root=app.config.root_doc)
    yield "404", {"title": "No such page", "body": body, "metatags": base}, "page.html"


LEADS_ON = re.compile(r'http-equiv="?refresh', flags=re.I)
"""What tells the page at an old address, which leads to the new one, from a page to read."""


def stub(title: str, target: str, canonical: str = "", told: str = "") -> str:
    """Return a page that leads on to another, by itself or by its link."""
    name, to = html.escape(title), html.escape(target)
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{name}</title>
<meta http-equiv="refresh" content="0; url={to}">
<link rel="canonical" href="{html.escape(canonical or target)}">
{told}</head>
<body><main><h1>{name}</h1><p><a href="{to}">{"Open the book" if told else "This page has moved here"}</a></p></main></body>
</html>
"""


def write_files(app: Sphinx, error: Exception | None) -> None:
    """Write the citations, the pages at addresses that moved, and what search engines ask for."""
    if error or app.builder.name != "html":
        return
    out = Path(app.outdir)
    write_citations(app, out / "download" / "cite")
    shutil.copy(Path(app.srcdir) / "CHANGELOG.md", out / "download" / "CHANGES.txt")
    write_moved(app, out)
    write_sitemap(app, out)


def write_citations(app: Sphinx, folder: Path) -> None:
    """Write the citations of the book and of its chapters, in each form one file."""
    folder.mkdir(parents=True, exist_ok=True)
    for it in (cited(app), *(cited(app, page) for page in chapters(app))):
        for end, (_, form) in FORMS.items():
            (folder / f"{it.name}.{end}").write_text(form(it), encoding="utf-8", newline="")


def write_moved(app: Sphinx, out: Path) -> None:
    """Write a page at each address that moved, and delete pages that no source has any more."""
    moved: dict[str, str] = app.config.book_redirects
    for old, new in moved.items():
        if old in app.env.found_docs or new not in app.env.found_docs:
            wrong = "it is a page of the book" if old in app.env.found_docs else f"there is no page {new}"
            LOG.warning("_config.yml, book_redirects: %s cannot lead to %s: %s", old, new, wrong, type="book")
            continue
        path = out / f"{old}.html"
        path.parent.mkdir(parents=True, exist_ok=True)
        target = posixpath.relpath(f"{new}.html", posixpath.dirname(old))
        path.write_text(stub(app.env.titles[new].astext(), target, address(app, new)), encoding="utf-8")
    for path in (out / "book").rglob("*.html"):
        if path.relative_to(out).with_suffix("").as_posix() not in app.env.found_docs | moved.keys():
            path.unlink()


def write_sitemap(app: Sphinx, out: Path) -> None:
    """Write ``sitemap.xml`` and ``robots.txt`` where the address of the site is known, and else delete them."""
    sitemap, robots = out / "sitemap.xml", out / "robots.txt"
    if not app.config.html_baseurl:
        sitemap.unlink(missing_ok=True)
        robots.unlink(missing_ok=True)
        return
    day = source_day() or edition(Path(app.srcdir)).day
    rows = (
        f"<url><loc>{html.escape(address(app, page))}</loc><lastmod>{day}</lastmod></url>\n"
        for page in sorted(app.env.found_docs)
    )
    space = "http://www.sitemaps.org/schemas/sitemap/0.9"
    text = f'<?xml version="1.0" encoding="UTF-8"?>\n<urlset xmlns="{space}">\n{"".join(rows)}</urlset>\n'
    sitemap.write_text(text, encoding="utf-8")
    robots.write_text(
        f"User-agent: *\nAllow: /\n\nSitemap: {app.config.html_baseurl}sitemap.xml\n", encoding="utf-8"
    )
