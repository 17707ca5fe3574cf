"""Build the book with the newest version of everything, and report what that broke: a trial that stops nothing.

Run as ``python -m trials.unpinned`` in the book's environment, by ``make unpinned``. The locks keep a build
as it was; this says what waits behind them. Everything happens in ``_build/unpinned``; the report names
what is newer than the lock, whether the book was built, and the last words of a build that failed.
"""

import json
import re
import shutil
import subprocess
import sys
import tomllib
from typing import Any

from publish.report import tell
from trials import ROOT
from trials.copies import copy

FOLDER = ROOT / "_build" / "unpinned"
UV = ROOT / ".venv" / "uv" / "bin" / "uv"
LIMITS = {"jupyter-book": "<2"}
"""What a newer version would make another program: Jupyter Book 2 reads neither these settings nor these pages."""


def names(groups: dict[str, list[Any]], group: str) -> list[str]:
    """Return the packages of a group and of the groups it includes, without their versions."""
    found: list[str] = []
    for entry in groups[group]:
        found += names(groups, entry["include-group"]) if isinstance(entry, dict) else [_bare(entry)]
    return sorted(set(found))


def _bare(requirement: str) -> str:
    return re.split(r"[^\w.-]", requirement, maxsplit=1)[0]


def locked(lock: str) -> dict[str, str]:
    """Return the versions of a lock file."""
    return dict(re.findall(r"^([\w.-]+)==([^\s;]+)", lock, flags=re.M))


def install(wanted: list[str]) -> str:
    """Make the environment; return what went wrong, or nothing."""
    environment = FOLDER / "env"
    named = [f"{name}{LIMITS.get(name, '')}" for name in wanted]
    for command in (
        ["venv", "-q", "--clear", "--python", sys.executable, str(environment)],
        ["pip", "install", "-q", "--compile-bytecode", "--python", str(environment), "--upgrade", *named],
    ):
        done = subprocess.run([str(UV), *command], text=True, capture_output=True)
        if done.returncode:
            return done.stderr.strip()
    return ""


def installed() -> dict[str, str]:
    """Return the versions in the environment."""
    command = [str(UV), "pip", "list", "-q", "--format", "json", "--python", str(FOLDER / "env")]
    listed = json.loads(subprocess.run(command, text=True, capture_output=True, check=True).stdout)
    return {package["name"]: package["version"] for package in listed}


def build() -> tuple[bool, str]:
    """Build a copy of the book with the environment; say whether it was built, and what the build said last."""
    tree = FOLDER / "tree"
    shutil.rmtree(tree, ignore_errors=True)
    copy(tree)
    try:
        done = subprocess.run(
            [str(FOLDER / "env" / "bin" / "python"), "-m", "publish.build"],
            cwd=tree, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=1800,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return False, "The build did not end within half an hour."
    return done.returncode == 0, "\n".join(done.stdout.strip().splitlines()[-25:])


def report(before: dict[str, str], now: dict[str, str], built: bool | None, said: str) -> str:
    """Return the report; ``built`` is None where the packages could not be installed."""
    outcome = {
        True: "The book was built.",
        False: "The book was not built.",
        None: "The packages could not be installed.",
    }
    changed = {name: now[name] for name in sorted(now) if before.get(name) != now[name]}
    rows = [f"| {name} | {before.get(name, 'not there')} | {version} |" for name, version in changed.items()]
    table = (
        ["| package | locked | newest |", "|---|---|---|", *rows, ""]
        if rows
        else ["Nothing is newer than the lock.", ""]
    )
    told = [] if built else ["```", said, "```", ""]
    return "\n".join(
        ["# The book with the newest version of everything", "", outcome[built], "", *told, *table]
    )


def main() -> None:
    """Make the report; whatever it says, the command succeeds."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    groups = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["dependency-groups"]
    before = locked((ROOT / "locks" / "book.txt").read_text(encoding="utf-8"))
    if problem := install(names(groups, "book")):
        tell(report(before, {}, None, problem), FOLDER / "report.md")
        return
    built, said = build()
    tell(report(before, installed(), built, said), FOLDER / "report.md")


if __name__ == "__main__":
    main()
