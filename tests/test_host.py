"""What a public host is given: workflows that may do little and can be run by hand, a release with nothing private in it, reports."""

import hashlib
import http.server
import re
import subprocess
import threading
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from notebooks import ROOT
from publish import links, release
from trials import unpinned

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
TARGETS = set(re.findall(r"^([a-z]+):.*##", (ROOT / "Makefile").read_text(encoding="utf-8"), flags=re.M))
WRITES = {
    ("publish.yml", "deploy"): {"pages": "write", "id-token": "write"},
    ("release.yml", "announce"): {"contents": "write"},
}
"""The only jobs that may change anything."""


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda p: p.name)
def test_a_workflow_runs_make_targets_and_pinned_actions_with_few_rights(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    workflow = yaml.safe_load(text)
    assert workflow["permissions"] == {} and workflow["concurrency"]["group"]
    assert "secrets" not in text, "the token that every run has is enough"
    publishes = path.name in ("publish.yml", "release.yml")
    for name, job in workflow["jobs"].items():
        where = f"{path.name}, {name}"
        assert job["timeout-minutes"] <= 120, where
        if publishes:
            assert job["if"] == "${{ !github.event.repository.private }}", (
                f"{where}: there instructor/ is kept"
            )
        assert job["permissions"] == WRITES.get((path.name, name), {"contents": "read"}), where
        for step in job["steps"]:
            if "run" in step:
                assert re.fullmatch(r"make ([a-z]+)", step["run"]), (
                    f"{where}: {step['run']} is no make target"
                )
                assert step["run"].split()[1] in TARGETS, f"{where}: the Makefile has no {step['run']}"
            if step.get("uses", "").startswith("actions/checkout@"):
                assert step["with"]["persist-credentials"] is False, where
    for used in re.findall(r"uses: (.*)", text):
        assert re.fullmatch(r"actions/[a-z-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", used), f"{path.name}: {used}"


def test_what_builds_a_site_or_a_release_takes_the_public_tree() -> None:
    """`make release` builds in the tree that `make public` wrote, and no workflow publishes another folder."""
    recipe = (ROOT / "Makefile").read_text(encoding="utf-8").split("\nrelease: ")[1].split("\n\n")[0]
    assert recipe.startswith("public ") and "-C _build/public site" in recipe
    published = re.findall(r"path: (.*)", "".join(p.read_text(encoding="utf-8") for p in WORKFLOWS))
    assert set(published) == {"_build/public/_build/html", "_build/release"}


@pytest.fixture
def public(tmp_path: Path) -> Path:
    """A public tree in miniature, with its site."""
    tree = tmp_path / "public"
    site = tree / "_build" / "html"
    for name in ("download/questions/iran.xml", "pdf/iran.pdf", "epub/testing-realism.epub"):
        (site / name).parent.mkdir(parents=True, exist_ok=True)
        (site / name).write_text(name, encoding="utf-8")
    for name in (
        "bundle/testing-realism-book-1.2.0",
        "download/testing-realism",
        "download/testing-realism-data",
    ):
        (site / name).parent.mkdir(exist_ok=True)
        with zipfile.ZipFile(site / f"{name}.zip", "w") as archive:
            archive.writestr("a/README.txt", name)
    (tree / "CHANGELOG.md").write_text(
        "# Changes\n\n## 1.2.0, 5 March 2027\n\n- New.\n\n## 1.1.0, 1 March 2027\n\n- Old.\n"
    )
    (tree / "_build" / "any.cdx.json").write_text("{}", encoding="utf-8")
    (tree / ".venv").mkdir()
    (tree / ".venv" / "x").write_text("", encoding="utf-8")
    return tree


def test_a_release_has_all_forms_of_the_book_and_checksums_and_nothing_private(
    public: Path, tmp_path: Path
) -> None:
    target = tmp_path / "release"
    made = {path.name for path in release.collect(public, target, "v1.2.0")}
    forms = {"book-1.2.0.zip", "1.2.0-iran.pdf", "1.2.0.epub", "1.2.0-to-run.zip", "1.2.0-data.zip",
             "1.2.0-questions.zip", "1.2.0-source.zip", "1.2.0-bill-of-materials.cdx.json"}  # fmt: skip
    assert made == {f"testing-realism-{form}" for form in forms} | {"SHA256SUMS", "NOTES.md"}
    sums = dict(reversed(line.split("  ")) for line in (target / "SHA256SUMS").read_text().splitlines())
    assert sums == {n: hashlib.sha256((target / n).read_bytes()).hexdigest() for n in made - {"SHA256SUMS"}}
    assert (target / "NOTES.md").read_text() == "## 1.2.0, 5 March 2027\n\n- New.\n"
    with zipfile.ZipFile(target / "testing-realism-1.2.0-source.zip") as source:
        assert source.namelist() == ["testing-realism-1.2.0-source/CHANGELOG.md"]

    (public / "instructor").mkdir()
    (public / "instructor" / "key.json").write_text("{}", encoding="utf-8")
    with pytest.raises(
        release.Incomplete, match=r"would go out: testing-realism-1\.2\.0-source\.zip: .*instructor/key"
    ):
        release.collect(public, target)
    with pytest.raises(release.Incomplete, match=r"The tag v1\.3\.0 is not the edition 1\.2\.0"):
        release.collect(public, target, "v1.3.0")
    assert {path.name for path in target.iterdir()} == made, "the last good release stays"


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (["public"], "This is no clone"),
        (["release"], "This is no clone"),
        (["announce", "TAG="], "Which edition\\? Name its tag"),
    ],
)
def test_a_command_that_lacks_git_or_a_tag_says_so_first(
    command: list[str], said: str, tmp_path: Path
) -> None:
    """In a folder that is no clone: one line, and nothing is made."""
    (tmp_path / "Makefile").write_bytes((ROOT / "Makefile").read_bytes())
    done = subprocess.run(
        ["make", "--no-print-directory", *command], cwd=tmp_path, text=True, capture_output=True
    )
    assert done.returncode and re.fullmatch(f"{said}.*\n", done.stdout), done.stdout + done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["Makefile"]


class _Host(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        """Answer, lead elsewhere, or know nothing."""
        status = {"/there": 200, "/moved": 301}.get(self.path, 404)
        self.send_response(status)
        if status == 301:
            self.send_header("Location", "/there")
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_HEAD = do_GET

    def log_message(self, *arguments: object) -> None:
        """Say nothing."""


@pytest.fixture
def address() -> Iterator[str]:
    """A host of three addresses."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Host)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_the_report_on_links_names_what_does_not_answer_and_where_it_stands(
    address: str, tmp_path: Path
) -> None:
    page = "".join(f"<a href={address}/{name}>x</a>" for name in ("there", "moved", "gone"))
    (tmp_path / "index.html").write_text(f"<p>{page}<a href=book/iran.html>y</a>", encoding="utf-8")
    found = links.collect(tmp_path)
    assert found == {f"{address}/{name}": ["index.html"] for name in ("gone", "moved", "there")}
    told = links.report(found, links.ask(found))
    assert "3 links: 1 broken, 1 redirected, 1 working." in told
    assert re.search(rf"## Broken.*\n\n- <{address}/gone> on index\.html: 404", told)


def test_without_a_network_the_links_are_listed_and_nobody_is_asked() -> None:
    def lost(address: tuple[str, int], timeout: float) -> None:
        raise OSError(f"{address} does not answer")

    found = {"https://a.example.org/x": ["book/iran.html"], "https://b.example.org/y": ["book/russia.html"]}
    assert not links.reachable(found, lost)
    told = links.report(found, None)
    assert "2 links, and none was asked: no network can be reached" in told
    assert "- <https://b.example.org/y> on book/russia.html" in told


def test_the_unpinned_trial_asks_for_everything_without_its_version() -> None:
    groups = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["dependency-groups"]
    names = unpinned.names(groups, "book")
    assert {"pandas", "sphinx", "jupyter-book"} <= set(names)
    assert not [name for name in names if not re.fullmatch(r"[\w.-]+", name)]
    before = unpinned.locked((ROOT / "locks" / "book.txt").read_text(encoding="utf-8"))
    assert set(names) <= before.keys()
    told = unpinned.report(before, before | {"pandas": "99.0"}, False, "It broke.")
    assert "The book was not built.\n\n```\nIt broke.\n```" in told
    assert f"| pandas | {before['pandas']} | 99.0 |" in told and "sphinx |" not in told
