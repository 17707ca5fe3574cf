"""Make the browser door: a JupyterLite site that runs the chapters with no server.

Run as ``.venv/lite/bin/python -m publish.lite BOOK``, by ``make site``: BOOK is the folder of the
built book, and the site goes into ``BOOK/lite``. It opens the notebooks, tables and package that the
book offers as a folder to download. JupyterLab, the kernel and Pyodide's core are served from the book. Packages that no registry
holds for the browser (numpy, pandas, matplotlib and what they need) come at run time from Pyodide's
public distribution, at the version that the kernel was made for.
"""

import hashlib
import json
import os
import re
import shutil
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
CORE = ROOT / ".venv" / "node" / "node_modules" / "pyodide"
WHEELS = ROOT / ".venv" / "lite" / "wheels"
START = "start.py"
APPS = ("notebooks", "tree", "lab")  # one notebook (fit for a phone), the files, and the whole of JupyterLab
CORE_FILES = ("pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm", "python_stdlib.zip")
BOOTED = {"micropip", "piplite", "ipykernel", "comm", "pyodide-kernel", "jedi", "ipython"}
"""What the kernel would look up elsewhere if it were not named to it as loaded."""
WHEN = 1767225600  # 1 January 2026 for every file, so that the site depends on its contents alone


def served_lock(lock: dict[str, Any], wheels: Path, distribution: str) -> dict[str, Any]:
    """Return Pyodide's lock with our wheels in it, and an address in its distribution for all the rest.

    Parameters
    ----------
    lock
        ``pyodide-lock.json`` as the npm package has it: file names without an address.
    wheels
        The folder of wheels that lie beside the lock in the site.
    distribution
        The address of the folder that holds all of Pyodide's packages.
    """
    packages = {_plain(name): entry for name, entry in lock["packages"].items()}
    for entry in packages.values():
        entry["file_name"] = f"{distribution}/{entry['file_name']}"
    ours = names(wheels)
    if lacking := BOOTED - ours.keys():
        raise SystemExit(
            f"{', '.join(sorted(lacking))} not found in {wheels}: delete .venv/lite and begin again."
        )
    for name, wheel in ours.items():
        imported, version = wheel.name.split("-")[:2]
        known = packages.get(name, {"depends": [], "imports": [imported]})
        packages[name] = known | {
            "name": name,
            "depends": [],  # all of ours are loaded when the kernel starts
            "version": version,
            "file_name": wheel.name,
            "sha256": hashlib.sha256(wheel.read_bytes()).hexdigest(),
            "install_dir": "site",
            "package_type": "package",
            "unvendored_tests": False,
        }
    return lock | {"packages": packages}


def names(wheels: Path) -> dict[str, Path]:
    """Return the wheels of a folder by the names of their packages."""
    return {_plain(wheel.name.split("-")[0]): wheel for wheel in sorted(wheels.glob("*.whl"))}


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def settings(loaded: list[str]) -> dict[str, Any]:
    """Return what JupyterLite is told, with the packages that it loads when a kernel starts."""
    kernel = {
        "pyodideUrl": "./static/pyodide/pyodide.mjs",
        "disablePyPIFallback": True,  # a package that the book does not serve is not sought elsewhere
        "loadPyodideOptions": {
            "lockFileURL": "./static/pyodide/pyodide-lock.json",
            "packages": loaded,
            "env": {"PYTHONSTARTUP": f"/drive/{START}"},
        },
    }
    return {
        "jupyter-lite-schema-version": 0,
        "jupyter-config-data": {
            "appName": "Testing Realism",
            "litePluginSettings": {"@jupyterlite/pyodide-kernel-extension:kernel": kernel},
        },
    }


def write(book: Path) -> None:
    """Build the site into ``book/lite``, which must not be there yet."""
    from jupyterlite_core.app import LiteBuildApp
    from jupyterlite_pyodide_kernel import constants

    version = json.loads((CORE / "package.json").read_text(encoding="utf-8"))["version"]
    if version != constants.PYODIDE_VERSION:
        raise SystemExit(
            f"The kernel was made for Pyodide {constants.PYODIDE_VERSION}, but publish/package.json names "
            f"{version}. Write the kernel's version there, then run make lock."
        )
    book = book.resolve()
    with tempfile.TemporaryDirectory() as scratch:
        lite, contents = Path(scratch, "lite"), Path(scratch, "contents")
        core = lite / "static" / "pyodide"
        core.mkdir(parents=True)
        for source in (*(CORE / name for name in CORE_FILES), *WHEELS.glob("*.whl"), *_kernel_wheels()):
            shutil.copyfile(source, core / source.name)
        lock = json.loads((CORE / "pyodide-lock.json").read_text(encoding="utf-8"))
        _write_json(core / "pyodide-lock.json", served_lock(lock, core, constants.PYODIDE_CDN_URL))
        _write_json(lite / "jupyter-lite.json", settings(list(names(core))))
        lab = ROOT / "binder" / "jupyter" / "labconfig" / "default_setting_overrides.json"
        shutil.copyfile(lab, lite / "overrides.json")
        lay_out(book / "download" / "testing-realism.zip", contents)
        os.chdir(scratch)  # the builder leaves a file of its own where it is called
        LiteBuildApp.launch_instance(
            [
                f"--lite-dir={lite}",
                f"--contents={contents}",
                f"--output-dir={book / 'lite'}",
                "--no-sourcemaps",
                "--no-unused-shared-packages",
                f"--source-date-epoch={WHEN}",
                *(f"--apps={app}" for app in APPS),
            ]
        )


def lay_out(archive: Path, contents: Path) -> None:
    """Unpack what a reader finds in the file browser: chapters, bookkit, tables; and the kernel's first file."""
    with zipfile.ZipFile(archive) as packed:
        for entry in packed.namelist():
            _, _, name = entry.partition("/")
            if name.startswith(("book/", "data/")):
                (contents / name).parent.mkdir(parents=True, exist_ok=True)
                (contents / name).write_bytes(packed.read(entry))
    shutil.copyfile(Path(__file__).with_name("lite_start.py"), contents / START)


def _kernel_wheels() -> list[Path]:
    """Return the kernel's own wheels, which lie in its JupyterLab extension."""
    extension = "share/jupyter/labextensions/@jupyterlite/pyodide-kernel-extension/static/pypi"
    names = ("piplite", "pyodide_kernel", "ipykernel")
    return [w for name in names for w in Path(sys.prefix, extension).glob(f"{name}-*.whl")]


def _write_json(path: Path, value: dict[str, Any]) -> None:
    path.write_text(json.dumps(value, indent=1, sort_keys=True) + "\n", encoding="utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]))
