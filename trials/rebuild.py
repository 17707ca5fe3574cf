"""Make every table anew from the providers' files and say whether it is the one in the book.

Run as ``python -m trials.rebuild FOLDER`` with the folder that holds the providers' files. It writes
nothing into ``data/``; its result goes to ``trials/results/rebuild.csv``, with the date and the kind
of machine. It takes several minutes, because two providers publish in R's own format.
"""

import datetime
import hashlib
import platform
import sys
from pathlib import Path

import pandas as pd

from data.recipes.__main__ import DATA, recipes

RESULT = Path(__file__).parent / "results" / "rebuild.csv"


def digest(path: Path) -> str:
    """Return the SHA-256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def main(folder: Path) -> int:
    """Rebuild every table in memory; return the number that differ from the book's."""
    rows = []
    for name, module in recipes().items():
        made = module.make(folder).to_csv(index=False, lineterminator="\n").encode()
        kept = (DATA / f"{name}.csv").read_bytes()
        for source in module.INPUTS:
            rows.append(
                {
                    "table": name,
                    "input": source,
                    "input_sha256": digest(folder / source),
                    "table_sha256": hashlib.sha256(made).hexdigest(),
                    "same_as_in_the_book": made == kept,
                }
            )
        print(f"{name}: {'same' if made == kept else 'DIFFERS'}", flush=True)
    result = pd.DataFrame(rows)
    result["date"] = datetime.date.today().isoformat()
    result["machine"] = f"{platform.system()} {platform.machine()}, Python {platform.python_version()}"
    result.to_csv(RESULT, index=False, lineterminator="\n")
    return int((~result["same_as_in_the_book"]).sum())


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
