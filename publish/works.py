"""Citations and lists of references as sphinxcontrib-bibtex makes them, in a fraction of the time.

The library formats a work anew for every list that it stands in, twice, and in every run, and looks
through all citations of the book for each work and each citation; with many hundred works that is a
good part of the time that it takes to make the pages, and it grows with the square of the pages. Here
a work is formatted once for each state of the bibliography and remembered beside Sphinx's own files,
and citations are looked up by their keys. What stands on the pages is the same.
"""

import hashlib
import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pybtex.database import Entry
from pybtex.plugin import find_plugin, register_plugin
from pybtex.richtext import BaseMultipartText, String
from pybtex.style import FormattedEntry
from pybtex.style.formatting.plain import Style as Plain
from sphinx.application import Sphinx
from sphinxcontrib.bibtex.citation_target import parse_citation_targets
from sphinxcontrib.bibtex.domain import BibtexDomain, Citation
from sphinxcontrib.bibtex.roles import CitationRef

KNOWN: dict[str, FormattedEntry] = {}

PLUGINS = (("backends", "docutils"), ("backends", "plaintext"), ("style.labels", "alpha"), ("style.names", "plain"),
           ("style.sorting", "author_year_title"))  # fmt: skip
"""What pybtex would look for among all installed packages, for each citation anew."""


TEX = (("``", "\N{LEFT DOUBLE QUOTATION MARK}"), ("''", "\N{RIGHT DOUBLE QUOTATION MARK}"),
       ("`", "\N{LEFT SINGLE QUOTATION MARK}"), ("\\$", "$"), ("\\emph ", ""))  # fmt: skip
"""What pybtex leaves of TeX in a title, and what a reader should see."""


def without_tex(part: Any) -> Any:
    """Return a text of pybtex without what it leaves of TeX."""
    if isinstance(part, String):
        value = part.value
        for tex, shown in TEX:
            value = value.replace(tex, shown)
        return String(value)
    if isinstance(part, BaseMultipartText):
        return part._create_similar([without_tex(inside) for inside in part.parts])
    return part


class Remembered(Plain):
    """The style ``plain``, which formats each work once."""

    def format_entry(self, label: str, entry: Entry, bib_data: Any = None) -> FormattedEntry:
        """Return a work as it stands in a list, under the label that the list gives it."""
        if entry.key not in KNOWN:
            made = super().format_entry(label, _without_second_year(entry), bib_data)
            KNOWN[entry.key] = FormattedEntry(entry.key, without_tex(made.text), label)
        return FormattedEntry(entry.key, KNOWN[entry.key].text, label)


def _without_second_year(entry: Entry) -> Entry:
    """Return a work without its year if its day is told already: "CTC Sentinel, February 2017, 2017"."""
    if entry.fields.get("year", "none") not in entry.fields.get("howpublished", ""):
        return entry
    fields = [(name, value) for name, value in entry.fields.items() if name.lower() not in ("year", "month")]
    shown = Entry(entry.type, fields=fields, persons=entry.persons)
    shown.key = entry.key
    return shown


class Citations(BibtexDomain):
    """The library's domain, which sees of all citations only those that a question is about."""

    def __init__(self, env: Any) -> None:
        """Begin with everything in view."""
        super().__init__(env)
        self._citations: list[Citation] | None = None
        self._refs: list[CitationRef] | None = None
        self._by_key: dict[str, list[tuple[int, Citation]]] = {}

    @property
    def citations(self) -> list[Citation]:
        """The citations that the present question is about, or all of them."""
        return super().citations if self._citations is None else self._citations

    @property
    def citation_refs(self) -> list[CitationRef]:
        """The references that the present question is about, or all of them."""
        return super().citation_refs if self._refs is None else self._refs

    def get_filtered_entries(self, bibliography_key: Any) -> Iterator[tuple[str, Entry]]:
        """Yield the works of one list, each asked about with the references to it alone in view."""
        by_key: dict[str, list[CitationRef]] = {}
        for ref in super().citation_refs:
            for key in {target.key for target in ref.targets}:
                by_key.setdefault(key, []).append(ref)
        bibliography = self.bibliographies[bibliography_key]
        every = self.get_entries

        def one_by_one(bibfiles: list[Path]) -> Iterator[Entry]:
            for entry in every(bibfiles):
                self._refs = by_key.get(bibliography.keyprefix + entry.key, [])
                yield entry

        self.get_entries = one_by_one  # type: ignore[method-assign]
        try:
            yield from list(super().get_filtered_entries(bibliography_key))
        finally:
            self._refs = None
            del self.get_entries  # type: ignore[method-assign]

    def env_updated(self) -> Any:
        """Settle which work stands in which list, and keep them by key."""
        told = super().env_updated()
        self._by_key = {}
        for place in enumerate(super().citations):
            self._by_key.setdefault(place[1].key, []).append(place)
        return told

    def resolve_xref(self, env: Any, doc: str, builder: Any, typ: str, target: str, *rest: Any) -> Any:
        """Answer one citation with the works that it names alone in view, in their own order."""
        keys = {wanted.key for wanted in parse_citation_targets(target)}
        places = sorted((p for key in keys for p in self._by_key.get(key, [])), key=lambda place: place[0])
        self._citations = [citation for _, citation in places]
        try:
            return super().resolve_xref(env, doc, builder, typ, target, *rest)
        finally:
            self._citations = None


def setup(app: Sphinx) -> dict[str, Any]:
    """Offer the style as ``remembered``, and put the quicker domain in the library's place."""
    app.setup_extension("sphinxcontrib.bibtex")
    app.add_domain(Citations, override=True)
    register_plugin("pybtex.style.formatting", "remembered", Remembered)
    for kind, name in PLUGINS:
        register_plugin(f"pybtex.{kind}", name, find_plugin(f"pybtex.{kind}", name), force=True)
    app.connect("builder-inited", recall)
    app.connect("build-finished", keep)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _file(app: Sphinx) -> Path:
    digest = hashlib.sha256(Path(__file__).read_bytes())
    for name in app.config.bibtex_bibfiles:
        digest.update((Path(app.srcdir) / name).read_bytes())
    return Path(app.doctreedir) / f"works-{digest.hexdigest()[:16]}.pickle"


def recall(app: Sphinx) -> None:
    """Take up what an earlier run of the same bibliography has formatted."""
    KNOWN.clear()
    if (path := _file(app)).is_file():
        KNOWN.update(pickle.loads(path.read_bytes()))


def keep(app: Sphinx, error: Exception | None) -> None:
    """Keep what was formatted for the next run, and nothing of earlier bibliographies."""
    path = _file(app)
    if error or path.is_file():
        return
    for old in path.parent.glob("works-*.pickle"):
        old.unlink()
    path.write_bytes(pickle.dumps(KNOWN))
