"""Slides of a chapter: reveal.js decks made from a selection of the built page's own results.

``book/teaching/slides/<chapter>.yaml`` lists the slides: a headline, a few words, the cells of the
notebook whose results are shown, the section they come from, and notes for the speaker. Figures, tables
and sentences are taken from the built page, so that no number is typed twice and what the page knows
(alt text, terms of the data, repairs) travels along. On a narrow screen, or without scripts, a deck is a
plain page. A part of ``make site``: ``python -m publish.slides FOLDER``.
"""

import copy
import html as markup
import json
import re
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

import yaml
from bs4 import BeautifulSoup, Tag
from markdown_it import MarkdownIt
from selectolax.lexbor import LexborHTMLParser

from publish.pages import one_id_each, one_name_each, whole
from publish.policy import of_deck

ROOT = Path(__file__).resolve().parents[1]
SELECTIONS = ROOT / "book" / "teaching" / "slides"
DECKS = ROOT / "publish" / "decks"
REVEAL = ROOT / ".venv" / "node" / "node_modules" / "reveal.js"
TAKEN = ("dist/reveal.js", "dist/reveal.css", "dist/plugin/notes.js", "LICENSE")
KEYS = {"headline", "text", "cells", "section", "notes"}
WORDS = MarkdownIt("commonmark", {"typographer": True}).enable(["replacements", "smartquotes"])


class SelectionError(ValueError):
    """A selection of slides names something that is not there; says the file, the slide and what to do."""


class MissingTool(RuntimeError):
    """A program that makes a part of the site is not on this machine; the message says what to install."""


@dataclass
class Slide:
    """One slide: what stands on it, where in the chapter it comes from, what the speaker says."""

    headline: str
    text: str
    cells: list[str]
    section: str
    notes: str


def parsed(page: str) -> BeautifulSoup:
    """Return a built page, read as a browser reads it: end tags that HTML may leave out are left out there."""
    return BeautifulSoup(whole(page), "html.parser")


def chapters() -> list[str]:
    """Return the chapters that have a selection of slides."""
    return sorted(path.stem for path in SELECTIONS.glob("*.yaml"))


def read_selection(path: Path) -> list[Slide]:
    """Return the slides that a selection lists.

    Raises
    ------
    SelectionError
        The file is no list of slides, or a slide lacks a headline or notes or has a key that is not known.
    """
    try:
        listed = yaml.safe_load(path.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise SelectionError(f"{path.name} is not YAML: {' '.join(str(error).split())}") from None
    if not isinstance(listed, list) or not all(isinstance(entry, dict) for entry in listed):
        raise SelectionError(f"{path.name}: a selection is a list of slides with the keys {sorted(KEYS)}")
    slides = []
    for number, entry in enumerate(listed, 1):
        where = f"{path.name}, slide {number}"
        if odd := set(entry) - KEYS:
            raise SelectionError(f"{where}: unknown key {sorted(odd)[0]!r}; known are {sorted(KEYS)}")
        for key in ("headline", "notes"):
            if not str(entry.get(key) or "").strip():
                raise SelectionError(f"{where}: write a {key}")
        slides.append(
            Slide(
                entry["headline"].strip(), entry.get("text") or "", entry.get("cells") or [],
                entry.get("section") or "", entry["notes"].strip(),
            )
        )  # fmt: skip
    return slides


class Chapter:
    """A built chapter, whose results can be asked for by the ids of the notebook's cells."""

    def __init__(self, name: str, html: Path, root: Path = ROOT) -> None:
        """Read the built page of a chapter and its notebook."""
        self.name = name
        self.soup = parsed((html / "book" / f"{name}.html").read_text(encoding="utf-8"))
        heading = self.soup.select_one("article h1")
        assert heading, f"{name}.html has no title"
        self.title = re.sub(r"^\d+\.\s*", "", heading.get_text().strip().rstrip("#").strip())
        notebook = json.loads((root / "book" / f"{name}.ipynb").read_text(encoding="utf-8"))
        ids = [cell["id"] for cell in notebook["cells"] if cell["cell_type"] == "code"]
        drawn = self.soup.select("article div.cell")
        if len(ids) != len(drawn):
            raise SelectionError(f"{name}.ipynb has changed since the book was built: run make book")
        self.cells = dict(zip(ids, drawn, strict=True))
        self.places = {str(part["id"]) for part in self.soup.select("article [id]")}

    def result(self, cell: str, where: str) -> list[Tag]:
        """Return what a cell shows on the page: figures, sentences, tables and cards."""
        if cell not in self.cells:
            raise SelectionError(f"{where}: there is no code cell {cell!r} in {self.name}.ipynb")
        found = [
            part
            for output in self.cells[cell].select("div.cell_output")
            for part in output.select("figure, p.said, .wide, .claim")
            if not part.find_parent(class_=["wide", "claim"])
        ]
        if not found:
            raise SelectionError(f"{where}: the cell {cell!r} shows nothing that a slide could hold")
        return [copy.copy(part) for part in found]


def draw(slide: Slide, number: int, chapter: Chapter) -> str:
    """Return one slide as HTML."""
    where = f"{chapter.name}.yaml, slide {number}"
    if slide.section and slide.section not in chapter.places:
        raise SelectionError(f"{where}: {chapter.name}.ipynb has no section {slide.section!r}")
    parts = [part for cell in slide.cells for part in chapter.result(cell, where)]
    told = [part for part in parts if {"said", "claim"} & set(part.get("class") or ())]
    shown = [part for part in parts if part not in told]
    place = f"../book/{chapter.name}.html#{slide.section}"
    source = f'<p class="place"><a href="{place}">In the chapter</a></p>' if slide.section else ""
    drawn = "".join(_figure(p, chapter.name) if p.name == "figure" else _relinked(p) for p in shown)
    words = WORDS.render(slide.text) + "".join(_relinked(part) for part in told)
    kind = "" if not shown else "beside" if words else "alone"
    board = (f'<div class="words">{words}</div>' if words else "") + (
        drawn and f'<div class="shown">{drawn}</div>'
    )
    return (
        f'<section id="slide-{number}" class="{kind or "words-only"}">'
        f"<h2>{WORDS.renderInline(slide.headline)}</h2>"
        f'<div class="board">{board}</div>{source}'
        f'<aside class="notes" role="note">{WORDS.render(slide.notes)}</aside></section>'
    )


def _figure(figure: Tag, chapter: str) -> str:
    """Return a figure with its source, which names the terms of the data, and links to the numbers."""
    caption = figure.select_one(".caption-text")
    said = " ".join(caption.get_text().split()) if caption else ""
    source = re.search(r"Sources?: .*", said)
    names = json.loads((ROOT / "data" / "datapackage.json").read_text(encoding="utf-8"))["resources"]
    used = [r["path"] for r in names if re.search(rf"\b{r['name']}\b", source[0] if source else "")]
    links = "".join(f', <a href="../data/{path}" download>{path}</a>' for path in used)
    place = f'<a href="../book/{chapter}.html#{figure["id"]}">Figure in the chapter</a>'
    image = figure.select_one("img")
    assert image, f"the figure {figure['id']} has no picture"
    del image["loading"]  # the next slide's picture should be there before it is shown
    del image["aria-details"]  # its numbers are a link here
    terms = f"{markup.escape(source[0], quote=False)} " if source else ""
    return f"<figure>{image}<figcaption>{terms}{place}{links}</figcaption></figure>"


def _relinked(part: Tag) -> str:
    """Return a piece of the chapter with its links leading there, unfolded and without its id."""
    for link in part.select("a[href]"):
        if not re.match(r"[a-z]+:|\.\./|#", str(link["href"])):
            link["href"] = f"../book/{link['href']}"
    for piece in (part, *part.select("[id]")):
        del piece["id"]
    if part.name == "details":
        part["open"] = ""
    return str(part)


def deck(chapter: Chapter, slides: list[Slide], policy: str) -> str:
    """Return the whole deck of a chapter as one HTML document; ``policy`` is the element that holds its policy."""
    title = markup.escape(chapter.title, quote=False)
    book = "Testing Realism: Iran, Russia and the Syrian Crisis, 2010-2017"
    first = (
        f'<section id="slide-0" class="title"><p class="book">{book}</p><h1>{title}</h1>'
        f'<p><a href="../book/{chapter.name}.html">The chapter</a>, with everything behind these slides. '
        f'<a href="../book/teaching/guide-{chapter.name}.html">The guide</a> to teaching it.</p>'
        '<p class="place">The contributors to Testing Realism. Text and figures CC BY 4.0, except figures whose '
        "source names other terms.</p>"
        '<aside class="notes" role="note"><p>Press S for these notes in a window of their own, Esc for all slides at '
        "once, ? for the other keys.</p></aside></section>"
    )
    body = "\n".join([first, *(draw(slide, n, chapter) for n, slide in enumerate(slides, 1))])
    page = f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
{policy}
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}: slides</title>
<link rel="icon" href="../_static/icon.svg">
<link rel="stylesheet" href="deck.css">
<script src="begin.js"></script>
</head>
<body>
<main><div><div>
{body}
</div></div></main>
<script src="reveal.js"></script>
<script src="notes.js"></script>
<script src="deck.js"></script>
</body>
</html>
"""
    tree = LexborHTMLParser(page)
    one_name_each(tree)
    one_id_each(tree)
    return f"{tree.html}\n"


def find_reveal() -> Path:
    """Return the folder of reveal.js, which ``make site`` has from npm.

    Raises
    ------
    MissingTool
        It is not there.
    """
    if not (REVEAL / "package.json").is_file():
        raise MissingTool(f"There is no {REVEAL.relative_to(ROOT)}. Run: make site")
    return REVEAL


def make_decks(site: Path) -> list[Path]:
    """Write the decks of all chapters into ``site/slides``, beside the book that ``site`` holds.

    Parameters
    ----------
    site
        A folder with the built book, whose pages are in ``site/book``.

    Returns
    -------
    list of pathlib.Path
        The decks written.
    """
    reveal = find_reveal()
    policy = of_deck((reveal / "dist" / "plugin" / "notes.js").read_text(encoding="utf-8"))
    pages = {
        name: deck(Chapter(name, site), read_selection(SELECTIONS / f"{name}.yaml"), policy)
        for name in chapters()
    }
    folder = site / "slides"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for part in TAKEN:
        name = "reveal-licence.txt" if part == "LICENSE" else Path(part).name
        shutil.copyfile(reveal / part, folder / name)
    for part in ("deck.css", "deck.js", "begin.js"):
        shutil.copyfile(DECKS / part, folder / part)
    written = []
    for name, page in pages.items():
        written.append(folder / f"{name}.html")
        written[-1].write_text(page, encoding="utf-8")
    return written


def main(site: Path) -> int:
    """Add the decks to the site; return the exit code."""
    try:
        print(f"{len(make_decks(site))} decks")
    except (MissingTool, SelectionError) as problem:
        print(problem)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
