"""Look at the sources before anything is executed: what is broken is named by file and place, and what to do.

Each check yields one line for each fault. ``publish.build`` runs them all when something changed, before
it starts a kernel, and stops at the first group that finds faults; the tests call the same functions.
What only the making of the pages can find (a link to a heading, a directive that is wrong) Sphinx says, and
``publish.complaints`` puts its words in the same form.
"""

import ast
import builtins
import csv
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

FENCE = re.compile(r"^ *(`{3,})([^`\n]*)\n.*?^ *\1 *$", flags=re.S | re.M)
LABEL = re.compile(r"^\(([^)\s]+)\)=|^:name: *(\S+) *$", flags=re.M)
GLOSSARY = re.compile(r"^(`{3,}|:{3,})\{glossary\}.*?^\1", flags=re.S | re.M)
TERM = re.compile(r"^(?!:)(\w[^\n]*)\n+[ \t]+\S", flags=re.M)
ROLE = re.compile(r"\{(?P<role>cite(?::[a-z]+)?|term|ref|numref)\}`(?P<text>[^`]+)`")
ENTRY = re.compile(r"^@(?!comment|string|preamble)\w+\s*\{\s*([^,\s]+)\s*,", flags=re.M | re.I)
IMAGE = re.compile(
    r"!\[(?P<alt>[^\]]*)\]\((?P<to>[^)\s]+)|^(?:`{3,}|:{3,})\{(?:image|figure)\} *(?P<file>\S+)(?P<options>(?:\n:.*)*)",
    flags=re.M,
)
LINK = re.compile(r"(?<!!)\[[^\]]*\]\((?P<to>[^)\s#:]+\.(?:md|ipynb|csv|json|bib))(?:#[^)\s]*)?\)")
LEDGER = {"slug", "chapter", "evidence", "rule"}  # the columns of the ledger that are looked at here
THIN = 80  # characters: an alternative text that is shorter names a figure and does not say what it shows


@dataclass(frozen=True)
class Piece:
    """A text of a page: a cell of a notebook, a caption, a whole page of Markdown."""

    file: str
    cell: str
    text: str

    def at(self, place: int | re.Match[str] = 0) -> str:
        """Return the place of a character of the text, or of a match, as a person looks for it."""
        start = place if isinstance(place, int) else place.start()
        line = f"line {self.text.count(chr(10), 0, start) + 1}"
        return f"{self.file}, cell {self.cell}, {line}" if self.cell else f"{self.file}, {line}"


@dataclass
class Page:
    """A page of the book by its name, ``book/russia``, with its cells if it is a notebook."""

    name: str
    path: Path
    root: Path
    cells: list[dict[str, Any]] = field(default_factory=list)

    @property
    def file(self) -> str:
        """The path below the top folder."""
        return self.path.relative_to(self.root).as_posix()

    @cached_property
    def prose(self) -> list[Piece]:
        """What is written: Markdown, without blocks of code, and the captions of figures."""
        if self.path.suffix == ".md":
            pieces = [Piece(self.file, "", self.path.read_text(encoding="utf-8"))]
        else:
            pieces = [
                Piece(self.file, c["id"], _source(c)) for c in self.cells if c["cell_type"] == "markdown"
            ]
            pieces += [
                Piece(self.file, c["id"], figure["caption"])
                for c in self.cells
                if "caption" in (figure := _figure(c))
            ]
        return [Piece(p.file, p.cell, FENCE.sub(_blank, p.text)) for p in pieces]

    @cached_property
    def code(self) -> list[tuple[Piece, ast.Module]]:
        """Each cell of code with its syntax tree."""
        found = []
        for cell in self.cells:
            if cell["cell_type"] == "code":
                text = _source(cell)
                found.append((Piece(self.file, cell["id"], text), ast.parse(text)))
        return found

    @cached_property
    def given(self) -> dict[str, list[ast.expr | None]]:
        """The names that the page's code sets, each with what it is set to; None for loops, unpacking and the like."""
        found: dict[str, list[ast.expr | None]] = {}
        plain: set[int] = set()
        for _, tree in self.code:
            for node in ast.walk(tree):
                if isinstance(node, ast.Assign):
                    for target in node.targets:
                        if isinstance(target, ast.Name):
                            plain.add(id(target))
                            found.setdefault(target.id, []).append(node.value)
                elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and id(node) not in plain:
                    found.setdefault(node.id, []).append(None)
        return found


def _blank(block: re.Match[str]) -> str:
    if block[2].startswith("{") and not block[2].startswith("{code"):
        return block[0]  # a directive, whose text is prose
    return re.sub(r"[^\n]", " ", block[0])  # so that the lines after it keep their numbers


def _source(cell: Mapping[str, Any]) -> str:
    return "".join(cell["source"])


def _figure(cell: Mapping[str, Any]) -> dict[str, Any]:
    return cell["metadata"].get("mystnb", {}).get("figure", {})


class Book:
    """The sources of a book, read once.

    Parameters
    ----------
    root
        The top folder.
    """

    def __init__(self, root: Path) -> None:
        """Take note of the folder; nothing is read yet."""
        self.root = root

    @cached_property
    def toc(self) -> Any:
        """What ``_toc.yml`` holds."""
        return yaml.safe_load((self.root / "_toc.yml").read_text(encoding="utf-8"))

    @cached_property
    def pages(self) -> list[Page]:
        """The pages of the table of contents, in its order."""
        found = []
        for name in listed(self.toc):
            path = self.root / f"{name}.ipynb"
            if path.is_file():
                cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
                found.append(Page(name, path, self.root, cells))
            else:
                found.append(Page(name, path.with_suffix(".md"), self.root))
        return found

    @cached_property
    def keys(self) -> set[str]:
        """The keys of ``references.bib``."""
        return set(ENTRY.findall((self.root / "references.bib").read_text(encoding="utf-8")))

    @cached_property
    def labels(self) -> dict[str, list[tuple[str, str]]]:
        """For each label, of a section, a table or a figure, the pages and places where it stands."""
        found: dict[str, list[tuple[str, str]]] = {}
        for page in self.pages:
            for piece in page.prose:
                for match in LABEL.finditer(piece.text):
                    found.setdefault((match[1] or match[2]).lower(), []).append((page.name, piece.at(match)))
            for cell in page.cells:
                if name := _figure(cell).get("name"):
                    place = f"{page.file}, cell {cell['id']}"
                    found.setdefault(name.lower(), []).append((page.name, place))
        return found

    @cached_property
    def terms(self) -> set[str]:
        """The entries of the glossary, in small letters."""
        blocks = (m[0] for page in self.pages for p in page.prose for m in GLOSSARY.finditer(p.text))
        return {term.strip().lower() for block in blocks for term in TERM.findall(block)}

    @cached_property
    def package(self) -> dict[str, Any]:
        """What ``data/datapackage.json`` holds."""
        return json.loads((self.root / "data" / "datapackage.json").read_text(encoding="utf-8"))

    def table(self, name: str) -> list[dict[str, str]]:
        """Return the rows of a table as text, by column."""
        with (self.root / "data" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))

    @cached_property
    def cards(self) -> dict[str, list[tuple[Page, Piece, ast.Call]]]:
        """The calls of ``claim`` on all pages, by the claim's slug; by ``""`` those that name none."""
        found: dict[str, list[tuple[Page, Piece, ast.Call]]] = {}
        for page in self.pages:
            for piece, tree in page.code:
                for node in ast.walk(tree):
                    if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "claim":
                        first = node.args[0] if node.args else None
                        slug = first.value if isinstance(first, ast.Constant) else ""
                        found.setdefault(str(slug), []).append((page, piece, node))
        return found


def listed(toc: Any) -> list[str]:
    """Return the pages that a table of contents names, in its order."""
    if isinstance(toc, list):
        return [name for part in toc for name in listed(part)]
    if not isinstance(toc, dict):
        return []
    own = [str(toc[key]) for key in ("root", "file") if key in toc]
    return own + [n for key in ("parts", "chapters", "sections") for n in listed(toc.get(key))]


# Can the files be read?


def unreadable(root: Path, name: str) -> str | None:
    """Return what keeps a text file from being read, or None."""
    try:
        (root / name).read_text(encoding="utf-8")
    except FileNotFoundError:
        return f"{name} is missing; restore it with `git checkout -- {name}`"
    except UnicodeDecodeError as error:
        return f"{name}: not UTF-8 text ({error.reason} at byte {error.start}); save it as UTF-8"
    return None


def texts(book: Book) -> Iterator[str]:
    """Every page of Markdown, the bibliography and the ledger are texts in UTF-8."""
    pages = [f"{name}.md" for name in listed(book.toc) if not (book.root / f"{name}.ipynb").is_file()]
    for name in [*pages, "references.bib", "data/claims.csv"]:
        if told := unreadable(book.root, name):
            yield told


def settings(book: Book) -> Iterator[str]:
    """The two files of settings can be read, and each page of the table of contents is there, once."""
    for name in ("_config.yml", "_toc.yml"):
        if told := unreadable(book.root, name):
            yield told
            return
        try:
            given = yaml.safe_load((book.root / name).read_text(encoding="utf-8"))
        except yaml.YAMLError as error:
            mark = getattr(error, "problem_mark", None)
            place = f"{name}, line {mark.line + 1}" if mark else name
            said = getattr(error, "problem", None) or str(error).splitlines()[0]
            yield f"{place}: {said}; see to indentation, colons and quotation marks"
            return
        if not isinstance(given, dict):
            yield f"{name}: holds no settings; restore it with `git checkout -- {name}`"
            return
    names = listed(book.toc)
    if not isinstance(book.toc.get("root"), str) or not isinstance(book.toc.get("parts"), list):
        yield "_toc.yml: lacks 'root' (the first page) or 'parts' (lists of chapters)"
        return
    lines = (book.root / "_toc.yml").read_text(encoding="utf-8").splitlines()
    for name in dict.fromkeys(names):
        stand = [
            n
            for n, line in enumerate(lines, 1)
            if re.search(rf":\s*[\"']?{re.escape(name)}[\"']?\s*(#|$)", line)
        ]
        place = f"_toc.yml, line {stand[-1]}" if stand else "_toc.yml"
        if not any((book.root / f"{name}{end}").is_file() for end in (".ipynb", ".md")):
            yield f"{place}: there is no page {name}.ipynb or {name}.md; write it, or take the line out"
        if names.count(name) > 1:
            yield f"{place}: {name} stands {names.count(name)} times in the table of contents; keep one"


def notebooks(book: Book) -> Iterator[str]:
    """Every notebook is one, its cells have names of their own, and its code is Python."""
    import nbformat

    for name in listed(book.toc):
        path = book.root / f"{name}.ipynb"
        if not path.is_file():
            continue
        file = f"{name}.ipynb"
        try:
            given = json.loads(path.read_text(encoding="utf-8"))
        except UnicodeDecodeError as error:
            yield f"{file}: not UTF-8 text ({error.reason}); save it as UTF-8"
            continue
        except json.JSONDecodeError as error:
            yield (
                f"{file}, line {error.lineno}: not a notebook, for it is not JSON ({error.msg}); "
                f"restore it with `git checkout -- {file}`"
            )
            continue
        if not isinstance(given, dict) or "cells" not in given or given.get("nbformat") != 4:
            yield f"{file}: not a notebook of format 4; open it in JupyterLab and save it, or restore it"
            continue
        if told := list(_unnamed(file, given["cells"])):
            yield from told  # and no more, for nbformat would give other names
            continue
        try:
            nbformat.validate(given)
        except nbformat.ValidationError as error:
            yield f"{file}{_in_cell(given, error)}: not a sound notebook, {error.message[:200]}"
            continue
        for cell in given["cells"]:
            if cell["cell_type"] == "code":
                try:
                    ast.parse(_source(cell))
                except SyntaxError as error:
                    yield f"{file}, cell {cell['id']}, line {error.lineno}: {error.msg}"


def _unnamed(file: str, cells: Any) -> Iterator[str]:
    """Say which cells have no name of their own."""
    ids = [cell.get("id") if isinstance(cell, dict) else None for cell in cells]
    for number, ident in enumerate(ids, 1):
        if not ident:
            yield f"{file}, cell {number}: has no id; give it one that says what it holds"
        elif ids.index(ident) < number - 1:
            yield f"{file}, cell {ident}: an earlier cell has this id, too; rename one"


def _in_cell(given: dict[str, Any], error: Any) -> str:
    steps = [s for s in (getattr(error, "absolute_path", None) or error.path) if isinstance(s, int)]
    if not steps:
        return ""
    return f", cell {given['cells'][steps[0]].get('id', steps[0] + 1)}"


def descriptor(book: Book) -> Iterator[str]:
    """Every table has its descriptor and every descriptor its table."""
    file = "data/datapackage.json"
    try:
        named = {resource["name"]: resource["path"] for resource in book.package["resources"]}
    except FileNotFoundError:
        yield f"{file} is missing; restore it with `git checkout -- {file}`"
        return
    except json.JSONDecodeError as error:
        yield f"{file}, line {error.lineno}: not JSON ({error.msg}); restore it with `git checkout -- {file}`"
        return
    except (KeyError, TypeError):
        yield f"{file}: not a list of resources with name and path; restore it with `git checkout -- {file}`"
        return
    there = {path.name for path in (book.root / "data").glob("*.csv")}
    for path in sorted(there - set(named.values())):
        yield f"data/{path}: no resource of {file} describes this table; add one, or delete the table"
    for name, path in named.items():
        if path not in there:
            yield f"{file}, resource {name}: there is no table data/{path}; restore it, or delete the resource"


def bibliography(book: Book) -> Iterator[str]:
    """Every entry of the bibliography is closed and has a key of its own."""
    text = (book.root / "references.bib").read_text(encoding="utf-8")
    first: dict[str, re.Match[str]] = {}
    entries = list(ENTRY.finditer(text))
    for match, after in zip(entries, [*(m.start() for m in entries[1:]), len(text)], strict=True):
        braces = re.findall(r"(?<!\\)[{}]", text[match.start() : after])
        if braces.count("{") != braces.count("}"):
            line = text.count("\n", 0, match.start()) + 1
            yield f"references.bib, line {line}: the entry {match[1]} has a brace that is not closed, or one too many"
        if earlier := first.get(match[1].lower()):
            line, other = (text.count("\n", 0, m.start()) + 1 for m in (match, earlier))
            yield f"references.bib, line {line}: the key {match[1]} stands in line {other}, too; rename or delete one"
        first.setdefault(match[1].lower(), match)


# Does everything that is named exist?


def labels(book: Book) -> Iterator[str]:
    """Every label stands once in the book."""
    for label, places in book.labels.items():
        for _, place in places[1:]:
            yield f"{place}: the label {label} stands in {places[0][1]}, too; rename one"


def references(book: Book) -> Iterator[str]:
    """Every citation, term, reference, link and image leads to something that is there."""
    for page in book.pages:
        for piece in page.prose:
            for match in ROLE.finditer(piece.text):
                for told in _dangling(book, match["role"], match["text"]):
                    yield f"{piece.at(match)}: {told}"
            for match in LINK.finditer(piece.text):
                if not (page.path.parent / match["to"]).is_file():
                    yield f"{piece.at(match)}: there is no file {match['to']} to link to"


def _dangling(book: Book, role: str, text: str) -> Iterator[str]:
    titled = re.fullmatch(r".*<([^<>]+)>", text, flags=re.S)
    target = " ".join((titled[1] if titled else text).split())
    if role.startswith("cite"):
        for key in (key.strip() for key in text.split(",")):
            if key not in book.keys:
                yield f"no entry {key} in references.bib; add it, or correct the citation"
    elif role == "term":
        if target.lower() not in book.terms:
            yield f"no term '{target}' in the glossary; add it, or write the link as {{term}}`words <term>`"
    elif target.lower() not in book.labels and target not in ("genindex", "search"):
        yield f"no section, table or figure has the label {target}"


def images(book: Book) -> Iterator[str]:
    """Every image of a page is there and has an alternative text."""
    for page in book.pages:
        for piece in page.prose:
            for match in IMAGE.finditer(piece.text):
                name = match["to"] or match["file"]
                if "://" not in name and not (page.path.parent / name).is_file():
                    yield f"{piece.at(match)}: there is no image {name}"
                if not (match["alt"] or ":alt:" in (match["options"] or "")):
                    yield f"{piece.at(match)}: the image {name} has no alternative text; say what it shows"


def figures(book: Book) -> Iterator[str]:
    """Every figure that a cell draws has a name, a caption and an alternative text that says what it shows."""
    for page in book.pages:
        for cell in page.cells:
            meta = cell["metadata"].get("mystnb", {})
            if cell["cell_type"] != "code" or not ("plt.subplots" in _source(cell) or "figure" in meta):
                continue
            where = f"{page.file}, cell {cell['id']}"
            alt = meta.get("image", {}).get("alt", "")
            if len(alt) < THIN:
                state = "is too short to say what the figure shows" if alt else "is missing"
                yield f"{where}: the alternative text {state}; write it as mystnb.image.alt in the cell's metadata"
            for key in ("name", "caption"):
                if not _figure(cell).get(key):
                    yield f"{where}: the figure has no {key}; write it as mystnb.figure.{key} in the cell's metadata"


# Claims


def claims(book: Book) -> Iterator[str]:
    """Every claim is written as the schema allows, has a card on its page, and names evidence that is there."""
    file = "data/claims.csv"
    tables = {resource["name"]: resource for resource in book.package["resources"]}
    fields = tables.get("claims", {}).get("schema", {}).get("fields", [])
    allowed = {
        f["name"]: [str(v) for v in f["constraints"]["enum"]]
        for f in fields
        if "enum" in f.get("constraints", {})
    }
    rows = book.table("claims")
    if rows and (lost := LEDGER - rows[0].keys()):
        yield f"{file}, row 1: lacks the column {', '.join(sorted(lost))}"
        return
    if uneven := [n for n, row in enumerate(rows, 2) if None in row or None in row.values()]:
        yield f"{file}, row {uneven[0]}: has not as many cells as row 1; see to commas and quotation marks"
        return
    names = {page.name for page in book.pages}
    for row in rows:
        where = f"{file}, claim {row['slug']}"
        for key, known in allowed.items():
            if row.get(key) and row[key] not in known:
                yield f"{where}: the {key} '{row[key]}' is unknown; write one of {', '.join(known)}"
        page = f"book/{row['chapter']}"
        if page not in names:
            yield f"{where}: its chapter '{row['chapter']}' is no page of the book"
        elif page not in {shown.name for shown, _, _ in book.cards.get(row["slug"], [])}:
            yield f'{where}: no cell of {page}.ipynb shows it; call claim("{row["slug"]}") there'
        for item in filter(None, row["evidence"].split("; ")):
            if told := _no_evidence(book, item, tables):
                yield f"{where}: {told}"
    yield from _cards(book, {row["slug"]: row["rule"] for row in rows})


def _no_evidence(book: Book, item: str, tables: Mapping[str, Any]) -> str | None:
    if item.startswith("table:"):
        name = item.removeprefix("table:")
        return None if name in tables else f"its evidence names the table {name}, which data/ does not hold"
    if "#" in item:
        page, anchor = item.split("#", 1)
        there = {name for name, _ in book.labels.get(anchor.lower(), [])}
        return None if f"book/{page}" in there else f"its evidence names {item}, but {page} has no such label"
    return None if item in book.keys else f"its evidence names {item}, which has no entry in references.bib"


def _cards(book: Book, rules: Mapping[str, str]) -> Iterator[str]:
    for slug, cards in book.cards.items():
        for page, piece, call in cards:
            where = f"{piece.file}, cell {piece.cell}, line {call.lineno}"
            if slug not in rules:
                yield f"{where}: data/claims.csv has no claim '{slug}'; correct the slug, or add the claim"
            elif rules[slug] and (len(call.args) < 2 or typed(call.args[1], page)):
                given = (
                    f"the value {ast.unparse(call.args[1])} is typed"
                    if len(call.args) > 1
                    else "no value is given"
                )
                yield f"{where}: data decide the claim {slug}, but {given}; compute it from the tables"


def typed(value: ast.expr, page: Page) -> bool:
    """Say whether an expression is a literal, also by way of names that the page gives to literals only."""

    def plain(expression: ast.expr, seen: frozenset[str]) -> bool:
        names = {n.id for n in ast.walk(expression) if isinstance(n, ast.Name)}
        return all(_known(name) or name not in seen and literal(name, seen | {name}) for name in names)

    def literal(name: str, seen: frozenset[str]) -> bool:
        values = page.given.get(name)
        return bool(values) and all(v is not None and plain(v, seen) for v in values or ())

    def _known(name: str) -> bool:
        return name not in page.given and hasattr(builtins, name)

    return plain(value, frozenset())


# Questions, objectives and exercises


def questions(book: Book) -> Iterator[str]:
    """The question bank holds, the chapters' self-checks are the bank's, objectives and exercises agree."""
    from publish.questions import bank, page
    from publish.questions.exercises import exercises

    if not (book.root / bank.POOLS["practice"]).is_dir():
        return
    try:
        known = bank.objectives(book.root)
        if lost := [c for c in known if not (book.root / "book" / f"{c}.ipynb").is_file()]:
            yield f"{bank.OBJECTIVES}: there is no page book/{lost[0]}.ipynb"
            return
        found = bank.load(book.root, ("practice",))
    except bank.BankError as error:
        yield from str(error).splitlines()
        return
    for chapter, aims in known.items():
        file = f"book/{chapter}.ipynb"
        text = "\n\n".join(p.text for shown in book.pages if shown.file == file for p in shown.prose)
        stated = re.findall(r"^(\d+)\. (.+?)[;.]$", text.split("**Time.")[0], flags=re.M)
        if stated != [(str(aim.number), aim.text) for aim in aims]:
            yield f"{file}: its list of objectives is not that of {bank.OBJECTIVES}; make them agree, word for word"
        if (stored := page.stored(chapter, book.root)) is None:
            yield f"{file}: there is no cell {page.CELL} for the self-check"
        elif stored != page.self_check(found, chapter):
            yield f"{file}, cell {page.CELL}: is not what the question bank says; run: make questions"
        try:
            exercises(chapter, book.root)
        except bank.BankError as error:
            yield from str(error).splitlines()


Check = Callable[[Book], Iterator[str]]
READABLE: tuple[Check, ...] = (notebooks, descriptor, bibliography)
SOUND: tuple[Check, ...] = (labels, references, images, figures, claims, questions)


def faults(root: Path) -> list[str]:
    """Return what is wrong with the sources of a book, one line each; nothing if all is well.

    What rests on files that cannot be read is looked at only when they can.
    """
    book = Book(root)
    for group in ((settings,), (texts,), READABLE, SOUND):
        if found := [told for check in group for told in check(book)]:
            return found
    return []
