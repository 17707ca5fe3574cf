"""Tables of the data package: load one, describe it, cite it.

Every table is a CSV file in ``data/`` whose columns, types, units and constraints stand in
``data/datapackage.json`` (Frictionless Data Package). ``load`` holds the file to that schema.
"""

import json
import re
import sys
from pathlib import Path
from typing import Any

import pandas as pd

from bookkit.paths import DataError, data_folder

BOOLEANS = {"true": True, "false": False}


def descriptor() -> dict[str, Any]:
    """Return ``data/datapackage.json`` as it stands."""
    return _descriptor("*")


def _descriptor(wanted: str) -> dict[str, Any]:
    """Return the descriptor, and let the build hear which entry of it the page depends on (``*``: all)."""
    sys.audit("bookkit.descriptor", wanted)
    path = data_folder() / "datapackage.json"
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise DataError(
            f"data/datapackage.json is not valid JSON ({error}). "
            "Restore it with `git checkout -- data/datapackage.json`."
        ) from None


def _resource(name: str) -> dict[str, Any]:
    resources = _descriptor(name)["resources"]
    for resource in resources:
        if resource["name"] == name:
            return resource
    known = ", ".join(sorted(r["name"] for r in resources))
    raise DataError(f'There is no table "{name}". The tables are: {known}.')


def _restore(path: str) -> str:
    return f"Restore it with `git checkout -- {path}`, or download the book again."


def _read(path: Path, shown: str) -> pd.DataFrame:
    if not path.is_file():
        raise DataError(f"{shown} is missing. {_restore(shown)}")
    try:
        return pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8")
    except UnicodeDecodeError as error:
        raise DataError(
            f"{shown} is not UTF-8 text ({error.reason}). Save it as UTF-8. {_restore(shown)}"
        ) from None
    except (pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise DataError(f"{shown} cannot be read as a table: {error}. {_restore(shown)}") from None


def _convert(cell: str, kind: str) -> Any:
    """Return the value of one cell; raises ValueError with the rule that it breaks."""
    if kind == "integer":
        if not re.fullmatch(r"-?[0-9]+", cell):
            raise ValueError("must be a whole number")
        return int(cell)
    if kind == "number":
        if not re.fullmatch(r"-?[0-9]+(\.[0-9]+)?([eE][-+]?[0-9]+)?", cell):
            raise ValueError("must be a number")
        return float(cell)
    if kind == "boolean":
        if cell not in BOOLEANS:
            raise ValueError("must be true or false")
        return BOOLEANS[cell]
    if kind == "date":
        try:
            if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", cell):
                raise ValueError
            return pd.Timestamp(cell)
        except ValueError:
            raise ValueError("must be a date written YYYY-MM-DD") from None
    return cell


def _broken_rule(value: Any, cell: str, constraints: dict[str, Any]) -> str | None:
    """Return the constraint that a value breaks, in words, or None."""
    if "enum" in constraints and cell not in [str(v) for v in constraints["enum"]]:
        return "must be one of " + ", ".join(str(v) for v in constraints["enum"])
    if "pattern" in constraints and not re.fullmatch(constraints["pattern"], cell):
        return f"must have the form {constraints['pattern']}"
    for key, word, broken in (
        ("minimum", "at least", lambda low: value < low),
        ("maximum", "at most", lambda high: value > high),
    ):
        if key in constraints:
            bound = constraints[key]
            if broken(pd.Timestamp(bound) if isinstance(value, pd.Timestamp) else bound):
                return f"must be {word} {bound}"
    return None


def _typed(column: pd.Series, field: dict[str, Any], shown: str) -> pd.Series:
    constraints = field.get("constraints", {})
    values: list[Any] = []
    for number, cell in enumerate(column, start=2):
        where = f"{shown}, row {number}, field {field['name']}"
        if cell == "":
            if constraints.get("required"):
                raise DataError(f"{where}: is empty, but must be given.")
            values.append("" if field["type"] == "string" else None)
            continue
        try:
            value = _convert(cell, field["type"])
        except ValueError as rule:
            raise DataError(f'{where}: "{cell}" {rule}.') from None
        if broken := _broken_rule(value, cell, constraints):
            raise DataError(f'{where}: "{cell}" {broken}.')
        values.append(value)
    series = pd.Series(values, name=field["name"], dtype=object)
    if field["type"] == "date":
        return pd.to_datetime(series)
    if field["type"] == "number":
        return series.astype(float)
    if field["type"] == "integer":
        return series.astype("Int64" if series.isna().any() else int)
    if field["type"] == "boolean":
        return series.astype("boolean" if series.isna().any() else bool)
    return series.astype("str")


def load(name: str) -> pd.DataFrame:
    """Return one table of the book, typed, after holding it to its schema.

    Parameters
    ----------
    name
        The table's name in ``data/datapackage.json``, for example ``"vetoes"``.

    Returns
    -------
    DataFrame
        One row for each row of the file, columns in the schema's order whatever the file's:
        dates as ``datetime64``, yes/no columns as ``bool``, counts as ``int``. Units stand in
        ``describe(name)``.

    Raises
    ------
    DataError
        The name is unknown (the message lists the known ones), the file is missing or cannot be
        read, or a cell breaks the schema (the message names file, row, field and rule; the header
        is row 1).
    """
    resource = _resource(name)
    shown = f"data/{resource['path']}"
    return hold_to_schema(_read(data_folder() / resource["path"], shown), resource, shown)


def hold_to_schema(raw: pd.DataFrame, resource: dict[str, Any], shown: str) -> pd.DataFrame:
    """Return the typed table of a file read as text, or raise the first rule that it breaks.

    Parameters
    ----------
    raw
        The file's cells, all of them ``str``.
    resource
        The table's entry in ``data/datapackage.json``.
    shown
        The file's name for the message.

    Raises
    ------
    DataError
        A column is missing or unknown, a cell breaks its field's rule, or a key stands twice.
    """
    fields = resource["schema"]["fields"]
    expected = [field["name"] for field in fields]
    if sorted(raw.columns) != sorted(expected):
        missing = [c for c in expected if c not in raw.columns]
        extra = [str(c) for c in raw.columns if c not in expected]
        said = [f"lacks the column {c}" for c in missing] + [f"has an unknown column {c}" for c in extra]
        raise DataError(f"{shown}, row 1: the table {' and '.join(said)}. {_restore(shown)}")
    table = pd.DataFrame({f["name"]: _typed(raw[f["name"]], f, shown) for f in fields})
    primary = resource["schema"].get("primaryKey", [])
    keys = [[f["name"]] for f in fields if f.get("constraints", {}).get("unique")]
    keys.append([primary] if isinstance(primary, str) else primary)
    for key in filter(None, keys):
        if (twice := table.duplicated(key)).any():
            row = int(twice.to_numpy().argmax()) + 2
            raise DataError(
                f"{shown}, row {row}, field {', '.join(key)}: the same key stands in an earlier row."
            )
    return table


def tables() -> pd.DataFrame:
    """Return the list of tables: name, title, rows, terms (``open`` or ``cited``), file."""
    return pd.DataFrame(
        [
            {
                "name": r["name"],
                "title": r["title"],
                "rows": r["rows"],
                "reuse": r["reuse"],
                "file": f"data/{r['path']}",
            }
            for r in descriptor()["resources"]
        ]
    )


def describe(name: str) -> pd.DataFrame:
    """Return the codebook of a table: one row per field with type, unit and meaning.

    Raises
    ------
    DataError
        The name is unknown.
    """
    return pd.DataFrame(
        [
            {
                "field": f["name"],
                "type": f["type"],
                "unit": f.get("unit", ""),
                "meaning": f["description"],
            }
            for f in _resource(name)["schema"]["fields"]
        ]
    )


def cite(name: str) -> str:
    """Return how to cite a table: its makers, title, version and where it is published.

    Raises
    ------
    DataError
        The name is unknown.
    """
    resource = _resource(name)
    return f"{resource['citation']} Terms: {resource['terms']}"
