"""Links to what was made beside the book: shown on a page only when their target is there.

``make book`` makes pages that promise nothing more. What `make site` adds (slides, PDFs and whatever
comes later) is announced here, after it was made: each chapter gets one list of links at its section on
assigning it, and the front page and the page about running the book one for the whole of it. A target that
was not made gets no link, and a second run makes the list anew.
"""

import html as markup
from pathlib import Path

from bs4 import BeautifulSoup
from selectolax.lexbor import LexborHTMLParser

from publish.pages import in_few_bytes
from publish.slides import chapters, parsed

DOORS = [
    ("slides/{}.html", "Slides", "with notes for the speaker (press S)"),
    ("pdf/{}-slides.pdf", "The slides as PDF", ""),
    ("pdf/{}.pdf", "This chapter as one PDF", "with claims unfolded and answers at the end"),
]
"""For each thing that may have been made for a chapter: its path in the site, its name, what to know."""
PLACE = "section#assign-this-chapter"

FOR_ALL = [
    ("pdf/testing-realism.pdf", "The whole book as PDF", "to print, or for a large screen"),
    ("epub/testing-realism.epub", "The whole book as EPUB", "for a phone or an e-reader"),
    (
        "bundle/testing-realism-book-*.zip",
        "The whole book as a folder to read",
        "for a computer or a memory stick: unpack it and open index.html",
    ),
]
"""The same for what was made of the whole book."""
PLACES_FOR_ALL = {
    "index": "section#three-doors > p",
    "run": "section#reading-without-a-network > p:last-of-type",
}
"""The paragraphs that these links follow: the door for reading on the front page, and the last on reading without a network."""


def open_doors(site: Path) -> dict[str, list[str]]:
    """Put links to what is in the site on each chapter's page, on the front page and on the one about running the book.

    Parameters
    ----------
    site
        A folder with the built book and whatever was made beside it.

    Returns
    -------
    dict
        For each page, by its name, the paths that it now links to.

    Raises
    ------
    LookupError
        A page has no place for the links to stand in.
    """
    opened: dict[str, list[str]] = {}
    for name in chapters():
        doors = [(path.format(name), title, known) for path, title, known in DOORS]
        opened |= _open(site, name, PLACE, doors)
    for name, place in PLACES_FOR_ALL.items():
        opened |= _open(site, name, place, FOR_ALL)
    return opened


def _open(site: Path, name: str, place: str, doors: list[tuple[str, str, str]]) -> dict[str, list[str]]:
    page = site / "book" / f"{name}.html"
    made = [
        (file.relative_to(site).as_posix(), title, known)
        for path, title, known in doors
        for file in sorted(site.glob(path))
    ]
    if not page.is_file():
        return {}
    written = page.read_text(encoding="utf-8")
    if not made and "takeaways" not in written:
        return {name: []}
    soup = parsed(written)
    spot = soup.select_one(place)
    if spot is None:
        raise LookupError(f"{page.name} has no place for links to what was made: {place}")
    before = soup.select("ul.takeaways")
    for old in before:
        old.decompose()
    if made:
        links = BeautifulSoup(_list(site, made), "html.parser")
        spot.insert_after(links) if spot.name == "p" else spot.append(links)
    if made or before:
        text = str(LexborHTMLParser(str(soup)).html)
        page.write_text(f"{in_few_bytes(text)}\n", encoding="utf-8")
    return {name: [path for path, _, _ in made]}


def _list(site: Path, made: list[tuple[str, str, str]]) -> str:
    items = []
    for path, title, known in made:
        size = (site / path).stat().st_size / 1e6
        facts = [known] if known else []
        facts += [f"{size:.1f} MB"] if path.endswith((".pdf", ".epub", ".zip")) else []
        told = f", {markup.escape(', '.join(facts))}" if facts else ""
        items.append(f'<li><a href="../{path}">{markup.escape(title)}</a>{told}</li>')
    return f'<ul class="takeaways">{"".join(items)}</ul>'
