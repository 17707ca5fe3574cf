"""What readers download: the folder that runs the chapters, and the tables with their notices.

A Sphinx extension: it writes ``download/testing-realism.zip`` and ``download/testing-realism-data.zip``,
each with its checksum beside it, into every HTML build. The same sources give the same bytes.
"""

import hashlib
import json
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


NOTICES = {
    "open": """These tables may be passed on under the terms that datapackage.json names for each of them
(public domain, official record, MIT, CC BY or the like), with attribution where the terms ask for it.
""",
    "cited": """These tables hold figures derived or excerpted from data whose providers keep their own terms, which
datapackage.json names and links for each table. They are given so that the book's figures can be
checked and taught with. Cite the provider, and get the provider's own data from the provider for
any other use; do not pass these tables on as data of your own.
""",
}


def setup(app: Sphinx) -> dict[str, Any]:
    """Write the downloads when the pages are done."""
    app.connect("build-finished", write_downloads)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def runnable(root: Path) -> dict[str, bytes]:
    """Return the files of the folder that runs the chapters, by their names in it."""
    chosen = [
        *root.glob("book/*.ipynb"),
        *root.glob("book/bookkit/*.py"),
        *root.glob("data/*.csv"),
        root / "data" / "datapackage.json",
        root / "LICENSE",
    ]
    files = {path.relative_to(root).as_posix(): path.read_bytes() for path in chosen}
    files["requirements.txt"] = (root / "binder" / "requirements.txt").read_bytes()
    files["references.bib"] = (root / "references.bib").read_bytes()
    files["READ ME FIRST.txt"] = WELCOME.encode()
    return files


def tables(root: Path) -> dict[str, bytes]:
    """Return the tables, those that may be passed on and those that may only be cited in two folders."""
    descriptor = (root / "data" / "datapackage.json").read_bytes()
    package = json.loads(descriptor)
    files = {f"{kind}/NOTICE.txt": text.encode() for kind, text in NOTICES.items()}
    for resource in package["resources"]:
        files[f"{resource['reuse']}/{resource['path']}"] = (root / "data" / resource["path"]).read_bytes()
        resource["path"] = f"{resource['reuse']}/{resource['path']}"
    files["references.bib"] = (root / "references.bib").read_bytes()
    files["datapackage.json"] = (json.dumps(package, indent=2, ensure_ascii=False) + "\n").encode()
    return files


def write_downloads(app: Sphinx, error: Exception | None) -> None:
    """Write both zips and their checksums into a finished HTML build."""
    if error or app.builder.format != "html":
        return
    root, folder = Path(app.srcdir), Path(app.outdir) / "download"
    folder.mkdir(exist_ok=True)
    for name, files in ((NAME, runnable(root)), (f"{NAME}-data", tables(root))):
        target = folder / f"{name}.zip"
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
            for path, content in sorted(files.items()):
                archive.writestr(zipfile.ZipInfo(f"{name}/{path}", WHEN), content, zipfile.ZIP_DEFLATED)
        digest = hashlib.sha256(target.read_bytes()).hexdigest()
        (folder / f"{name}.zip.sha256").write_text(f"{digest}  {target.name}\n", encoding="utf-8")
