"""Slides and PDFs beside the built book, in ``_build/site``; run as ``python -m publish.takeaway``."""

import shutil
import sys
from pathlib import Path

from publish.build import BUILD, HTML
from publish.doors import open_doors
from publish.prints import find_chromium, make_pdfs
from publish.slides import SelectionError, make_decks


def add_takeaways(site: Path) -> None:
    """Add slides, PDFs and the links to them to a folder that holds the built book."""
    decks = make_decks(site)
    print(f"{len(decks)} decks in {site / 'slides'}", flush=True)
    find_chromium()
    print(f"{len(make_pdfs(site))} PDFs in {site / 'pdf'} and {site / 'slides'}", flush=True)
    open_doors(site)


def main() -> int:
    """Copy the built book to ``_build/site`` and add to it; return the exit code."""
    site = BUILD / "site"
    shutil.rmtree(site, ignore_errors=True)
    shutil.copytree(HTML, site)
    try:
        add_takeaways(site)
    except SelectionError as error:
        print(error)
        return 1
    print(f"Open {site / 'index.html'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
