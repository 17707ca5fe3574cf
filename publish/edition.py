"""Which edition this is, and how it and its pages are cited.

Version and date stand in the first heading of CHANGELOG.md, and come from there to the foot of every
page, to what pages tell machines, and to the citations. An edition that somebody else makes from this book has
a name after a plus sign: ``0.4.0+name``. The commit is known only to whoever publishes an
edition: ``BOOK_COMMIT`` names it, and ``SOURCE_DATE_EPOCH`` its time. It is written into the finished
pages at the very end, so a new commit makes no page anew, and the same sources give the same bytes in a
folder without git.
"""

import json
import os
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

TITLE = "Testing Realism: Iran, Russia and the Syrian Crisis, 2010-2017"
AUTHOR = "The contributors to Testing Realism"
NAME = "testing-realism"
MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
          "November", "December")  # fmt: skip
HEADING = re.compile(r"^## (.+)$", flags=re.M)
PARTS = re.compile(
    rf"(\d+\.\d+\.\d+(?:\+[a-zA-Z0-9]+(?:[.-][a-zA-Z0-9]+)*)?), (\d{{1,2}}) ({'|'.join(MONTHS)}) (\d{{4}})"
)


@dataclass(frozen=True)
class Edition:
    """A version of the book and the day from which it counts."""

    version: str
    day: date


def edition(root: Path) -> Edition:
    """Return the edition that the change log begins with.

    Raises
    ------
    ValueError
        The first heading of CHANGELOG.md names no version and date.
    """
    first = HEADING.search((root / "CHANGELOG.md").read_text(encoding="utf-8"))
    found = PARTS.fullmatch(first[1]) if first else None
    if not found:
        told = f'"{first[0]}"' if first else "no heading"
        raise ValueError(
            f'CHANGELOG.md: the first heading names the edition, as "## 1.2.0, 5 March 2027" or "## 1.2.0+name, 5 March 2027" would; it is {told}'
        )
    return Edition(found[1], date(int(found[4]), MONTHS.index(found[3]) + 1, int(found[2])))


def in_words(day: date) -> str:
    """Return a day as pages write it: 29 November 2026."""
    return f"{day.day} {MONTHS[day.month - 1]} {day.year}"


# From outside


def commit() -> str:
    """Return the commit that ``BOOK_COMMIT`` names, shortened, or nothing; raise ValueError if it is none."""
    named = os.environ.get("BOOK_COMMIT", "").strip()
    if named and not re.fullmatch(r"[0-9a-f]{7,64}", named):
        raise ValueError(
            f'BOOK_COMMIT is "{named}"; it must be the name of a commit, as git rev-parse HEAD gives it'
        )
    return named[:10]


def source_day() -> date | None:
    """Return the day that ``SOURCE_DATE_EPOCH`` gives in seconds since 1970, if any; raise ValueError if it is none."""
    given = os.environ.get("SOURCE_DATE_EPOCH", "").strip()
    if not given:
        return None
    if not given.isdecimal():
        raise ValueError(
            f'SOURCE_DATE_EPOCH is "{given}"; it must be seconds since 1970, as git log -1 --format=%ct gives them'
        )
    return datetime.fromtimestamp(int(given), UTC).date()


def foot(this: Edition) -> str:
    """Return what the foot of a page says of its edition, before the commit is known."""
    return f"Edition {this.version}, {in_words(this.day)}"


FOOT = re.compile(r'(<p class="?edition"?>Edition [^<;]*)[^<]*')


def stamp(pages: list[Path]) -> None:
    """Write at the foot of finished pages which commit they were made from, and of which day its sources are.

    Nothing is written where neither is known; a second run replaces what the first one wrote.
    """
    named, day = commit(), source_day()
    told = f"; commit {named}" if named else ""
    if day:
        told += f" of {in_words(day)}" if named else f"; sources of {in_words(day)}"
    for page in pages:
        before = page.read_text(encoding="utf-8")
        after = FOOT.sub(lambda m: m[1] + told, before)
        if after != before:
            page.write_text(after, encoding="utf-8")


# Citations


@dataclass(frozen=True)
class Cited:
    """The book or a part of it, as somebody cites it; ``number`` is a chapter's, ``url`` empty if unknown."""

    this: Edition
    page: str = ""
    title: str = TITLE
    number: str = ""
    url: str = ""

    @property
    def name(self) -> str:
        """What the files and entries of a citation are called."""
        return f"{NAME}-{self.page}" if self.page else NAME

    @property
    def kind(self) -> str:
        """What a reader calls it."""
        return "chapter" if self.number else "page" if self.page else "book"


def in_text(cited: Cited, book: str = "{}") -> str:
    """Return the citation by author and date; ``book`` is how the book's title is set."""
    year, version = cited.this.day.year, f"Version {cited.this.version}."
    where = ""
    if cited.page:
        place = f"Chapter {cited.number} in " if cited.number else "In "
        where = f"{cited.title}. {place}"
    at = f" {cited.url}" if cited.url else ""
    return f"{AUTHOR} ({year}). {where}{book.format(f'{TITLE}.')} {version}{at}"


def bibtex(cited: Cited) -> str:
    """Return the citation for BibTeX and what reads its form."""
    kind, fields = "book", {"title": cited.title}
    if cited.page:
        kind, fields = "incollection", fields | {"booktitle": TITLE}
    if cited.number:
        fields["chapter"] = cited.number
    fields = {"author": AUTHOR, **fields, "publisher": AUTHOR, "year": str(cited.this.day.year)}
    fields["edition"] = cited.this.version
    fields["note"] = f"Version {cited.this.version}, {in_words(cited.this.day)}"
    if cited.url:
        fields["url"] = cited.url
    kept_whole = {
        "author",
        "title",
        "booktitle",
        "publisher",
    }  # in a second pair of braces, so that no style changes capitals
    lines = [f"  {key} = {{{{{text}}}}}" if key in kept_whole else f"  {key} = {{{text}}}" for key, text in fields.items()]  # fmt: skip
    return f"@{kind}{{{cited.name},\n" + ",\n".join(lines) + "\n}\n"


def ris(cited: Cited) -> str:
    """Return the citation in the form that most programs for references take up."""
    rows = [("TY", "CHAP" if cited.page else "BOOK"), ("AU", AUTHOR), ("TI", cited.title)]
    rows += [("T2", TITLE)] if cited.page else []
    rows += [("SE", cited.number)] if cited.number else []
    rows += [
        ("PY", str(cited.this.day.year)),
        ("DA", f"{cited.this.day:%Y/%m/%d}"),
        ("ET", cited.this.version),
        ("PB", AUTHOR),
        ("LA", "en"),
    ]
    rows += [("UR", cited.url)] if cited.url else []
    return "".join(f"{tag}  - {text}\r\n" for tag, text in [*rows, ("ER", "")])


def csl(cited: Cited) -> str:
    """Return the citation as CSL-JSON."""
    day = cited.this.day
    entry: dict[str, Any] = {
        "id": cited.name,
        "type": "chapter" if cited.page else "book",
        "title": cited.title,
        "author": [{"literal": AUTHOR}],
        "issued": {"date-parts": [[day.year, day.month, day.day]]},
        "edition": cited.this.version,
        "publisher": AUTHOR,
        "language": "en",
    }
    if cited.page:
        entry["container-title"] = TITLE
    if cited.number:
        entry["chapter-number"] = cited.number
    if cited.url:
        entry["URL"] = cited.url
    return json.dumps([entry], indent=2, ensure_ascii=False) + "\n"


FORMS = {"bib": ("BibTeX", bibtex), "ris": ("RIS", ris), "json": ("CSL-JSON", csl)}
"""What a citation is offered in: the end of the file's name, what the form is called, what writes it."""
