"""The folder that a reader downloads to run the chapters: notebooks, tables, bookkit, requirements.

A Sphinx extension: it writes ``download/testing-realism.zip`` into every HTML build. The same sources
give the same bytes.
"""

import zipfile
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx

NAME = "testing-realism"
WHEN = (2026, 1, 1, 0, 0, 0)  # one date for every entry, so that the zip depends on the contents alone

WELCOME = """Testing Realism: Iran, Russia and the Syrian Crisis, 2010-2017

Make an environment, install what requirements.txt lists, and open a chapter:

    python3 -m venv env
    env/bin/pip install -r requirements.txt
    env/bin/jupyter lab book/russia.ipynb

On Windows write env\\Scripts in place of env/bin, and py in place of python3.
"""


def setup(app: Sphinx) -> dict[str, Any]:
    """Write the folder when the pages are done."""
    app.connect("build-finished", write_folder)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def contents(root: Path) -> dict[str, bytes]:
    """Return the files of the folder by their names in it."""
    chosen = [
        *root.glob("book/*.ipynb"),
        *root.glob("book/bookkit/*.py"),
        *root.glob("data/*.csv"),
        root / "data" / "datapackage.json",
        root / "LICENSE",
    ]
    files = {path.relative_to(root).as_posix(): path.read_bytes() for path in chosen}
    files["requirements.txt"] = (root / "binder" / "requirements.txt").read_bytes()
    files["READ ME FIRST.txt"] = WELCOME.encode()
    return files


def write_folder(app: Sphinx, error: Exception | None) -> None:
    """Write the zip into a finished HTML build."""
    if error or app.builder.format != "html":
        return
    target = Path(app.outdir) / "download" / f"{NAME}.zip"
    target.parent.mkdir(exist_ok=True)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in sorted(contents(Path(app.srcdir)).items()):
            archive.writestr(zipfile.ZipInfo(f"{NAME}/{name}", WHEN), content, zipfile.ZIP_DEFLATED)
