"""Where the results of executed chapters are kept, and which of them still hold.

jupyter-cache recognises a notebook by its code cells alone. A chapter also depends on the tables that it
reads, on ``bookkit`` and on the libraries. So each state of all these has a folder of its own, and when
the state changes only those results move into the new folder that nothing which changed could touch:
``publish.reads`` has listed what each chapter read. A result without such a list is made again.
"""

import hashlib
import json
import platform
import re
import shutil
import sys
from pathlib import Path
from typing import Any

READS = "reads.json"
USES = re.compile(r"(?:load|behind)\([^)]*\)")


def cache_folder(root: Path) -> Path:
    """Return the folder of results for the present state of the book, with every result that still holds.

    Parameters
    ----------
    root
        The top folder of the book.
    """
    caches = root / "_build" / "cache"
    folder = caches / _state(root)
    if not folder.is_dir():
        part = caches / "part"  # a build that is killed leaves it behind, and nothing else that is half made
        shutil.rmtree(part, ignore_errors=True)
        earlier = [p for p in caches.glob("*") if (p / READS).is_file()]
        if earlier:
            max(earlier, key=lambda p: (p / READS).stat().st_mtime).rename(part)
            _drop_stale(root, part)
        else:
            _begin(part)
        part.rename(folder)
    for old in caches.iterdir():
        if old != folder:
            shutil.rmtree(old, ignore_errors=True)
    return folder


def drop_unfinished(folder: Path) -> None:
    """Remove the results that a build which was killed had not written whole: ``note_reads`` comes last.

    Parameters
    ----------
    folder
        What ``cache_folder`` returned.
    """
    from jupyter_cache import get_cache
    from jupyter_cache.cache.db import NbCacheRecord

    known = _known(folder)
    cache = get_cache(str(folder))
    try:
        unlisted = [record for record in cache.list_cache_records() if record.hashkey not in known]
        NbCacheRecord.remove_records([record.pk for record in unlisted], cache.db)
    except RuntimeError:  # the list of results itself is broken
        shutil.rmtree(folder)
        _begin(folder)
    for path in folder.glob("executed/*"):
        if path.name not in known:
            shutil.rmtree(path)


def _begin(folder: Path) -> None:
    """Make a folder without results, its list of results included."""
    from jupyter_cache import get_cache

    folder.mkdir(parents=True)
    get_cache(str(folder)).list_cache_records()


def _known(folder: Path) -> dict[str, dict[str, str]]:
    path = folder / READS
    try:
        return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    except ValueError:
        return {}


def _keep(folder: Path, known: dict[str, dict[str, str]]) -> None:
    """Write what each result was made from, in one step."""
    new = folder / f"{READS}.new"
    new.write_text(json.dumps(known, indent=1), encoding="utf-8")
    new.replace(folder / READS)


def _state(root: Path) -> str:
    """Return a name for everything that any result depends on."""
    digest = hashlib.sha256(_shared(root).encode())
    files = [p for p in (root / "data").rglob("*") if p.suffix in (".csv", ".json")]
    files += [p for p in (root / "book").rglob("*") if p.suffix in (".csv", ".ipynb")]
    for path in sorted(files):
        digest.update(path.relative_to(root).as_posix().encode() + b"\0" + _sha256(path).encode())
    return digest.hexdigest()[:16]


def _shared(root: Path) -> str:
    """Return a hash of what every result depends on: Python, the libraries, ``bookkit``."""
    digest = hashlib.sha256(platform.python_version().encode())
    for path in [*sorted((root / "book" / "bookkit").glob("*.py")), root / "locks" / "book.txt"]:
        digest.update(path.name.encode() + b"\0" + _sha256(path).encode())
    return digest.hexdigest()


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "missing"


def note_reads(root: Path, folder: Path, hashkey: str, log: str) -> None:
    """Keep beside a result what it was made from.

    Parameters
    ----------
    root
        The top folder of the book.
    folder
        What ``cache_folder`` returned.
    hashkey
        The name of the result in jupyter-cache.
    log
        The lines that the kernel wrote, see ``publish.reads``.
    """
    known = _known(folder)
    lines = {tuple(line.split("\t", 1)) for line in log.splitlines()}
    wanted = sorted(_items(root, lines) | {"shared"})
    known[hashkey] = {item: _digest(root, item) for item in wanted}
    _keep(folder, known)


def _items(root: Path, lines: set[tuple[str, ...]]) -> set[str]:
    """Return what of the log lies in the book: its tables, entries of their descriptor, other pages."""
    items = {f"{kind}:{name}" for kind, name in lines if kind != "file"}
    for kind, name in lines:
        path = Path(name)
        if kind == "file" and path.is_relative_to(root):
            inside = path.relative_to(root).as_posix()
            if inside.startswith("data/") or (
                inside.startswith("book/") and path.suffix in (".csv", ".ipynb")
            ):
                items.add(f"file:{inside}")
    return items


def _digest(root: Path, item: str) -> str:
    kind, _, name = item.partition(":")
    if kind == "shared":
        return _shared(root)
    if kind == "file":
        return _sha256(root / name)
    if kind == "uses":  # which tables each page opens, and nothing else of the pages
        text = {p.name: USES.findall(p.read_text(encoding="utf-8")) for p in (root / "book").glob("*.ipynb")}
        return hashlib.sha256(json.dumps(text, sort_keys=True).encode()).hexdigest()
    if kind == "reading":  # how long a page takes, which the front page says of it
        return _reading(root, name)
    path = root / "data" / "datapackage.json"
    try:
        resources: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))["resources"]
    except (OSError, ValueError, KeyError):
        return "unreadable"
    chosen = [r for r in resources if name in ("*", r.get("name"))]
    return hashlib.sha256(json.dumps(chosen).encode()).hexdigest()


def _reading(root: Path, page: str) -> str:
    if str(root / "book") not in sys.path:
        sys.path.insert(0, str(root / "book"))
    from bookkit.paths import DataError
    from bookkit.reading import reading

    try:
        return hashlib.sha256(repr(reading(page)).encode()).hexdigest()
    except DataError:
        return "unreadable"


def _drop_stale(root: Path, folder: Path) -> None:
    """Remove the results that depend on something that changed."""
    known = _known(folder)
    now: dict[str, str] = {}
    for item in {item for reads in known.values() for item in reads}:
        now[item] = _digest(root, item)
    valid = {key for key, reads in known.items() if all(now[i] == then for i, then in reads.items())}
    _keep(folder, {key: reads for key, reads in known.items() if key in valid})
    drop_unfinished(folder)
