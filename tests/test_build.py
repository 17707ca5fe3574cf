"""A build that fails says which chapter, which cell and why, and leaves the last good book in place."""

import errno
import os
import re
import shutil
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

import publish.build
from publish.build import SETTLED
from trials.copies import page as notebook
from trials.copies import small_book


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A book of three pages with the real settings, built once."""
    root = small_book(tmp_path_factory.mktemp("tree"))
    done = build(root)
    assert done.returncode == 0, done.stdout
    assert "book/small.ipynb             executed in" in done.stdout
    assert f"Open {root / '_build' / 'html' / 'index.html'}" in done.stdout
    return root


def build(root: Path, *words: str, **said: str) -> subprocess.CompletedProcess[str]:
    """Build a book; ``said`` are variables of the environment."""
    return subprocess.run(
        [sys.executable, "-m", "publish.build", *words],
        cwd=root,
        env={k: v for k, v in os.environ.items() if k not in SETTLED} | said,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )


def state(root: Path) -> dict[str, bytes]:
    """Return every file of the built book."""
    html = root / "_build" / "html"
    return {str(p.relative_to(html)): p.read_bytes() for p in html.rglob("*") if p.is_file()}


def served(root: Path) -> str:
    return (root / "_build" / "html" / "book" / "small.html").read_text(encoding="utf-8")


def test_nothing_changed_is_said(tree: Path) -> None:
    assert "Nothing changed" in build(tree).stdout


def test_what_a_killed_build_left_half_written_is_not_trusted(tree: Path) -> None:
    """A result half written, a list of results that breaks off, pages that Sphinx was writing, no book in its place."""
    before = state(tree)
    for result in (tree / "_build" / "cache").rglob("base.ipynb"):
        result.write_text("{", encoding="utf-8")
    next((tree / "_build" / "cache").rglob("reads.json")).write_text('{"brok', encoding="utf-8")
    (tree / "_build" / "work.unfinished").touch()
    page = next((tree / "_build" / "work").rglob("small.html"))
    page.write_text("half", encoding="utf-8")
    (tree / "_build" / "html.key").unlink()
    (tree / "_build" / "html").rename(tree / "_build" / "html.old")
    done = build(tree)
    assert done.returncode == 0, done.stdout
    assert " unchanged" not in done.stdout, done.stdout
    assert state(tree) == before


def test_a_changed_page_is_made_anew_and_the_others_when_they_name_what_changed(tree: Path) -> None:
    small, index = tree / "book" / "small.ipynb", tree / "book" / "index.md"
    before = {path: path.read_text(encoding="utf-8") for path in (small, index)}
    index.write_text("# Index\n\n```{glossary}\nVeto\n  A no.\n```\n\n[](small.ipynb)\n", encoding="utf-8")
    assert build(tree).returncode == 0
    small.write_text(before[small].replace("Text.", "Another text."), encoding="utf-8")
    assert build(tree).returncode == 0
    said = (tree / "_build" / "build.log").read_text(encoding="utf-8")
    assert "Another text." in served(tree) and "book/other" not in said, "a page was made for nothing"
    assert '"veto"' in (tree / "_build" / "html" / "searchindex.js").read_text(encoding="utf-8")
    small.write_text(before[small].replace("# Small", "# Little"), encoding="utf-8")
    assert build(tree).returncode == 0
    assert ">Little" in (tree / "_build" / "html" / "book" / "index.html").read_text(encoding="utf-8")
    for path, text in before.items():
        path.write_text(text, encoding="utf-8")
    assert build(tree).returncode == 0


def test_a_commit_is_named_at_the_foot_and_makes_no_page_anew(tree: Path) -> None:
    made = tree / "_build" / "work" / "_build" / "html" / "book" / "small.html"
    before = made.stat().st_mtime_ns
    named = build(tree, BOOK_COMMIT="0123456789abcdef")
    assert named.returncode == 0, named.stdout
    assert "; commit 0123456789</p>" in served(tree) and made.stat().st_mtime_ns == before
    refused = build(tree, BOOK_COMMIT="main")
    assert refused.returncode == 1 and 'BOOK_COMMIT is "main"' in refused.stdout
    assert build(tree).returncode == 0 and "; commit" not in served(tree)
    unknown = build(tree, BOOK_SITE_URL="example.org")
    assert unknown.returncode == 1 and 'the address of the site is "example.org"' in unknown.stdout, (
        unknown.stdout
    )


def test_a_failing_cell_is_named_and_the_last_good_book_stays(tree: Path) -> None:
    page = tree / "book" / "small.ipynb"
    good = page.read_text(encoding="utf-8")
    page.write_text(notebook("import bookkit\nbookkit.load('vetos')"), encoding="utf-8")
    done = build(tree)
    page.write_text(good, encoding="utf-8")
    assert done.returncode == 1
    assert 'book/small.ipynb, cell b: DataError: There is no table "vetos"' in done.stdout
    assert "The last good book is still in" in done.stdout
    assert "the good book" in served(tree)


def test_a_fault_in_the_sources_stops_the_build_before_it_executes_anything(tree: Path) -> None:
    """tests/test_malformed.py has every kind of fault."""
    before = state(tree)
    works = tree / "references.bib"
    good = works.read_text(encoding="utf-8")
    works.write_text(good + "\n@misc{one,}\n@misc{one,}\n", encoding="utf-8")
    done = build(tree)
    works.write_text(good, encoding="utf-8")
    assert done.returncode == 1
    first, blank, last = done.stdout.splitlines()
    assert re.fullmatch(r"references.bib, line \d+: the key one stands in line \d+, too; .*", first)
    assert not blank and last.startswith("The last good book is still in")
    assert state(tree) == before


def test_a_full_disk_is_said_in_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    """trials/faults.py fills a real one."""

    def full(*arguments: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device", "a/file")

    monkeypatch.setattr(publish.build, "build", full)
    assert publish.build.main() == 1
    assert (
        "The disk is full: a/file cannot be written. Make room, and build again." in capsys.readouterr().out
    )


def test_a_failing_part_is_named_and_the_last_good_site_stays(tree: Path) -> None:
    """And the pages alone may be built anew without losing the parts."""
    parts = tree / "publish" / "parts.py"
    good = parts.read_text(encoding="utf-8")
    own = good[: good.index("PARTS = [")]

    def made(words: str, end: str) -> subprocess.CompletedProcess[str]:
        code = f"import pathlib, sys; f = pathlib.Path(sys.argv[1], 'extra'); f.mkdir(); {end}; (f / 'x').write_text('{words}')"
        parts.write_text(
            f'{own}PARTS = [Part("extra", "extra part", ({sys.executable!r}, "-c", {code!r}))]\n'
        )
        return build(tree, "site")

    extra = tree / "_build" / "html" / "extra" / "x"
    first, failed = made("the good part", "0"), made("a bad part", "sys.exit('no more space')")
    assert first.returncode == 0, first.stdout
    assert failed.returncode == 1
    assert "The extra part could not be made: no more space" in failed.stdout
    assert "The last good book is still in" in failed.stdout
    assert extra.read_text() == "the good part" and "the good book" in served(tree)
    alone = build(tree)
    assert alone.returncode == 0 and "Kept from an earlier make site" in alone.stdout, alone.stdout
    assert extra.read_text() == "the good part"
    parts.write_text(good, encoding="utf-8")
    unmade = build(tree, "site")
    assert (
        "The browser door could not be made: there is no .venv/lite/bin/python. Run: make site"
        in unmade.stdout
    )
    shutil.rmtree(extra.parent)


def test_a_warning_is_an_error_and_is_repeated(tree: Path) -> None:
    page, other = tree / "book" / "index.md", tree / "book" / "small.ipynb"
    good, sound = (p.read_text(encoding="utf-8") for p in (page, other))
    page.write_text(good + "\nSee {doc}`nowhere`.\n", encoding="utf-8")
    other.write_text(sound.replace("Text.", "{doc}`not-here`."), encoding="utf-8")
    first, second = build(tree), build(tree)
    page.write_text(good, encoding="utf-8")
    other.write_text(sound, encoding="utf-8")
    assert first.returncode == second.returncode == 1
    assert "\nbook/index.md, line 9: unknown document: 'nowhere'\n" in first.stdout, first.stdout
    assert "\nbook/small.ipynb, cell a, line 3: unknown document: 'not-here'\n" in first.stdout
    assert "Traceback" not in first.stdout
    assert "unknown document: 'nowhere'" in second.stdout, "an incremental build must repeat its warnings"
    assert "the good book" in served(tree)


def test_a_changed_table_runs_the_chapters_that_read_it_and_no_other(tree: Path) -> None:
    page = tree / "book" / "small.ipynb"
    page.write_text(notebook("import bookkit\nlen(bookkit.load('council_drafts'))"), encoding="utf-8")
    done = build(tree)
    assert done.returncode == 0, done.stdout
    assert "book/other.ipynb             unchanged" in done.stdout, done.stdout
    assert ">13<" in served(tree).replace("\n", "")
    table = tree / "data" / "council_drafts.csv"
    table.write_text("\n".join(table.read_text(encoding="utf-8").splitlines()[:-1]) + "\n", encoding="utf-8")
    subprocess.run([sys.executable, "-m", "data.recipes", "--stamp", "council_drafts"], cwd=tree, check=True)
    done = build(tree)
    assert "book/small.ipynb             executed" in done.stdout, done.stdout
    assert "book/other.ipynb             unchanged" in done.stdout, done.stdout
    assert ">12<" in served(tree).replace("\n", "")


def test_a_changed_bookkit_runs_every_chapter_again(tree: Path) -> None:
    module = tree / "book" / "bookkit" / "sphere.py"
    module.write_text(module.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    done = build(tree)
    assert "small.ipynb             executed" in done.stdout, done.stdout
    assert "other.ipynb             executed" in done.stdout, done.stdout


def test_one_who_writes_sees_each_saved_change(tree: Path) -> None:
    command = [sys.executable, "-m", "publish.live", "0"]
    with subprocess.Popen(command, cwd=tree, text=True, stdout=subprocess.PIPE) as live:
        assert live.stdout
        try:
            address = next(m[0] for line in live.stdout if (m := re.search(r"http://[\d.:]+", line)))
            with urllib.request.urlopen(f"{address}/live", timeout=120) as news:
                page = tree / "book" / "index.md"
                page.write_text(page.read_text(encoding="utf-8") + "\nA new line.\n", encoding="utf-8")
                assert news.readline() == b"data: new\n"
            with urllib.request.urlopen(f"{address}/book/index.html") as served_page:
                text = served_page.read().decode()
            with urllib.request.urlopen(
                f"{address}/live.js"
            ) as script:  # a file, as a page's policy wants it
                assert b"EventSource" in script.read()
        finally:
            live.terminate()
    assert "A new line." in text and 'src="/live.js"' in text
    assert "live.js" not in (tree / "_build" / "html" / "book" / "index.html").read_text(encoding="utf-8")
