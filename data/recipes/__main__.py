"""List the recipes, or write tables of the data package from the providers' files.

Usage: python -m data.recipes                     lists the recipes and their inputs
       python -m data.recipes FOLDER [NAME ...]   writes all tables, or those named
       python -m data.recipes --stamp NAME ...    takes rows, bytes and hash of a table changed by hand anew
"""

import hashlib
import importlib
import json
import os
import pkgutil
import sys
from collections import Counter
from pathlib import Path
from types import ModuleType
from typing import Any

import pandas as pd

DATA = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(DATA.parent / "book"))

from bookkit.package import hold_to_schema  # noqa: E402


def recipes() -> dict[str, ModuleType]:
    """Return the recipe modules by the name of the table that each makes."""
    found = {}
    for info in pkgutil.iter_modules([str(Path(__file__).parent)]):
        if not info.name.startswith("_"):
            module = importlib.import_module(f"data.recipes.{info.name}")
            found[module.NAME] = module
    return found


def stamp(descriptor: dict[str, Any], names: list[str]) -> None:
    """Set rows, bytes and hash of the tables named to those of their files, and of no other table.

    Raises
    ------
    SystemExit
        A name is no table, or its file is missing.
    """
    resources = {resource["name"]: resource for resource in descriptor["resources"]}
    for name in names:
        if name not in resources:
            raise SystemExit(f'there is no table "{name}"; the tables are: {", ".join(resources)}')
        path = DATA / resources[name]["path"]
        if not path.is_file():
            raise SystemExit(f"data/{path.name} is missing: make it with its recipe, or restore it")
        content = path.read_bytes()
        rows = len(pd.read_csv(path, dtype=str, keep_default_na=False))
        resources[name] |= {
            "rows": rows,
            "bytes": len(content),
            "hash": "sha256:" + hashlib.sha256(content).hexdigest(),
        }


def write(module: ModuleType, source: Path) -> str:
    """Make one table, hold it to its schema, and only then put it and its descriptor in place.

    Returns
    -------
    str
        What changed, in one line.
    """
    for name in module.INPUTS:
        if not (source / name).is_file():
            raise SystemExit(
                f"{source / name} is missing. The provider publishes it here: {module.PUBLISHED}"
            )
    descriptor = json.loads((DATA / "datapackage.json").read_text(encoding="utf-8"))
    resource = next(r for r in descriptor["resources"] if r["name"] == module.NAME)
    table = module.make(source)
    hold_to_schema(table.astype(str).reset_index(drop=True), resource, resource["path"])
    target = DATA / resource["path"]
    before = target.read_bytes() if target.is_file() else b""
    draft = target.with_suffix(".csv.new")
    table.to_csv(draft, index=False, lineterminator="\n", encoding="utf-8")
    changed = _changes(before, draft.read_bytes())
    os.replace(draft, target)
    stamp(descriptor, [module.NAME])
    put(descriptor)
    return f"data/{resource['path']}: {len(table)} rows, {changed}"


def _changes(before: bytes, after: bytes) -> str:
    if before == after:
        return "unchanged"
    if not before:
        return "new"
    old, new = Counter(before.splitlines()), Counter(after.splitlines())
    return f"{(new - old).total()} lines new or changed, {(old - new).total()} gone"


def put(descriptor: dict[str, Any]) -> None:
    """Write the descriptor in one step."""
    draft = DATA / "datapackage.json.new"
    draft.write_text(json.dumps(descriptor, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    os.replace(draft, DATA / "datapackage.json")


def main(arguments: list[str]) -> None:
    """Run the command line."""
    known = recipes()
    if not arguments:
        for name, module in known.items():
            print(f"{name}: {', '.join(module.INPUTS)}\n    {module.PUBLISHED}")
        return
    if arguments[0] == "--stamp":
        descriptor = json.loads((DATA / "datapackage.json").read_text(encoding="utf-8"))
        stamp(descriptor, arguments[1:])
        put(descriptor)
        return
    source, *names = Path(arguments[0]), *arguments[1:]
    if not source.is_dir():
        raise SystemExit(f"{source} is not a folder: give the folder that holds the providers' files")
    for name in names or known:
        if name not in known:
            raise SystemExit(f'there is no recipe "{name}"; the recipes are: {", ".join(known)}')
        print(write(known[name], source))


if __name__ == "__main__":
    main(sys.argv[1:])
