"""Which pages are read and written again: those that changed, and all when what they say of each other did.

Sphinx looks at a page's own file. A notebook also shows results, which may be new although the file is
the same, and every page may name sections, figures, terms and works of other pages.
"""

import hashlib
import json
from contextlib import suppress
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx
from sphinx.util.index_entries import split_index_msg

from publish.cache import cache_folder


def setup(app: Sphinx) -> dict[str, Any]:
    """Connect to the steps of a build."""
    app.connect("builder-inited", settle_cache, priority=900)  # when MyST-NB has settled its own settings
    app.connect("env-get-outdated", with_new_results)
    app.connect("env-get-updated", keep_index_entries)
    app.connect("env-get-updated", named_elsewhere, priority=900)  # when numbers and citations are settled
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def settle_cache(app: Sphinx) -> None:
    """Keep executed chapters in a cache that belongs to the present state of data and bookkit.

    It is not a setting, since a new folder would make Sphinx read every page again.
    """
    settings = app.env.mystnb_config  # type: ignore[attr-defined]
    if app.config.nb_execution_mode == "cache":
        folder = str(cache_folder(Path(app.srcdir)))
        app.env.mystnb_config = settings.copy(execution_cache_path=folder)  # type: ignore[attr-defined]


def with_new_results(
    app: Sphinx, env: Any, added: set[str], changed: set[str], removed: set[str]
) -> list[str]:
    """Return the notebooks whose results are not those that their pages were made from, and note the new ones."""
    before, now = getattr(env, "book_results", {}), results(app)
    env.book_results = now
    return [page for page in now if now[page] != before.get(page)]


def results(app: Sphinx) -> dict[str, str]:
    """Return for each notebook a hash of its result in the cache; one without a result is executed by MyST-NB."""
    import nbformat
    from jupyter_cache import get_cache

    folder = app.env.mystnb_config.execution_cache_path  # type: ignore[attr-defined]
    if app.config.nb_execution_mode != "cache" or not folder:
        return {}
    cache = get_cache(folder)
    found = {}
    for page in app.env.found_docs:
        path = Path(app.env.doc2path(page))
        if path.suffix == ".ipynb":
            try:
                record = cache.match_cache_notebook(nbformat.read(path, as_version=4))
            except KeyError:
                continue
            executed = Path(folder) / "executed" / record.hashkey / "base.ipynb"
            found[page] = hashlib.sha256(executed.read_bytes()).hexdigest()
    return found


def keep_index_entries(app: Sphinx, env: Any) -> list[str]:
    """Give the search the index entries of every page, the terms of the glossary among them.

    Sphinx collects them as it writes a page, and forgets those of the pages that it does not write again.
    """
    kept = {}
    for page, entries in env.get_domain("index").entries.items():
        found = set()
        for kind, value, target, main, _ in entries:
            with suppress(ValueError):
                words = split_index_msg(kind, value)
                found |= {(word, target or "", main) for word in words}
        kept[page] = sorted(found)
    env._search_index_index_entries.update(kept)
    return []


def named_elsewhere(app: Sphinx, env: Any) -> list[str]:
    """Return every page if a name or a number changed that pages may use of each other, and else none."""
    std = env.get_domain("std")
    names = [
        sorted(std.labels.items()),
        sorted(std.anonlabels.items()),
        sorted(map(str, std.objects.items())),
        sorted((page, title.astext()) for page, title in env.titles.items()),
        sorted((page, str(numbers)) for page, numbers in env.toc_fignumbers.items()),
        sorted((page, str(numbers)) for page, numbers in env.toc_secnumbers.items()),
    ]
    digest = hashlib.sha256(json.dumps(names, default=str).encode())
    for name in app.config.bibtex_bibfiles:
        digest.update((Path(app.srcdir) / name).read_bytes())
    before, env.book_names = getattr(env, "book_names", ""), digest.hexdigest()
    return sorted(env.found_docs) if before != env.book_names else []
