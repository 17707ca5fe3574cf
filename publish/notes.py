"""What a link to a work, a term or a claim shows before it is followed, for links from other pages.

One script for each of the three pages, with the text of everything on it that some other page links to:
``_static/notes-bibliography.js`` and so on. ``static/notes.js`` asks for it when it is first needed.
"""

import json
import re
from collections.abc import Callable
from pathlib import Path

from selectolax.lexbor import LexborHTMLParser, LexborNode


def _work(entry: LexborNode) -> str:
    text = entry.css_first("p")
    return text.text() if text else ""


def _term(name: LexborNode) -> str:
    meaning = name.next
    while meaning and meaning.tag != "dd":
        meaning = meaning.next
    return meaning.text() if meaning else ""


def _claim(row: LexborNode) -> str:
    claim, verdict = row.css_first("th"), row.css_first("td")
    return f"{claim.text()} {verdict.text()}." if claim and verdict else ""


KINDS: dict[str, tuple[str, Callable[[LexborNode], str]]] = {
    "bibliography": ("ref-", _work),
    "glossary": ("term-", _term),
    "claims": ("claim-", _claim),
}
"""For each page, how the anchors on it begin and how the text of one is found."""


def write_notes(book: Path, static: Path) -> None:
    """Write the three scripts from the built pages of a folder."""
    pages = {
        path.relative_to(book).with_suffix("").as_posix(): LexborHTMLParser(path.read_text(encoding="utf-8"))
        for path in sorted(book.rglob("*.html"))
    }
    for name, (start, text_of) in KINDS.items():
        if name not in pages:
            continue
        asked = {
            str(link.attributes["href"]).partition("#")[2]
            for page, tree in pages.items()
            if page != name
            for link in tree.css(f"a[href*='#{start}']")
            if not str(link.attributes["href"]).startswith("#")
        }
        entries = pages[name].css(f"[id^='{start}']")
        notes = {e.id: " ".join(re.sub(r"#$", "", text_of(e)).split()) for e in entries if e.id in asked}
        script = f"bookNotes({json.dumps(name)}, {json.dumps(notes, ensure_ascii=False, indent=0)});\n"
        (static / f"notes-{name}.js").write_text(script, encoding="utf-8")
