"""Slides and PDFs: what a speaker shows and a reader prints, made from the built pages."""

import os
import re
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pikepdf
import pytest
from bs4 import BeautifulSoup

from publish import slides
from publish.doors import open_doors
from publish.prints import paper_copy, paper_deck, print_pdf
from publish.slides import SELECTIONS, Chapter, SelectionError, chapters, deck, draw, read_selection
from publish.volume import read_leaf, squeezed

each_chapter = pytest.mark.parametrize("chapter", ["theory", "iran", "russia", "cooperation"])
MONTH = "January|February|March|April|May|June|July|August|September|October|November|December"
PLAIN = rf"\b(?:19|20)\d\d\b|\b\d{{1,2}} (?:{MONTH})|\b\d{{1,2}}(?:th|rd)\b|^\d\. |Resolution \d+|I, 9"


def made(chapter: str, html: Path) -> BeautifulSoup:
    """Return a deck of the built book."""
    page = deck(Chapter(chapter, html), read_selection(SELECTIONS / f"{chapter}.yaml"), "")
    return BeautifulSoup(page, "html.parser")


@each_chapter
def test_no_number_from_data_is_typed_on_a_slide(chapter: str) -> None:
    listed = read_selection(SELECTIONS / f"{chapter}.yaml")
    assert 11 <= len(listed) <= 17  # and the title
    for slide in listed:
        text = re.sub(PLAIN, " ", f"{slide.headline}\n{slide.text}", flags=re.M)
        assert not re.search(r"\d", text), f"{chapter}: {slide.headline}: {text}"
        assert len(slide.text.split()) <= 75, f"{chapter}: {slide.headline}: a wall of text"


@each_chapter
def test_figures_keep_their_words_and_links_lead_somewhere(chapter: str, html: Path) -> None:
    soup = made(chapter, html)
    assert len(soup.select("figure")) >= 4
    for figure in soup.select("figure"):
        assert len(figure.img["alt"]) >= 80
        assert re.match(r"Sources?: table", figure.figcaption.get_text())
        assert figure.select("a[download]"), "no link to the numbers"
        assert (html / "slides" / str(figure.img["src"])).resolve().is_file()
    for link in soup.select("a[href]"):
        path, _, anchor = str(link["href"]).partition("#")
        target = (html / "slides" / unquote(path)).resolve()
        assert target.is_file(), link["href"]
        if anchor and target.suffix == ".html":
            assert re.search(rf'id="?{anchor}["\s>]', target.read_text(encoding="utf-8")), link["href"]


def test_a_wrong_selection_says_where_and_what(html: Path, tmp_path: Path) -> None:
    wrong = {
        "- headline: A\n  notes: n\n  cell: [x]\n": "iran.yaml, slide 1: unknown key 'cell'",
        "- headline: A\n": "iran.yaml, slide 1: write a notes",
        "- headline: A: b\n  notes: n\n": "iran.yaml is not YAML",
        "headline: A\n": "iran.yaml: a selection is a list",
    }
    for text, message in wrong.items():
        (tmp_path / "iran.yaml").write_text(text, encoding="utf-8")
        with pytest.raises(SelectionError, match=re.escape(message)):
            read_selection(tmp_path / "iran.yaml")
    chapter = Chapter("iran", html)
    for cell, said in (("no-such-cell", "no code cell 'no-such-cell'"), ("tools", "shows nothing")):
        with pytest.raises(SelectionError, match=said):
            draw(slides.Slide("A", "", [cell], "words", "n"), 3, chapter)


@pytest.fixture(scope="module")
def decks(html: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with a site's decks, beside the built book."""
    site = tmp_path_factory.mktemp("site")
    for name in ("_images", "_static", "data", "book"):
        (site / name).symlink_to(html / name)
    try:
        slides.make_decks(site)
    except slides.MissingTool as lack:
        if os.environ.get("CI"):
            pytest.fail(str(lack))
        pytest.skip(str(lack))
    return site / "slides"


def test_the_speaker_sees_the_slide_the_next_one_and_the_notes(decks: Path, browser: Any) -> None:
    """The policy of a deck holds for this window, which a plugin writes, and for the frames in it."""
    context = browser.new_context(viewport={"width": 1280, "height": 720})
    refused: list[str] = []
    context.on("console", lambda said: refused.append(said.text) if said.type == "error" else None)
    tab = context.new_page()
    tab.goto((decks / "russia.html").as_uri())
    tab.wait_for_function("Reveal.isReady()")
    with tab.expect_popup() as opened:
        tab.keyboard.press("s")
    opened.value.get_by_text("Press S for these notes").wait_for()  # taken from the frame of the slide
    assert not refused
    context.close()


def test_decks_are_readable_on_a_beamer_and_on_a_phone(decks: Path, browser: Any) -> None:
    """No barrier, nothing cut off, nothing from another host: at 1280 pixels as a deck, at 390 as a page."""
    from axe_playwright_python.sync_playwright import Axe

    for width, scheme in ((1280, "dark"), (390, "light")):
        context = browser.new_context(
            viewport={"width": width, "height": 720}, color_scheme=scheme, reduced_motion="reduce"
        )
        context.add_init_script(Axe().axe_script)
        tab = context.new_page()
        wrong: list[str] = []
        tab.on("request", lambda r: wrong.append(r.url) if not r.url.startswith(("file:", "data:")) else None)  # noqa: B023
        tab.on("pageerror", lambda error: wrong.append(str(error)))  # noqa: B023
        for chapter in chapters():
            tab.goto((decks / f"{chapter}.html").as_uri())
            if width == 1280:
                tab.wait_for_function("Reveal.isReady()")
                wrong += [f"{chapter}: slide {n} is cut off" for n in tab.evaluate(CUT)]
            wrong += [f"{chapter}: {v}" for v in tab.evaluate(BARRIERS)]
            assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth")
        context.close()
        assert not wrong, "\n".join(wrong)


CUT = """() => [...Array(Reveal.getTotalSlides()).keys()].filter(number => {
  Reveal.slide(number);
  const parts = Reveal.getCurrentSlide().querySelectorAll("h2, p, img, table, li");
  return [...parts].some(part => {
    const box = part.getBoundingClientRect();
    return !part.closest(".notes") && (box.bottom > innerHeight || box.right > innerWidth);
  });
})"""
BARRIERS = """async () => (await axe.run(document, {resultTypes: ["violations"]})).violations.map(
  v => `${v.id}: ${v.nodes[0].html.slice(0, 160)}`)"""


@each_chapter
def test_on_paper_nothing_is_folded_and_answers_come_last(chapter: str, html: Path) -> None:
    before = slides.parsed((html / "book" / f"{chapter}.html").read_text(encoding="utf-8"))
    soup = BeautifulSoup(paper_copy(read_leaf(html, chapter, "")), "html.parser")
    assert not soup.select("details, summary, script, button")
    assert len(soup.select(".figure img[alt]")) == len(before.select("article figure img[alt]"))
    assert not [a["href"] for a in soup.select("a[href]") if not re.match(r"https?:|mailto:|#", a["href"])]
    anchors = {str(part["id"]) for part in soup.select("[id]")}
    assert not {a["href"] for a in soup.select("a[href^='#']") if a["href"][1:] not in anchors}
    assert soup.select_one("main > section > :last-child")["id"] == f"{chapter}--answers"
    answers = squeezed(soup.select_one(f"#{chapter}--answers"))
    for fold in before.select("article details:not([class])"):
        if fold.find_parent(attrs={"role": "group"}):
            fold.summary.extract()  # an option stays with its question
        last = squeezed(fold)[-60:]
        assert last in answers, f"lost on paper: {last}"


def test_a_deck_on_paper_has_one_page_a_slide_and_no_notes(html: Path) -> None:
    soup = BeautifulSoup(paper_deck(str(made("iran", html))), "html.parser")
    assert not soup.select("script, .notes") and soup.select(".slides > section h2")
    assert not [a["href"] for a in soup.select("main a[href]") if not re.match(r"https?:|#", a["href"])]


def test_a_print_is_tagged_and_the_same_each_time(chromium: str, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text("<html lang=en><title>A</title><h1>One</h1><h2>Two</h2><p>Text.", encoding="utf-8")
    first, second = tmp_path / "1.pdf", tmp_path / "2.pdf"
    print_pdf(chromium, page, first)
    print_pdf(chromium, page, second)
    assert first.read_bytes() == second.read_bytes()
    with pikepdf.open(first) as pdf:
        assert {"/StructTreeRoot", "/Outlines"} <= set(pdf.Root.keys())


def test_a_door_is_shown_only_where_its_target_is(html: Path, tmp_path: Path) -> None:
    (tmp_path / "book").mkdir()
    for name in ("iran", "index", "run"):
        page = f"book/{name}.html"
        (tmp_path / page).write_bytes((html / page).read_bytes())
    (tmp_path / "bundle").mkdir()
    (tmp_path / "bundle" / "testing-realism-book-1.2.0.zip").write_bytes(b"PK")
    (tmp_path / "pdf").mkdir()
    pdf, whole = tmp_path / "pdf" / "iran.pdf", tmp_path / "pdf" / "testing-realism.pdf"
    pdf.write_bytes(b"%PDF")
    whole.write_bytes(b"%PDF")
    opened = open_doors(tmp_path)
    assert opened["iran"] == ["pdf/iran.pdf"]
    assert (
        opened["index"]
        == opened["run"]
        == [
            "pdf/testing-realism.pdf",
            "bundle/testing-realism-book-1.2.0.zip",
        ]
    )
    shown = (tmp_path / "book" / "iran.html").read_text(encoding="utf-8")
    whole.unlink()
    assert open_doors(tmp_path)["index"] == ["bundle/testing-realism-book-1.2.0.zip"]
    assert (tmp_path / "book" / "iran.html").read_text(encoding="utf-8") == shown
    assert shown.count("class=takeaways") == 1 and "../slides/" not in shown
    pdf.unlink()
    assert open_doors(tmp_path)["iran"] == []
    assert "class=takeaways" not in (tmp_path / "book" / "iran.html").read_text(encoding="utf-8")


def test_every_chapter_has_slides() -> None:
    assert set(chapters()) == {"theory", "iran", "russia", "cooperation"}
