"""Works in lists of references, formatted once for each state of the bibliography.

sphinxcontrib-bibtex formats a work anew for every list that it stands in, twice, and in every run; with
many hundred works that is a good part of the time that it takes to make the pages. This style gives
what ``plain`` gives, and remembers it beside Sphinx's own files.
"""

import hashlib
import pickle
from pathlib import Path
from typing import Any

from pybtex.database import Entry
from pybtex.plugin import register_plugin
from pybtex.style import FormattedEntry
from pybtex.style.formatting.plain import Style as Plain
from sphinx.application import Sphinx

KNOWN: dict[str, FormattedEntry] = {}


class Remembered(Plain):
    """The style ``plain``, which formats each work once."""

    def format_entry(self, label: str, entry: Entry, bib_data: Any = None) -> FormattedEntry:
        """Return a work as it stands in a list, under the label that the list gives it."""
        if entry.key not in KNOWN:
            KNOWN[entry.key] = super().format_entry(label, entry, bib_data)
        return FormattedEntry(entry.key, KNOWN[entry.key].text, label)


def setup(app: Sphinx) -> dict[str, Any]:
    """Offer the style as ``remembered``."""
    register_plugin("pybtex.style.formatting", "remembered", Remembered)
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
