"""Reading and running the notebooks outside Jupyter, for the tests.

As a program, ``python tests/notebooks.py NOTEBOOK``, it runs all code cells of one notebook in order,
then each cell once more by itself with the names that the whole has left (a reader who changes a cell
runs it again at the end), then the code in its worked solutions, and holds each ``# answer:`` to what
the code gives; then the expressions of the page's questions in the bank. With ``--once`` the second round is left out.
"""

import ast
import json
import os
import re
import subprocess
import sys
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
