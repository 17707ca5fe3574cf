"""The addresses that earlier editions had, and that must still answer: ``addresses.csv``.

As a program, ``python tests/addresses.py``, it adds those of the built book that are not in the list yet;
that is done once for each edition, when it is finished. Nothing is ever taken off the list.
"""

import csv
from pathlib import Path

from selectolax.lexbor import LexborHTMLParser

ROOT = Path(__file__).resolve().parents[1]
LIST = ROOT / "tests" / "addresses.csv"


def listed() -> set[str]:
    """Return the addresses of the list."""
    with LIST.open(encoding="utf-8", newline="") as file:
        return {row["address"] for row in csv.DictReader(file)}


def live(html: Path) -> set[str]:
    """Return the addresses that a built book promises: its pages, downloads and tables, and each claim's."""
    files = [html / "index.html", *(html / "book").rglob("*.html"), *(html / "data").glob("*")]
    files += [path for path in (html / "download").rglob("*") if path.is_file()]
    ledger = LexborHTMLParser((html / "book" / "claims.html").read_text(encoding="utf-8"))
    claims = {f"book/claims.html#{node.id}" for node in ledger.css("[id^=claim-]")}
    return {path.relative_to(html).as_posix() for path in files} | claims


def main() -> None:
    """Add what the built book has and the list has not."""
    new = live(ROOT / "_build" / "html") - listed()
    LIST.write_text("\n".join(["address", *sorted(listed() | new)]) + "\n", encoding="utf-8")
    print(f"{len(new)} addresses added to {LIST.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
