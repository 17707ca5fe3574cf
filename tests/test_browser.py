"""Every page as a reader meets it: two widths, two themes, a keyboard, a folder, no network, no scripts."""

import functools
import io
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import unquote

import pytest
import yaml
from bs4 import BeautifulSoup

from publish.figures import NIGHT, PAPER
from publish.parts import PARTS

ROOT = Path(__file__).resolve().parents[1]
TOC = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
CHAPTERS = [c["file"] for part in TOC["parts"] for c in part["chapters"]]
PAGES = [f"{name}.html" for name in (TOC["root"], *CHAPTERS, "genindex", "search", "404")] + ["index.html"]
MOVED = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))["sphinx"]["config"][
    "book_redirects"
]
OTHERS = {"_static", "download", *(part.folder for part in PARTS)}  # files, and what make site adds
TEXTS = PAGES[: len(CHAPTERS) + 1]
MODES = {
    "1280 light": (1280, 900, "light"),
    "1280 dark": (1280, 900, "dark"),
    "320 light": (320, 640, "light"),
    "320 dark": (320, 640, "dark"),
}
WITH_AXE = ("1280 light", "320 dark")  # other widths are in trials/reading.py

# Folded parts are opened, so that solutions and the tables behind figures are looked at as well.
UNFOLD = """() => document.querySelectorAll("details").forEach(part => { part.open = true; })"""
AXE = (ROOT / "trials" / "axe.js").read_text(encoding="utf-8")
FETCH = """() => Promise.all([...document.images].map(image => {
  image.loading = "eager";  // figures far below are fetched when they come near
  return image.decode().catch(() => {});
}))"""
MEASURE = """() => ({
  theme: document.documentElement.dataset.theme,
  ground: getComputedStyle(document.body).backgroundColor,
  excess: document.documentElement.scrollWidth - document.documentElement.clientWidth,
  images: [...document.querySelectorAll("article img")].map(image => ({
    src: image.getAttribute("src"), alt: image.getAttribute("alt") || "", width: image.naturalWidth,
    shown: image.getBoundingClientRect().width,
    filter: getComputedStyle(image).filter,
    caption: image.closest("figure")?.querySelector("figcaption")?.textContent.trim() || "",
  })),
  icons: [...document.querySelectorAll("i[class*='fa-'], span[class*='fa-']")].map(
    icon => [icon.className, getComputedStyle(icon, "::before").content.replaceAll('"', "")]),
})"""


@dataclass
class Sight:
    """What one page showed in one mode."""

    mode: str
    violations: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    measures: dict[str, Any] = field(default_factory=dict)


class Watch:
    """One tab in one mode, which notes what every page it opens asks for and complains about."""

    def __init__(self, browser: Any, mode: str, script: str) -> None:
        width, height, scheme = MODES[mode]
        viewport = {"width": width, "height": height}
        self.mode = mode
        self.sight = Sight(mode)
        self.context = browser.new_context(viewport=viewport, color_scheme=scheme, reduced_motion="reduce")
        self.context.add_init_script(script)
        self.tab = self.context.new_page()
        self.tab.on("request", lambda request: self.sight.requests.append(request.url))
        self.tab.on("response", lambda got: self._note(f"{got.status} for {got.url}", got.status >= 400))
        self.tab.on("pageerror", lambda error: self._note(str(error), True))
        self.tab.on("console", lambda said: self._note(said.text, said.type == "error"))

    def _note(self, text: str, wrong: bool) -> None:
        if wrong:
            self.sight.errors.append(f"{self.mode}: {text}")

    def open(self, site: str, page: str) -> None:
        """Open a page and let axe begin; the other modes' tabs work meanwhile."""
        self.sight = Sight(self.mode)
        self.tab.goto(f"{site}/{page}")
        if page == "index.html":  # the door leads to the first page
            self.tab.wait_for_url(f"**/{TOC['root']}.html")
        self.tab.evaluate(UNFOLD)
        if self.mode in WITH_AXE:
            self.tab.evaluate(f"() => {{ window.told = ({AXE})(); }}")

    def collect(self) -> Sight:
        """Wait for axe and return what the page showed."""
        for rule, _, examples in self.tab.evaluate("() => window.told") if self.mode in WITH_AXE else []:
            self.sight.violations += [f"{self.mode}: {rule}: {example}" for example in examples]
        self.tab.evaluate(FETCH)
        self.sight.measures = self.tab.evaluate(MEASURE)
        return self.sight


@pytest.fixture(scope="module")
def look(site: str, browser: Any) -> Iterator[Callable[[str], list[Sight]]]:
    """A function that opens a page once in every mode, side by side, and returns what was seen."""
    from axe_playwright_python.sync_playwright import Axe

    watches = [Watch(browser, mode, Axe().axe_script) for mode in MODES]

    @functools.cache
    def visit(page: str) -> list[Sight]:
        for watch in watches:
            watch.open(site, page)
        return [watch.collect() for watch in watches]

    yield visit
    for watch in watches:
        watch.context.close()


def test_every_page_is_looked_at(html: Path) -> None:
    built = {p.relative_to(html) for p in html.rglob("*.html")}
    leading_on = {f"{old}.html" for old in MOVED}
    assert {p.as_posix() for p in built if p.parts[0] not in OTHERS} - leading_on == set(PAGES)


@pytest.mark.parametrize("sheet", ["sheet", "key"])
def test_a_sheet_of_questions_reads_well(look: Callable[[str], list[Sight]], site: str, sheet: str) -> None:
    for sight in look(f"download/questions/russia-practice-{sheet}.html"):
        assert not sight.violations and not sight.errors
        assert sight.measures["excess"] <= 0, f"{sight.mode}: wider than the screen"
        assert all(r.startswith((site + "/", "data:")) for r in sight.requests)


@pytest.mark.parametrize("page", PAGES)
def test_no_barrier_that_axe_knows(look: Callable[[str], list[Sight]], page: str) -> None:
    found = [violation for sight in look(page) for violation in sight.violations]
    assert not found, "\n" + "\n".join(found)


@pytest.mark.parametrize("page", PAGES)
def test_nothing_is_fetched_from_elsewhere(look: Callable[[str], list[Sight]], site: str, page: str) -> None:
    foreign = {r for sight in look(page) for r in sight.requests if not r.startswith((site + "/", "data:"))}
    assert not foreign


@pytest.mark.parametrize("page", PAGES)
def test_no_error_in_the_console(look: Callable[[str], list[Sight]], page: str) -> None:
    assert not [error for sight in look(page) for error in sight.errors]


@pytest.mark.parametrize("page", PAGES)
def test_nothing_is_wider_than_the_screen(look: Callable[[str], list[Sight]], page: str) -> None:
    too_wide = {s.mode: s.measures["excess"] for s in look(page) if s.measures["excess"] > 0}
    assert not too_wide, f"pixels beyond the screen: {too_wide}"


@pytest.mark.parametrize("page", PAGES)
def test_system_preference_chooses_the_theme(look: Callable[[str], list[Sight]], page: str) -> None:
    sights = {sight.mode: sight.measures for sight in look(page)}
    for mode, (_, _, scheme) in MODES.items():
        assert sights[mode]["theme"] == scheme
    assert sights["1280 light"]["ground"] != sights["1280 dark"]["ground"]


@pytest.mark.parametrize("page", TEXTS)
def test_figures_are_drawn_described_and_captioned(look: Callable[[str], list[Sight]], page: str) -> None:
    for sight in look(page):
        width = MODES[sight.mode][0]
        for image in sight.measures["images"]:
            name = f"{sight.mode}: {image['src']}"
            assert image["width"] > 0, f"{name} did not load"
            assert image["shown"] <= width, f"{name} is wider than the screen"
            alt = image["alt"]
            assert len(alt) >= 40, f"{name}: the alt text is too short to say what is shown: {alt!r}"
            assert not re.search(r"\.(png|svg|jpe?g|webp)$|[0-9a-f]{32}", alt), f"{name}: alt is a file name"
            assert image["caption"], f"{name} has no caption"
            assert image["filter"] == "none", f"{name} is dimmed"


@pytest.mark.parametrize("page", PAGES)
def test_icons_are_drawn(look: Callable[[str], list[Sight]], html: Path, page: str) -> None:
    from fontTools.ttLib import TTFont

    font = TTFont(io.BytesIO((html / "_static/icons.woff").read_bytes())).getBestCmap()
    for name, glyph in look(page)[0].measures["icons"]:
        assert len(glyph) == 1 and ord(glyph) in font, f"the icon font has no glyph for {name}"


def test_links_within_the_book_lead_somewhere(html: Path) -> None:
    soups = {page: BeautifulSoup((html / page).read_text(encoding="utf-8"), "html.parser") for page in PAGES}
    anchors = {page: {str(part["id"]) for part in soup.select("[id]")} for page, soup in soups.items()}
    broken = []
    for page, soup in soups.items():
        for address in {str(a["href"]) for a in soup.select("a[href]")}:
            path, _, anchor = address.partition("#")
            if ":" in path:
                continue
            target = os.path.normpath(os.path.join(os.path.dirname(page), unquote(path))) if path else page
            if not (html / target).is_file() or anchor and anchor not in anchors.get(target, {anchor}):
                broken.append(f"{page}: {address}")
    assert not broken, "\n" + "\n".join(sorted(broken))


def test_search_finds_a_word_of_a_chapter(html: Path, site: str, browser: Any) -> None:
    page, word = _a_long_word(html)
    tab = browser.new_page()
    tab.goto(f"{site}/search.html?q={word}")
    found = tab.locator("#search-results li a")
    found.first.wait_for()
    tab.locator(f"#search-results li a[href^='{page}']").first.wait_for()
    tab.close()


def _a_long_word(html: Path) -> tuple[str, str]:
    for page in (f"{name}.html" for name in CHAPTERS if (ROOT / f"{name}.ipynb").is_file()):
        soup = BeautifulSoup((html / page).read_text(encoding="utf-8"), "html.parser")
        text = " ".join(p.get_text(" ") for p in soup.select("article section > p"))
        if words := re.findall(r"\b[a-z]{8,}\b", text):
            return page, max(words, key=len)
    pytest.fail("no chapter holds a paragraph with a long word")


def test_the_search_button_leads_to_the_search(site: str, browser: Any) -> None:
    tab = browser.new_page()
    tab.goto(f"{site}/{TEXTS[0]}")
    tab.locator(".search-button-field").click()
    tab.locator("#pst-search-dialog input").fill("veto")
    tab.keyboard.press("Enter")
    tab.wait_for_url("**/search.html?q=veto**")
    tab.close()


def test_the_switch_changes_the_theme_and_the_next_page_keeps_it(site: str, browser: Any) -> None:
    context = browser.new_context(color_scheme="light", reduced_motion="reduce")
    tab = context.new_page()
    tab.goto(f"{site}/{TEXTS[0]}")
    seen = [tab.evaluate("document.documentElement.dataset.theme")]
    while "dark" not in seen and len(seen) < 4:
        tab.locator(".theme-switch-button").first.click()
        seen.append(tab.evaluate("document.documentElement.dataset.theme"))
    tab.goto(f"{site}/{TEXTS[1]}")
    assert (seen[0], tab.evaluate("document.documentElement.dataset.theme")) == ("light", "dark")
    context.close()


def test_the_sidebar_opens_on_a_phone(site: str, browser: Any) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844}, reduced_motion="reduce")
    tab = context.new_page()
    tab.goto(f"{site}/{TEXTS[0]}")
    tab.locator(".primary-toggle").first.click()
    tab.get_by_role("dialog", name="The book").get_by_role("link").last.wait_for()
    context.close()


def test_code_can_be_copied(site: str, browser: Any) -> None:
    page = "book/claims.html"  # a page whose code is not folded
    context = browser.new_context(permissions=["clipboard-read", "clipboard-write"])
    tab = context.new_page()
    tab.goto(f"{site}/{page}")
    block = tab.locator("div.highlight").first
    block.hover()
    block.locator("button.copybtn").click()
    block.locator("button.copybtn.success").wait_for()
    assert tab.evaluate("navigator.clipboard.readText()").strip() in block.locator("pre").inner_text()
    context.close()


TAB_STOPS = """() => [...document.querySelectorAll("a[href], button, input, select, summary, [tabindex='0']")]
  .filter(part => part.checkVisibility({visibilityProperty: true}) && !part.disabled).length"""
FOCUS = """() => {
  const part = document.activeElement, look = getComputedStyle(part), box = part.getBoundingClientRect();
  if (part === document.body) return null;
  const name = `${part.tagName} ${part.className} ${part.textContent.trim().slice(0, 40)}`;
  return [name, look.outlineStyle !== "none" && parseFloat(look.outlineWidth) >= 2 && look.opacity > 0
    && box.width > 0 && box.bottom > 0 && box.top < innerHeight];
}"""


@pytest.mark.parametrize(
    ("page", "width"), [("book/paper.html", 1280), ("book/index.html", 390), ("search.html", 1280)]
)
def test_the_keyboard_reaches_every_control_and_shows_where_it_is(
    site: str, browser: Any, page: str, width: int
) -> None:
    context = browser.new_context(viewport={"width": width, "height": 900}, reduced_motion="reduce")
    tab = context.new_page()
    tab.goto(f"{site}/{page}")
    tab.evaluate("document.activeElement.blur()")
    stops = []
    for _ in range(2000):  # leaving the page ends it; a trap would not
        tab.keyboard.press("Tab")
        if (stop := tab.evaluate(FOCUS)) is None:
            break
        stops.append(stop)
    assert stops[0][0].endswith("Skip to main content")
    assert len(stops) == tab.evaluate(TAB_STOPS)
    assert not [name for name, visible in stops if not visible]
    context.close()


def test_the_menu_opens_and_closes_from_the_keyboard(site: str, browser: Any) -> None:
    tab = browser.new_page()
    tab.goto(f"{site}/{CHAPTERS[0]}.html")
    button, menu = tab.get_by_role("button", name="Download this page"), tab.locator(".dropdown-menu").first
    button.press("Enter")
    assert menu.is_visible()
    tab.keyboard.press("ArrowDown")
    assert tab.evaluate("document.activeElement.textContent.trim()") == ".ipynb"
    tab.keyboard.press("Escape")
    assert not menu.is_visible() and button.evaluate("part => part === document.activeElement")
    tab.close()


def test_a_note_shows_a_work_and_a_term_also_from_a_folder(html: Path, browser: Any) -> None:
    tab = browser.new_page()
    tab.goto((html / "book" / "theory.html").as_uri())
    note = tab.locator(".note-box")
    work = tab.locator("article p a[href^='#ref-']").first
    work.hover()
    note.wait_for()
    assert note.inner_text() in tab.locator(str(work.get_attribute("href"))).inner_text()
    tab.keyboard.press("Escape")
    assert note.is_hidden()
    term = tab.locator("article p a[href^='glossary.html#term-']").first
    tab.keyboard.press("Tab")  # so that the focus that follows is the keyboard's
    term.focus()
    note.wait_for()
    glossary = BeautifulSoup((html / "book" / "glossary.html").read_text(encoding="utf-8"), "html.parser")
    name = glossary.find(id=str(term.get_attribute("href")).partition("#")[2])
    assert note.inner_text() == " ".join(name.find_next("dd").get_text().split())
    assert term.get_attribute("aria-describedby") == note.get_attribute("id")
    tab.close()


def found(tab: Any, address: str, words: str) -> list[str]:
    """Return the pages that a search lists, best first."""
    tab.goto(f"{address}/search.html?q={words}")
    tab.locator(".search-summary:not(:empty)").wait_for()
    return [str(link.get_attribute("href")) for link in tab.locator("#search-results li > a").all()]


def test_search_finds_cells_and_terms_from_a_folder_and_puts_chapters_first(html: Path, browser: Any) -> None:
    tab = browser.new_page()
    folder = html.as_uri()
    assert "book/data.html" in found(tab, folder, "itpd"), "a word of an output"
    assert any(page.startswith("book/glossary.html#term-") for page in found(tab, folder, "abstention"))
    pages = [page.partition("#")[0] for page in found(tab, folder, "hamadan")]
    assert pages.index("book/cooperation.html") < pages.index("book/bibliography.html")
    assert pages.index("book/cooperation.html") < pages.index("book/claims.html")
    tab.close()


def test_figures_follow_the_switch_of_the_theme(site: str, browser: Any) -> None:
    context = browser.new_context(color_scheme="light", reduced_motion="reduce")
    tab = context.new_page()
    tab.goto(f"{site}/book/index.html")
    figure = tab.locator("article img").first
    figure.scroll_into_view_if_needed()
    tab.evaluate(FETCH)
    shown = [figure.screenshot()]
    tab.evaluate("document.documentElement.dataset.theme = 'dark'")
    shown.append(figure.screenshot())
    assert [_corner(picture) for picture in shown] == [PAPER, NIGHT]
    context.close()


def _corner(picture: bytes) -> str:
    from PIL import Image

    return "#{:02x}{:02x}{:02x}".format(*Image.open(io.BytesIO(picture)).convert("RGB").getpixel((3, 3)))


def test_pages_show_their_text_without_scripts(html: Path, site: str, browser: Any) -> None:
    context = browser.new_context(java_script_enabled=False)
    tab = context.new_page()
    for page in TEXTS:
        tab.goto(f"{site}/{page}")
        soup = BeautifulSoup((html / page).read_text(encoding="utf-8"), "html.parser")
        told = tab.locator("article").inner_text()
        for paragraph in soup.select("article > section > p")[:3]:
            words = " ".join(paragraph.get_text().split())
            assert words in " ".join(told.split()), f"{page} hides without scripts: {words[:80]}"
        assert tab.locator("article h1").is_visible()
    context.close()


def test_the_door_leads_on_without_a_redirect(html: Path) -> None:
    door = BeautifulSoup((html / "index.html").read_text(encoding="utf-8"), "html.parser")
    assert door.html and door.html["lang"] == "en" and door.title and door.title.get_text()
    assert (html / door.select_one("a[href]")["href"]).is_file()


@pytest.mark.parametrize(
    ("markup", "becomes", "warned"),
    [
        ('<a href="claims.ipynb#claim-x">c</a>', '<a href="claims.html#claim-x">c</a>', False),
        ('<a href="../data/vetoes.csv" download>d</a>', '<a href="../data/vetoes.csv" download>d</a>', False),
        ('<a href="https://example.org/a.md">e</a>', '<a href="https://example.org/a.md">e</a>', False),
        ('<a href="gone.ipynb">g</a>', '<a href="gone.ipynb">g</a>', True),
        (
            '<a class="source" href="claims.ipynb#ref-walt">walt</a>',
            '<a href="claims.html#ref-walt">Walt and Van Evera 1987</a>',
            False,
        ),
        (
            '<a class="source" href="claims.ipynb#ref-none">none</a>',
            '<a href="claims.html#ref-none">none</a>',
            True,
        ),
        (
            '<a class="place" href="claims.ipynb#all">claims, all</a>',
            '<a class="place" href="claims.html#all">Every claim (The ledger)</a>',
            False,
        ),
        (
            '<a class="place" href="claims.ipynb#fig-a">claims, fig-a</a>',
            '<a class="place" href="claims.html#fig-a">Fig. 2.1 (The ledger)</a>',
            False,
        ),
        (
            '<a class="place" href="claims.ipynb#no">n</a>',
            '<a class="place" href="claims.html#no">no</a>',
            True,
        ),
    ],
)
def test_links_in_outputs(monkeypatch: pytest.MonkeyPatch, markup: str, becomes: str, warned: bool) -> None:
    """Links that are right in JupyterLab become right on a page; what does not exist stops a strict build."""
    from docutils import frontend, nodes, utils
    from pybtex.database import parse_string
    from sphinx.builders.html import StandaloneHTMLBuilder

    from publish import pages

    works = parse_string(
        "@book{walt, author = {Walt, Stephen and Van Evera, Stephen}, year = 1987}", "bibtex"
    )
    builder = SimpleNamespace(name="html", out_suffix=".html", link_suffix=".html")
    builder.get_target_uri = functools.partial(StandaloneHTMLBuilder.get_target_uri, builder)
    builder.get_relative_uri = functools.partial(StandaloneHTMLBuilder.get_relative_uri, builder)
    labels = {
        key: ("book/claims", key, title) for key, title in (("all", "Every claim"), ("fig-a", "A line"))
    }
    domain = SimpleNamespace(bibdata=SimpleNamespace(data=works), labels=labels)
    env = SimpleNamespace(
        found_docs={"book/russia", "book/claims"},
        get_domain=lambda name: domain,
        titles={"book/claims": nodes.title("", "The ledger")},
        toc_fignumbers={"book/claims": {"figure": {"fig-a": (2, 1)}}},
    )
    warnings: list[str] = []
    log = SimpleNamespace(warning=lambda text, *parts, **where: warnings.append(text % parts))
    monkeypatch.setattr(pages, "LOG", log)
    doctree = utils.new_document("page", frontend.get_default_settings())
    doctree += nodes.raw("", markup, format="html")
    pages.link_outputs(SimpleNamespace(env=env, builder=builder), doctree, "book/russia")  # type: ignore[arg-type]
    assert (doctree.astext(), bool(warnings)) == (becomes, warned)
