"""Slides and PDFs beside the built book, in ``_build/site``; run as ``python -m publish.takeaway``."""

import shutil
import sys
from collections.abc import Callable
from pathlib import Path

from publish.build import BUILD, HTML
from publish.doors import open_doors
from publish.prints import make_pdfs
from publish.slides import MissingTool, SelectionError, make_decks

STEPS: list[tuple[str, Callable[[Path], list[Path]]]] = [("slides", make_decks), ("PDFs", make_pdfs)]


def add_takeaways(site: Path) -> list[str]:
    """Add slides, PDFs and the links to them to a folder that holds the built book.

    Parameters
    ----------
    site
        A folder with the built book.

    Returns
    -------
    list of str
        One line for each step that could not be taken, for want of a program, with what to install.
    """
    missing = []
    for name, make in STEPS:
        try:
            made = make(site)
            print(f"{name:28} {len(made)} made", flush=True)
        except MissingTool as lack:
            print(f"{name:28} not made. {lack}", flush=True)
            missing.append(str(lack))
    open_doors(site)
    return missing


def main() -> int:
    """Copy the built book to ``_build/site`` and add to it; return the exit code."""
    site = BUILD / "site"
    shutil.rmtree(site, ignore_errors=True)
    shutil.copytree(HTML, site)
    try:
        missing = add_takeaways(site)
    except SelectionError as error:
        print(error)
        return 1
    print(f"Open {site / 'index.html'}")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
