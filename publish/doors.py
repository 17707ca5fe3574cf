"""Links to what was made beside the book: shown on a page only when their target is there.

``make book`` makes pages that promise nothing more. What `make site` adds (slides, PDFs and whatever
comes later) is announced here, after it was made: each chapter gets one list of links at its section on
assigning it, and the front page one at its door for reading. A target that was not made gets no link, and
a second run makes the list anew.
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
FRONT_DOORS = [
    ("pdf/testing-realism.pdf", "The whole book as PDF", "to print or to read on a large screen"),
    ("epub/testing-realism.epub", "The whole book as EPUB", "for a phone or an e-reader"),
]
FRONT_PLACE = "section#three-doors > p"
"""The paragraph of the front page that the links to the whole book follow: its first door, which is for reading."""


def open_doors(site: Path) -> dict[str, list[str]]:
    """Put on the front page and on each chapter's page links to those of the doors whose target is in the site.

    Parameters
    ----------
    site
        A folder with the built book and whatever was made beside it.

    Returns
    -------
    dict
        For the front page, "index", and each chapter the paths that the page now links to.

    Raises
    ------
    LookupError
        A page has no place for the links.
    """
    opened = {}
    for name in ["index", *chapters()]:
        page = site / "book" / f"{name}.html"
        if not page.is_file():
            continue
        doors, place = (FRONT_DOORS, FRONT_PLACE) if name == "index" else (DOORS, PLACE)
        soup = parsed(page.read_text(encoding="utf-8"))
        spot = soup.select_one(place)
        if spot is None:
            raise LookupError(f"{page.name} has no place for links to what was made: {place}")
        before = soup.select("ul.takeaways")
        for old in before:
            old.decompose()
        made = [
            (p.format(name), title, known) for p, title, known in doors if (site / p.format(name)).is_file()
        ]
        if made:
            links = BeautifulSoup(_list(site, made), "html.parser")
            spot.insert_after(links) if name == "index" else spot.append(links)
        if made or before:
            text = str(LexborHTMLParser(str(soup)).html)
            page.write_text(f"{in_few_bytes(text)}\n", encoding="utf-8")
        opened[name] = [path for path, _, _ in made]
    return opened


def _list(site: Path, made: list[tuple[str, str, str]]) -> str:
    items = []
    for path, title, known in made:
        size = (site / path).stat().st_size / 1e6
        facts = [known] if known else []
        facts += [f"{size:.1f} MB"] if path.endswith((".pdf", ".epub")) else []
        told = f", {markup.escape(', '.join(facts))}" if facts else ""
        items.append(f'<li><a href="../{path}">{markup.escape(title)}</a>{told}</li>')
    return f'<ul class="takeaways">{"".join(items)}</ul>'
