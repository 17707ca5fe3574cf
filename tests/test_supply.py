"""What the book is made from: every package locked by hash, of a licence that is allowed, and listed."""

import json
import os
import re
import subprocess
import tomllib
from importlib.metadata import distributions
from pathlib import Path

import pytest

from notebooks import ROOT, traces
from publish.supply import NPM, allowed, entries, licences, lock_files, locked
from trials.supply import by_hand, recognise, stated

SUPPLY = ROOT / ".venv" / "supply" / "bin" / "python"


@pytest.mark.parametrize("lock", sorted(lock_files()))
def test_every_requirement_is_one_version_with_hashes(lock: str) -> None:
    listed = entries(lock_files()[lock])
    assert listed
    for entry in listed:
        first = entry.splitlines()[0]
        assert re.match(r"[A-Za-z0-9._-]+(\[[\w,-]+\])?==[^\s*]+( ;[^\\]*)? \\$", first), first
        assert re.search(r"--hash=sha256:[0-9a-f]{64}\b", entry), first
        assert "://" not in entry and "-index" not in first, f"{first} names a place to fetch from"


def test_every_package_of_npm_has_a_hash_and_no_address() -> None:
    packages = json.loads((ROOT / NPM).read_text(encoding="utf-8"))["packages"]
    for name, facts in packages.items():
        assert not name or re.match(r"sha512-[\w+/]{86}==$", facts["integrity"]), name
        assert "resolved" not in facts, f"{name} names a registry"


def test_nothing_is_installed_but_by_hash() -> None:
    """In the Makefile and under CI; what Debian installs is signed by Debian."""
    text = (ROOT / "Makefile").read_text(encoding="utf-8") + (ROOT / ".ci" / "run").read_text(
        encoding="utf-8"
    )
    commands = re.sub(r"\\\n", " ", text).splitlines()
    installs = [
        c
        for c in commands
        if re.search(r"\b(?:pip (?:install|download)|npm (?:install|ci)|npx|pipx|curl|wget)\b", c)
    ]
    assert len(installs) >= 4
    for command in installs:
        by_hash = "--require-hashes" in command or "npm ci" in command or "--package-lock-only" in command
        assert by_hash or "echo" in command, command
    groups = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["dependency-groups"]
    assert set(lock_files()) == set(groups) - {"pages"} | {"uv"}, "a group has no lock, or a lock no group"


def test_every_licence_is_known_and_allowed() -> None:
    rules = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["licences"]
    read = licences()
    packages = {(p.kind, p.name, p.version): p for p in locked()}
    assert read.keys() == packages.keys(), "licences.csv is not of these locks; run make trials"
    for key, package in packages.items():
        may = set(rules["allowed"]) | (set(rules["in_tests"]) if package.needed_for == {"test"} else set())
        assert allowed(read[key], may), f"{package.name} has the licence {read[key]}: see pyproject.toml"


def test_licences_are_those_that_installed_packages_state() -> None:
    read, decided = licences(), by_hand()
    checked = 0
    for package in distributions():
        name = re.sub(r"[-_.]+", "-", package.metadata["Name"]).lower()
        if ("pypi", name, package.version) in read:
            told = stated(package) or decided[name]
            assert read["pypi", name, package.version] == told[0], name
            checked += 1
    assert checked > 150


def test_what_an_expression_allows() -> None:
    assert allowed("MIT OR GPL-3.0-only", {"MIT"}) and allowed("MIT AND ISC", {"MIT", "ISC"})
    assert not allowed("MIT AND GPL-3.0-only", {"MIT"}) and not allowed("(MIT)", {"MIT"})
    within = "Licence of another kind. " * 100 + "Permission is hereby granted, free of charge"
    assert recognise(within) is None, "the licence of a part is not that of the whole"


def test_the_bill_of_materials(tmp_path: Path) -> None:
    """It names every package, no host, and is the same each time; its maker holds it to the schema."""
    if not SUPPLY.is_file():
        assert not os.environ.get("CI"), "make .venv/supply/ready makes the environment"
        pytest.skip("there is no .venv/supply; make test makes it")
    bills = [tmp_path / "one.json", tmp_path / "two.json"]
    for seed, bill in enumerate(bills):
        env = os.environ | {"PYTHONHASHSEED": str(seed)}
        done = subprocess.run(
            [SUPPLY, "-m", "publish.supply", bill], cwd=ROOT, env=env, text=True, capture_output=True
        )
        assert not done.returncode, done.stdout + done.stderr
    text = bills[0].read_text(encoding="utf-8")
    assert text == bills[1].read_text(encoding="utf-8")
    assert set(re.findall(r"https?://([^/\"]+)", text)) == {"cyclonedx.org"}, "the schema's own name alone"
    told = json.loads(text)
    assert "timestamp" not in told["metadata"]
    assert {(p["purl"], p["version"]) for p in told["components"]} == {
        (f"pkg:{p.kind}/{p.name.replace('@', '%40')}@{p.version}", p.version) for p in locked()
    }
    assert all(p["hashes"] and p["licenses"][0]["expression"] for p in told["components"])
    needs = {d["ref"]: set(d.get("dependsOn", ())) for d in told["dependencies"]}
    reached, todo = set(), {"testing-realism"}
    while todo:
        reached |= todo
        todo = set().union(*(needs[ref] for ref in todo)) - reached
    assert reached == needs.keys(), "something is there that nobody asked for"


def test_nothing_that_is_passed_on_tells_of_the_machine_it_was_made_on(html: Path) -> None:
    """Sources, every file of the site, the members of its zips: no path, no host, no trace of a run.

    The programs of JupyterLite and Pyodide are left out: they name the machines that others made them on.
    """
    sources = [*ROOT.glob("book/**/*.ipynb"), *ROOT.glob("instructor/**/*.ipynb")]
    ours = (p for p in html.rglob("*") if p.relative_to(html).parts[0] != "lite")
    files = [p for p in [*sources, *ours, *(html / "lite" / "files").rglob("*")] if p.is_file()]
    assert not traces({str(path.relative_to(ROOT)): path.read_bytes() for path in files})
    spoilt = {"metadata": {"kernelspec": {"name": "mine"}}, "cells": [{"metadata": {"execution": {}}}]}
    assert len(traces({"a.ipynb": json.dumps(spoilt).encode(), "b.js": f'"{ROOT}/x"'.encode()})) >= 3
