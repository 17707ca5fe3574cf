"""The buttons that need the repository: one Binder link per notebook page, to a file that exists, or none."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from bs4 import BeautifulSoup

ROOT = Path(__file__).resolve().parents[1]
CONFIG = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
TOC = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
PAGES = [TOC["root"], *(c["file"] for part in TOC["parts"] for c in part["chapters"])]
MADE_UP = "made-up-owner/made-up-repo"
JUPYTER_BOOK = (sys.executable, "-c", "from jupyter_book.cli.main import main; main()")
PLACEHOLDER = "OWNER/REPOSITORY"


@pytest.fixture(scope="module")
def launched(html: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The book built for a made-up repository; nothing is executed again, as the cache is shared."""
    folder = tmp_path_factory.mktemp("launched")
    done = subprocess.run(
        [*JUPYTER_BOOK, "build", ".", "--path-output", str(folder), "-W", "-n", "--keep-going"],
        cwd=ROOT,
        env=os.environ | {"BOOK_REPOSITORY_URL": f"https://github.com/{MADE_UP}"},
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
def test_one_binder_link_on_a_notebook_page_and_none_elsewhere(launched: Path, page: str) -> None:
    found = [link for link in _links(launched, page) if "mybinder.org/v2" in link]
    if not (ROOT / f"{page}.ipynb").is_file():
        assert not found
        return
    branch = CONFIG["repository"]["branch"]
    assert found == [f"https://mybinder.org/v2/gh/{MADE_UP}/{branch}?urlpath=lab/tree/{page}.ipynb"]


def test_no_button_leads_to_the_placeholder(html: Path) -> None:
    """A fork that sets its address gets its own buttons, never the placeholder's or Jupyter Book's."""
    address = os.environ.get("BOOK_REPOSITORY_URL") or CONFIG["repository"]["url"]
    for page in PAGES:
        links = _links(html, page)
        assert not [link for link in links if PLACEHOLDER in link or "executablebooks" in link], page
        if PLACEHOLDER in address:
            assert not [link for link in links if "mybinder.org/v2" in link], page
