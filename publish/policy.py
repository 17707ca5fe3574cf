"""What a built page may run and fetch: a content security policy in each page, as strict as the page allows.

A page of the book fetches from the book alone, be it a web server or a folder, and runs only the book's
files and the inline blocks that it was built with, which its policy names by their hashes. A script that
someone slips in later, code in an attribute, a form that sends to another host, an embedded object or a
changed base address is refused by the browser. A policy that stands in a page cannot say who may frame
the page, and none binds links, which may lead anywhere.
"""

import base64
import hashlib
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # the reports of grading need no parser
    from selectolax.lexbor import LexborHTMLParser

BOOK = "'self' file:"
"""The book itself. A page opened from a folder has an origin of its own: ``file:`` is for browsers that take it so."""

EXEMPT = {"lite": "JupyterLite's own pages, made to run code that their reader writes"}
"""Folders of the site whose pages have no policy, and why."""

DATA = ("application/json", "application/ld+json")
"""Types of script element that hold data, which no browser runs and no policy need name."""


def settle_policy(tree: "LexborHTMLParser") -> None:
    """Write the policy of a page into its head, before anything that it could refuse; replace an older one."""
    assert tree.head
    for old in tree.css("meta[http-equiv=Content-Security-Policy]"):
        old.decompose()
    scripts = [
        part.text()
        for part in tree.css("script:not([src])")
        if (part.attributes.get("type") or "").lower() not in DATA
    ]
    styles = [part.text() for part in tree.css("style")]
    meta = tree.create_node("meta")
    meta.attrs["http-equiv"] = "Content-Security-Policy"
    led = tree.css_first("base") or any('createElement("base")' in script for script in scripts)  # 404.html
    meta.attrs["content"] = of_page(scripts, styles, BOOK if led else "'none'")
    first = tree.css_first("meta[charset]")
    first.insert_after(meta) if first else tree.head.insert_child(meta)


def of_page(scripts: Iterable[str], styles: Iterable[str], base: str = "'none'") -> str:
    """Return the policy of a page that holds these inline scripts and style sheets; ``base`` may be its base address."""
    return _of_book(scripts, " ".join(sorted({hash_of(style) for style in styles})), base)


def _of_book(scripts: Iterable[str], styled: str, base: str = "'none'") -> str:
    run = " ".join([BOOK, *sorted({hash_of(script) for script in scripts})])
    return (
        f"default-src 'none';script-src {run};style-src {BOOK} {styled};img-src {BOOK} data:;font-src {BOOK};"
        f"connect-src 'self';manifest-src 'self';worker-src 'self';form-action {BOOK};base-uri {base}"
    )


def of_sheet(style: str) -> str:
    """Return the meta element of a page that stands alone: text with one inline style sheet, and nothing else."""
    allowed = (
        f"default-src 'none';style-src {hash_of(style)};img-src data:;form-action 'none';base-uri 'none'"
    )
    return element(allowed)


def of_deck(speaker_view: str) -> str:
    """Return the meta element of a deck of slides.

    The window with the speaker's notes is written by a plugin of reveal.js as one text, has the policy of
    the deck, and frames the deck. It has one script, and styles of every kind: these are let through.

    Parameters
    ----------
    speaker_view
        The plugin's script, ``notes.js``.

    Raises
    ------
    ValueError
        The plugin does not hold its window as it did; read it and adapt this.
    """
    window = re.search(r"document\.write\(`(<!--.*?</html>)", speaker_view, flags=re.S)
    scripts = re.findall(r"<script>(.*?)<\\/script>", window[1], flags=re.S) if window else []
    if len(scripts) != 1 or "${" in scripts[0]:
        raise ValueError("notes.js of reveal.js has another window for the speaker: adapt publish/policy.py")
    policy = _of_book([_read(scripts[0])], "'unsafe-inline'")
    return element(f"{policy};frame-src {BOOK}")


def _read(literal: str) -> str:
    r"""Return what a piece of a JavaScript template stands for: ``\/`` for a stroke, ``\\`` for one backslash."""
    return re.sub(r"\\([^\w])", r"\1", literal)


def hash_of(text: str) -> str:
    """Return the source expression that allows an inline block with this text."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def element(policy: str) -> str:
    """Return the meta element that holds a policy."""
    return f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
