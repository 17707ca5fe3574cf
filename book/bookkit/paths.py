"""Where the data folder is, and the one kind of error that a damaged folder gives."""

from pathlib import Path


class DataError(Exception):
    """A table, its descriptor or the ledger cannot be used; the message says where and what to do."""


def data_folder() -> Path:
    """Return the ``data`` folder that belongs to this copy of the book.

    It is looked for beside and above the package, so the same code works in a clone (``book/bookkit``
    and ``data``), and in a zip that holds one chapter (``bookkit`` and ``data``).

    Raises
    ------
    DataError
        No folder above the package holds ``data/datapackage.json``.
    """
    for folder in Path(__file__).resolve().parents:
        if (folder / "data" / "datapackage.json").is_file():
            return folder / "data"
    raise DataError(
        "data/datapackage.json is missing: the folder data/ must lie beside book/ or above it. "
        "Restore it with `git checkout -- data`, or download the book again."
    )
