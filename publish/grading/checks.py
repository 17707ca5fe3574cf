"""Public checks of an assignment: `check("q1")` says whether your answer has the right form.

This file travels in the student's pack and needs nothing to be installed. It looks at the same values
that are taken from your notebook when it is marked, in the same form: plain numbers, words, dates
and small tables.
"""

import datetime
import inspect
import math
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

LARGEST = 2000  # entries of one value; an answer is a number, a word or a small table


class test_case:
    """What the files in `tests/` mark each test with; stands in for otter-grader's class of that name."""

    def __init__(self, points: float = 0, hidden: bool = False, **messages: str) -> None:
        """Take what a test file says of a test."""
        self.points, self.hidden = points, hidden
        self.run: Callable[..., None] = lambda: None

    def __call__(self, function: Callable[..., None]) -> "test_case":
        """Keep the function that holds the test."""
        self.run = function
        return self


def plain(value: Any) -> Any:
    """Return a value as plain data: None, bool, int, float, str, list or dict, nested at most five deep.

    Numbers of numpy become Python's, dates become ``YYYY-MM-DD``, a Series becomes a dict by its index,
    a DataFrame a dict of its columns, each a dict by the index.

    Raises
    ------
    ValueError
        The value is none of these, is too large, or is not a finite number.
    """
    return _plain(value, 5, [LARGEST])


def _plain(value: Any, depth: int, left: list[int]) -> Any:
    left[0] -= 1
    if left[0] < 0 or depth < 0:
        raise ValueError("is too large: an answer is a number, a word, a date or a small table")
    if value is Ellipsis:
        raise ValueError("is still ...: put your answer there")
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        if abs(int(value)) > 10**15:
            raise ValueError("is a number too large to be an answer")
        return int(value)
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError(f"is {value}, not a number that can be an answer")
        return float(value)
    if isinstance(value, str):
        left[0] -= len(value) // 100
        if len(value) > 20_000:
            raise ValueError("is too long a text to be an answer")
        return str(value)
    kind = type(value)
    if kind.__module__.startswith("pandas") and kind.__name__ in ("NAType", "NaTType"):
        return None
    if isinstance(value, (datetime.date, datetime.datetime)):
        return value.isoformat()[:10]
    if isinstance(value, Mapping):
        return {str(plain_key(k)): _plain(v, depth - 1, left) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(v, depth - 1, left) for v in value]
    if isinstance(value, (set, frozenset)):
        return sorted((_plain(v, depth - 1, left) for v in value), key=str)
    if kind.__module__.startswith("pandas") and hasattr(value, "to_dict"):
        if value.size > LARGEST:
            raise ValueError("is too large a table to be an answer")
        return _plain(value.to_dict(), depth, left)
    if kind.__module__.startswith(("pandas", "numpy")) and hasattr(value, "tolist"):
        return _plain(value.tolist(), depth, left)
    raise ValueError(f"is a {kind.__name__}; an answer is a number, a word, a date or a small table")


def plain_key(key: Any) -> Any:
    """Return the label of an entry: dates in short form, anything else as it is."""
    return key.isoformat()[:10] if isinstance(key, (datetime.date, datetime.datetime)) else key


def check(question: str) -> None:
    """Run the public tests of a question on the values of the notebook, and say what they found."""
    names = sys._getframe(1).f_globals
    file = Path("tests") / f"{question}.py"
    if not file.is_file():
        print(f"There is no file {file}: open the notebook in the folder that was unpacked.")
        return
    found: dict[str, Any] = {}
    exec(compile(file.read_text(encoding="utf-8"), str(file), "exec"), found)
    failed = False
    for test in found.values():
        if isinstance(test, test_case) and not test.hidden:
            trouble = _trouble(test, names)
            if trouble:
                failed = True
                print(f"{question}: not yet. {trouble}")
    if not failed:
        print(f"{question}: the form is right. Whether the answer is right is decided when it is marked.")


def _trouble(test: test_case, names: Mapping[str, Any]) -> str:
    values = {}
    for name in inspect.signature(test.run).parameters:
        if name not in names:
            return f"There is no {name} yet: run the cell that makes it."
        try:
            values[name] = plain(names[name])
        except ValueError as error:
            return f"{name} {error}."
    try:
        test.run(**values)
    except AssertionError as error:
        return str(error)
    except Exception as error:
        return f"The check could not read the answer ({type(error).__name__}: {error})."
    return ""
