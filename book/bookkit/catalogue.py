"""The catalogue of tables that the data page shows, made from the tables' own papers."""

import html
import re
from pathlib import Path

from bookkit.package import descriptor
from bookkit.sentences import Shown


def catalogue() -> Shown:
    """Return every table's papers: what a row is, who made it, its limits, terms and citation."""
    entries = [_entry(resource) for resource in descriptor()["resources"]]
    text = "\n".join(f"{r['name']}: {r['title']}. {r['description']}" for r in descriptor()["resources"])
    return Shown(text, "".join(entries))


def pages_using(name: str) -> list[str]:
    """Return the pages that load a table, by their names; the catalogue itself does not count."""
    folder = Path(__file__).resolve().parents[1]
    loads = re.compile(rf"(?:load|behind)\([^)]*\\?[\"']{re.escape(name)}\\?[\"']")
    found = [p.stem for p in sorted(folder.glob("*.ipynb")) if loads.search(p.read_text(encoding="utf-8"))]
    if name == "claims":
        found.append("claims")  # the ledger reads it through ledger()
    return [page for page in found if page != "data"]


def _entry(resource: dict) -> str:
    used = pages_using(resource["name"])
    pages = ", ".join(f'<a href="{page}.ipynb">{page}</a>' for page in used) or "no page yet"
    name, path = html.escape(resource["name"]), html.escape(resource["path"])
    source = html.escape(resource["source"])
    if source.startswith("http"):
        source = f'<a href="{source}">{source}</a>'
    limits = "".join(f"<li>{html.escape(limit)}</li>" for limit in resource["limits"])
    facts = (
        ("A row is", html.escape(resource["row"])),
        ("Rows", f"{resource['rows']:,}"),
        ("Who made it, and how", html.escape(resource["made_by"])),
        ("Known limits", f"<ul>{limits}</ul>"),
        ("Used on", pages),
        ("Version", html.escape(resource["version"])),
        ("Source", source),
        ("Terms", f"{html.escape(resource['reuse'])}: {html.escape(resource['terms'])}"),
        ("Cite as", html.escape(resource["citation"])),
        ("How our table was made", html.escape(resource["recipe"])),
        (
            "Download",
            f'<a href="../data/{path}" download>data/{path}</a> ({resource["bytes"] / 1000:,.0f} kB)',
        ),
    )
    rows = "".join(f"<dt>{label}</dt><dd>{value}</dd>" for label, value in facts)
    return (
        f'<section class="table-papers" id="table-{name}" aria-labelledby="title-{name}">'
        f'<h3 id="title-{name}">{name}: {html.escape(resource["title"])}</h3>'
        f"<p>{html.escape(resource['description'])}</p><dl>{rows}</dl></section>"
    )
