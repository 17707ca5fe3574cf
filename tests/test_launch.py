"""The ways to run a page: one link of each kind on every notebook's page, to a file that exists, or none."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlencode

import pytest
import yaml
from bs4 import BeautifulSoup

ROOT = Path(__file__).resolve().parents[1]
CONFIG = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
TOC = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
PAGES = [TOC["root"], *(c["file"] for part in TOC["parts"] for c in part["chapters"])]
MADE_UP = "made-up-owner/made-up-repo"
HUB = "https://hub.example.org"
SITE = "https://example.org/made-up"
JUPYTER_BOOK = (sys.executable, "-c", "from jupyter_book.cli.main import main; main()")
PLACEHOLDER = "OWNER/REPOSITORY"


@pytest.fixture(scope="module")
def launched(html: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The book built for a made-up repository; nothing is executed again, as the cache is shared."""
    folder = tmp_path_factory.mktemp("launched")
    done = subprocess.run(
        [*JUPYTER_BOOK, "build", ".", "--path-output", str(folder), "-W", "-n", "--keep-going"],
        cwd=ROOT,
        env=os.environ
        | {
            "BOOK_REPOSITORY_URL": f"https://github.com/{MADE_UP}",
            "BOOK_HUB_URL": HUB,
            "BOOK_PARTS": "lite",
            "BOOK_SITE_URL": SITE,
            "SOURCE_DATE_EPOCH": "1804377600",
        },  # fmt: skip
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    if done.returncode:
        pytest.fail(f"no book for a made-up repository:\n{done.stdout[-4000:]}", pytrace=False)
    return folder / "_build" / "html"


def _links(site: Path, page: str) -> list[str]:
    soup = BeautifulSoup((site / f"{page}.html").read_text(encoding="utf-8"), "html.parser")
    return [a["href"] for a in soup.select("a[href]")]


@pytest.mark.parametrize("page", PAGES)
def test_one_link_of_each_kind_on_a_notebook_page_and_none_elsewhere(launched: Path, page: str) -> None:
    branch = CONFIG["repository"]["branch"]
    file = f"{page}.ipynb"
    hub = {
        "repo": f"https://github.com/{MADE_UP}",
        "urlpath": f"lab/tree/made-up-repo/{file}",
        "branch": branch,
    }
    wanted = {
        "mybinder.org/v2": f"https://mybinder.org/v2/gh/{MADE_UP}/{branch}?urlpath=lab/tree/{file}",
        "colab.": f"https://colab.research.google.com/github/{MADE_UP}/blob/{branch}/{file}",
        "/git-pull?": f"{HUB}/hub/user-redirect/git-pull?{urlencode(hub, safe='/')}",
    }
    if page != TOC["root"] and Path(page).parent == Path(TOC["root"]).parent:
        wanted |= {
            "/lite/": f"../lite/notebooks/index.html?path={file}",
            "/download/testing-realism-run-": f"../download/testing-realism-run-{Path(page).name}.zip",
        }
    links = _links(launched, page)
    for mark, address in wanted.items():
        found = [link for link in links if mark in link]
        if (ROOT / file).is_file():
            assert found == [address]
            if mark == "/download/testing-realism-run-":
                assert (launched / page).parent.joinpath(address).is_file()
        elif page != "book/run":  # that page leads to each of them, for all pages
            assert not found


def test_the_browser_door_says_what_it_costs_before_the_click(launched: Path) -> None:
    soup = BeautifulSoup((launched / "book" / "iran.html").read_text(encoding="utf-8"), "html.parser")
    doors = soup.select_one("h1 + details.doors")
    assert doors and doors.summary and doors.summary.get_text() == "Run this page"
    words = " ".join(doors.get_text().split())
    assert re.search(r"about [0-9]+ MB", words)
    assert "Pyodide's public distribution" in words and "cdn.jsdelivr.net" in words
    pinned = json.loads((ROOT / "publish" / "package.json").read_text(encoding="utf-8"))["dependencies"][
        "pyodide"
    ]
    assert f"version {pinned}" in words


def test_no_door_is_shown_that_was_not_made(html: Path) -> None:
    made = (html / "lite").is_dir()
    for page in PAGES:
        shown = [link for link in _links(html, page) if "/lite/" in link]
        assert made or not shown, page


def test_no_button_leads_to_the_placeholder(html: Path) -> None:
    """A fork that sets its address gets its own buttons, never the placeholder's or Jupyter Book's."""
    address = os.environ.get("BOOK_REPOSITORY_URL") or CONFIG["repository"]["url"]
    for page in PAGES:
        links = _links(html, page)
        assert not [link for link in links if PLACEHOLDER in link or "executablebooks" in link], page
        if PLACEHOLDER in address:
            assert not [link for link in links if "mybinder.org/v2" in link], page


def test_a_site_that_knows_its_address_says_it(launched: Path) -> None:
    """Canonical addresses, the site map and robots.txt; the built book without an address has none of them."""
    sitemap = (launched / "sitemap.xml").read_text(encoding="utf-8")
    assert re.findall("<loc>(.*?)</loc>", sitemap) == sorted(f"{SITE}/{page}.html" for page in PAGES)
    assert set(re.findall("<lastmod>(.*?)</lastmod>", sitemap)) == {"2027-03-07"}
    assert f"Sitemap: {SITE}/sitemap.xml" in (launched / "robots.txt").read_text(encoding="utf-8")
    for page in PAGES:
        soup = BeautifulSoup((launched / f"{page}.html").read_text(encoding="utf-8"), "html.parser")
        assert [link["href"] for link in soup.select("link[rel=canonical]")] == [f"{SITE}/{page}.html"]
        assert [m["content"] for m in soup.select("meta[property='og:url']")] == [f"{SITE}/{page}.html"]
    lost = BeautifulSoup((launched / "404.html").read_text(encoding="utf-8"), "html.parser")
    assert [base["href"] for base in lost.select("base")] == ["/made-up/"] and not lost.select(
        "link[rel=canonical]"
    )
    russia = (launched / "book" / "russia.html").read_text(encoding="utf-8")
    assert f"{SITE}/book/russia.html</p>" in russia, "the citation has the address"
