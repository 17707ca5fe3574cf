"""Chapters and decks on paper: one PDF each, printed by a Chromium that is on the machine.

A chapter is printed from a copy of its built page: one column, every fold open, the answers to exercises
and questions gathered at the end, links within the chapter and to the world kept. Links to other pages
of the book have no address on paper and become plain words. The PDFs are tagged, have an outline, and
are the same bytes for the same pages and the same Chromium. A part of ``make site``:
``python -m publish.prints FOLDER``.
"""

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from bs4 import BeautifulSoup, Tag

from publish.slides import DECKS, MissingTool, chapters, parsed

CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--allow-file-access-from-files", "--no-pdf-header-footer", "--generate-pdf-document-outline",
    "--export-tagged-pdf",
)  # fmt: skip
DATE = re.compile(rb"(/(?:CreationDate|ModDate) \(D:)\d{14}\+\d\d'\d\d'")


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


def print_pdf(chromium: str, page: Path, target: Path) -> None:
    """Print a page to a PDF whose bytes depend on the page and on Chromium alone.

    Raises
    ------
    RuntimeError
        Chromium wrote no PDF; the message has what it said.
    """
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / "page.pdf"
        command = [chromium, *FLAGS, f"--user-data-dir={folder}/profile", f"--print-to-pdf={made}"]
        told = subprocess.run(
            [*command, page.resolve().as_uri()], text=True, capture_output=True, timeout=180
        )
        if not made.is_file():
            raise RuntimeError(f"Chromium did not print {page.name}:\n{told.stderr.strip()[-800:]}")
        target.write_bytes(DATE.sub(rb"\g<1>20260101000000+00'00'", made.read_bytes()))


def paper_copy(page: str, name: str) -> str:
    """Return a chapter's built page as it should stand on paper.

    Parameters
    ----------
    page
        The HTML of the built page.
    name
        The chapter.
    """
    soup = parsed(page)
    article = soup.select_one("article")
    assert article and soup.head and soup.body, f"{name}.html is no page of the book"
    for part in article.select(".headerlink, script, button, .doors, .takeaways"):
        part.decompose()
    lay_out_folds(soup, article)
    unlink(article)
    for image in article.select("img"):
        del image["loading"]  # all are on the paper
        del image["aria-details"]  # the numbers are in a file that is named below the figure
    for region in article.select("[tabindex]"):
        del region["tabindex"]
    dropped = "script, link[rel=preload], link[rel=prefetch], meta[http-equiv=Content-Security-Policy]"
    for part in soup.head.select(dropped):  # the policy would refuse the sheet for paper
        part.decompose()
    sheet = soup.new_tag("style")
    sheet.string = (DECKS / "print.css").read_text(encoding="utf-8")
    soup.head.append(sheet)
    soup.body.clear()
    main = soup.new_tag("main", attrs={"class": "bd-article"})
    main.append(article.extract())
    soup.body.append(main)
    return str(soup)


def unlink(part: Tag) -> None:
    """Turn links to other files of the book, which have no address on paper, into plain words."""
    for link in part.select("a[href]"):
        if not re.match(r"[a-z]+:|#", str(link["href"])):
            link.name, link.attrs = "span", {}


def paper_deck(page: str) -> str:
    """Return a deck with one page for each slide, laid out as on the screen, without reveal.js or notes."""
    soup = parsed(page)
    deck = soup.select_one("main > div")
    assert soup.html and soup.head and deck and isinstance(deck.div, Tag)
    soup.html["class"], deck["class"], deck.div["class"] = "as-deck", "reveal", "slides"
    dropped = "script, meta[http-equiv=Content-Security-Policy], aside.notes, section > p.place:has(> a)"
    for part in soup.select(dropped):
        part.decompose()
    unlink(deck)
    sheet = soup.new_tag("style")
    sheet.string = (DECKS / "print-deck.css").read_text(encoding="utf-8")
    soup.head.append(sheet)
    return str(soup)


def lay_out_folds(soup: BeautifulSoup, article: Tag) -> None:
    """Open every fold; drop the numbers behind figures, whose file is named; move answers to the end."""
    answers = soup.new_tag("section", attrs={"id": "answers-on-paper"})
    heading = soup.new_tag("h2")
    heading.string = "Answers"
    answers.append(heading)
    for fold in article.select("details"):
        summary = fold.find("summary", recursive=False)
        label = " ".join(summary.get_text(" ").split()) if summary else ""
        if label == "The numbers behind this figure":
            for table in fold.select(".wide"):
                table.decompose()
            assert summary
            summary.decompose()
            fold.name, fold["class"] = "div", "made-from"
        elif "hide" in (fold.get("class") or ()):
            assert summary
            summary.decompose()
            fold.name = "div"
        elif not fold.get("class") and not fold.find_parent("details"):
            _move_answer(soup, fold, label, answers)
        else:  # claims: as plain boxes, since a marker of a fold means nothing on paper
            fold.name = "div"
            if summary:
                summary.name, summary["class"] = "p", "opened"
    if len(answers.contents) > 1:
        last = article.select_one("section section:last-of-type") or article
        last.insert_before(answers)


def _move_answer(soup: BeautifulSoup, fold: Tag, label: str, answers: Tag) -> None:
    """Leave the label where the fold was, as a link to what was in it, at the end."""
    number = len(answers.contents)
    group = fold.find_parent(attrs={"role": "group"})
    question = re.match(r"Question \d+", str(group.get("aria-label"))) if group else None
    option = soup.new_tag("p", attrs={"class": "option"})
    link = soup.new_tag("a", href=f"#answer-{number}")
    link.string = label
    option.append(link)
    answer = soup.new_tag("div", attrs={"class": "answer", "id": f"answer-{number}"})
    name = soup.new_tag("p", attrs={"class": "answer-label"})
    name.string = f"{question[0]}, {label}" if question else label
    answer.append(name)
    for part in list(fold.contents):
        if getattr(part, "name", None) != "summary":
            answer.append(part.extract())
    answers.append(answer)
    fold.replace_with(option)


def make_pdfs(site: Path) -> list[Path]:
    """Print every chapter, and every deck that was made, to ``site/pdf``.

    Parameters
    ----------
    site
        A folder with the built book, and the decks if they were made.

    Returns
    -------
    list of pathlib.Path
        The PDFs written.
    """
    chromium = find_chromium()
    folder = site / "pdf"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    written = []
    for name in chapters():
        page = site / "book" / f"{name}.html"
        _print_copy(
            chromium, page, paper_copy(page.read_text(encoding="utf-8"), name), folder / f"{name}.pdf"
        )
        written.append(folder / f"{name}.pdf")
        page = site / "slides" / f"{name}.html"
        if not page.is_file():
            continue
        written.append(folder / f"{name}-slides.pdf")
        _print_copy(chromium, page, paper_deck(page.read_text(encoding="utf-8")), written[-1])
    return written


def _print_copy(chromium: str, page: Path, text: str, target: Path) -> None:
    """Print a changed copy that lies beside the page for the moment, so that its pictures are found."""
    beside = page.with_name(f"{page.stem}.paper.html")
    try:
        beside.write_text(text, encoding="utf-8")
        print_pdf(chromium, beside, target)
    finally:
        beside.unlink(missing_ok=True)


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
