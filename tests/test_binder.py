"""The environment of one who runs a chapter: made from ``binder/`` alone, as Binder makes it, and used.

A student who clicks the launch button has no one to ask. So the image's recipe is read by the tool that
Binder uses, the environment is made from its lock and holds nothing that only a builder needs, and each
chapter is opened in a browser and run there: text rendered, no error, and no request to another host.
"""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import pandas as pd
import pytest
import yaml

from notebooks import ROOT, cells
from trials.alone import ZONE, run_alone

PATIENCE = 120_000  # milliseconds: a bound for a busy machine, not a wait
BUILDERS = {
    "sphinx",
    "jupyter-book",
    "myst-nb",
    "pytest",
    "playwright",
    "frictionless",
    "jupyter-repo2docker",
}


def _notebooks() -> list[str]:
    found = (p.relative_to(ROOT).as_posix() for p in (ROOT / "book").rglob("*.ipynb"))
    return sorted(name for name in found if ".ipynb_checkpoints" not in name)


def _chapters() -> list[str]:
    parts = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))["parts"]
    pages = [c["file"] for part in parts if part["caption"] == "Chapters" for c in part["chapters"]]
    return [f"{page}.ipynb" for page in pages if (ROOT / f"{page}.ipynb").is_file()]


def _clean_env(home: Path) -> dict[str, str]:
    """Return this process's environment without what its own Python and Jupyter put in, and an empty home."""
    ours = re.compile("JUPYTER|IPYTHON|PYTHON|MPL|VIRTUAL_ENV")
    kept = {name: value for name, value in os.environ.items() if not ours.match(name)}
    return {**kept, "HOME": str(home), "JUPYTER_CONFIG_DIR": str(home / ".jupyter")}


def _installer(python: Path) -> list[str]:
    places = (ROOT / ".venv" / "uv" / "bin", os.environ.get("PATH", ""))
    if uv := shutil.which("uv", path=os.pathsep.join(map(str, places))):
        return [uv, "pip", "install", "--quiet", "--python", str(python), "--compile-bytecode"]
    return [str(python), "-m", "pip", "install", "--quiet"]


def _run(command: list[str], **options: Any) -> str:
    done = subprocess.run(command, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **options)
    if done.returncode:
        failed = f"{' '.join(command)}\nended with {done.returncode}:"
        pytest.fail(f"{failed}\n{done.stdout[-4000:]}", pytrace=False)
    return done.stdout


@pytest.fixture(scope="session")
def runner() -> Path:
    """The ``bin`` folder of an environment made from binder/requirements.txt, made anew when that changes."""
    folder = ROOT / ".venv" / "binder"
    lock = ROOT / "binder" / "requirements.txt"
    stamp = folder / "made-from"
    wanted = f"{sys.version}\n{hashlib.sha256(lock.read_bytes()).hexdigest()}\n"
    if not stamp.is_file() or stamp.read_text(encoding="utf-8") != wanted:
        _run([sys.executable, "-m", "venv", "--clear", str(folder)])
        _run([*_installer(folder / "bin" / "python"), "--require-hashes", "-r", str(lock)])
        stamp.write_text(wanted, encoding="utf-8")
    return folder / "bin"


class Image(NamedTuple):
    """What Binder's image holds: the environment's programs, the files, and the variables."""

    bin: Path
    files: Path
    env: dict[str, str]


@pytest.fixture(scope="session")
def image(runner: Path, tmp_path_factory: pytest.TempPathFactory) -> Image:
    """A copy of the folders that a chapter needs, after binder/postBuild ran, in a home of its own."""
    files = tmp_path_factory.mktemp("image")
    left_out = shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints")
    for name in ("book", "data", "binder"):
        shutil.copytree(ROOT / name, files / name, ignore=left_out)
    env = _clean_env(tmp_path_factory.mktemp("home"))
    env["PATH"] = f"{runner}{os.pathsep}{env['PATH']}"
    _run([str(files / "binder" / "postBuild")], cwd=files, env=env)
    return Image(runner, files, env)


@pytest.fixture(scope="session")
def lab(image: Image) -> Iterator[str]:
    """The address of a Jupyter server that serves the copy."""
    command = [
        str(image.bin / "jupyter-lab"), "--no-browser", "--allow-root", "--ServerApp.ip=127.0.0.1",
        "--ServerApp.port=0", "--IdentityProvider.token=", f"--ServerApp.root_dir={image.files}",
    ]  # fmt: skip
    with subprocess.Popen(command, env=image.env, stderr=subprocess.PIPE, text=True) as server:
        assert server.stderr
        said: list[str] = []
        for line in server.stderr:
            said.append(line)
            if address := re.search(r"http://127\.0\.0\.1:\d+/", line):
                break
        else:
            pytest.fail(f"JupyterLab did not start:\n{''.join(said)[-4000:]}", pytrace=False)
        listener = threading.Thread(target=said.extend, args=(server.stderr,), daemon=True)
        listener.start()
        yield address[0]
        server.terminate()
        server.wait()
        listener.join()


def test_repo2docker_reads_the_folder() -> None:
    dockerfile = _run([sys.executable, "-m", "repo2docker", "--no-build", "--debug", str(ROOT)])
    assert '/pip install --no-cache-dir -r "binder/requirements.txt"' in dockerfile
    assert "binder/postBuild" in dockerfile
    python = re.search(r"Building conda environment for python=(\S+)", dockerfile)
    assert python and python[1] in ("3.11", "3.12", "3.13"), python
    assert os.access(ROOT / "binder" / "postBuild", os.X_OK), "binder/postBuild is not executable"


def test_no_builder_is_installed(runner: Path) -> None:
    code = "from importlib.metadata import distributions as d; print(*(x.name for x in d()), sep='\\n')"
    names = _run([str(runner / "python"), "-c", code]).split()
    installed = {re.sub(r"[-_.]+", "-", name).lower() for name in names}
    assert {"jupyterlab", "jupyterlab-myst", "pandas"} <= installed
    assert not installed & BUILDERS


def test_jupyterlab_accepts_its_extensions(image: Image) -> None:
    listed = _run([str(image.bin / "jupyter"), "labextension", "list"], env=image.env)
    assert "jupyterlab-myst" in listed
    assert "not compatible" not in listed, listed


@pytest.mark.parametrize("notebook", _notebooks())
def test_notebook_runs_alone_in_a_bare_room(runner: Path, notebook: str) -> None:
    """Read-only, without a home, a network or much memory, under another locale: see trials/alone.py."""
    try:
        run = run_alone(ROOT / notebook, runner / "python")
    except RuntimeError as lack:
        if os.environ.get("CI"):
            pytest.fail(str(lack), pytrace=False)
        pytest.skip(str(lack))
    assert not run.failed, run.failed
    assert not run.printed_errors, run.printed_errors
    assert {
        "read-only files",
        "no home",
        "path with spaces and four scripts",
        f"time zone {ZONE}",
        "no network",
    } <= set(run.conditions)


def test_the_trial_of_running_alone_has_every_notebook() -> None:
    rows = pd.read_csv(ROOT / "trials" / "results" / "alone.csv").set_index("notebook")
    known = {name.removeprefix("book/").removesuffix(".ipynb") for name in _notebooks()}
    assert set(rows.index) == known, "run trials.alone again"
    assert set(rows["result"]) == {"as in the book"}


@pytest.mark.parametrize("notebook", _chapters())
def test_student_opens_and_runs_a_chapter(image: Image, lab: str, browser: Any, notebook: str) -> None:
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.set_default_timeout(PATIENCE)
    requests: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    page.on("websocket", lambda socket: requests.append(socket.url))
    page.goto(f"{lab}lab/tree/{notebook}?reset", wait_until="commit")  # not with the tabs of a test before

    # Cells come one after the other, and the MyST extension draws each anew when it is ready.
    page.wait_for_function(
        "wanted => document.querySelectorAll('.jp-MarkdownCell:has(.myst > *)').length == wanted",
        arg=len(cells(ROOT / notebook, "markdown")),
    )
    prose = "\n".join(page.locator(".jp-MarkdownCell .myst").all_text_contents())
    raw = re.findall(r".{0,40}(?::::|\{[a-z:]+\}`|Unknown (?:Directive|Role)).{0,40}", prose)
    assert not raw, "the MyST extension of JupyterLab leaves this raw; write it so that it reads in Lab, too"

    idle = page.locator(".jp-Notebook-ExecutionIndicator[data-status=idle]")
    idle.wait_for(state="attached")  # cells that are run before there is a kernel are not run at all
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
    page.wait_for_function(
        """wanted => {
            const prompts = [...document.querySelectorAll('.jp-CodeCell .jp-InputPrompt')];
            const failed = document.querySelector('.jp-OutputArea [data-mime-type$=".stderr"]');
            const idle = document.querySelector('.jp-Notebook-ExecutionIndicator[data-status=idle]');
            return failed || (idle && prompts.length == wanted && /\\d/.test(prompts.at(-1).textContent));
        }""",
        arg=len(cells(ROOT / notebook, "code")),
    )
    errors = page.locator('.jp-RenderedText[data-mime-type="application/vnd.jupyter.stderr"]')
    assert not errors.count(), "\n".join(errors.all_text_contents())
    assert page.locator(".jp-OutputArea-output img").count(), "no figure was drawn"

    assert not page.locator(".Toastify__toast").all_inner_texts(), "a message lies over the page"
    hosts = {urlsplit(url).netloc for url in requests if urlsplit(url).scheme not in ("data", "blob")}
    assert hosts == {urlsplit(lab).netloc}
    asked = [url for url in requests if re.search(r"/lab/api/(news|update|extensions)", url)]
    assert not asked, "JupyterLab asked its server to fetch something from elsewhere"
    page.close()
