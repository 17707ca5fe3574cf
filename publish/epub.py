"""The book as an EPUB 3: for phones, e-readers and reading systems with a voice, whole and without a network.

Made from the built pages, one file for each, so that a reader has what the site's reader has: figures with
their alternative text, tables, MathML, claims and answers in folds that need no script. What an e-reader
cannot do is left out: the filter of the ledger, whose rows become entries that fit a phone, and links to
files that are not in the volume. Packed here, by the standard library: a kept library exists, but writes
the time into the file, and knows nothing of the accessibility metadata. The bytes depend on the pages and on
the edition alone. A part of ``make site``: ``python -m publish.epub FOLDER``.
"""

import html as markup
import io
import posixpath
import re
import shutil
import sys
import uuid
import zipfile
from collections.abc import Sequence
from pathlib import Path

import yaml
from bs4 import Tag

from publish.cover import TALES, cover_png
from publish.edition import AUTHOR, NAME, TITLE, Edition, foot
from publish.volume import (
    LICENCE,
    ROOT,
    SHORT_TITLE,
    SUBTITLE,
    Leaf,
    how_to_cite,
    new_tag,
    read_leaves,
    relink,
    squeezed,
    this_edition,
)

SHEET = ROOT / "publish" / "sheets" / "epub.css"
SUMMARY = (
    "Every figure has alternative text that says what it shows, and the numbers behind it in a table, folded, right "
    "after it. Tables have captions and headings. Mathematics is MathML. Headings, a table of contents and "
    "landmarks give the structure; the order of reading is that of the text. Claims, solutions and answers to "
    "self-check questions are folds that open without scripts; a reading system without folds shows them open. "
    "Letters in figures are drawn as shapes. No person who relies on a screen reader has tested the book yet."
)
"""What a catalogue tells of the book's accessibility: what holds, and what was not tested."""

METADATA = {
    "schema:accessMode": ["textual", "visual"],
    "schema:accessModeSufficient": ["textual,visual", "textual"],
    "schema:accessibilityFeature": [
        "alternativeText", "displayTransformability", "longDescription", "MathML", "readingOrder",
        "structuralNavigation", "tableOfContents",
    ],
    "schema:accessibilityHazard": ["noFlashingHazard", "noMotionSimulationHazard", "noSoundHazard"],
    "schema:accessibilitySummary": [SUMMARY],
}  # fmt: skip

PAGE = """<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE html>
<html xmlns="http://www.w3.org/1999/xhtml" xmlns:epub="http://www.idpf.org/2007/ops" lang="en" xml:lang="en">
<head><meta charset="utf-8"/><title>{title}</title><link rel="stylesheet" type="text/css" href="book.css"/></head>
<body{kind}>
{body}
</body>
</html>
"""
CONTAINER = """<?xml version="1.0" encoding="utf-8"?>
<container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container">
<rootfiles><rootfile full-path="EPUB/package.opf" media-type="application/oebps-package+xml"/></rootfiles>
</container>
"""
KINDS = {"glossary": "glossary", "bibliography": "bibliography", "index": "introduction"}
"""What a reading system calls those pages that are not chapters."""

TYPES = {"svg": "image/svg+xml", "png": "image/png", "css": "text/css", "xhtml": "application/xhtml+xml"}


# A leaf in an e-reader


def fit(leaf: Leaf) -> None:
    """Change a page, in place, into what XHTML allows and an e-reader can show."""
    body = leaf.body
    if leaf.name == "claims":
        _entries(body)
    for fold in body.select("details.hide"):
        summary = fold.find("summary", recursive=False)
        assert isinstance(summary, Tag)
        summary.string = "The code" if "above-input" in (fold.get("class") or ()) else "The output"
        fold["class"] = "hide"
    for fold in body.select("details.claim"):  # the e-reader's user has no button to open all of them
        fold["open"] = ""
    for link in body.select("a[href^='#ref-']"):
        link["role"] = "doc-biblioref"
    if leaf.name not in KINDS or leaf.name == "index":
        for works in body.select(".citation-list"):
            works["role"], works["aria-label"] = "doc-bibliography", "References"
    for table in body.select("table"):
        holder = table.parent
        if isinstance(holder, Tag) and "wide" not in (holder.get("class") or ()):
            table.wrap(new_tag("div", class_="wide", tabindex="0"))
    for cell in body.select("[valign]"):
        del cell["valign"]
    for region in body.select("[role=region]"):
        region["role"] = "group"  # dozens of landmarks in a list of them help nobody
    for empty in body.select("table.indextable, p:empty, div:empty"):
        empty.decompose()


def _entries(body: Tag) -> None:
    """Turn the rows of the ledger, too many and too wide for the screen of a phone, into entries of a list."""
    table = body.select_one("table.ledger-table")
    if not isinstance(table, Tag):
        return
    entries = new_tag("div", class_="ledger")
    if table.caption:
        entries.append(new_tag("p", squeezed(table.caption)))
    for row in table.select("tbody > tr"):
        claim, verdict, found = row.find_all(["th", "td"], recursive=False)
        entry = new_tag("div", class_=f"claim {' '.join(row.get('class') or ())}", id=str(row["id"]))
        for cell, label in ((claim, "The paper claims"), (verdict, "Verdict"), (found, "We find")):
            folds = [fold.extract() for fold in cell.select("details")]
            said = new_tag("p")
            said.append(new_tag("b", f"{label}:"))
            said.append(" ")
            for part in list(cell.contents):
                said.append(part.extract())
            entry.append(said)
            for fold in folds:
                entry.append(fold)
        entries.append(entry)
    table.replace_with(entries)


def light_only(svg: str) -> str:
    """Return a figure for e-readers, many of which know neither variables nor themes: in its light colours."""
    svg = re.sub(r":root\{[^}]*\}", "", svg, count=1)
    svg = re.sub(r"@media\s*\(prefers-color-scheme:\s*dark\)\s*\{[^{}]*(?:\{[^}]*\})?[^{}]*\}", "", svg)
    svg = re.sub(r"var\(--([0-9a-f]{6})\)", r"#\1", svg)
    svg = re.sub(r"<path (?![^>]*\bd=)", '<path d="M0 0" ', svg)  # a blank between words draws nothing
    if "xlink:href" not in svg and " href=" in svg:
        svg = svg.replace("<svg ", '<svg xmlns:xlink="http://www.w3.org/1999/xlink" ', 1)
        svg = re.sub(r"(<use\b[^>]*?) href=", r"\1 xlink:href=", svg)
    return svg


def _serial(body: Tag) -> str:
    """Return an element as XHTML."""
    text = body.decode(formatter="minimal")
    return re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f]", "", text)


# The package


def make_epub(leaves: Sequence[Leaf], site: Path, edition: Edition) -> bytes:
    """Return the EPUB of some pages of a built site.

    Parameters
    ----------
    leaves
        The pages, which are changed.
    site
        A folder with the built book, where the pictures are.
    edition
        What the title page and the metadata name.

    Raises
    ------
    FileNotFoundError
        A picture is not in the site.
    """
    for leaf in leaves:
        fit(leaf)
    relink(leaves, lambda _, target, anchor: f"{target.slug}.xhtml{f'#{anchor}' if anchor else ''}")
    files: dict[str, bytes] = {"book.css": SHEET.read_bytes(), "cover.png": cover_png(edition)}
    pages = {
        "cover": ("Cover", ' epub:type="cover" class="cover"', _cover()),
        "title": ("Title page", ' epub:type="titlepage"', _title_page(edition)),
    }
    before = ""
    for leaf in leaves:
        for image in leaf.body.select("img"):
            files |= _picture(leaf, image, site)
        if leaf.part not in ("", before):
            leaf.body.insert(0, new_tag("p", leaf.part, class_="part"))
        before = leaf.part
        kind = KINDS.get(leaf.name, "chapter")
        leaf.body["epub:type"], leaf.body["role"] = kind, f"doc-{kind}"
        pages[leaf.slug] = (leaf.heading, "", _serial(leaf.body))
    for name, (title, kind, body) in pages.items():
        text = PAGE.format(title=markup.escape(title, quote=False), kind=kind, body=body)
        files[f"{name}.xhtml"] = text.encode()
    files["nav.xhtml"] = _navigation(leaves).encode()
    order = ["cover", "title", "nav", *(leaf.slug for leaf in leaves)]
    files["package.opf"] = _package(files, order, edition).encode()
    return _packed(files, edition)


def _picture(leaf: Leaf, image: Tag, site: Path) -> dict[str, bytes]:
    """Take a picture into the book; give it a short name, which its place on the page now has."""
    path = site / posixpath.normpath(f"book/{posixpath.dirname(leaf.name)}/{image['src']}")
    figure = image.find_parent("figure")
    known = str(figure.get("id") or "") if isinstance(figure, Tag) else ""
    name = f"images/{known or path.stem[:16]}{path.suffix}"
    image["src"] = name
    if path.suffix == ".svg":
        return {name: light_only(path.read_text(encoding="utf-8")).encode()}
    return {name: path.read_bytes()}


def _cover() -> str:
    said = markup.escape(f"{TITLE}. {AUTHOR}. {TALES}")
    return f'<p class="cover"><img src="cover.png" alt="{said}"/></p>'


def _title_page(edition: Edition) -> str:
    return f"""<div class="title-page">
<p class="title">{SHORT_TITLE}</p>
<p class="subtitle">{SUBTITLE}</p>
<p>{AUTHOR}</p>
<p>{foot(edition)}</p>
<p>{LICENCE} Data: each table on the terms that the page The data names.</p>
<p>{how_to_cite(edition)}</p>
<p>This is the book as an e-reader can show it. It is made from the same pages as the book’s site, and every number in
it was computed when they were built. Code that draws figures, the numbers behind them, solutions and answers are
folded: open them where they stand. A reading system that knows no folds shows them open. Whoever wants to run a
chapter needs the book itself.</p>
</div>"""


def _navigation(leaves: Sequence[Leaf]) -> str:
    """Return the navigation: parts, their pages, the sections of each; and the landmarks."""
    parts: list[str] = []
    before = ""
    for leaf in leaves:
        if leaf.part != before:
            parts.append("</ol></li>" if before else "")
            parts.append(f"<li><span>{markup.escape(leaf.part)}</span><ol>" if leaf.part else "")
            before = leaf.part
        sections = "".join(
            f'<li><a href="{leaf.slug}.xhtml#{place["id"]}">{markup.escape(squeezed(place.h2), quote=False)}</a></li>'
            for place in leaf.body.select("section[id]")
            if place.find("h2", recursive=False) and isinstance(place.h2, Tag)
        )
        inner = f"<ol>{sections}</ol>" if sections else ""
        title = markup.escape(leaf.heading, quote=False)
        parts.append(f'<li><a href="{leaf.slug}.xhtml">{title}</a>{inner}</li>')
    parts.append("</ol></li>" if before else "")
    marks = [("cover", "cover.xhtml", "Cover"), ("toc", "nav.xhtml", "Contents")]
    marks.append(("bodymatter", f"{leaves[0].slug}.xhtml", "Start of the text"))
    names = {leaf.name: leaf for leaf in leaves}
    marks += [(n, f"{n}.xhtml", names[n].title) for n in ("glossary", "bibliography") if n in names]
    listed = "".join(f'<li><a epub:type="{kind}" href="{path}">{name}</a></li>' for kind, path, name in marks)
    body = (
        f'<nav epub:type="toc" role="doc-toc" id="toc"><h1>Contents</h1><ol>{"".join(parts)}</ol></nav>\n'
        f'<nav epub:type="landmarks" hidden="hidden"><h2>Landmarks</h2><ol>{listed}</ol></nav>'
    )
    return PAGE.format(title="Contents", kind=' epub:type="frontmatter"', body=body)


def _package(files: dict[str, bytes], order: Sequence[str], edition: Edition) -> str:
    """Return the package document: metadata, every file, the order of reading."""
    about = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    identifier = uuid.uuid5(uuid.NAMESPACE_OID, f"{TITLE}, {edition.version}")
    meta = "".join(
        f'<meta property="{name}">{markup.escape(value, quote=False)}</meta>\n'
        for name, values in METADATA.items()
        for value in values
    )
    subjects = "".join(f"<dc:subject>{markup.escape(word)}</dc:subject>\n" for word in about["keywords"])
    items = []
    for name in sorted(files):
        kinds = {"nav.xhtml": ["nav"], "cover.png": ["cover-image"]}.get(name, [])
        if name.endswith(".xhtml") and b"<math" in files[name]:
            kinds = [*kinds, "mathml"]
        properties = f' properties="{" ".join(kinds)}"' if kinds else ""
        kind = TYPES[name.rpartition(".")[2]]
        items.append(f'<item id="{_id(name)}" href="{name}" media-type="{kind}"{properties}/>\n')
    spine = "".join(f'<itemref idref="{_id(f"{name}.xhtml")}"/>\n' for name in order)
    return f"""<?xml version="1.0" encoding="utf-8"?>
<package xmlns="http://www.idpf.org/2007/opf" version="3.0" unique-identifier="book" xml:lang="en" prefix="schema: http://schema.org/">
<metadata xmlns:dc="http://purl.org/dc/elements/1.1/">
<dc:identifier id="book">urn:uuid:{identifier}</dc:identifier>
<dc:title id="title">{TITLE}</dc:title>
<meta refines="#title" property="title-type">main</meta>
<dc:creator id="makers">{AUTHOR}</dc:creator>
<meta refines="#makers" property="role" scheme="marc:relators">aut</meta>
<dc:language>en</dc:language>
<dc:date>{edition.day.isoformat()}</dc:date>
<dc:rights>{markup.escape(LICENCE, quote=False)}</dc:rights>
<dc:description>{markup.escape(" ".join(about["abstract"].split()), quote=False)}</dc:description>
<meta property="schema:version">{edition.version}</meta>
{subjects}<meta property="dcterms:modified">{edition.day.isoformat()}T00:00:00Z</meta>
<meta name="cover" content="{_id("cover.png")}"/>
{meta}</metadata>
<manifest>
{"".join(items)}</manifest>
<spine>
{spine}</spine>
</package>
"""


def _id(name: str) -> str:
    """Return the name by which the package document calls a file."""
    return "f-" + re.sub(r"[^\w-]", "-", name)


def _packed(files: dict[str, bytes], edition: Edition) -> bytes:
    """Pack the files as an EPUB wants them, with the day of the edition as their time."""
    when = (edition.day.year, edition.day.month, edition.day.day, 0, 0, 0)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as book:
        for name, data in [
            ("mimetype", b"application/epub+zip"),
            ("META-INF/container.xml", CONTAINER.encode()),
            *((f"EPUB/{name}", files[name]) for name in sorted(files)),
        ]:
            entry = zipfile.ZipInfo(name, when)
            entry.external_attr = 0o644 << 16
            entry.create_system = 3  # the same on every system
            stored = name == "mimetype" or name.endswith(".png")
            entry.compress_type = zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED
            book.writestr(entry, data)
    return packed.getvalue()


def main(site: Path) -> int:
    """Add the EPUB to the site; return the exit code."""
    folder = site / "epub"
    shutil.rmtree(folder, ignore_errors=True)
    made = make_epub(read_leaves(site), site, this_edition())
    folder.mkdir()
    (folder / f"{NAME}.epub").write_bytes(made)
    print(f"{len(made) / 1e6:.1f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
