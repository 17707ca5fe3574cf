"""Reading and running the notebooks outside Jupyter, for the tests.

As a program, ``python tests/notebooks.py NOTEBOOK``, it runs all code cells of one notebook in order,
then each cell once more by itself with the names that the whole has left (a reader who changes a cell
runs it again at the end), then the code in its worked solutions, and holds each ``# answer:`` to what
the code gives; then the expressions of the page's questions in the bank. With ``--once`` the second round is left out.
"""

import ast
import io
import json
import os
import platform
import re
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import yaml

ROOT = Path(__file__).resolve().parents[1]


def notebooks() -> list[Path]:
    """Return every notebook of the book."""
    return sorted((ROOT / "book").glob("*.ipynb"))


def cells(path: Path, kind: str) -> list[dict[str, Any]]:
    """Return the cells of one kind, each with its source as one text."""
    found = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return [{**c, "source": "".join(c["source"])} for c in found if c["cell_type"] == kind]


def prose(path: Path) -> str:
    """Return the text of a page, without its code."""
    if path.suffix == ".ipynb":
        text = "\n\n".join(c["source"] for c in cells(path, "markdown"))
    else:
        text = path.read_text(encoding="utf-8")
    return text


def solutions(path: Path) -> list[str]:
    """Return the code blocks that stand in the worked solutions of a page."""
    folded = re.findall(r"<details>.*?</details>", prose(path), flags=re.S)
    return [code for text in folded for code in re.findall(r"```python\n(.*?)```", text, flags=re.S)]


def questions(path: Path) -> list[dict[str, Any]]:
    """Return the page's questions, of both pools, whose answer is an expression."""
    pools = [path.parent / "teaching" / "questions", path.parents[1] / "instructor" / "questions"]
    files = [p for pool in pools if (p := pool / f"{path.stem}.yaml").is_file()]
    found = [q for p in files for q in yaml.safe_load(p.read_text(encoding="utf-8")) or []]
    return [q for q in found if "expression" in q or "check" in q]


def run(path: Path, *, again: bool = False) -> subprocess.CompletedProcess[str]:
    """Run a notebook's code in a process of its own, from its own folder, without a screen."""
    return subprocess.run(
        [sys.executable, str(Path(__file__).resolve()), str(path), *([] if again else ["--once"])],
        cwd=path.parent,
        env={**os.environ, "MPLBACKEND": "Agg"},
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )


GENERIC = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
"""The metadata of every notebook: nothing of the machine, the Python or the day it was written on."""


def traces(files: dict[str, bytes]) -> list[str]:
    """Return what files tell of the machine and the person they were made on, members of zips included."""
    private = [str(ROOT), f"{Path.home()}/", f"@{platform.node()}"]
    found = []
    for name, content in files.items():
        if name.endswith(".zip"):
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                found += traces({f"{name}/{n}": archive.read(n) for n in archive.namelist()})
        found += [f"{name}: {word}" for word in private if word.encode() in content]
        if name.endswith(".ipynb"):
            notebook = json.loads(content)
            kept = {key: value for key, value in notebook["metadata"].items() if key in GENERIC}
            if kept != GENERIC or notebook["metadata"].keys() - GENERIC.keys() - {"otter"}:
                found.append(f"{name}: {notebook['metadata']}")
            keys = {key for cell in notebook["cells"] for key in cell["metadata"]}
            told = {
                "tags",
                "mystnb",
                "objectives",
                "otter",
                "answer",
                "deletable",
                "editable",
            }  # the last of packs
            if odd := keys - told:
                found.append(f"{name}: metadata of cells: {sorted(odd)}")
        for person in re.findall(rb"/Author ?[(<].{0,60}", content) if name.endswith(".pdf") else []:
            if b"The contributors to Testing Realism" not in person:
                found.append(f"{name}: {person!r}")
    return found


def _evaluate(code: str, names: dict[str, Any]) -> Any:
    tree = ast.parse(code)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, "<cell>", "exec"), names)
    return eval(compile(ast.Expression(last.value), "<cell>", "eval"), names) if last else None


def main(path: Path, *, again: bool) -> None:
    """Run the notebook and its solutions; stop at the first that fails, saying which."""
    plt.rcParams["figure.max_open_warning"] = 0  # the second pass draws everything again
    names: dict[str, Any] = {}
    code = cells(path, "code")
    for cell in code:
        try:
            _evaluate(cell["source"], names)
        except Exception as error:
            sys.exit(f"{path.name}, cell {cell['id']}: {type(error).__name__}: {error}")
    for cell in code if again else []:
        try:
            _evaluate(cell["source"], dict(names))
        except Exception as error:
            sys.exit(f"{path.name}, cell {cell['id']} run again: {type(error).__name__}: {error}")
    for solution in solutions(path):
        given = re.search(r"# answer: (.+)", solution)
        if not given:
            sys.exit(f"{path.name}: a solution gives no '# answer:': {solution}")
        found = _evaluate(solution, names)
        if found != ast.literal_eval(given.group(1)):
            sys.exit(f"{path.name}: the solution {solution.strip()} gives {found!r}")
    for question in questions(path):
        code = question.get("expression") or question["check"]
        try:
            found = _evaluate(code, dict(names))
        except Exception as error:
            sys.exit(f"question {question['id']}: {type(error).__name__}: {error}")
        wanted = question.get("answer", True)
        if found is None or found != wanted:
            sys.exit(f"question {question['id']}: the data give {found!r}, the bank says {wanted!r}")


if __name__ == "__main__":
    notebook = Path(sys.argv[1]).resolve()
    os.chdir(notebook.parent)
    sys.path.insert(0, str(notebook.parent))
    main(notebook, again="--once" not in sys.argv)
