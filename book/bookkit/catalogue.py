"""The catalogue of tables that the data page shows, made from the tables' own papers."""

import html
import re
import sys
from pathlib import Path

from bookkit.package import describe, descriptor
from bookkit.sentences import Shown, markup

GROUPS = (
    "Votes",
    "Power and ties",
    "War and people",
    "Arms and money",
    "Talks and dates",
    "Maps",
    "The paper and this book",
)


def catalogue() -> Shown:
    """Return every table's papers by group: what a row is, who made it, its fields, limits and terms."""
    parts, lines = [], []
    for group in GROUPS:
        chosen = [r for r in descriptor()["resources"] if r["group"] == group]
        parts.append(f"<h3>{html.escape(group)}</h3>" + "".join(_entry(r) for r in chosen))
        lines += [f"{group}: {r['name']}, {r['title']}" for r in chosen]
    return Shown("\n".join(lines), "".join(parts))


def pages_using(name: str) -> list[str]:
    """Return the pages that load a table, by their names; the catalogue itself does not count."""
    folder = Path(__file__).resolve().parents[1]
    loads = re.compile(rf"(?:load|behind)\([^)]*\\?[\"']{re.escape(name)}\\?[\"']")
    found = []
    for page in sorted(folder.glob("*.ipynb")):
        sys.audit("bookkit.uses")  # the build hears that only the names of tables matter of this page
        if loads.search(page.read_text(encoding="utf-8")):
            found.append(page.stem)
    if name == "claims":
        found.append("claims")  # the ledger reads it through ledger()
    return [page for page in found if page != "data"]


def _entry(resource: dict) -> str:
    name, path = html.escape(resource["name"]), html.escape(resource["path"])
    pages = ", ".join(f'<a href="{p}.ipynb">{p}</a>' for p in pages_using(resource["name"])) or "no page yet"
    source = html.escape(resource["source"])
    if re.fullmatch(r"https?://\S+", source):
        source = f'<a href="{source}">{source}</a>'
    limits = "".join(f"<li>{html.escape(limit)}</li>" for limit in resource["limits"])
    facts = (
        ("A row is", html.escape(resource["row"])),
        ("Who made it, and how", html.escape(resource["made_by"])),
        ("Known limits", f"<ul>{limits}</ul>"),
        ("Checked", html.escape(resource["checked"])),
        ("Used on", pages),
        ("Version", html.escape(resource["version"])),
        ("Source", source),
        ("Terms", f"{html.escape(resource['reuse'])}: {html.escape(resource['terms'])}"),
        ("Cite as", html.escape(resource["citation"])),
        ("How our table was made", f"{html.escape(resource['recipe'])} (in the repository)"),
        (
            "Download",
            f'<a href="../data/{path}" download>data/{path}</a>, {_size(resource["bytes"])}',
        ),
    )
    rows = "".join(f"<dt>{label}</dt><dd>{value}</dd>" for label, value in facts)
    fields = markup(describe(resource["name"]), f"The fields of {resource['name']}")
    return (
        f'<details class="table-papers"><summary>{name}: {html.escape(resource["title"])} '
        f"({resource['rows']:,} rows, {resource['reuse']})</summary>"
        f'<div id="table-{name}"><p>{html.escape(resource["description"])}</p><dl>{rows}</dl>{fields}</div></details>'
    )


def _size(count: int) -> str:
    return f"{count / 1000:,.0f} kB" if count >= 1000 else "under 1 kB"
