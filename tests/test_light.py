"""Every page is light and asks nobody else: counted from the files, without a browser."""

import re
from pathlib import Path
from urllib.parse import urlsplit

import pandas as pd
import pytest
from selectolax.lexbor import LexborHTMLParser

from notebooks import ROOT
from publish.figures import NIGHT, PAPER, contrast
from publish.purge import Used, purge
from publish.search import Words, parted

FETCHED = (
    "script[src], link[rel=stylesheet], link[rel=icon], link[rel=preload], img[src], iframe, video, source"
)
FIGURES = "_images/"
BESIDE = {"_static", "download", "lite", "pdf", "slides"}
"""Folders of the site that hold no pages of the book."""


@pytest.fixture(scope="module")
def trees(html: Path) -> dict[Path, LexborHTMLParser]:
    """Every page of the built book."""
    pages = [p for p in html.rglob("*.html") if not BESIDE & set(p.relative_to(html).parts)]
    return {page: LexborHTMLParser(page.read_text(encoding="utf-8")) for page in pages}


def asked_for(page: Path, tree: LexborHTMLParser) -> dict[str, Path]:
    """Return what a page fetches: addresses and the files they lead to, fonts of the style sheets included."""
    addresses = {str(p.attributes.get("src") or p.attributes.get("href") or "?") for p in tree.css(FETCHED)}
    files = {address: page.parent / urlsplit(address).path for address in addresses}
    for address, sheet in list(files.items()):
        if sheet.suffix == ".css":
            fonts = re.findall(r"url\(([^)\"'?]+\.woff)\b", sheet.read_text(encoding="utf-8"))
            files |= {f"{address} {font}": sheet.parent / font for font in fonts}
    return files


def test_no_page_names_another_host_for_anything_it_fetches(trees: dict[Path, LexborHTMLParser]) -> None:
    foreign = {a for p, t in trees.items() for a in asked_for(p, t) if urlsplit(a).netloc or a == "?"}
    assert not foreign


def test_no_page_is_heavy(html: Path, trees: dict[Path, LexborHTMLParser]) -> None:
    heavy = []
    for page, tree in trees.items():
        files = asked_for(page, tree)
        sizes = {address: path.stat().st_size for address, path in files.items()}
        figures = {address: size for address, size in sizes.items() if FIGURES in address}
        own = page.stat().st_size + sum(sizes.values()) - sum(figures.values())
        name = page.relative_to(html).as_posix()
        if own > 450_000:
            heavy.append(f"{name}: {own:,} bytes apart from figures; at most 450,000")
        if len(sizes) - len(figures) + 1 > 14:
            heavy.append(f"{name}: {len(sizes) - len(figures) + 1} requests; at most 14")
        if own + sum(figures.values()) > 1_200_000:
            heavy.append(f"{name}: {own + sum(figures.values()):,} bytes to its end; at most 1,200,000")
        heavy += [
            f"{name}: {a} has {size:,} bytes; at most 60,000" for a, size in figures.items() if size > 60_000
        ]
    assert not heavy, "\n" + "\n".join(heavy)


def test_figures_wait_keep_their_place_and_lead_to_their_numbers(trees: dict[Path, LexborHTMLParser]) -> None:
    for page, tree in trees.items():
        for image in tree.css(".bd-article img"):
            said = image.attributes
            where = f"{page.name}: {said.get('src')}"
            assert said.get("loading") == "lazy", where
            assert str(said.get("width")).isdecimal() and str(said.get("height")).isdecimal(), where
            numbers = tree.css_first(f"#{said.get('aria-details')}")
            assert numbers and numbers.css_first("table"), f"{where} has no table of its numbers"


def test_figures_have_two_sets_of_colours_that_contrast_alike(html: Path) -> None:
    drawings = list((html / "_images").glob("*.svg"))
    assert drawings
    for drawing in drawings:
        text = drawing.read_text(encoding="utf-8")
        light, dark = re.findall(r":root\{([^}]*)\}", text)
        by_day, by_night = (dict(re.findall(r"(--\w+):(#\w+);", said)) for said in (light, dark))
        assert by_day.keys() == by_night.keys() and by_day
        assert not re.search(r"(?:fill|stroke)[:=]\"?#", text), (
            f"{drawing.name} has a colour for one theme only"
        )
        for name, colour in by_day.items():
            wanted, found = contrast(colour, PAPER), contrast(by_night[name], NIGHT)
            assert found >= min(0.97 * wanted, 15), f"{drawing.name}: {colour} at night has {found:.2f}"


def test_tables_say_what_they_are_and_what_heads_what(trees: dict[Path, LexborHTMLParser]) -> None:
    for page, tree in trees.items():
        for table in tree.css("table:not([role=presentation])"):
            caption = table.css_first("caption")
            assert caption and caption.text(strip=True), f"{page.name}: {table.text()[:80]}"
            assert all("scope" in head.attributes for head in table.css("th")), (
                f"{page.name}: {caption.text()}"
            )


def test_the_trial_of_reading_is_of_these_pages(html: Path, trees: dict[Path, LexborHTMLParser]) -> None:
    """A page that grew or shrank by a quarter since needs the trial run again."""
    trial = pd.read_csv(ROOT / "trials" / "results" / "reading_weight.csv").query("theme == 'this book'")
    measured = dict(zip(trial["page"], trial["html"], strict=True))
    built = {
        p.relative_to(html).as_posix(): p.stat().st_size
        for p, tree in trees.items()
        if not tree.css_first("meta[http-equiv=refresh]")  # which leads on, and is not read
    }
    known = built.keys() & measured.keys()
    assert len(known) >= 0.9 * len(built), (
        f"not measured: {sorted(built.keys() - known)}; run trials.reading again"
    )
    changed = [page for page in known if not 0.75 < measured[page] / built[page] < 1.25]
    assert not changed, f"{changed}: run trials.reading again"


def test_the_search_keeps_neighbouring_cells_apart_and_no_numbers() -> None:
    table = "<tr><th scope='row'>Grozny</th><td>600</td></tr><tr><td>Mosul</td><td>x<b>y</b></td></tr>"
    assert re.sub(r"<[^<]+?>", "", parted(table)).split() == [
        "Grozny",
        "600",
        "Mosul",
        "xy",
    ]  # as Sphinx strips
    assert not Words({}).word_filter("600") and Words({}).word_filter("grozny")


def test_style_rules_that_nothing_uses_are_dropped() -> None:
    page = LexborHTMLParser('<div class="box" id="top"><p>Text</p></div><aside class="lone">Note</aside>')
    rules = {
        ".box > p{color:red}": True,
        ".box:hover::after{content:\"}\"}": True,
        "#top p,.gone{margin:0}": True,
        ".active .box{margin:0}": True,  # a state that scripts add
        "html:not(.gone) p{margin:0}": True,
        ":is(.gone,.box) p{margin:0}": True,
        ".lone + p{margin:0}": True,  # brothers and sisters count as met
        ".copybtn svg{margin:0}": True,  # what scripts add
        ".gone{margin:0}": False,
        ".lone p{margin:0}": False,
        ".box > aside{margin:0}": False,
        "@media print{.gone{margin:0}}": False,
        "p[list]{margin:0}": False,
    }  # fmt: skip
    for rule, kept in rules.items():
        assert bool(purge(rule, Used([page], rule)).strip()) is kept, rule
    slim = purge("p{--a:1px;--b:2px;margin:var(--a)}", Used([page], ""))
    assert slim.strip() == "p{--a:1px;margin:var(--a)}"
