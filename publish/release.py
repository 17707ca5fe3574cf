"""What a release offers: the book in every form, the source, checksums and notes, in ``_build/release``.

Run as ``python -m publish.release``, by ``make release``, which has built the whole site in ``_build/public``
before: everything comes from the tree that may be published, so nothing from ``instructor/`` can be in it,
and the last thing done here is to look for it all the same.
"""

import hashlib
import os
import re
import shutil
import sys
import tempfile
import zipfile
from pathlib import Path

from publish.edition import edition
from publish.offline.bundle import pack

ROOT = Path(__file__).resolve().parents[1]
PUBLIC = ROOT / "_build" / "public"
RELEASE = ROOT / "_build" / "release"
NAME = "testing-realism"
SUMS = "SHA256SUMS"
NOTES = "NOTES.md"
PRIVATE = "instructor"

TAKEN = {
    "html/bundle/*.zip": "",
    "html/pdf/*.pdf": "",
    "html/epub/*.epub": "",
    "html/download/testing-realism.zip": "to-run.zip",
    "html/download/testing-realism-data.zip": "data.zip",
    "*.cdx.json": "bill-of-materials.cdx.json",
}
"""What was built that a release offers, and what it is called there if not by its own name, after the book's and the version."""


class Incomplete(Exception):
    """The release cannot be made; the message says what to do."""


def collect(public: Path, target: Path, tag: str = "") -> list[Path]:
    """Lay out a release in a folder, which is replaced when all went well.

    Parameters
    ----------
    public
        The tree that may be published, with the whole site in its ``_build/html``.
    target
        The folder of the release.
    tag
        The tag that it is made for, if any: ``v`` and the version.

    Returns
    -------
    list of pathlib.Path
        The files of the release.

    Raises
    ------
    Incomplete
        The site lacks a part, the tag names another edition, or something private would go out.
    """
    version = edition(public).version
    if tag and tag != f"v{version}":
        raise Incomplete(
            f"The tag {tag} is not the edition {version} that CHANGELOG.md begins with: name it v{version}"
        )
    built = public / "_build"
    with tempfile.TemporaryDirectory(dir=target.parent) as scratch:
        folder = Path(scratch) / "release"
        folder.mkdir()
        for pattern, named in TAKEN.items():
            for file in sorted(built.glob(pattern)):
                shutil.copy(file, folder / versioned(named or file.name, version))
        if not list(folder.glob("*-book-*.zip")):
            raise Incomplete(f"{built} lacks the folder to read: make the whole site with make release")
        _pack(built / "html" / "download" / "questions", folder / f"{NAME}-{version}-questions.zip")
        _pack(public, folder / f"{NAME}-{version}-source.zip")
        (folder / NOTES).write_text(
            notes((public / "CHANGELOG.md").read_text(encoding="utf-8")), encoding="utf-8"
        )
        if leaked := private(folder):
            raise Incomplete(
                f"What belongs to instructors would go out: {', '.join(leaked)}. See .gitattributes"
            )
        sums = [f"{_digest(file)}  {file.name}\n" for file in sorted(folder.iterdir())]
        (folder / SUMS).write_text("".join(sums), encoding="utf-8")
        shutil.rmtree(target, ignore_errors=True)
        folder.rename(target)
    return sorted(target.iterdir())


def versioned(name: str, version: str) -> str:
    """Return a file's name with the book's and the version in it, once."""
    if version in name:
        return name
    rest = name.removeprefix(NAME).lstrip("-")
    return f"{NAME}-{version}{rest}" if rest.startswith(".") else f"{NAME}-{version}-{rest}"


def notes(changes: str) -> str:
    """Return what the change log says of the edition that it begins with."""
    found = re.search(r"^## .*?(?=^## |\Z)", changes, flags=re.M | re.S)
    return found[0].strip() + "\n" if found else ""


def private(folder: Path) -> list[str]:
    """Return whatever in a folder, or in a zip in it, lies in a folder for instructors or is named for them."""
    found = [path.name for path in folder.iterdir() if PRIVATE in path.name]
    for archive in folder.glob("*.zip"):
        with zipfile.ZipFile(archive) as packed:
            found += [f"{archive.name}: {name}" for name in packed.namelist() if PRIVATE in Path(name).parts]
    return found


def _pack(folder: Path, target: Path) -> None:
    """Zip a folder under the zip's own name, without what is built or installed in it."""
    with tempfile.TemporaryDirectory() as scratch:
        copy = Path(scratch) / target.stem
        shutil.copytree(
            folder, copy, ignore=shutil.ignore_patterns("_build", ".venv", "__pycache__", ".*_cache")
        )
        pack(copy, target)


def _digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def main() -> int:
    """Make the release; return the exit code."""
    try:
        made = collect(PUBLIC, RELEASE, os.environ.get("TAG", ""))
    except Incomplete as problem:
        print(problem)
        return 1
    for file in made:
        print(f"{file.stat().st_size / 1e6:8.1f} MB  {file.name}")
    print(f"The release is in {RELEASE}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
