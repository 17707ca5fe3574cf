"""Decide marks from values alone, with otter-grader's tests, in a process that runs no submission."""

import inspect
import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

WRONG = "{name} is not what the rule in the task gives. Go through the rule again, step by step."


class Key:
    """The values that a right solution gives, and the mistakes that are worth a word of their own."""

    def __init__(self, values: dict[str, Any], mistakes: list[dict[str, Any]]) -> None:
        """Keep the right values by name, and for each mistake its message and the values that it gives."""
        self.values, self.mistakes = values, mistakes

    @classmethod
    def read(cls, path: Path) -> "Key":
        """Read the key of an instructor's pack."""
        kept = json.loads(path.read_text(encoding="utf-8"))
        return cls(kept["values"], kept["mistakes"])

    def hold(self, within: float = 1e-9, **given: Any) -> None:
        """Hold values to the key; raise AssertionError with what to look at again, never with the answer.

        Parameters
        ----------
        within
            How far a number may be from the key's.
        given
            Values by their names in the notebook.
        """
        for name, value in given.items():
            if same(value, self.values[name], within):
                continue
            for mistake in self.mistakes:
                if name in mistake["values"] and same(value, mistake["values"][name], within):
                    raise AssertionError(mistake["message"])
            raise AssertionError(WRONG.format(name=name))


def same(one: Any, other: Any, within: float) -> bool:
    """Say whether two plain values agree: numbers within a tolerance, words but for case and spaces."""
    if isinstance(one, bool) or isinstance(other, bool):
        return isinstance(one, bool) and isinstance(other, bool) and one == other
    if isinstance(one, (int, float)) and isinstance(other, (int, float)):
        return math.isclose(one, other, rel_tol=1e-9, abs_tol=within)
    if isinstance(one, str) and isinstance(other, str):
        return one.strip().casefold() == other.strip().casefold()
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(same(a, b, within) for a, b in zip(one, other, strict=True))
    if isinstance(one, dict) and isinstance(other, dict):
        return set(one) == set(other) and all(same(one[k], other[k], within) for k in one)
    return one is None and other is None


@dataclass
class Mark:
    """The points of one coding task, and a line for each test: passed, and what it says."""

    task: str
    points: float
    possible: float
    lines: list[tuple[bool, str]]


def tests(folder: Path) -> list[Any]:
    """Return otter's test files of an instructor's pack, in the order of their names."""
    from otter.test_files.exception_test import ExceptionTestFile  # three seconds; only graders pay them

    return [ExceptionTestFile.from_file(str(path)) for path in sorted(folder.glob("*.py"))]


def names(files: list[Any]) -> list[str]:
    """Return the names of the values that the tests ask for; no other value leaves a submission."""
    asked = {
        name
        for file in files
        for case in file.test_cases
        for name in inspect.signature(case.body.test_func).parameters
    }
    return sorted(asked - {"key", "env"})


def mark(files: list[Any], key: Key, values: dict[str, dict[str, Any]]) -> list[Mark]:
    """Run every test on the values that left a submission.

    Parameters
    ----------
    files
        What ``tests`` returned; their results are overwritten.
    values
        By name, ``{"is": plain value}`` or ``{"not": why}``.
    """
    given = {name: entry["is"] for name, entry in values.items() if "is" in entry}
    marks = []
    for file in files:
        lines = []
        file.run({**given, "key": key})
        bad_form: dict[str, str] = {}
        for result in file.test_case_results:
            asked = [n for n in inspect.signature(result.test_case.body.test_func).parameters if n != "key"]
            words = next((bad_form[n] for n in asked if n in bad_form), _words(result, asked, values))
            if result.test_case.points:
                lines.append((result.passed, words))
            elif not result.passed:  # a public test of the form, for no points: its word comes first
                bad_form |= dict.fromkeys(asked, words)
        marks.append(Mark(file.name, file.score, file.possible, lines))
    return marks


def _words(result: Any, asked: list[str], values: dict[str, dict[str, Any]]) -> str:
    if result.passed:
        return result.test_case.success_message or f"{', '.join(asked)}."
    for name in asked:
        if name not in values:
            return f"{name} was not there when the notebook had run from top to bottom."
        if "not" in values[name]:
            return f"{name} {values[name]['not']}."
    found = str(result.message).rpartition("\nAssertionError: ")
    said = found[2] if found[1] else "It has another form than the task asks for."
    return said if said.startswith(tuple(asked)) else f"{', '.join(asked)}. {said}"
