"""What pages tell machines, how they are cited, and that no address of an earlier edition is lost."""

import functools
import http.server
import json
import os
import posixpath
import re
import threading
import tomllib
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import jsonschema
import pytest
import yaml
from bs4 import BeautifulSoup
from pybtex.database import parse_string
from pybtex.style.formatting import plain

from addresses import listed, live
from notebooks import ROOT, prose
from publish import meta
from publish.edition import AUTHOR, FORMS, TITLE, Cited, Edition, bibtex, edition, foot, in_text, stamp
from publish.pages import whole
from publish.questions.bank import objectives

CONFIG = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
SETTINGS = CONFIG["sphinx"]["config"]
TOC = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
PAGES = [TOC["root"], *(c["file"] for part in TOC["parts"] for c in part["chapters"])]
MOVED = SETTINGS["book_redirects"]
ADDRESS = os.environ.get("BOOK_SITE_URL") or CONFIG["html"]["baseurl"]
THIS = edition(ROOT)
NEEDED = {
    "Book": {"name", "author", "version", "datePublished", "license", "inLanguage", "isBasedOn"},
    "Chapter": {"name", "position", "isPartOf"},
    "LearningResource": {"name", "teaches", "timeRequired", "accessMode", "accessibilityFeature", "license"},
    "Dataset": {"name", "description", "creator", "usageInfo", "distribution", "variableMeasured", "isBasedOn"},
}  # fmt: skip
"""What schema.org's readers look for, by type; the whole book teaches nothing by itself."""


def page(html: Path, name: str) -> BeautifulSoup:
    """Return a page of the built book."""
    return BeautifulSoup(whole((html / f"{name}.html").read_text(encoding="utf-8")), "html.parser")


def terms(soup: BeautifulSoup) -> dict[str, Any] | None:
    """Return the terms of schema.org that a page tells."""
    told = soup.select_one('script[type="application/ld+json"]')
    return json.loads(told.get_text()) if told else None


# The edition


def test_every_file_names_the_same_edition() -> None:
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["version"] == THIS.version
    for told in (citation, citation["preferred-citation"]):
        assert (told["title"], told["version"], told["date-released"]) == (TITLE, THIS.version, THIS.day)
    assert citation["preferred-citation"]["year"] == THIS.day.year
    assert CONFIG["title"] == TITLE
    assert " ".join(citation["abstract"].split()) == SETTINGS["book_description"]
    assert f"> {in_text(Cited(THIS), '*{}*')}\n" in prose(ROOT / "book" / "index.ipynb")


def test_the_citation_file_is_valid() -> None:
    schema = json.loads((ROOT / "tests" / "cff-1.2.0.json").read_text(encoding="utf-8"))
    told = yaml.load((ROOT / "CITATION.cff").read_text(encoding="utf-8"), yaml.BaseLoader)  # dates stay text
    jsonschema.Draft7Validator(schema).validate(told)


def test_a_change_log_without_an_edition_is_refused(tmp_path: Path) -> None:
    (tmp_path / "CHANGELOG.md").write_text("# Changes\n\n## Next\n", encoding="utf-8")
    with pytest.raises(ValueError, match='the first heading names the edition.* it is "## Next"'):
        edition(tmp_path)


def test_an_edition_of_somebody_else_has_a_name(tmp_path: Path) -> None:
    (tmp_path / "CHANGELOG.md").write_text("# Changes\n\n## 1.2.0+north, 5 March 2027\n", encoding="utf-8")
    assert edition(tmp_path) == Edition("1.2.0+north", date(2027, 3, 5))


def test_the_foot_names_the_commit_once_it_is_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    this, path = Edition("1.2.3", date(2027, 3, 5)), tmp_path / "page.html"
    path.write_text(f'<p class="edition">{foot(this)}</p><p>; x</p>', encoding="utf-8")
    monkeypatch.setenv("BOOK_COMMIT", "0123456789abcdef0123456789abcdef01234567")
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1804377600")
    for _ in range(2):
        stamp([path])
        assert "Edition 1.2.3, 5 March 2027; commit 0123456789 of 7 March 2027</p><p>; x" in path.read_text()
    monkeypatch.delenv("BOOK_COMMIT")
    monkeypatch.delenv("SOURCE_DATE_EPOCH")
    stamp([path])
    assert path.read_text() == f'<p class="edition">{foot(this)}</p><p>; x</p>'
    monkeypatch.setenv("BOOK_COMMIT", "main")
    with pytest.raises(ValueError, match='BOOK_COMMIT is "main"; it must be the name of a commit'):
        stamp([path])


# What pages tell


@pytest.mark.parametrize("name", PAGES)
def test_a_page_says_what_it_is(html: Path, name: str) -> None:
    soup = page(html, name)
    about = [m["content"] for m in soup.select("meta[name=description][property='og:description']")]
    assert len(about) == 1 and 30 <= len(about[0]) <= 210, about
    graph = {m["property"]: m["content"] for m in soup.select("meta[property^='og:']")}
    assert graph["og:title"] and graph["og:site_name"] == TITLE and graph["og:locale"] == "en_GB"
    assert [p.get_text()[: len(foot(THIS))] for p in soup.select("footer .edition")] == [foot(THIS)]
    canonical = [link["href"] for link in soup.select("link[rel=canonical]")]
    assert canonical == ([f"{ADDRESS.rstrip('/')}/{name}.html"] if ADDRESS else [])
    assert bool(graph.get("og:url")) == bool(ADDRESS)


def test_nothing_that_needs_an_address_is_made_without_one(html: Path) -> None:
    assert [(html / name).is_file() for name in ("sitemap.xml", "robots.txt")] == [bool(ADDRESS)] * 2


def test_terms_are_complete_and_true(html: Path) -> None:
    book, data = terms(page(html, TOC["root"])), terms(page(html, "book/data"))
    assert book and NEEDED["Book"] <= book.keys()
    assert book["isBasedOn"]["@type"] == "ScholarlyArticle" and len(book["isBasedOn"]["author"]) == 3
    assert all((html / "book" / part["url"]).is_file() for part in book["hasPart"])
    for chapter, aims in objectives().items():
        told = terms(page(html, f"book/{chapter}"))
        assert told
        kinds = told["@type"] if isinstance(told["@type"], list) else [told["@type"]]
        assert set().union(*(NEEDED[kind] for kind in kinds)) <= told.keys(), chapter
        assert len(told["teaches"]) == len(aims) and not re.search(r"[*{}`<>]", "".join(told["teaches"]))
        minutes = re.search(r"\*\*Time\.\*\* About (\d+) minutes", prose(ROOT / "book" / f"{chapter}.ipynb"))
        assert minutes and told["timeRequired"] == f"PT{minutes[1]}M"
        assert (told["version"], told["datePublished"]) == (THIS.version, str(THIS.day))
    assert data and data["@type"] == "DataCatalog"
    package = json.loads((ROOT / "data" / "datapackage.json").read_text(encoding="utf-8"))
    anchors = {str(part["id"]) for part in page(html, "book/data").select("[id]")}
    for resource, told in zip(package["resources"], data["dataset"], strict=True):
        assert told["@type"] == "Dataset" and NEEDED["Dataset"] <= told.keys(), resource["name"]
        assert told["usageInfo"]["text"] == resource["terms"]
        assert "license" not in told or resource["reuse"] == "open", (
            f"{resource['name']}: not ours to license"
        )
        assert told["url"].partition("#")[2] in anchors
        assert (html / "data" / posixpath.basename(told["distribution"]["contentUrl"])).is_file()


def test_a_licence_is_named_only_where_the_terms_give_one() -> None:
    resource = {
        "name": "t", "title": "T", "description": "D", "version": "1", "citation": "C", "path": "t.csv",
        "mediatype": "text/csv", "hash": "sha256:0", "schema": {"fields": [{"name": "a"}]},
    }  # fmt: skip

    def licence(reuse: str, said: str) -> str | None:
        return meta.table_terms(resource | {"reuse": reuse, "terms": said}).get("license")

    assert licence("open", "data CC0 (Harvard Dataverse); package MIT") == meta.LICENCES["CC0"]
    assert licence("open", "official record; our arrangement CC BY 4.0") == meta.CC_BY
    assert licence("open", "public domain (Natural Earth); package ISC") is None
    assert licence("cited", "derived figures only; our arrangement CC BY 4.0") is None


# Citations


def test_a_chapter_can_be_cited_by_hand_and_by_program(html: Path) -> None:
    for chapter in objectives():
        soup = page(html, f"book/{chapter}")
        fold = soup.select_one("details.cite")
        assert fold and fold.p and not soup.select_one("details.cite[open]")
        text = fold.p.get_text()
        assert (
            text.startswith("The contributors to Testing Realism (")
            and THIS.version in text
            and TITLE in text
        )
        assert ("http" in text) == bool(ADDRESS)
        links = [posixpath.join("book", str(a["href"])) for a in fold.select("a[download]")]
        assert [posixpath.splitext(link)[1][1:] for link in links] == list(FORMS)
        bib, ris, csl = ((html / link).read_text(encoding="utf-8") for link in links)
        [entry] = parse_string(bib, "bibtex").entries.values()
        [item] = json.loads(csl)
        tags = dict(line.split("  - ", 1) for line in ris.splitlines())
        titles = {re.sub(r"[{}]", "", entry.fields["title"]), item["title"], tags["TI"]}
        assert len(titles) == 1 and titles.pop() in text
        assert [str(p) for p in entry.persons["author"]] == [f"{{{tags['AU']}}}"]
        assert list(tags)[0] == "TY" and list(tags)[-1] == "ER"
        day = [THIS.day.year, THIS.day.month, THIS.day.day]
        assert item["issued"]["date-parts"] == [day] and tags["PY"] == entry.fields["year"] == str(day[0])
        assert item["edition"] == tags["ET"] == entry.fields["edition"]
        assert item.get("chapter-number") == entry.fields.get("chapter") == tags.get("SE")
        assert "chapter-number" not in item or f"Chapter {item['chapter-number']} in" in text
    front = page(html, TOC["root"])
    assert len(front.select('a[download][href*="download/cite/testing-realism."]')) == len(FORMS)


@pytest.mark.parametrize("page", ["", "iran"], ids=["book", "chapter"])
def test_the_plain_style_of_bibtex_formats_a_citation(page: str) -> None:
    """It refuses a book that names no publisher."""
    it = Cited(THIS, page, "A title", "7") if page else Cited(THIS)
    [entry] = plain.Style().format_bibliography(parse_string(bibtex(it), "bibtex"))
    text = entry.text.render_as("text")
    assert TITLE in text and f"{AUTHOR}, {THIS.version} edition, {THIS.day.year}." in text


def test_a_citation_has_the_address_where_it_is_known() -> None:
    it = Cited(THIS, "x", "A title", "7", "https://example.org/book/x.html")
    assert in_text(it).endswith(f"A title. Chapter 7 in {TITLE}. Version {THIS.version}. {it.url}")
    assert f"url = {{{it.url}}}" in bibtex(it)
    assert all(it.url in form(it) for _, form in FORMS.values())


# Addresses


def test_no_address_of_an_earlier_edition_is_lost(html: Path) -> None:
    lost = sorted(listed() - live(html))
    assert not lost, f"published and gone; add to book_redirects in _config.yml, or put back: {lost}"
    new = {f"{name}.html" for name in PAGES} - listed()
    assert not new, f"not in tests/addresses.csv yet; run python tests/addresses.py: {sorted(new)}"


@pytest.mark.parametrize("old", MOVED)
def test_a_moved_address_leads_on_without_scripts(html: Path, old: str) -> None:
    soup = page(html, old)
    targets = {
        str(soup.a["href"]),
        str(soup.select_one("meta[http-equiv=refresh]")["content"]).partition("url=")[2],
    }
    assert targets == {posixpath.relpath(f"{MOVED[old]}.html", posixpath.dirname(old))}
    assert (html / f"{MOVED[old]}.html").is_file() and soup.select_one("link[rel=canonical]")


def test_a_redirect_that_leads_nowhere_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    monkeypatch.setattr(meta.LOG, "warning", lambda text, *words, **_: told.append(text % words))
    app = SimpleNamespace(
        config=SimpleNamespace(book_redirects={"book/a": "book/gone", "book/b": "book/c"}, html_baseurl=""),
        env=SimpleNamespace(found_docs={"book/b", "book/c"}, titles={}),
    )
    (tmp_path / "book").mkdir()
    (tmp_path / "book" / "removed.html").touch()
    meta.write_moved(app, tmp_path)  # type: ignore[arg-type]
    assert (
        len(told) == 2 and "there is no page book/gone" in told[0] and "it is a page of the book" in told[1]
    )
    assert not list(tmp_path.rglob("*.html")), "a page that no source has is deleted"


class Lost(http.server.SimpleHTTPRequestHandler):
    """The book in a folder of its host, with 404.html at every address that has no page."""

    def translate_path(self, path: str) -> str:
        """Find the file below the folder ``/made-up/``."""
        inner = path.removeprefix("/made-up")
        return super().translate_path(inner) if inner != path else "/nowhere"

    def send_error(self, code: int, *rest: object) -> None:
        """Answer as a host for static sites does."""
        body = (Path(self.directory) / "404.html").read_bytes()
        self.send_response(code)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments: object) -> None:
        """Say nothing."""


def test_the_lost_page_knows_every_folder_of_the_book(html: Path) -> None:
    assert {path.name for path in html.iterdir() if path.is_dir()} <= set(meta.FOLDERS)


def test_a_lost_reader_finds_back_from_any_depth(html: Path, browser: Any) -> None:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Lost, directory=str(html)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    tab = browser.new_page()
    site = f"http://127.0.0.1:{server.server_port}/made-up"
    try:
        for wrong in ("none.html", "book/none.html", "book/teaching/none.html", "data/none.csv"):
            assert tab.goto(f"{site}/{wrong}").status == 404
            assert tab.title().startswith("No such page")
            loaded = tab.evaluate("[...document.styleSheets].map(sheet => sheet.href)")
            assert loaded and all(sheet.startswith(f"{site}/_static/") for sheet in loaded), wrong
            with tab.expect_navigation() as led:
                tab.click("article a[href*='claims']")
            assert led.value.status == 200 and tab.url == f"{site}/book/claims.html", wrong
    finally:
        tab.close()
        server.shutdown()


def test_the_lost_page_is_kept_out_of_what_is_found(html: Path) -> None:
    soup = page(html, "404")
    assert soup.select_one("meta[name=robots][content=noindex]")
    assert "There is no page at this address" not in (html / "searchindex.js").read_text(encoding="utf-8")
    for link in soup.select("article a[href]"):
        assert ":" in str(link["href"]) or (html / str(link["href"]).partition("#")[0]).is_file(), link
