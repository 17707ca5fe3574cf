"""Texts of the bank for places that know nothing of the book: its roles become words, Markdown becomes HTML."""

import json
import re
from functools import cache
from pathlib import Path

from markdown_it import MarkdownIt

ROOT = Path(__file__).resolve().parents[2]
ROLE = re.compile(r"\{(?P<role>[a-z:]+)\}`(?:(?P<shown>[^`<]+?)\s*<[^`>]+>|(?P<key>[^`]+))`")
LABEL = re.compile(r"^\(([a-z0-9-]+)\)=\n+#+ (.+)$", flags=re.M)
MARKDOWN = MarkdownIt("commonmark", {"typographer": True}).enable(["smartquotes", "table"])


@cache
def page_text(page: str, root: Path = ROOT) -> str:
    """Return the Markdown of a notebook of the book."""
    notebook = json.loads((root / "book" / f"{page}.ipynb").read_text(encoding="utf-8"))
    return "\n\n".join("".join(c["source"]) for c in notebook["cells"] if c["cell_type"] == "markdown")


def sections(page: str, root: Path = ROOT) -> dict[str, str]:
    """Return the labels of a page's sections, each with the section's title."""
    return dict(LABEL.findall(page_text(page, root)))


@cache
def all_sections(root: Path = ROOT) -> dict[str, str]:
    """Return the labels of the sections of all notebooks, each with the section's title."""
    pages = sorted((root / "book").glob("*.ipynb"))
    return {label: title for page in pages for label, title in sections(page.stem, root).items()}


def title(page: str, root: Path = ROOT) -> str:
    """Return the title of a page, without markup."""
    found = re.search(r"^# (.+)$", page_text(page, root), flags=re.M)
    assert found, f"{page} has no title"
    return words(found[1], root)


@cache
def _works(root: Path) -> dict[str, str]:
    from pybtex.database import parse_file

    from publish.pages import author_year

    entries = parse_file(root / "references.bib", bib_format="bibtex").entries
    return {key: author_year(entry) for key, entry in entries.items()}


def words(text: str, root: Path = ROOT) -> str:
    """Return Markdown whose roles are plain words: a section's title, a term, author and year."""

    def say(match: re.Match[str]) -> str:
        role, key = match["role"], match["key"]
        if match["shown"]:
            return match["shown"]
        if role == "ref":
            return f'"{words(all_sections(root)[key], root)}"'
        if role in ("cite:p", "cite:t"):
            named = [_works(root)[k.strip()] for k in key.split(",")]
            return f"({'; '.join(named)})" if role == "cite:p" else "; ".join(named)
        return key

    return ROLE.sub(say, text)


def block(text: str) -> str:
    """Return a text as HTML paragraphs."""
    return MARKDOWN.render(words(text)).strip()


def line(text: str) -> str:
    """Return a text of one line as HTML without a paragraph around it."""
    return MARKDOWN.renderInline(words(text)).strip()
