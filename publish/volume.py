"""The book as one volume: its built pages in the order of the table of contents, freed of what only a site needs.

The printed book and the EPUB are both made from the leaves that this module reads. A leaf is a built page
without buttons, scripts and forms; a link to a file of the site, which has no address once the book
has left it, has become plain words; a link to another page of the volume is kept, in the form that the
caller gives it.
"""

import posixpath
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml
from bs4 import BeautifulSoup, Tag

from publish.edition import TITLE, Cited, Edition, edition, in_text
from publish.slides import parsed

ROOT = Path(__file__).resolve().parents[1]
SHORT_TITLE, SUBTITLE = TITLE.split(": ")
LICENCE = (
    "Text and figures: Creative Commons Attribution 4.0 International (CC BY 4.0), except figures drawn from "
    "tables whose provider sets other terms, which their captions name. Code: MIT."
)
SITE_ONLY = "section#three-doors, section#how-to-cite-this-book p:has(a[download])"
"""What the front page says of the site only: its three doors, and the files of citations."""

FRONT = "About this book"
"""What the front page of the site is called in a volume, whose title page has the book's name already."""

NO_USE = ".headerlink, script, button, form, .doors, .takeaways, .toctree-wrapper"
WEB = re.compile(r"[a-z]+:")


@dataclass
class Leaf:
    """A page of the volume.

    ``name`` is its path below ``book/`` without an ending, ``part`` the caption of its part or "",
    ``number`` its number as a chapter ("3.") or "", ``body`` the section that holds it whole.
    """

    name: str
    part: str
    number: str
    title: str
    body: Tag

    @property
    def slug(self) -> str:
        """The name of the leaf where no slash may stand."""
        return self.name.replace("/", "-")

    @property
    def heading(self) -> str:
        """Number and title."""
        return f"{self.number} {self.title}".strip()


def this_edition() -> Edition:
    """Return the edition of this book."""
    return edition(ROOT)


def how_to_cite(edition: Edition) -> str:
    """Return how the book is cited, and by which pattern a chapter of it."""
    book, chapter = (
        in_text(it, "<em>{}</em>")
        for it in (Cited(edition), Cited(edition, "any", "Title of the chapter", "N"))
    )
    return f"To cite it: {book} To cite a chapter, with its number for N: {chapter}"


def contents() -> list[tuple[str, str]]:
    """Return name and part of every page in the order of the table of contents."""
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    listed = [(toc["root"], "")]
    listed += [(chapter["file"], part["caption"]) for part in toc["parts"] for chapter in part["chapters"]]
    return [(file.removeprefix("book/"), part) for file, part in listed]


def read_leaves(site: Path, names: Sequence[str] | None = None) -> list[Leaf]:
    """Return the pages of a built site as leaves.

    Parameters
    ----------
    site
        A folder with the built book.
    names
        The pages wanted, in any order; all of them if None.

    Raises
    ------
    FileNotFoundError
        A page is not in the site.
    """
    return [read_leaf(site, name, part) for name, part in contents() if names is None or name in names]


def read_leaf(site: Path, name: str, part: str) -> Leaf:
    """Return one page of a built site."""
    soup = parsed((site / "book" / f"{name}.html").read_text(encoding="utf-8"))
    body = soup.select_one("article > section")
    heading = body.h1 if body else None
    assert body and heading, f"{name}.html is no page of the book"
    for piece in body.select(NO_USE):
        piece.decompose()
    for image in body.select("img"):
        for attribute in ("loading", "aria-details"):
            del image[attribute]
    number = heading.select_one(".section-number")
    told = number.get_text().strip() if number else ""
    title = " ".join(heading.get_text().split()).removeprefix(told).strip()
    if name == "index":
        for piece in body.select(SITE_ONLY):
            piece.decompose()
        title = FRONT
        heading.clear()
        heading.append(FRONT)
    del body["class"]
    return Leaf(name, part, told, title, body.extract())


def relink(leaves: Sequence[Leaf], address: Callable[[Leaf, Leaf, str], str]) -> None:
    """Lead every link between pages of the volume to its place there, and unlink what the volume lacks.

    Parameters
    ----------
    leaves
        All pages of the volume, as they will stand in it: a link to something that was left out leads to
        the head of its page.
    address
        Gives the address of a place: takes the leaf with the link, the leaf linked to, and the id
        there, "" for its head.
    """
    by_name = {leaf.name: leaf for leaf in leaves}
    ids = {leaf.name: {str(part["id"]) for part in leaf.body.select("[id]")} for leaf in leaves}
    for leaf in leaves:
        for link in leaf.body.select("a[href]"):
            href = str(link["href"])
            if WEB.match(href):
                continue
            path, _, anchor = href.partition("#")
            place = posixpath.normpath(posixpath.join(posixpath.dirname(leaf.name), path)) if path else ""
            target = by_name.get(place.removesuffix(".html")) if path else leaf
            if target is None or (path and not path.endswith(".html")):
                link.name, link.attrs = "span", {}
            else:
                link["href"] = address(leaf, target, anchor if anchor in ids[target.name] else "")


def new_tag(name: str, text: str = "", **attributes: str) -> Tag:
    """Return a new element; ``class_`` stands for ``class``."""
    made = BeautifulSoup("", "html.parser").new_tag(
        name, attrs={key.rstrip("_"): value for key, value in attributes.items()}
    )
    if text:
        made.string = text
    return made


def squeezed(node: Tag | None) -> str:
    """Return the words of an element with single blanks between them, "" if there is none."""
    return " ".join(node.get_text(" ").split()) if node else ""
