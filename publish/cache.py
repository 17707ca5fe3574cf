"""Where the results of executed chapters are kept.

jupyter-cache recognises a notebook by its code cells alone. A chapter also depends on the tables, on
``bookkit`` and on the libraries, so each state of these gets a cache of its own: after a change of
any of them no old number can be served.
"""

import hashlib
import platform
from pathlib import Path


def cache_key(root: Path) -> str:
    """Return a name for the state of everything that a chapter's result depends on, its own cells aside.

    Parameters
    ----------
    root
        The top folder of the book.
    """
    digest = hashlib.sha256(platform.python_version().encode())
    for path in _inputs(root):
        digest.update(path.relative_to(root).as_posix().encode() + b"\0")
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:16]


def _inputs(root: Path) -> list[Path]:
    tables = [p for p in (root / "data").rglob("*") if p.suffix in (".csv", ".json")]
    tables += (root / "book" / "teaching").rglob("*.csv")  # routes and rubrics, read by the pages there
    return sorted(tables) + sorted((root / "book" / "bookkit").glob("*.py")) + [root / "locks" / "book.txt"]
