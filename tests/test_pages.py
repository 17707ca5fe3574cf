"""The form of the pages: what a reader, a runner or a screen reader would miss."""

import ast
import csv
import re
from pathlib import Path

import pandas as pd
import pytest
import yaml

from bookkit.reading import reading
from notebooks import ROOT, cells, notebooks, prose, solutions
from publish.check import Book
from publish.questions.bank import LEVELS
from publish.questions.exercises import exercises
from trials import RESULTS
from trials.facts import RESULTS_OF, facts

PAGES = sorted(
    path
    for folder in ("book", "book/teaching")
    for path in (ROOT / folder).glob("*")
    if path.suffix in (".ipynb", ".md")
)
BIBLIOGRAPHY = (ROOT / "references.bib").read_text(encoding="utf-8")
KEYS = set(re.findall(r"^@\w+\{([^,]+),", BIBLIOGRAPHY, flags=re.M))
TERMS = Book(ROOT).terms
each_notebook = pytest.mark.parametrize("path", notebooks(), ids=lambda p: p.stem)
each_page = pytest.mark.parametrize("path", PAGES, ids=lambda p: p.name)


def cited(text: str) -> set[str]:
    """Return the citation keys in a text."""
    found = re.findall(r"\{cite(?::[a-z]+)?\}`([^`]+)`", text)
    return {key.strip() for keys in found for key in keys.split(",")}


@each_notebook
def test_notebooks_are_stored_without_outputs_and_with_ids(path: Path) -> None:
    ids = [c["id"] for kind in ("markdown", "code") for c in cells(path, kind)]
    assert len(ids) == len(set(ids))
    for cell in cells(path, "code"):
        assert not cell["outputs"] and cell["execution_count"] is None, f"{cell['id']}: outputs are stored"


@each_page
def test_one_title_and_no_skipped_heading(path: Path) -> None:
    text = re.sub(r"```.*?```", "", prose(path), flags=re.S)
    levels = [len(m) for m in re.findall(r"^(#+) ", text, flags=re.M)]
    assert levels.count(1) == 1 and levels[0] == 1
    assert all(after - before <= 1 for before, after in zip(levels, levels[1:], strict=False))


@each_notebook
def test_figures_speak(path: Path) -> None:
    """Name, caption and alt text, which ``publish.check`` asks for, follow the book's rules and hold no data values."""
    code = cells(path, "code")
    for here, after in zip(code, [*code[1:], None], strict=True):
        if "plt.subplots" not in here["source"]:
            continue
        meta = here["metadata"].get("mystnb", {})
        alt, figure = meta.get("image", {}).get("alt", ""), meta.get("figure", {})
        where = f"{path.name}, cell {here['id']}"
        assert not re.search(r"figure|image|chart|plot of", alt[:40], flags=re.I), (
            f"{where}: say what it shows"
        )
        assert figure.get("name", "").startswith(f"fig-{path.stem}-"), where
        assert re.search(r"Sources?: table", figure.get("caption", "")), (
            f"{where}: the caption names no source"
        )
        for text in (re.sub(rf"\b\d{{1,2}} (?:{MONTHS})", " ", t) for t in (alt, figure["caption"])):
            assert not re.findall(r"\b(?!(?:19|20)\d\d\b)\d+\b", text), f"{where}: {text}"
        assert after and after["source"].count("behind("), f"{where}: no numbers behind the figure follow it"
        assert f"{{numref}}`{figure['name']}`" in prose(path), f"{where}: no sentence points to the figure"


@each_notebook
def test_cells_are_short(path: Path) -> None:
    for cell in cells(path, "code"):
        lines = [line for line in cell["source"].splitlines() if line.strip()]
        assert len(lines) <= 13, f"{path.name}, cell {cell['id']}: {len(lines)} lines"
        assert all(len(line) <= 88 for line in lines), f"{path.name}, cell {cell['id']}: a long line"


@each_notebook
def test_pages_import_only_what_a_runner_has(path: Path) -> None:
    allowed = {"bookkit", "pandas", "numpy", "matplotlib"}
    for cell in cells(path, "code"):
        for node in ast.walk(ast.parse(cell["source"])):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert {n.split(".")[0] for n in names} <= allowed, f"{path.name}, cell {cell['id']}"


def test_every_entry_is_used_and_says_what_was_read() -> None:
    used = set().union(*(cited(prose(p)) for p in PAGES))
    for table in (ROOT / "data").glob("*.csv"):
        used |= set(re.split(r"[;,\"\n ]+", table.read_text(encoding="utf-8")))
    used |= set(
        re.findall(
            r'"citation_key": "([^"]+)"', (ROOT / "data" / "datapackage.json").read_text(encoding="utf-8")
        )
    )
    assert KEYS <= used, KEYS - used
    for entry in re.split(r"\n(?=@)", BIBLIOGRAPHY)[1:]:
        assert re.search(r"annote = \{(verified|single source)", entry), entry[:60]


def test_one_text_has_one_entry() -> None:
    """Two keys for one address would count as two origins of a fact."""
    addresses = re.findall(r"^  url = \{(.+)\},?$", BIBLIOGRAPHY, flags=re.M)
    assert sorted(addresses) == sorted(set(addresses)), [a for a in set(addresses) if addresses.count(a) > 1]


def test_the_second_reading_is_of_this_book() -> None:
    """A fact whose place or sources are gone has been rewritten since, and has to be read again."""
    ledger = (ROOT / "data" / "claims.csv").read_text(encoding="utf-8")
    table = facts()
    for page, read in table["page"].value_counts().items():
        if str(page).startswith("data: "):
            held = len(pd.read_csv(ROOT / "data" / f"{str(page).removeprefix('data: ')}.csv"))
            assert read <= held, f"facts.csv has {read} facts of {page}, which has {held} rows"
    for row in table.to_dict("records"):
        if row["page"].startswith("data: "):
            assert (ROOT / "data" / f"{row['page'].removeprefix('data: ')}.csv").is_file(), row
        else:
            (page,) = (ROOT / "book").glob(f"{row['page']}.*")
            where = prose(page) if page.suffix == ".md" else page.read_text(encoding="utf-8")
            claim = row["place"].removeprefix("claim ")
            assert row["place"] in where or f"\n{claim}," in ledger, f"{row['page']} has no {row['place']}"
        sources = {key for key in row["sources"].split("; ") if not key.startswith("table: ")}
        assert sources - {""} <= KEYS, row
    for name, made in RESULTS_OF.items():
        kept = pd.read_csv(RESULTS / f"{name}.csv", dtype=str, keep_default_na=False)
        assert kept.equals(made(table).astype(str)), f"{name}.csv is of another list: python -m trials.facts"


@each_page
def test_only_roles_that_read_well_everywhere(path: Path) -> None:
    roles = set(re.findall(r"\{([a-z:]+)\}`", prose(path)))
    folded = re.findall(r"<details>.*?</details>", prose(path), flags=re.S)
    assert not any("{cite" in text for text in folded), (
        "JupyterLab breaks the sentence at a citation in a fold"
    )
    assert roles <= {"cite:p", "cite:t", "term", "numref", "ref"}, roles


def allowed_numbers() -> dict[str, list[str]]:
    """Return the list of numbers that prose may hold, by page; each names its source."""
    allowed: dict[str, list[str]] = {}
    with (ROOT / "tests" / "prose_numbers.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            assert row["source"] == "the paper" or row["source"] == "this book" or row["source"] in KEYS, row
            allowed.setdefault(row["page"], []).append(row["text"])
    return allowed


MONTHS = "January|February|March|April|May|June|July|August|September|October|November|December"
PLAIN = [  # what a number in prose may be without a source of its own
    r"\bS/[A-Z0-9./]+", rf"\b\d{{1,2}}(?: and \d{{1,2}})? (?:{MONTHS})", r"\b(?:19|20)\d\d(?:-(?:19|20)\d\d|s)?\b",
    r"\bP\d{3}\b",
    r"\b\d\d/\d+\b",
    r"\bparagraph \d+\b", r"\b\d+ minutes\b", r"; \d+ more for all the exercises", r"\b[Tt]est \d\b", r"^\| \d\. ", r"\b3\.1\d\b", r"\b[Ee]xercises? \d+(?:(?:,| and| to) \d+)*", r"\bResolution \d{4}\b", r"\bCC BY 4\.0", r"\b(?:SC|GA)/\d+", r"\bVersion \d\.\d\.\d",
    r"\b(?:fewer|more) than nine\b",
    r"\b[Dd]iscussion questions? \d(?: and \d)?\b", r"\btwelve weeks\b",
]  # fmt: skip
WORDS = r"\b(?:eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen|twenty|thirty|forty|fifty|ninety|hundred)\b"


@each_page
def test_numbers_in_prose_have_a_source(path: Path) -> None:
    """A number from data stands in something computed; any other stands in tests/prose_numbers.csv."""
    text = prose(path)
    for cut in (
        r"```.*?```", r"\$\$[^$]*\$\$", r"\$[^$\n]+\$", r"`[^`]*`", r"\]\([^)]*\)", r"<(?:a|div) [^>]*>", r"SHA-256", r"<summary>.*?</summary>", r"^\*\*\d+\.? \(.*?\)\.\*\*", r"^(?:\*\*)?\d+\. ", r"^\*\*The answer: .*?\*\*",
        r"^\([a-z0-9-]+\)=", r"^# .*$", r"^- \*\*.*?\*\*",
    ):  # fmt: skip
        text = re.sub(cut, " ", text, flags=re.S | re.M if "```" in cut else re.M)
    for phrase in allowed_numbers().get(path.stem, []):
        assert phrase in text, (
            f"{path.name}: tests/prose_numbers.csv lists '{phrase}', which the page does not hold"
        )
        text = text.replace(phrase, " ")
    for pattern in PLAIN:
        text = re.sub(pattern, " ", text, flags=re.M)
    found = [text[max(0, m.start() - 40) : m.end() + 20] for m in re.finditer(rf"\d+|{WORDS}", text)]
    assert not found, f"{path.name}: {found}"


def test_toc_and_pages_agree() -> None:
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    listed = {toc["root"], *(c["file"] for part in toc["parts"] for c in part["chapters"])}
    assert listed == {p.relative_to(ROOT).with_suffix("").as_posix() for p in PAGES}


TERM = re.compile(r"\{term\}`(?:[^`<]*<)?([^`<>]+)>?`")
NOT_PROSE = (  # where a term may stand before its link: code, headings, links, roles, titles, a list from YAML
    r"```.*?```", r"^#.*$", r"\[[^\]\n]*\]\([^)]*\)", r"\{(?:cite:[pt]|ref|numref)\}`[^`]*`", r"(?<![}\w>)])`[^`\n]*`",
    r"^\d+\. \*.*$", r"(?<!\*)\*(?!\*)[^*\n]+\*(?!\*)",
)  # fmt: skip
COMMON = {"interval", "lead", "rivalry", "sponsor", "union"}  # also words of everyday speech


@each_page
def test_a_term_is_linked_where_it_is_first_used(path: Path) -> None:
    """Who meets a word for the first time finds its meaning there, on every page that links it at all."""
    text = prose(path)
    for cut in NOT_PROSE:
        text = re.sub(
            cut,
            lambda m: " ".join(t[0] for t in TERM.finditer(m[0])),
            text,
            flags=re.S if "```" in cut else re.M,
        )
    late = []
    for term in {m[1].strip().lower() for m in TERM.finditer(text)} - COMMON:
        before = text[: next(m.start() for m in TERM.finditer(text) if m[1].strip().lower() == term)]
        for longer in (t for t in TERMS if term in t and t != term):
            before = re.sub(re.escape(longer), " ", before, flags=re.I)
        if re.search(rf"(?<![\w-]){re.escape(term)}(?![\w-])", TERM.sub(" ", before), flags=re.I):
            late.append(term)
    assert not late, f"{path.name}: {late} stand before their first link"


SHOWN = {"say", "show", "claim", "fold", "behind"}


@each_notebook
def test_what_a_cell_shows_is_its_last_statement(path: Path) -> None:
    """A call that draws something and stands alone earlier in its cell draws nothing: the reader never sees it."""
    for cell in cells(path, "code"):
        tree = ast.parse(cell["source"])
        lost = [
            node.lineno
            for node in ast.walk(tree)
            if isinstance(node, ast.Expr)
            and isinstance(node.value, ast.Call)
            and getattr(node.value.func, "id", "") in SHOWN
            and node is not tree.body[-1]
        ]
        assert not lost, f"{path.name}, cell {cell['id']}: line {lost} shows nothing"


def chapters() -> list[Path]:
    """Return the chapters: the notebooks that state objectives."""
    return [p for p in notebooks() if "In this chapter" in prose(p)]


@pytest.mark.parametrize("path", chapters(), ids=lambda p: p.stem)
def test_the_time_that_a_chapter_states_is_near_its_words(path: Path) -> None:
    stated = re.search(r"^\*\*Time\.\*\* (?:About )?(\d+) minutes", prose(path), flags=re.M)
    counted = reading(path.stem)
    assert stated and abs(int(stated[1]) - counted.folded) <= 10, f"{path.name}: {counted.folded} counted"
    assert counted.session <= counted.unfolded, f"{path.name}: a session's reading is longer than the chapter"


@pytest.mark.parametrize("path", chapters(), ids=lambda p: p.stem)
def test_a_chapter_has_its_parts(path: Path) -> None:
    text = prose(path)
    for part in ("Rival readings", "Key ideas", "Exercises", "Check yourself", "To discuss", "Assign this chapter",
                 "Further reading", "References"):  # fmt: skip
        assert re.search(rf"^## {part}$", text, flags=re.M), f"{path.name} lacks: {part}"
    found = exercises(path.stem)
    assert [e.number for e in found] == list(range(1, len(found) + 1))
    assert len(found) == len(re.findall(r"<summary>Solution to exercise", text)) >= 8
    assert {e.level for e in found} == set(LEVELS)
    assert solutions(path)


def test_nothing_names_a_private_place() -> None:
    """No file that is public names a path of some machine or the host of a package registry."""
    for path in [
        *ROOT.glob("*"),
        *ROOT.glob("locks/*"),
        *ROOT.glob("binder/*"),
        *ROOT.glob("book/**/*"),
        *ROOT.glob("publish/**/*"),
    ]:
        if path.is_file() and path.suffix in {
            ".md",
            ".ipynb",
            ".txt",
            ".toml",
            ".yml",
            ".py",
            ".cff",
            ".css",
            "",
        }:
            text = path.read_text(encoding="utf-8")
            assert not re.search(
                r"/root/|/home/\w|--index-url|extra-index|pypi\.org/simple|\.\./shared", text
            ), path
