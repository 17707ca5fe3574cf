"""Damage to the tables: what breaks the schema is refused by file, row and field; what does not is caught by the hash."""

import hashlib
import json
import random
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

import bookkit.package
from bookkit import DataError, load
from notebooks import ROOT

PACKAGE = json.loads((ROOT / "data" / "datapackage.json").read_text(encoding="utf-8"))
RESOURCES = {r["name"]: r for r in PACKAGE["resources"]}
SEED = 20161008


class Table:
    """A table's cells as text, with a seeded choice of where to damage it."""

    def __init__(self, name: str) -> None:
        self.resource = RESOURCES[name]
        self.fields = {f["name"]: f for f in self.resource["schema"]["fields"]}
        path = ROOT / "data" / self.resource["path"]
        self.cells = pd.read_csv(path, dtype=str, keep_default_na=False)
        self.chance = random.Random(f"{SEED} {name}")

    def field(self, wanted: Callable[[dict], bool]) -> str | None:
        """Return the name of some field of the kind wanted."""
        found = [n for n, f in self.fields.items() if wanted(f)]
        return self.chance.choice(found) if found else None

    def row(self, field: str) -> int:
        """Return some row in which the field is not empty."""
        return self.chance.choice([i for i, v in enumerate(self.cells[field]) if v != ""])

    def spoil(self, field: str | None, value: str) -> str | None:
        """Put a value into some row of a field and return what the message must name."""
        if field is None:
            return None
        row = self.row(field)
        self.cells.loc[row, field] = value
        return rf"row {row + 2}, field {re.escape(field)}"


def typed(*kinds: str) -> Callable[[dict], bool]:
    return lambda f: f["type"] in kinds


def bounded(key: str) -> Callable[[dict], bool]:
    return lambda f: key in f.get("constraints", {}) and f["type"] in ("integer", "number")


def dropped_column(t: Table) -> str | None:
    column = t.chance.choice(list(t.fields))
    t.cells = t.cells.drop(columns=column)
    return rf"row 1: the table lacks the column {re.escape(column)}"


def renamed_column(t: Table) -> str | None:
    column = t.chance.choice(list(t.fields))
    t.cells = t.cells.rename(columns={column: column + "_x"})
    return rf"unknown column {re.escape(column)}_x"


def added_column(t: Table) -> str | None:
    t.cells["no_such_column"] = "x"
    return "unknown column no_such_column"


def word_in_number(t: Table) -> str | None:
    return t.spoil(t.field(typed("integer", "number")), "many")


def no_number_at_all(t: Table) -> str | None:
    return t.spoil(t.field(typed("integer", "number")), "nan")


def foreign_sign(t: Table) -> str | None:
    return t.spoil(t.field(typed("integer", "number")), "\u22125")  # a typographer's minus


def word_in_yes_no(t: Table) -> str | None:
    return t.spoil(t.field(typed("boolean")), "perhaps")


def below_the_least(t: Table) -> str | None:
    field = t.field(bounded("minimum"))
    return t.spoil(field, str(int(t.fields[field]["constraints"]["minimum"]) - 1)) if field else None


def above_the_most(t: Table) -> str | None:
    field = t.field(bounded("maximum"))
    return t.spoil(field, str(int(t.fields[field]["constraints"]["maximum"]) + 1)) if field else None


def other_date(t: Table) -> str | None:
    return t.spoil(t.field(typed("date")), "8/10/2016")


def impossible_date(t: Table) -> str | None:
    return t.spoil(t.field(typed("date")), "2016-02-30")


def not_in_the_list(t: Table) -> str | None:
    return t.spoil(t.field(lambda f: "enum" in f.get("constraints", {})), "ATLANTIS")


def wrong_form(t: Table) -> str | None:
    return t.spoil(t.field(lambda f: "pattern" in f.get("constraints", {})), "§§")


def emptied_cell(t: Table) -> str | None:
    return t.spoil(t.field(lambda f: f.get("constraints", {}).get("required", False)), "")


def doubled_row(t: Table) -> str | None:
    if not t.resource["schema"].get("primaryKey"):
        return None
    row = t.chance.randrange(len(t.cells))
    t.cells = pd.concat([t.cells, t.cells.iloc[[row]]], ignore_index=True)
    return rf"row {len(t.cells) + 1}, field .*: the same key"


REFUSED = [
    dropped_column, renamed_column, added_column, word_in_number, no_number_at_all, foreign_sign, word_in_yes_no, below_the_least, above_the_most,
    other_date, impossible_date, not_in_the_list, wrong_form, emptied_cell, doubled_row,
]  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "datapackage.json").write_text(json.dumps(PACKAGE), encoding="utf-8")
    monkeypatch.setattr(bookkit.package, "data_folder", lambda: tmp_path)
    return tmp_path


@pytest.mark.parametrize("name", RESOURCES)
def test_damage_is_refused_with_file_row_and_field(folder: Path, name: str) -> None:
    path = folder / RESOURCES[name]["path"]
    tried = 0
    for damage in REFUSED:
        table = Table(name)
        message = damage(table)
        if message is None:
            continue  # the table has no field of that kind
        tried += 1
        table.cells.to_csv(path, index=False, lineterminator="\n")
        with pytest.raises(DataError, match=rf"data/{name}\.csv, .*{message}"):
            load(name)
    whole = (ROOT / "data" / path.name).read_bytes()
    ragged = whole + b"one,cell,too,many," + b"," * len(RESOURCES[name]["schema"]["fields"]) + b"\n"
    for damage_bytes in (b"\xff\xfe", b"", ragged):  # another encoding; an empty file; a row too long
        tried += 1
        path.write_bytes(damage_bytes)
        with pytest.raises(DataError, match=rf"data/{name}\.csv"):
            load(name)
    assert tried >= 10, f"{name}: only {tried} kinds of damage apply"


@pytest.mark.parametrize("name", RESOURCES)
def test_truncated_file_is_refused_or_caught_by_its_hash(folder: Path, name: str) -> None:
    path = folder / RESOURCES[name]["path"]
    whole = (ROOT / "data" / path.name).read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    try:
        load(name)
    except DataError as refused:
        assert f"data/{name}.csv" in str(refused)
    assert "sha256:" + hashlib.sha256(path.read_bytes()).hexdigest() != RESOURCES[name]["hash"]


def legal_change(table: Table, keys: list[str]) -> tuple[str, int, str]:
    """Return a field, a row and another value that the schema allows there."""
    for field, papers in table.fields.items():
        constraints = papers.get("constraints", {})
        if field in keys or constraints.get("unique"):
            continue
        row = table.row(field)
        now = table.cells.loc[row, field]
        if "enum" in constraints:
            others = [str(v) for v in constraints["enum"] if str(v) != now]
        elif papers["type"] == "string" and "pattern" not in constraints:
            others = [now + " x"]
        elif papers["type"] in ("integer", "number"):
            low = int(constraints.get("minimum", 0))
            others = [str(v) for v in (low, low + 1) if str(v) != now]
        elif papers["type"] == "boolean":
            others = ["false" if now == "true" else "true"]
        elif papers["type"] == "date":
            others = [v for v in table.cells[field] if v not in ("", now)]
        else:
            continue
        if others:
            return field, row, others[0]
    raise AssertionError(f"{table.resource['name']} has no field whose value may change")


@pytest.mark.parametrize("name", RESOURCES)
def test_shuffled_columns_load_the_same_and_a_legal_change_only_breaks_the_hash(
    folder: Path, name: str
) -> None:
    path = folder / RESOURCES[name]["path"]
    shutil.copy(ROOT / "data" / path.name, path)
    whole = load(name)
    table = Table(name)
    columns = list(table.cells.columns)
    table.chance.shuffle(columns)
    table.cells[columns].to_csv(path, index=False, lineterminator="\n")
    pd.testing.assert_frame_equal(load(name), whole)
    keys = table.resource["schema"].get("primaryKey", [])
    keys = [keys] if isinstance(keys, str) else keys
    field, row, other = legal_change(table, keys)
    table.cells.loc[row, field] = other
    table.cells.to_csv(path, index=False, lineterminator="\n")
    load(name)
    assert "sha256:" + hashlib.sha256(path.read_bytes()).hexdigest() != table.resource["hash"]
