"""The book as one volume, on paper and as an EPUB: complete, in order, every link leading somewhere."""

import io
import os
import re
import shutil
import subprocess
import zipfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import pikepdf
import pytest
from bs4 import BeautifulSoup
from lxml import etree

from publish.edition import NAME
from publish.epub import light_only, make_epub
from publish.prints import book_copy, counted_anew, pages_of, print_book, said_once
from publish.slides import parsed
from publish.volume import contents, read_leaves, squeezed, this_edition

SAMPLE = ("paper", "method")
XHTML = "{http://www.w3.org/1999/xhtml}"
EPUB_TYPE = "{http://www.idpf.org/2007/ops}type"


@pytest.fixture(scope="module")
def epub(html: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The whole book as an EPUB."""
    path = tmp_path_factory.mktemp("epub") / f"{NAME}.epub"
    path.write_bytes(make_epub(read_leaves(html), html, this_edition()))
    return path


@pytest.fixture(scope="module")
def documents(epub: Path) -> dict[str, etree._Element]:
    """Every XHTML document of the EPUB, read as XML."""
    with zipfile.ZipFile(epub) as book:
        names = [name for name in book.namelist() if name.endswith(".xhtml")]
        return {name.removeprefix("EPUB/"): etree.fromstring(book.read(name)) for name in names}


def test_every_link_of_the_epub_leads_somewhere(epub: Path, documents: dict[str, etree._Element]) -> None:
    with zipfile.ZipFile(epub) as book:
        assert book.namelist()[0] == "mimetype"
        files = {name.removeprefix("EPUB/") for name in book.namelist()}
    ids = {
        name: {part.get("id") for part in tree.iter() if part.get("id")} for name, tree in documents.items()
    }
    lost = []
    for name, tree in documents.items():
        for link in tree.iter(f"{XHTML}a"):
            path, _, anchor = unquote(str(link.get("href"))).partition("#")
            if re.match(r"https?:|mailto:", path):
                continue
            if (path or name) not in documents or (anchor and anchor not in ids[path or name]):
                lost.append(f"{name}: {link.get('href')}")
        sources = [part.get("src") for part in tree.iter() if part.get("src")]
        lost += [f"{name}: {source}" for source in sources if source not in files]
        assert not list(tree.iter(f"{XHTML}script", f"{XHTML}form", f"{XHTML}iframe")), name
    assert not lost, lost[:10]


def test_the_epub_has_every_page_figure_and_question(
    html: Path, documents: dict[str, etree._Element]
) -> None:
    toc = next(nav for nav in documents["nav.xhtml"].iter(f"{XHTML}nav") if nav.get(EPUB_TYPE) == "toc")
    parts = [part.text for part in toc.iter(f"{XHTML}span")]
    assert parts == list(dict.fromkeys(part for _, part in contents() if part))
    pages = [str(link.get("href")) for link in toc.iter(f"{XHTML}a") if "#" not in str(link.get("href"))]
    assert pages == [f"{name.replace('/', '-')}.xhtml" for name, _ in contents()]
    for name, _ in contents():
        page = BeautifulSoup((html / "book" / f"{name}.html").read_text(encoding="utf-8"), "html.parser")
        tree = documents[f"{name.replace('/', '-')}.xhtml"]
        images = list(tree.iter(f"{XHTML}img"))
        assert len(images) == len(page.select("article figure img")), name
        assert all(len(str(image.get("alt"))) >= 80 for image in images), name
        asked = [
            part for part in tree.iter(f"{XHTML}div") if str(part.get("aria-label")).startswith("Question ")
        ]
        assert len(asked) == len(page.select("[role=group][aria-label^='Question ']")), name
        assert all(list(part.iter(f"{XHTML}details")) for part in asked), name


def test_epubcheck_finds_nothing(epub: Path) -> None:
    checker = shutil.which("epubcheck")
    if not checker:
        if os.environ.get("CI"):
            pytest.fail("no epubcheck on this machine, and under CI it must run", pytrace=False)
        pytest.skip("no epubcheck on this machine: install Debian's package epubcheck to check the EPUB")
    packed = Path(checker).read_bytes()[:2] == b"PK"  # Debian's command is the bare archive
    command = ["java", "-jar", checker] if packed else [checker]
    told = subprocess.run([*command, str(epub)], text=True, capture_output=True)
    assert told.returncode == 0 and "0 errors / 0 warnings" in told.stdout, told.stdout + told.stderr


def test_the_epub_is_the_same_each_time_and_says_what_it_is(html: Path) -> None:
    first, second = (make_epub(read_leaves(html, SAMPLE), html, this_edition()) for _ in range(2))
    assert first == second
    with zipfile.ZipFile(io.BytesIO(first)) as book:
        package = book.read("EPUB/package.opf").decode()
        figures = [book.read(name).decode() for name in book.namelist() if name.endswith(".svg")]
    assert figures and not [f for f in figures if "var(" in f or "prefers-color-scheme" in f]
    day = this_edition().day.isoformat()
    assert f"<dc:date>{day}</dc:date>" in package and "<dc:language>en</dc:language>" in package
    assert "schema:accessibilitySummary" in package and "conformsTo" not in package  # nobody has certified it


def test_a_figure_for_an_e_reader_is_plain() -> None:
    slim = (
        '<svg xmlns="x"><style>:root{--a1b2c3:#a1b2c3;}@media(prefers-color-scheme:dark){:root{--a1b2c3:#d0d0d0;}}'
        'svg{fill:var(--a1b2c3)}</style><path id="i0"/><use href="#i0"/></svg>'
    )
    plain = light_only(slim)
    assert "svg{fill:#a1b2c3}" in plain and "dark" not in plain and "--" not in plain
    assert 'xlink:href="#i0"' in plain and '<path d="M0 0" id="i0"/>' in plain


@pytest.fixture(scope="module")
def printed(
    html: Path, chromium: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Path, str]]:
    """Two pages as a book on paper, and the document that was printed."""
    folder = tmp_path_factory.mktemp("pdf")
    (folder / "book").mkdir()
    (folder / "_images").symlink_to(html / "_images")
    document = book_copy(read_leaves(html, SAMPLE), this_edition())
    print_book(chromium, document, folder / "book" / "index.html", folder / "book.pdf")
    yield folder / "book.pdf", document


def test_every_link_of_the_printed_book_leads_somewhere(printed: tuple[Path, str]) -> None:
    with pikepdf.open(printed[0]) as pdf:
        places = set(pdf.Root.Dests.keys())
        links = [link for page in pdf.pages for link in page.get("/Annots", []) if link.Subtype == "/Link"]
        inner = [str(link.Dest) for link in links if "/Dest" in link]
        outer = [str(link.A.URI) for link in links if "/A" in link]
    assert len(inner) > 150 and not set(inner) - places
    assert len(outer) > 50 and not [address for address in outer if not re.match(r"https?:", address)]


def test_the_printed_book_is_in_order_and_described(printed: tuple[Path, str]) -> None:
    path, document = printed
    soup = BeautifulSoup(document, "html.parser")
    headings = [(int(part.name[1]), squeezed(part)) for part in soup.select("h1, h2, h3, h4")]
    listed = [squeezed(item.select_one(".words") or item) for item in soup.select("nav li")]
    assert listed[:2] == ["The question", "The paper as evidence"]
    assert listed[-2:] == ["Solutions and answers", "Solutions: The paper as evidence"]
    with pikepdf.open(path) as pdf:
        assert str(pdf.Root.Lang) == "en" and pdf.Root.MarkInfo.Marked
        assert (
            str(pdf.docinfo.Title).startswith("Testing Realism: Iran") and "/CreationDate" not in pdf.docinfo
        )
        with pdf.open_outline() as outline:
            assert list(_flat(outline.root)) == headings
        texts = [
            str(part.get("/Alt", ""))
            for part in _tags(pdf.Root.StructTreeRoot.K)
            if part.get("/S") == "/Figure"
        ]
    pictures = [*soup.select("img"), *soup.select("svg[aria-label]")]
    assert len(texts) == len(pictures) and all(len(text) >= 80 for text in texts)
    numbers = pages_of(path)
    assert [numbers[item["data-page"]] for item in soup.select("nav .page")] == sorted(
        numbers[item["data-page"]] for item in soup.select("nav .page")
    )
    assert not soup.select("details, summary, script, button")


def test_the_printed_book_is_the_same_each_time(
    printed: tuple[Path, str], chromium: str, tmp_path: Path
) -> None:
    path, document = printed
    print_book(chromium, document, path.parent / "book" / "index.html", tmp_path / "again.pdf")
    assert (tmp_path / "again.pdf").read_bytes() == path.read_bytes()


def test_a_bookmark_has_its_heading_once() -> None:
    assert [said_once(title) for title in ("GlossaryGlossary", "Glossary", "One or one or")] == [
        "Glossary",
        "Glossary",
        "One or one or",
    ]


def test_the_browsers_own_count_of_tags_is_not_in_a_pdf() -> None:
    first, later = (b"<< /ID (node%08d) >> << /ID (node%08d) >>" % (n, n + 7) for n in (629, 632))
    assert counted_anew(first) == counted_anew(later) == b"<< /ID (node00000001) >> << /ID (node00000002) >>"


def _flat(items: list[pikepdf.OutlineItem], level: int = 1) -> Iterator[tuple[int, str]]:
    """Yield level and title of every entry of an outline."""
    for item in items:
        yield level, squeezed(BeautifulSoup(item.title, "html.parser"))
        yield from _flat(list(item.children), level + 1)


def _tags(part: pikepdf.Object) -> Iterator[pikepdf.Object]:
    """Yield every element of the structure of a PDF."""
    if isinstance(part, pikepdf.Array):
        for child in part:
            yield from _tags(child)
    elif isinstance(part, pikepdf.Dictionary) and "/S" in part:
        yield part
        if "/K" in part:
            yield from _tags(part.K)


def test_answers_and_questions_lead_to_each_other(html: Path) -> None:
    soup = BeautifulSoup(book_copy(read_leaves(html, SAMPLE), this_edition()), "html.parser")
    asked = soup.select(".to-answer")
    assert len(asked) >= 16
    for line in asked:
        answer = soup.select_one(f"[id='{str(line.a['href'])[1:]}']")
        assert answer.select_one(".answer-label a")["href"] == f"#{line['id']}"
        assert answer.find_parent(id="answers--")


def test_only_solutions_go_to_the_end_and_the_front_page_promises_no_site(html: Path) -> None:
    text = book_copy(read_leaves(html, ("index", "paper", "quality")), this_edition())
    soup = BeautifulSoup(text, "html.parser")
    back = soup.select_one("#answers--")
    assert {squeezed(heading) for heading in back.select("h1, h2")} == {
        "Solutions and answers",
        "Solutions: The paper as evidence",
    }
    label = squeezed(
        parsed((html / "book" / "quality.html").read_text(encoding="utf-8")).select_one("article summary")
    )
    assert label in squeezed(soup.main) and label not in squeezed(back)
    front = soup.select_one("main > section").get_text()
    assert "Three doors" not in front and "under its title" not in front and "BibTeX" not in front
    assert "Chapter N in" in soup.select_one("#imprint--").get_text()
