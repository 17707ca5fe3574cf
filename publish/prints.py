"""The book on paper: whole, chapter by chapter, and deck by deck, printed by a Chromium that is on the machine.

Everything folded is open on paper, and what is answered stands after what is asked: in a chapter's PDF
at its end, in the whole book in a part of its own, with links and page numbers both ways. The whole book
leaves out what it would print twice or what nobody reads on paper, and says so on the page after its
title: the code that draws figures, the numbers behind them, the fields of tables. Links between pages of
the book lead within the PDF; links to files of the site have no address on paper and become plain words.

Chromium numbers pages, but cannot print the number of another page. So the book is printed twice: the
first print tells on which page each heading stands. All PDFs are tagged, have an outline, and are the
same bytes for the same pages, fonts and Chromium. A part of ``make site``:
``python -m publish.prints FOLDER``.
"""

import html as markup
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import pikepdf
from bs4 import Tag

from publish.cover import squares
from publish.edition import AUTHOR, NAME, TITLE, Edition, foot
from publish.slides import DECKS, MissingTool, chapters, parsed
from publish.volume import (
    LICENCE,
    ROOT,
    SHORT_TITLE,
    SUBTITLE,
    Leaf,
    how_to_cite,
    new_tag,
    read_leaf,
    read_leaves,
    relink,
    squeezed,
    this_edition,
)

CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--allow-file-access-from-files", "--no-pdf-header-footer", "--generate-pdf-document-outline",
    "--export-tagged-pdf",
)  # fmt: skip
SHEET = ROOT / "publish" / "sheets" / "paper.css"
FONTS = ROOT / ".venv" / "node" / "node_modules" / "@fontsource"
CUTS = {
    "source-serif-4": ("400", "400-italic", "600", "600-italic"),
    "source-sans-3": ("400", "400-italic", "600"),
    "source-code-pro": ("400", "600"),
}
"""The typefaces of the PDFs, and the weights of each."""

SHORT = 16
"""Rows up to which a table is kept on one page, if they are short, too."""

EXERCISES = "exercises"
"""The section of a page whose folds hold solutions."""

UNLISTED = ("Teaching", "Reference")
"""Parts whose chapters stand in the table of contents without their sections."""


def find_chromium() -> str:
    """Return the path of a Chromium.

    Raises
    ------
    MissingTool
        There is none on this machine.
    """
    for name in CHROMIUM:
        if path := shutil.which(name):
            return path
    raise MissingTool(
        "Chromium is missing: install it to make the PDFs (on Debian and Ubuntu: apt-get install chromium)"
    )


def find_fonts() -> list[Path]:
    """Return the style sheets of the typefaces.

    Raises
    ------
    MissingTool
        They were not fetched.
    """
    sheets = [FONTS / face / f"{cut}.css" for face, cuts in CUTS.items() for cut in cuts]
    if lacking := [sheet for sheet in sheets if not sheet.is_file()]:
        raise MissingTool(f"The typefaces of the PDFs are missing ({lacking[0].parent.name}): run make site")
    return sheets


def print_pdf(chromium: str, page: Path, target: Path) -> None:
    """Print a page to a PDF whose bytes depend on the page, its fonts and Chromium alone.

    Raises
    ------
    RuntimeError
        Chromium wrote no PDF; the message has what it said.
    """
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / "page.pdf"
        print_as_is(chromium, page, made)
        name_makers(made, target)


def print_as_is(chromium: str, page: Path, target: Path) -> None:
    """Print a page and leave the file as Chromium writes it: with the time, and large."""
    with tempfile.TemporaryDirectory() as profile:
        command = [chromium, *FLAGS, f"--user-data-dir={profile}", f"--print-to-pdf={target}"]
        told = subprocess.run(
            [*command, page.resolve().as_uri()], text=True, capture_output=True, timeout=300
        )
    if not target.is_file():
        raise RuntimeError(f"Chromium did not print {page.name}:\n{told.stderr.strip()[-800:]}")


def name_makers(made: Path, target: Path) -> None:
    """Write a PDF anew with author and licence, without the time, in fewer bytes."""
    made.write_bytes(counted_anew(made.read_bytes()))
    with pikepdf.open(made) as pdf:
        title = str(pdf.docinfo.get("/Title", made.stem))
        del pdf.docinfo  # the time, and the browser's name
        with pdf.open_metadata(set_pikepdf_as_editor=False, update_docinfo=True) as about:
            about["dc:title"] = title
            about["dc:creator"] = [AUTHOR]
            about["dc:language"] = ["en"]
            about["dc:rights"] = LICENCE
        for mark in _bookmarks(pdf.Root.get("/Outlines")):
            mark.Title = said_once(str(mark.Title))
        pdf.Root.ViewerPreferences = pikepdf.Dictionary(DisplayDocTitle=True)
        together = pikepdf.ObjectStreamMode.generate  # half the size: tags are many small objects
        pdf.save(target, object_stream_mode=together, deterministic_id=True)


def counted_anew(pdf: bytes) -> bytes:
    """Return a PDF whose tags are numbered from the first one on.

    Chromium numbers them by its own count of elements, which begins now here, now there.
    """
    names = sorted(set(re.findall(rb"\(node\d{8}\)", pdf)))
    new = {name: b"(node%08d)" % number for number, name in enumerate(names, 1)}
    return re.sub(
        rb"\(node\d{8}\)", lambda m: new[m[0]], pdf
    )  # of the same length, so that the rest keeps its place


def _bookmarks(above: pikepdf.Object | None) -> Iterator[pikepdf.Object]:
    """Yield every bookmark below one, or below the outline."""
    mark = above.get("/First") if above is not None else None
    while mark is not None:
        yield mark
        yield from _bookmarks(mark)
        mark = mark.get("/Next")


def said_once(title: str) -> str:
    """Return a bookmark's title once: Chromium names a heading twice that it had to move to the next page."""
    half = len(title) // 2
    return title[:half] if title[:half] == title[half:] else title


# A leaf on paper


def lay_out(leaf: Leaf, whole_book: bool) -> Tag:
    """Lay a page out for paper, in place; return its answers, which still stand at its end.

    Parameters
    ----------
    leaf
        The page.
    whole_book
        Whether the ledger and the catalogue are in the same volume, so that a chapter may be shorter.
    """
    body = leaf.body
    if whole_book:
        condense(leaf)
    for name in ("h3", "h2", "h1"):
        for heading in body.select(name):
            heading["class"] = {"h1": "chapter", "h2": "section", "h3": "subsection"}[name]
            if whole_book and leaf.part:  # the part's name is the heading above
                heading.name = f"h{int(name[1]) + 1}"
    for piece in body.select(".backrefs"):
        piece.decompose()
    for region in body.select("[tabindex]"):
        del region["tabindex"]
    for table in body.select("table"):
        if len(table.select("tr")) <= SHORT and len(table.get_text()) <= 2000:
            table["class"] = "short"
    for part in body.select(
        "figure, figcaption"
    ):  # else the tags have a figure without words around each picture
        part["class"] = part.name
        part.name = "div"
    for image in body.select("img[width][height]"):
        if int(str(image["height"])) > 1.15 * int(str(image["width"])):
            image["class"] = "tall"
    for link in body.select(".citation a[href^=http]"):  # on the screen it shows the host only
        link.string = re.sub(r"^https?://(www\.)?", "", str(link["href"])).rstrip("/")
    answers = new_tag("section", id="answers")
    for fold in body.select("details"):
        if fold.parent is not None and not fold.decomposed:
            _unfold(fold, answers)
    for group in body.select("[role=group]"):
        _gather(group, answers)
    _order(answers, body)
    body.append(answers)
    return answers


def _unfold(fold: Tag, answers: Tag) -> None:
    """Open a fold, or, if it holds an answer, leave a link to where that goes."""
    summary = fold.find("summary", recursive=False)
    assert isinstance(summary, Tag), "a fold without a summary"
    label, kinds = squeezed(summary), list(fold.get("class") or ())
    if label == "The numbers behind this figure":  # the file that they come from is named
        for table in fold.select(".wide"):
            table.decompose()
        summary.decompose()
        fold.name, fold["class"] = "div", "made-from"
    elif "hide" in kinds:
        summary.decompose()
        fold.name, fold["class"] = "div", "code-shown"
    elif fold.find_parent(attrs={"role": "group"}):  # of a self-check, which is gathered whole
        return
    elif not kinds and not fold.find_parent("details") and fold.find_parent("section", id=EXERCISES):
        _move_solution(fold, summary, label, answers)
    else:  # as a plain box, since the marker of a fold means nothing on paper
        fold.name = "div"
        summary.name, summary["class"] = "p", "opened"


def _move_solution(fold: Tag, summary: Tag, label: str, answers: Tag) -> None:
    number = len(answers.find_all(recursive=False)) + 1
    summary.decompose()
    answer = new_tag("div", id=f"answer-{number}", class_="answer")
    answer.append(_pointer(label, f"#asked-{number}", "answer-label"))
    for part in list(fold.contents):
        answer.append(part.extract())
    answers.append(answer)
    asked = _pointer(label, f"#answer-{number}", "to-answer")
    asked["id"] = f"asked-{number}"
    fold.replace_with(asked)


def _gather(group: Tag, answers: Tag) -> None:
    """Move what a question says to each of its options to the answers."""
    number = len(answers.find_all(recursive=False)) + 1
    question = re.match(r"Question \d+", str(group.get("aria-label")))
    label = question[0] if question else "Question"
    answer = new_tag("div", id=f"answer-{number}", class_="answer")
    answer.append(_pointer(label, f"#asked-{number}", "answer-label"))
    options = new_tag("dl")
    folds = group.select("details")
    for fold in folds:
        summary = fold.find("summary", recursive=False)
        assert isinstance(summary, Tag)
        letter, _, words = squeezed(summary).partition(". ")
        options.append(new_tag("dt", letter if words else ""))
        said = new_tag("dd")
        for part in list(fold.contents):
            if part is not summary:
                said.append(part.extract())
        options.append(said)
        if len(folds) == 1:  # nothing to choose from: the question asks for a number
            fold.decompose()
            continue
        summary.name, summary["class"] = "p", "option"
        fold.replace_with(summary.extract())
    answer.append(options)
    answers.append(answer)
    asked = _pointer(f"Answer to question {label.split()[-1]}", f"#answer-{number}", "to-answer")
    asked["id"] = f"asked-{number}"
    group.append(asked)


def _order(answers: Tag, body: Tag) -> None:
    """Bring the answers into the order in which they are asked for."""
    asked = [str(link["href"])[1:] for link in body.select(".to-answer a")]
    for answer in sorted(answers.find_all(recursive=False), key=lambda part: asked.index(str(part["id"]))):
        answers.append(answer.extract())


def _pointer(label: str, address: str, kind: str) -> Tag:
    """Return a line that is a link, with room for the number of the page that it leads to."""
    line = new_tag("p", class_=kind)
    line.append(new_tag("a", label, href=address))
    return line


# What the whole book leaves out

LONG = 80
"""Rows above which a table of results is left out; the ledger is what the book is about, and stays."""


def condense(leaf: Leaf) -> None:
    """Shorten a page, in place, by what the whole book holds elsewhere or is better without."""
    for fold in leaf.body.select("details.hide.above-input"):
        fold.decompose()
    for claim in leaf.body.select("details.behind details.claim"):
        _one_line(claim)
    for table in leaf.body.select("table:not(.ledger-table)"):
        if (rows := len(table.select("tbody tr"))) > LONG and not table.find_parent("details"):
            caption = squeezed(table.caption).rstrip(".") or "A table"
            table.replace_with(new_tag("p", f"{caption}: {rows} rows, left out here.", class_="made-from"))
    if leaf.name == "claims":
        _shorten_ledger(leaf.body)
    if leaf.name == "data":
        _shorten_catalogue(leaf.body)


def _one_line(claim: Tag) -> None:
    """Reduce a claim of a folded list to what the paper says and the verdict; the ledger has the rest."""
    summary = claim.find("summary", recursive=False)
    link = claim.select_one("a[href*='claims.html#']")
    assert isinstance(summary, Tag)
    if start := summary.find("b"):
        start.decompose()
    summary.name, summary["id"], summary["class"] = "p", str(claim["id"]), "claim-line"
    verdict = summary.find("strong")
    if isinstance(verdict, Tag) and link:
        words = squeezed(verdict).removeprefix("Verdict: ")
        verdict.replace_with(new_tag("a", words, href=str(link["href"]), class_="verdict"))
    claim.replace_with(summary.extract())


def _shorten_ledger(body: Tag) -> None:
    """Leave of each row the claim, the verdict, what was found and the evidence."""
    for fold in body.select(".ledger details"):
        evidence = [
            entry.find_next_sibling("dd") for entry in fold.select("dt") if squeezed(entry) == "Evidence"
        ]
        if evidence and isinstance(evidence[0], Tag):
            evidence[0].name, evidence[0]["class"] = "p", "evidence"
            fold.replace_with(evidence[0].extract())
        else:
            fold.decompose()


TOLD = ("A row is", "Who made it, and how", "Known limits", "Terms")
"""What the printed book says of a table; the page on the data says the rest."""


def _shorten_catalogue(body: Tag) -> None:
    for papers in body.select("details.table-papers"):
        for fields in papers.select(".wide"):
            fields.decompose()
        for term in papers.select("dl > dt"):
            said = term.find_next_sibling("dd")
            if squeezed(term) not in TOLD and isinstance(said, Tag):
                said.decompose()
                term.decompose()


# Whole documents


def _name_ids(leaf: Leaf) -> None:
    """Make the ids of a page differ from those of every other."""
    for part in leaf.body.select("[id]"):
        part["id"] = f"{leaf.slug}--{part['id']}"
    leaf.body["id"] = f"{leaf.slug}--"


def _bind(leaves: Sequence[Leaf]) -> None:
    """Link the pages of a volume, and give every place an address of its own."""
    for leaf in leaves:
        if leaf.body.get("id"):  # links to the head of the page name it
            leaf.body.insert(0, new_tag("span", id=str(leaf.body["id"])))
            del leaf.body["id"]
    relink(leaves, lambda _, target, anchor: f"#{target.slug}--{anchor}")
    for leaf in leaves:
        _name_ids(leaf)


def _document(title: str, heads: Mapping[str, str], fonts: Sequence[Path], body: str) -> str:
    """Return a document to print; ``heads`` are the running heads of its named pages."""
    pages = "".join(
        f'@page {name} {{ @top-right {{ content: "{_css(text)}" }} }}\n#{name}-- {{ page: {name} }}\n'
        for name, text in heads.items()
    )
    links = "".join(f'<link rel="stylesheet" href="{font.as_uri()}">' for font in fonts)
    return (
        f'<!DOCTYPE html>\n<html lang="en">\n<head><meta charset="utf-8"><title>{markup.escape(title)}</title>'
        f"{links}<style>{SHEET.read_text(encoding='utf-8')}\n{pages}</style></head>\n<body>{body}</body></html>\n"
    )


def _css(text: str) -> str:
    return text.replace("\\", r"\\").replace('"', r"\"")


def paper_copy(leaf: Leaf, fonts: Sequence[Path] = ()) -> str:
    """Return a chapter as it should stand on paper, with everything unfolded and its answers at its end."""
    answers = lay_out(leaf, whole_book=False)
    _bind([leaf])
    if answers.contents:
        answers.insert(0, new_tag("h2", "Answers", class_="section"))
    else:
        answers.decompose()
    leaf.body.insert(0, new_tag("p", f"{TITLE}. {AUTHOR}. {foot(this_edition())}.", class_="from"))
    return _document(
        f"{leaf.heading} ({SHORT_TITLE})", {leaf.slug: leaf.heading}, fonts, f"<main>{leaf.body}</main>"
    )


def book_copy(leaves: Sequence[Leaf], edition: Edition, fonts: Sequence[Path] = ()) -> str:
    """Return the whole book as one document, with empty places where numbers of pages will stand.

    Parameters
    ----------
    leaves
        Its pages, which are changed.
    edition
        What the title page names.
    fonts
        Style sheets of the typefaces.
    """
    answered = [(leaf, lay_out(leaf, whole_book=True)) for leaf in leaves]
    _bind(leaves)
    parts, listed = [_title_page(edition), _imprint(edition)], []
    before = ""
    for leaf in leaves:
        if leaf.part and leaf.part != before:
            leaf.body.insert(0, new_tag("h1", leaf.part, class_="part"))
            listed.append(f'<li class="part">{markup.escape(leaf.part)}</li>')
        before = leaf.part
        listed.append(_entry(leaf.heading, f"{leaf.slug}--", "chapter"))
        if leaf.part not in UNLISTED:
            for heading in leaf.body.select(".section"):
                place = heading.find_parent("section")
                if isinstance(place, Tag) and place.get("id") and heading.name != "h1":
                    listed.append(_entry(squeezed(heading), str(place["id"]), "section"))
    back = ""
    given = {f"answers-{leaf.slug}": (f"Solutions: {leaf.heading}", answers.extract()) for leaf, answers in answered if answers.contents}  # fmt: skip
    if given:
        listed.append(_entry("Solutions and answers", "answers--", "chapter alone"))
    for name, (title, solved) in given.items():
        listed.append(_entry(title, f"{name}--", "section"))
        solved["id"] = f"{name}--"
        solved.insert(0, new_tag("h2", title, class_="section"))
        if not back:  # within the first chapter's, so that the heading has no page to itself
            solved.insert(0, new_tag("h1", "Solutions and answers", class_="chapter"))
        back += str(solved)
    back = f'<section id="answers--">{back}</section>' if given else ""
    toc = f'<nav id="contents--" aria-label="Contents"><h1 class="chapter">Contents</h1><ul>{"".join(listed)}</ul></nav>'
    heads = {
        "contents": "Contents",
        **{leaf.slug: leaf.heading for leaf in leaves},
        **{name: title for name, (title, _) in given.items()},
    }
    body = "".join([*parts, toc, "<main>", *(str(leaf.body) for leaf in leaves), back, "</main>"])
    return _document(TITLE, heads, fonts, body)


def _entry(text: str, place: str, kind: str) -> str:
    number, _, words = text.partition(" ") if text[0].isdigit() else ("", "", text)
    numbered = f'<span class="number">{number}</span> ' if number else ""
    return (
        f'<li class="{kind}"><a href="#{place}"><span class="words">{numbered}{markup.escape(words)}</span> '
        f'<span class="page" data-page="{place}"></span></a></li>'
    )


def _title_page(edition: Edition) -> str:
    return (
        f'<section id="title--"><p class="title">{SHORT_TITLE}</p><p class="subtitle">{SUBTITLE}</p>'
        f'<p class="author">{AUTHOR}</p><div class="squares">{squares()}</div>'
        f'<p class="edition">{foot(edition)}</p></section>'
    )


def _imprint(edition: Edition) -> str:
    lines = [
        f"{TITLE}. {foot(edition)}. Copyright {edition.day.year}, {AUTHOR[0].lower()}{AUTHOR[1:]}.",
        LICENCE + " Data: each table on the terms that the page The data names.",
        how_to_cite(edition),
        "The squares on the title page are the claims of the ledger in the order in which the paper makes them, "
        "each with the colour of its verdict.",
        "This is the printed form of a book whose chapters are notebooks. It is made from the same pages, and every "
        "number in it was computed when they were built. Solutions and answers stand at the end, from page "
        '<span class="page" data-page="answers--"></span> on. '
        "To keep it short, "
        "some things are left out that the pages hold: the code that draws figures and lays out tables, the numbers "
        "behind the figures, the fields of each table of data, and the longest tables of measurements. A list of further claims gives the paper’s claim and "
        "the verdict, and leads to the ledger, which has every claim once, with what was found and the evidence, "
        "though not how each was checked. Whoever wants to run a chapter, or to see what is left out, needs the "
        "book itself.",
    ]
    return f'<section id="imprint--">{"".join(f"<p>{line}</p>" for line in lines)}</section>'


# Numbers of pages


def pages_of(pdf: Path) -> dict[str, int]:
    """Return for every place that a PDF links to the number of its page, counted from 1."""
    with pikepdf.open(pdf) as opened:
        numbers: dict[object, int] = {page.objgen: n for n, page in enumerate(opened.pages, 1)}
        places = opened.Root.get("/Dests", pikepdf.Dictionary())
        return {name.removeprefix("/"): numbers[place[0].objgen] for name, place in places.items()}


def with_numbers(document: str, numbers: Mapping[str, int]) -> str:
    """Fill the empty places of a document with the numbers of pages."""
    document = re.sub(
        r'(<span class="page" data-page="([^"]+)">)\d*(?=</span>)',
        lambda m: f"{m[1]}{numbers.get(m[2], '')}",
        document,
    )
    return re.sub(
        r'(<p class="(?:answer-label|to-answer)"[^>]*><a href="#([^"]+)">.*?</a>)(?:<span class="on">[^<]*</span>)?',
        lambda m: f'{m[1]}<span class="on">, page {numbers.get(m[2], "")}</span>',
        document,
    )


def print_book(chromium: str, document: str, beside: Path, target: Path) -> int:
    """Print the whole book with the numbers of its pages; return how many prints it took.

    ``beside`` is a page of the site, next to which the document lies for the moment, so that its
    pictures are found.

    Raises
    ------
    RuntimeError
        The pages did not settle.
    """
    numbers: dict[str, int] = {}
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / "book.pdf"
        for attempt in range(1, 5):
            with laid_beside(beside, with_numbers(document, numbers)) as page:
                print_as_is(chromium, page, made)
            before, numbers = numbers, pages_of(made)
            if numbers == before:
                name_makers(made, target)
                return attempt
    raise RuntimeError("The numbers of the pages did not settle in four prints")


def paper_deck(page: str) -> str:
    """Return a deck with one page for each slide, laid out as on the screen, without reveal.js or notes."""
    soup = parsed(page)
    deck = soup.select_one("main > div")
    assert soup.html and soup.head and deck and isinstance(deck.div, Tag)
    soup.html["class"], deck["class"], deck.div["class"] = "as-deck", "reveal", "slides"
    dropped = "script, meta[http-equiv=Content-Security-Policy], aside.notes, section > p.place:has(> a)"
    for part in soup.select(dropped):
        part.decompose()
    for link in deck.select("a[href]"):
        if not re.match(r"[a-z]+:|#", str(link["href"])):
            link.name, link.attrs = "span", {}
    sheet = soup.new_tag("style")
    sheet.string = (DECKS / "print-deck.css").read_text(encoding="utf-8")
    soup.head.append(sheet)
    return str(soup)


def make_pdfs(site: Path) -> list[Path]:
    """Print the book, every chapter, and every deck that was made, to ``site/pdf``.

    Parameters
    ----------
    site
        A folder with the built book, and the decks if they were made.

    Returns
    -------
    list of pathlib.Path
        The PDFs written.
    """
    chromium, fonts = find_chromium(), find_fonts()
    folder = site / "pdf"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    index = site / "book" / "index.html"
    written = [folder / f"{NAME}.pdf"]
    print_book(chromium, book_copy(read_leaves(site), this_edition(), fonts), index, written[0])
    for name in chapters():
        page = site / "book" / f"{name}.html"
        written.append(folder / f"{name}.pdf")
        _print_copy(chromium, page, paper_copy(read_leaf(site, name, ""), fonts), written[-1])
        page = site / "slides" / f"{name}.html"
        if not page.is_file():
            continue
        written.append(folder / f"{name}-slides.pdf")
        _print_copy(chromium, page, paper_deck(page.read_text(encoding="utf-8")), written[-1])
    return written


@contextmanager
def laid_beside(page: Path, text: str) -> Iterator[Path]:
    """Lay a changed copy beside a page for the moment, so that its pictures are found."""
    beside = page.with_name(f"{page.stem}.paper.html")
    try:
        beside.write_text(text, encoding="utf-8")
        yield beside
    finally:
        beside.unlink(missing_ok=True)


def _print_copy(chromium: str, page: Path, text: str, target: Path) -> None:
    with laid_beside(page, text) as copy:
        print_pdf(chromium, copy, target)


def main(site: Path) -> int:
    """Add the PDFs to the site; return the exit code."""
    try:
        print(f"{len(make_pdfs(site))} PDFs")
    except (MissingTool, RuntimeError) as problem:
        print(problem)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
