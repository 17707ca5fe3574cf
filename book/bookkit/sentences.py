"""What a page shows that data decide: a sentence, a table, the data behind a figure.

Each returns an object that JupyterLab, the browser and the book draw as HTML and a console prints
as text, so a reader meets the same words everywhere.
"""

import html
import re
from string import Formatter
from typing import Any

import numpy as np
import pandas as pd


class Shown:
    """A piece of page with two faces: HTML for a notebook, text for a console."""

    def __init__(self, text: str, markup: str) -> None:
        """Keep both faces."""
        self.text = text
        self.markup = markup

    def __repr__(self) -> str:
        """Return the text."""
        return self.text

    def _repr_html_(self) -> str:
        return self.markup


def say(sentence: str, **values: Any) -> Shown:
    """Return a sentence whose numbers come from the data.

    Parameters
    ----------
    sentence
        Text with named fields, as for ``str.format``: ``"Russia cast {n} vetoes."``
    values
        One computed value for each field.

    Raises
    ------
    ValueError
        A field has no value, a value has no field, or the sentence has no field at all.
    """
    fields = [field for _, field, _, _ in Formatter().parse(sentence) if field is not None]
    named = {re.split(r"[.\[]", field)[0] for field in fields}
    if not named:
        raise ValueError(f'say: the sentence has no {{field}} for a computed value: "{sentence}"')
    if named != set(values):
        odd = sorted(named ^ set(values))
        raise ValueError(f"say: fields and values do not match: {', '.join(odd)}")
    text = sentence.format(**values)
    return Shown(text, f'<p class="said">{html.escape(text)}</p>')


def _cell(value: Any) -> str:
    if isinstance(value, pd.Timestamp):
        return f"{value.day} {value:%B %Y}"
    if value is None or (pd.api.types.is_scalar(value) and pd.isna(value)):
        return ""
    whole = isinstance(value, (int, np.integer)) or (
        isinstance(value, (float, np.floating)) and value.is_integer()
    )
    if whole and not isinstance(value, bool):
        return f"{value:,.0f}" if abs(value) >= 10_000 else f"{value:.0f}"  # a year has no comma
    return str(value)


def markup(table: pd.DataFrame, caption: str) -> str:
    """Return a table as HTML that can be read aloud and scrolled by keyboard; the first column heads the rows."""
    head = "".join(f'<th scope="col">{html.escape(str(c))}</th>' for c in table.columns)
    rows = []
    for row in table.itertuples(index=False):
        first, *rest = (_cell(v) for v in row)
        cells = "".join(f"<td>{html.escape(c)}</td>" for c in rest)
        rows.append(f'<tr><th scope="row">{html.escape(first)}</th>{cells}</tr>')
    label = html.escape(caption, quote=True)
    return (
        f'<div class="wide" role="region" tabindex="0" aria-label="{label}">'
        f"<table><caption>{html.escape(caption)}</caption>"
        f"<thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table></div>"
    )


def show(table: pd.DataFrame, caption: str) -> Shown:
    """Return a table with a caption, drawn so that it can be read aloud and scrolled by keyboard.

    The first column heads the rows. Dates are written out, empty cells stay empty, and an index
    that has a name becomes the first column.
    """
    flat = table.reset_index() if table.index.name or table.index.nlevels > 1 else table
    return Shown(f"{caption}\n{flat.to_string(index=False)}", markup(flat, caption))


def behind(table: pd.DataFrame, *names: str, label: str = "The numbers behind this figure") -> Shown:
    """Return a folded table, mostly of what a figure draws, with links to the files it comes from.

    Parameters
    ----------
    table
        What the figure draws.
    names
        The tables of the data package that it was made from.
    label
        What the folded table is called, where it stands under no figure.
    """
    from bookkit.package import _resource

    files = [f"data/{_resource(name)['path']}" for name in names]
    links = ", ".join(f'<a href="../{f}" download>{f}</a>' for f in files)
    flat = table.reset_index() if table.index.name or table.index.nlevels > 1 else table
    folded = (
        f'<details class="behind"><summary>{html.escape(label)}</summary>'
        f"{markup(flat, label)}<p>Made from: {links}</p></details>"
    )
    return Shown(f"{flat.to_string(index=False)}\nMade from: {', '.join(files)}", folded)
