"""A directive that shows the dated result of a trial, so that no page holds a number that nobody measured.

    ```{trial} reading
    :columns: what = What, this_book = This book
    The caption of the table.
    ```

It reads ``trials/results/reading.csv``; without ``columns`` it shows all of them, under their own names.
The date and the machine, the last two columns of every result, are said below the table.
"""

import csv
import html
from pathlib import Path
from typing import Any

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective


def setup(app: Sphinx) -> dict[str, Any]:
    """Offer the directive."""
    app.add_directive("trial", Trial)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


class Trial(SphinxDirective):
    """One table of results with its caption, its date and its machine."""

    required_arguments = 1
    has_content = True
    option_spec = {"columns": directives.unchanged_required}

    def run(self) -> list[nodes.Node]:
        """Return the table as HTML and a sentence on when and where it was measured."""
        path = Path(self.env.srcdir) / "trials" / "results" / f"{self.arguments[0]}.csv"
        if not path.is_file():
            known = ", ".join(sorted(p.stem for p in path.parent.glob("*.csv")))
            raise self.error(f"there is no result {path.name} in trials/results; those there are: {known}")
        self.env.note_dependency(str(path))
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        wanted = self.options.get("columns") or ", ".join(c for c in rows[0] if c not in ("date", "machine"))
        pairs = [[part.strip() for part in item.partition("=")[::2]] for item in wanted.split(",")]
        if unknown := [name for name, _ in pairs if name not in rows[0]]:
            raise self.error(f"{path.name} has no column {', '.join(unknown)}; it has {', '.join(rows[0])}")
        columns = [(name, title or name.replace("_", " ")) for name, title in pairs]
        table = markup(rows, columns, " ".join(self.content))
        how = "by hand" if rows[0]["machine"] == "by hand" else f"on {rows[0]['machine']}"
        verb = "Read" if how == "by hand" else "Measured"
        told = nodes.paragraph("", f"{verb} on {rows[0]['date']} {how}.")
        return [nodes.raw("", table, format="html"), told]


def markup(rows: list[dict[str, str]], columns: list[tuple[str, str]], caption: str) -> str:
    """Return a table that can be read aloud and scrolled by keyboard; the first column heads the rows."""
    head = "".join(f'<th scope="col">{html.escape(title)}</th>' for _, title in columns)
    body = []
    for row in rows:
        first, *rest = (html.escape(_shown(row[name])) for name, _ in columns)
        body.append(f'<tr><th scope="row">{first}</th>{"".join(f"<td>{cell}</td>" for cell in rest)}</tr>')
    name = html.escape(caption, quote=True)
    return (
        f'<div class="wide" role="region" tabindex="0" aria-label="{name}"><table><caption>{name}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{''.join(body)}</tbody></table></div>"
    )


def _shown(text: str) -> str:
    return f"{int(text):,}" if text.isdecimal() and len(text) > 4 else text
