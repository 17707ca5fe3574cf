"""What ``make site`` adds to the book, in the order in which it is made.

Each part has an environment of its own, so it is a command: it is given the folder of the new book,
whose pages and downloads are there already, and writes one folder more. A part that fails says why in
its last line, and the last good book stays.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Part:
    """A folder of the book, what it is called, and the command that writes it."""

    folder: str
    name: str
    command: tuple[str, ...]


PARTS = [
    Part("lite", "browser door", (".venv/lite/bin/python", "-m", "publish.lite")),
    Part("slides", "slides", (".venv/book/bin/python", "-m", "publish.slides")),
    Part("epub", "EPUB", (".venv/book/bin/python", "-m", "publish.epub")),
    Part("pdf", "PDFs", (".venv/book/bin/python", "-m", "publish.prints")),  # of the slides too
    Part(
        "bundle", "folder to read", (".venv/book/bin/python", "-m", "publish.offline.bundle")
    ),  # last: holds the others
]
