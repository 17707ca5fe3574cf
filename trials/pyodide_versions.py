"""Run every page with the libraries that Pyodide has, on an ordinary Python, and say which ran.

Run as ``python -m trials.pyodide_versions PYTHON`` with the newest Python at hand, by ``make trials``.
The browser door fetches numpy, pandas and matplotlib from Pyodide's distribution, in versions of its
own; a machine without that network cannot run a chapter there, but it can run it with the same
versions. The results go to
``trials/results/pyodide_versions.csv``, page by page, and ``pyodide_summary.csv``.
"""

import csv
import datetime
import hashlib
import json
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
RESULT = Path(__file__).parent / "results" / "pyodide_versions.csv"
SUMMARY = RESULT.with_name("pyodide_summary.csv")
LIBRARIES = ("numpy", "pandas", "matplotlib")
RUN = "import sys, nbformat, nbclient; nbclient.execute(nbformat.read(sys.argv[1], 4))"


def inputs(page: Path) -> str:
    """Return a hash of what a page's result depends on: its code, bookkit, and the lock of the libraries."""
    cells = json.loads(page.read_text(encoding="utf-8"))["cells"]
    digest = hashlib.sha256(
        "\0".join("".join(c["source"]) for c in cells if c["cell_type"] == "code").encode()
    )
    for path in [*sorted((ROOT / "book" / "bookkit").glob("*.py")), ROOT / "locks" / "pyodide.txt"]:
        digest.update(path.read_bytes())
    return digest.hexdigest()


def environment(python: str, folder: Path) -> str:
    """Make an environment of ``python`` from the lock in ``folder``; return its interpreter."""
    subprocess.run([python, "-m", "venv", str(folder)], check=True)
    own = str(folder / "bin" / "python")
    install = [str(ROOT / ".venv" / "uv" / "bin" / "uv"), "pip", "install", "-q", "--python", own]
    subprocess.run([*install, "--require-hashes", "-r", str(ROOT / "locks" / "pyodide.txt")], check=True)
    return own


def main(python: str) -> int:
    """Run the pages; return the number that failed."""
    rows = []
    with tempfile.TemporaryDirectory() as scratch:
        own = environment(python, Path(scratch))
        asked = "import platform; print(platform.python_version())"
        version = subprocess.run(
            [own, "-c", asked], check=True, text=True, capture_output=True
        ).stdout.strip()
        say = "import importlib.metadata as m, sys; print(*map(m.version, sys.argv[1:]))"
        listed = subprocess.run([own, "-c", say, *LIBRARIES], check=True, text=True, capture_output=True)
        versions = dict(zip(LIBRARIES, listed.stdout.split(), strict=True))
        for page in sorted((ROOT / "book").glob("*.ipynb")):
            started = time.perf_counter()
            done = subprocess.run(
                [own, "-c", RUN, str(page)], cwd=page.parent, text=True, capture_output=True
            )
            rows.append(
                {
                    "page": page.stem,
                    "runs": "no" if done.returncode else "yes",
                    "seconds": f"{time.perf_counter() - started:.1f}",
                    "inputs_sha256": inputs(page),
                }
            )
            told = done.stderr.strip().splitlines()[-1:] if done.returncode else []
            print(page.stem, "runs" if not done.returncode else f"FAILS: {told}", flush=True)
    failed = sum(row["runs"] == "no" for row in rows)
    summary = {
        "Python": version,
        **versions,
        "pages that ran": len(rows) - failed,
        "pages that failed": failed,
        "date": datetime.date.today().isoformat(),
        "machine": f"{platform.system()} {platform.machine()}",
    }
    for path, table in ((RESULT, rows), (SUMMARY, [summary])):
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, table[0], lineterminator="\n")
            writer.writeheader()
            writer.writerows(table)
    return failed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
