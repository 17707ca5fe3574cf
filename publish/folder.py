"""What readers download: the folder that runs the chapters, one chapter alone, the tables with notices.

A Sphinx extension: it writes ``download/testing-realism.zip``, one ``testing-realism-run-PAGE.zip`` for
each notebook and ``testing-realism-data.zip``, each with its checksum beside it, into every HTML build.
Notebooks have their roles turned into plain text. The same sources give the same bytes.
"""

import hashlib
import json
import re
import zipfile
from functools import cache
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx

from publish.edition import edition, foot
from publish.pages import author_year
from publish.plain import Names, plain

NAME = "testing-realism"
WHEN = (2026, 1, 1, 0, 0, 0)  # one date for every entry, so that the zip depends on the contents alone

WELCOME = """Testing Realism: Iran, Russia and the Syrian Crisis, 2010-2017
{edition}

Make an environment, install what requirements.txt lists, and open the notebook:

    python3 -m venv env
    env/bin/pip install -r requirements.txt
    env/bin/jupyter lab {notebook}

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


def runnable(root: Path, names: Names) -> dict[str, bytes]:
    """Return the files of the folder that runs all chapters, by their names in it."""
    chosen = [
        *root.glob("book/bookkit/*.py"),
        *root.glob("data/*.csv"),
        root / "data" / "datapackage.json",
        root / "references.bib",
    ]
    notebooks = sorted(root.glob("book/*.ipynb"))
    kept = {path.name for path in notebooks} | {f"../data/{path.name}" for path in root.glob("data/*.csv")}
    files = {path.relative_to(root).as_posix(): path.read_bytes() for path in chosen}
    files |= {f"book/{path.name}": _plain(path, names, kept) for path in notebooks}
    files["CHANGES.txt"] = (root / "CHANGELOG.md").read_bytes()
    return files | _beside(root, "book/russia.ipynb")


def chapter(root: Path, page: str, names: Names) -> dict[str, bytes]:
    """Return the files of the folder that runs one notebook: it, bookkit, and the tables that it uses."""
    notebook = root / "book" / f"{page}.ipynb"
    package = json.loads((root / "data" / "datapackage.json").read_text(encoding="utf-8"))
    used = tables_of(notebook, [resource["name"] for resource in package["resources"]])
    package["resources"] = [r for r in package["resources"] if r["name"] in used]
    files = {f"book/bookkit/{path.name}": path.read_bytes() for path in root.glob("book/bookkit/*.py")}
    for resource in package["resources"]:
        files[f"data/{resource['path']}"] = (root / "data" / resource["path"]).read_bytes()
    files["data/datapackage.json"] = _json(package)
    files[f"book/{notebook.name}"] = _plain(
        notebook, names, {f"../{path}" for path in files} | {notebook.name}
    )
    return files | _beside(root, f"book/{notebook.name}")


def tables_of(notebook: Path, known: list[str]) -> set[str]:
    """Return the tables that a notebook names in its code, and those that bookkit reads by itself.

    A page that lists the tables gets them all.
    """
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    code = "\n".join("".join(cell["source"]) for cell in cells)
    if re.search(r"\b(?:tables|catalogue)\(", code):
        return set(known)
    named = {name for name in known if re.search(rf"[\"']{re.escape(name)}[\"']", code)}
    maps = {"borders"} if "draw_map" in code else set()
    return named | maps | {"claims"}


def _plain(path: Path, names: Names, kept: set[str]) -> bytes:
    try:
        return _json(plain(json.loads(path.read_text(encoding="utf-8")), names, kept), indent=1)
    except ValueError as error:
        raise ValueError(f"{path.name}: {error}") from None


def _json(value: Any, indent: int = 2) -> bytes:
    return (json.dumps(value, indent=indent, ensure_ascii=False) + "\n").encode()


def _beside(root: Path, notebook: str) -> dict[str, bytes]:
    return {
        "requirements.txt": (root / "binder" / "requirements.txt").read_bytes(),
        "LICENSE": (root / "LICENSE").read_bytes(),
        "READ ME FIRST.txt": WELCOME.format(notebook=notebook, edition=foot(edition(root))).encode(),
    }


def names_of(app: Sphinx) -> Names:
    """Return what this build calls works, figures, sections and pages."""
    std: Any = app.env.get_domain("std")
    works = app.env.get_domain("cite").bibdata.data.entries  # type: ignore[attr-defined]

    def number(name: str) -> str:
        page, anchor = std.anonlabels[name]
        for kind, numbers in app.env.toc_fignumbers.get(page, {}).items():
            if anchor in numbers:
                return app.config.numfig_format[kind] % ".".join(map(str, numbers[anchor]))
        raise ValueError(f"{name} has no number")

    def title(name: str) -> str:
        if name in std.labels:
            return std.labels[name][2]
        return app.env.titles[f"book/{name.split('/')[-1].removesuffix('.ipynb')}"].astext()

    return Names(
        cache(lambda key: author_year(works[key])), cache(lambda key: work(works[key])), number, title
    )


def work(entry: Any) -> str:
    """Return one line on a work: who, when, what, where."""
    fields = entry.fields
    held = (
        fields.get("journal")
        or fields.get("booktitle")
        or fields.get("publisher")
        or fields.get("organization")
    )
    address = f"https://doi.org/{fields['doi']}" if "doi" in fields else fields.get("url")
    parts = [author_year(entry), fields.get("title"), held, address]
    return re.sub(r"[{}]", "", ". ".join(part.rstrip(".") for part in parts if part)).replace("`", "'")


def tables(root: Path) -> dict[str, bytes]:
    """Return the tables, those that may be passed on and those that may only be cited in two folders."""
    descriptor = (root / "data" / "datapackage.json").read_bytes()
    package = json.loads(descriptor)
    files = {f"{kind}/NOTICE.txt": text.encode() for kind, text in NOTICES.items()}
    for resource in package["resources"]:
        files[f"{resource['reuse']}/{resource['path']}"] = (root / "data" / resource["path"]).read_bytes()
        resource["path"] = f"{resource['reuse']}/{resource['path']}"
    files["references.bib"] = (root / "references.bib").read_bytes()
    files["datapackage.json"] = _json(package)
    return files


def write_downloads(app: Sphinx, error: Exception | None) -> None:
    """Write both zips and their checksums into a finished HTML build."""
    if error or app.builder.format != "html":
        return
    root, folder = Path(app.srcdir), Path(app.outdir) / "download"
    folder.mkdir(exist_ok=True)
    names = names_of(app)
    zips = {NAME: runnable(root, names), f"{NAME}-data": tables(root)}
    for notebook in root.glob("book/*.ipynb"):
        if f"book/{notebook.stem}" in app.env.found_docs - {app.config.root_doc}:
            zips[f"{NAME}-run-{notebook.stem}"] = chapter(root, notebook.stem, names)
    for name, files in zips.items():
        target = folder / f"{name}.zip"
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
            for path, content in sorted(files.items()):
                archive.writestr(zipfile.ZipInfo(f"{name}/{path}", WHEN), content, zipfile.ZIP_DEFLATED)
        digest = hashlib.sha256(target.read_bytes()).hexdigest()
        (folder / f"{name}.zip.sha256").write_text(f"{digest}  {target.name}\n", encoding="utf-8")
