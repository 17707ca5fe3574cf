"""Read the licence of every locked package where the package itself states it.

Run as ``python -m trials.supply`` by ``make trials``, after the environments were
made. A package that no environment on this machine holds (it is for another system or another Python) is
fetched by its hash. In this order: the SPDX expression in its metadata, a licence it names there, the text of
its licence, its classifier; what none of these settles was read by a person and stands in
``publish/licences.csv`` with the place. Writes ``licences.csv`` and ``licences_summary.csv``.
"""

import csv
import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from importlib.metadata import Distribution, distributions
from pathlib import Path
from typing import Any

import pandas as pd
from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression

from publish.supply import NPM, Locked, entries, lock_files, locked
from trials import ROOT, write

BY_HAND = ROOT / "publish" / "licences.csv"
NAMES = {
    "mit license": "MIT", "bsd 3-clause license": "BSD-3-Clause", "bsd 2-clause license": "BSD-2-Clause",
    "apache 2.0": "Apache-2.0", "apache license, version 2.0": "Apache-2.0", "isc license": "ISC",
    "apache software license": "Apache-2.0", "mozilla public license 2.0 (mpl 2.0)": "MPL-2.0",
    "isc license (iscl)": "ISC",
}  # fmt: skip
"""What packages call their licences, and the identifier of it; "BSD" alone may be one of two."""


def by_hand() -> dict[str, tuple[str, str]]:
    """Return what a person decided: by package the licence and where it was read."""
    with BY_HAND.open(encoding="utf-8", newline="") as file:
        return {row["package"]: (row["licence"], row["where"]) for row in csv.DictReader(file)}


def stated(package: Distribution) -> tuple[str, str] | None:
    """Return the licence that a package states, and where, or None if that is not clear."""
    told: Any = package.metadata
    if expression := told.get("License-Expression"):
        return canonicalize_license_expression(expression), "License-Expression"
    classified = [c.split(" :: ")[-1] for c in told.get_all("Classifier") or [] if c.startswith("License ::")]
    named = (told.get("License") or "").strip()
    if found := _identifier(named.splitlines()[0] if named else ""):
        return (found, "License") if _agree(found, classified) else None
    texts = [named, *(_text(package, str(path)) for path in package.files or [] if _is_licence(str(path)))]
    recognised = sorted({kind for text in texts if (kind := recognise(text))})
    if len(recognised) == 1:
        return (recognised[0], "text of its licence") if _agree(recognised[0], classified) else None
    if len(classified) == 1 and (found := _identifier(classified[0])):
        return found, "classifier"
    return None


def _agree(found: str, classified: list[str]) -> bool:
    """Say whether the classifiers of a package, if it has any, speak of the licence that was found."""
    family = found.partition("-")[0]
    return not classified or all(family in name or NAMES.get(name.lower()) == found for name in classified)


def _identifier(name: str) -> str | None:
    if known := NAMES.get(name.lower()):
        return known
    try:
        return canonicalize_license_expression(name) if name else None
    except InvalidLicenseExpression:
        return None


def _is_licence(path: str) -> bool:
    return bool(re.search(r"\.dist-info/(?:licenses/)?(?:LICEN[CS]E|COPYING)[^/]*$", path, flags=re.I))


def _text(package: Distribution, path: str) -> str:
    return package.read_text(path.partition(".dist-info/")[2]) or ""


def recognise(text: str) -> str | None:
    """Return the licence with whose words a text begins: one of the four that most packages use.

    What comes further down may be the licence of something that the package carries.
    """
    whole = " ".join(text.split())
    words = whole[:1500]
    if "Redistribution and use in source and binary forms" in words:
        return (
            "BSD-3-Clause" if re.search(r"[Nn]either the name|endorse or promote", whole) else "BSD-2-Clause"
        )
    if "Permission is hereby granted, free of charge" in words:
        return "MIT" if "copyright notice and this permission notice shall be included" in whole else None
    if re.search(r"Apache License,? Version 2\.0", words):
        return "Apache-2.0"
    if re.search(r"Permission to use, copy, modify, and/?(?:or)? distribute this software for any", words):
        return "ISC"
    return None


def installed() -> dict[tuple[str, str], Distribution]:
    """Return every package that an environment or a folder of wheels on this machine holds."""
    places = [*ROOT.glob(".venv/*/lib/python*/site-packages"), *ROOT.glob(".venv/lite/wheels/*.whl")]
    found = {}
    for package in distributions(path=[str(place) for place in places]):
        name = re.sub(r"[-_.]+", "-", package.metadata["Name"]).lower()
        found[name, package.version] = package
    return found


def fetched(packages: list[Locked], folder: Path) -> Iterator[Distribution]:
    """Fetch wheels of packages, for whichever system there is one, and give their metadata."""
    texts = {path.name: entries(path) for path in lock_files().values()}
    for package in packages:
        start = re.compile(rf"{package.name.replace('-', '[-_.]')}=={re.escape(package.version)}\s", re.I)
        entry = next(e for listed in texts.values() for e in listed if start.match(e))
        wanted = folder / f"{package.name}.txt"
        wanted.write_text(re.sub(r" ;.*? \\$", r" \\", entry, count=1, flags=re.M) + "\n", encoding="utf-8")
        target = folder / f"{package.name}-{package.version}"
        pip = [sys.executable, "-m", "pip", "download", "-qq", "--disable-pip-version-check", "--no-deps"]
        options = ["--require-hashes", "--only-binary=:all:", "-d", str(target), "-r", str(wanted)]
        for python, system in (("3.13", "win_amd64"), ("3.11", "win_amd64"), ("3.13", "macosx_11_0_arm64")):
            kind = ["--python-version", python, "--platform", system]
            if subprocess.run([*pip, *kind, *options], capture_output=True).returncode == 0:
                yield from distributions(path=[str(wheel) for wheel in target.glob("*.whl")])
                break


def main() -> int:
    """Read all licences and write them; return the number of packages whose licence is not clear."""
    npm = json.loads((ROOT / NPM).read_text(encoding="utf-8"))["packages"]
    decided, found, rows, unclear = by_hand(), installed(), [], 0
    packages = locked()
    absent = [p for p in packages if p.kind == "pypi" and (p.name, p.version) not in found]
    with tempfile.TemporaryDirectory() as folder:
        for wheel in fetched(absent, Path(folder)):
            found[re.sub(r"[-_.]+", "-", wheel.metadata["Name"]).lower(), wheel.version] = wheel
        for package in packages:
            if package.kind == "npm":
                read = npm[f"node_modules/{package.name}"].get("license"), "package-lock.json"
            else:
                held = found.get((package.name, package.version))
                read = (held and stated(held)) or decided.get(package.name) or (None, "")
            if not read[0]:
                unclear += 1
                print(f"{package.name} {package.version}: read its licence and add it to {BY_HAND.name}")
            rows.append({
                "kind": package.kind, "package": package.name, "version": package.version,
                "licence": read[0], "read_in": read[1], "needed_for": " ".join(sorted(package.needed_for)),
            })  # fmt: skip
    if unclear:
        return unclear
    table = pd.DataFrame(rows)
    write("licences", table)
    write("licences_summary", summary(table))
    return 0


def summary(table: pd.DataFrame) -> pd.DataFrame:
    """Return for each licence how many packages have it, how many of them a reader gets, and the names of few."""
    readers = table["needed_for"].str.contains(r"\b(?:binder|kernel|npm)\b")
    table = table.assign(reader=readers)
    groups = table.groupby("licence")
    counts = pd.DataFrame({
        "packages": groups["package"].nunique(),
        "for_readers": table[table["reader"]].groupby("licence")["package"].nunique(),
        "names": groups["package"].unique().map(lambda names: ", ".join(names) if len(names) <= 4 else ""),
    })  # fmt: skip
    counts["for_readers"] = counts["for_readers"].fillna(0).astype(int)
    return counts.sort_values(["packages", "licence"], ascending=[False, True]).reset_index()


if __name__ == "__main__":
    sys.exit(main())
