"""Change the data under every claim and everything that pages show, and see whether a test names it.

Run as ``python -m trials.mutation`` in the tests' environment, or with the names of the pages that changed;
the whole takes about a quarter of an hour of one core.

For each claim that data decide, and for each cell that shows something, one of the tables that feed it is
changed in a copy of the book, by a seed and within the schema: another value in a cell, a row fewer, a row
more. What chance does not reach is looked for: a whole column is changed, then half of its rows, and half
of those, down to one. For this only the cells run that the item depends on.

With the first change that alters the item, row count and hash renewed, the whole page runs, and the checks
of the tests themselves decide: ``bookkit.claim``, and ``publish.shown`` with what ``tests/shown`` keeps. A
claim is altered when the page no longer finds the ledger's value, a cell when a reader would see something
else: other HTML, or other pixels in its figure. It is caught when a check fails and names that claim, or
that page and cell. Whatever else that run alters is held to the same, and not changed again.

``mutation.csv`` counts, ``mutation_all.csv`` has each item with its change, and ``mutation_unaltered.csv``
has the items that no change altered, each with the reason that ``REASONS`` gives.
"""

import ast
import hashlib
import json
import multiprocessing
import random
import shutil
import symtable
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import matplotlib.pyplot as plt
import pandas as pd

from publish import shown
from trials import RESULTS, ROOT, write

SEED = 18
AT_RANDOM = 12
"""How many changes of single rows are tried by chance before the search by halves."""
CLAIM = "claims that data decide"
KINDS = {
    "sentence": "computed sentences",
    "table": "tables",
    "": "tables",
    "numbers behind a figure": "tables behind figures",
    "figure": "figures",
}
REASONS = {
    ("theory", "trust"): "It works out a game whose payoffs are made up in the cell; no table feeds it.",
}
"""Why no change of data alters an item, by page and item; written by hand after a look at the cell."""


class Change(NamedTuple):
    """What was done to which table, row and column, with the cell before and after."""

    table: str
    change: str
    row: str
    column: str = ""
    old: str = ""
    new: str = ""


class Run(NamedTuple):
    """What a run came to: what the tests say, what readers see, what claims were given; each by its name."""

    told: dict[str, str]
    faces: dict[str, str]
    values: dict[str, float]


class Page:
    """One page in a copy of the book whose data may be changed; each needs a process of its own."""

    def __init__(self, name: str, folder: Path) -> None:
        """Copy the book, import the copy's packages, and run the page on the data as they are."""
        for part in ("book", "data"):
            shutil.copytree(ROOT / part, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
        sys.path[:0] = [str(folder / "book"), str(folder)]
        import bookkit
        from bookkit import package
        from data.recipes import __main__ as recipes

        if not Path(package.__file__).is_relative_to(folder) or folder / "data" != recipes.DATA:
            raise ImportError("the trial would touch the book's own data")
        self.name, self.path, self.data = name, folder / "book" / f"{name}.ipynb", folder / "data"
        self.bookkit: Any = bookkit
        self.package: Any = package
        self.recipes: Any = recipes
        self.cells, self.kept = shown.code(self.path), shown.kept(name)
        self.described = (self.data / "datapackage.json").read_bytes()
        self.resources = {r["name"]: r for r in json.loads(self.described)["resources"]}
        self.changed = ""  # the table that is not now as it was
        self.now: dict[str, Any] = {}  # what was read of it
        self.raws: dict[str, pd.DataFrame] = {}
        self.read: set[str] = set()
        self.values: dict[str, float] = {}
        self._listen()
        self.before = self.run(self.cells, draw=True)
        if self.before.told:
            sys.exit("\n".join(["this is not what tests/shown keeps:", *self.before.told.values()]))
        ledger = bookkit.ledger().set_index("slug")
        self.ledger = ledger[(ledger["rule"] != "") & (ledger["chapter"] == name)]

    def _listen(self) -> None:
        """Note which tables are read and what claims are given; read a table that did not change only once."""
        read, hold, describe = self.package._read, self.package.hold_to_schema, self.package._descriptor
        claim, always = self.bookkit.claim, dict[str, Any]()

        def once(name: str, make: Any) -> Any:
            known = self.now if self.changed in (name.split()[0], "datapackage") else always
            if name not in known:
                known[name] = make()
            return known[name]

        def held(raw: pd.DataFrame, resource: dict[str, Any], where: str) -> Any:
            self.read.add(resource["name"])
            return once(f"{resource['name']} typed", lambda: hold(raw, resource, where)).copy()

        def claimed(slug: str, value: Any = None) -> Any:
            if value is not None:
                self.values[slug] = float(value)
            return claim(slug, value)

        self.package._read = lambda path, where: once(f"{path.stem} raw", lambda: read(path, where))
        self.package._descriptor = lambda wanted: once("datapackage", lambda: describe(wanted))
        self.package.hold_to_schema, self.bookkit.claim = held, claimed

    def run(self, cells: list[shown.Cell], *, draw: bool = False) -> Run:
        """Run cells of the page on the data as they lie there; ``draw`` makes its figures' pixels too."""
        faces: dict[str, str] = {}
        self.values = {}

        def look(cell: shown.Cell, value: Any) -> None:
            if cell.kind == "figure" and draw:
                digest = hashlib.sha256()
                for number in plt.get_fignums():
                    plt.figure(number).set_dpi(60)
                    canvas: Any = plt.figure(number).canvas
                    canvas.draw()
                    digest.update(canvas.buffer_rgba())
                faces[cell.name] = digest.hexdigest()
            elif cell.kind != "figure" and cell.name in self.kept:
                faces[cell.name] = value._repr_html_() if hasattr(value, "_repr_html_") else repr(value)

        now = shown.record(self.path, cells, look)
        names = {cell.name for cell in cells}
        kept = {cell: text for cell, text in self.kept.items() if cell in names}
        return Run(shown.differences(self.name, kept, now), faces, self.values)

    def raw(self, table: str) -> pd.DataFrame:
        """Return a table as text, as it is in the book."""
        if table not in self.raws:
            path = ROOT / "data" / f"{table}.csv"
            self.raws[table] = pd.read_csv(path, dtype=str, keep_default_na=False)
        return self.raws[table].copy()

    def on(self, table: str, content: pd.DataFrame, cells: list[shown.Cell]) -> Run | None:
        """Run cells on a changed table; None if the change breaks the schema.

        For the whole page the table's rows and hash are renewed, and figures are drawn.
        """
        self.changed, self.now = table, {}
        path = self.data / f"{table}.csv"
        content.to_csv(path, index=False, lineterminator="\n")
        whole = cells is self.cells
        if whole:
            described = json.loads(self.described)
            self.recipes.stamp(described, [table])
            self.recipes.put(described)
        try:
            self.package.load(table)
            return self.run(cells, draw=whole)
        except self.bookkit.DataError:
            return None
        finally:
            shutil.copyfile(ROOT / "data" / path.name, path)
            if whole:
                (self.data / "datapackage.json").write_bytes(self.described)
            self.changed = ""

    def altered(self, run: Run | None) -> dict[str, bool]:
        """Return what a change altered, by claim and cell, and whether a test names it.

        A cell that raises is left out: it shows nothing that is wrong.
        """
        if run is None:
            return {}
        raised = {cell for cell, told in run.told.items() if "\n  + raises " in told}
        found = {}
        for cell in (run.faces.keys() | run.told.keys()) - raised:
            before = self.before.faces.get(cell)
            if cell in run.told or run.faces[cell] != before:
                found[cell] = run.told.get(cell, "").startswith(f"{self.name}, cell {cell}:")
        for slug, value in run.values.items():
            row = self.ledger.loc[slug]
            follows = self.bookkit.claims.verdict_of(value, row["stated"], row["tolerance"], row["rule"])
            if not abs(value - row["found"]) <= row["tolerance"] or follows != row["verdict"]:
                found[slug] = any(f"ClaimError: claim {slug}:" in told for told in run.told.values())
        return found


def depends(path: Path, name: str) -> set[str]:
    """Return the cells of a notebook that one of them needs, itself among them, by the names that they use."""
    needed, wanted = {name}, set[str]()
    for cell in reversed(_code(path)):
        used, bound, touched = _names(ast.parse("".join(cell["source"])))
        if cell["id"] == name:
            wanted = used
        elif wanted & (bound | touched):
            needed.add(cell["id"])
            wanted = (wanted - bound) | used
    return needed


def _names(tree: ast.Module) -> tuple[set[str], set[str], set[str]]:
    """Return the names that a cell takes from earlier ones, those that it binds, and those that it may change.

    It may change what it binds only now and then, what stands left of a dot or a bracket that is assigned
    to, and whatever stands in an expression before its last line.
    """
    used, bound, touched = set[str](), set[str](), set[str]()
    for statement in tree.body:
        reads, binds = _scope(symtable.symtable(ast.unparse(statement), "<cell>", "exec"))
        used |= reads - bound
        targets = statement.targets if isinstance(statement, ast.Assign) else []
        places = [t for t in targets if isinstance(t, (ast.Attribute, ast.Subscript))]
        if isinstance(statement, (ast.For, ast.If, ast.With, ast.While, ast.AugAssign, ast.Try)):
            touched |= binds | reads
        elif isinstance(statement, ast.Expr) and statement is not tree.body[-1]:
            touched |= reads
        else:
            bound |= binds
        touched |= {n.id for place in places for n in ast.walk(place) if isinstance(n, ast.Name)}
    return used, bound, touched


def _scope(table: symtable.SymbolTable) -> tuple[set[str], set[str]]:
    """Return the names that a statement reads, from within its functions too, and those that it binds."""
    reads = {s.get_name() for s in table.get_symbols() if s.is_referenced()}
    binds = {
        s.get_name() for s in table.get_symbols() if s.is_assigned() or s.is_imported() or s.is_namespace()
    }
    inner = list(table.get_children())
    for child in inner:
        reads |= {s.get_name() for s in child.get_symbols() if s.is_global()}
        inner += child.get_children()
    return reads, binds


def another(rng: random.Random, field: dict[str, Any], old: str, others: list[str]) -> str:
    """Return another value for a cell: one of its column's, or one that is larger, smaller or later."""
    limits = field.get("constraints", {})
    if field["type"] == "boolean":
        return "false" if old == "true" else "true"
    if "enum" in limits:
        return rng.choice([str(v) for v in limits["enum"] if str(v) != old] or [old])
    if field["type"] in ("integer", "number") and old and rng.random() < 0.6:
        value = float(old) * rng.choice([0.1, 0.5, 2, 10]) + 1
        value = min(max(value, limits.get("minimum", value)), limits.get("maximum", value))
        return str(round(value)) if field["type"] == "integer" else f"{value:.4f}"
    if field["type"] == "date" and old and rng.random() < 0.6:
        value = (pd.Timestamp(old) + pd.Timedelta(days=rng.choice([-400, -30, 30, 400]))).date().isoformat()
        return min(max(value, limits.get("minimum", value)), limits.get("maximum", value))
    return rng.choice([v for v in others if v != old] or [old])


def by_chance(rng: random.Random, page: Page, table: str) -> tuple[Change, pd.DataFrame]:
    """Return a change of one row: another value, a row fewer, or a row more under a key of its own."""
    raw, schema = page.raw(table), page.resources[table]["schema"]
    key = schema.get("primaryKey", schema["fields"][0]["name"])
    key = [key] if isinstance(key, str) else key
    number = rng.randrange(len(raw))
    row = " ".join(raw.loc[number, key])
    what = rng.choice(["another value", "another value", "a row fewer", "a row more"])
    if what == "a row fewer":
        return Change(table, what, row), raw.drop(index=number)
    fields = [f for f in schema["fields"] if what != "a row more" or f["name"] in key]
    field = rng.choice(fields)
    old = raw.loc[number, field["name"]]
    new = another(rng, field, old, sorted(set(raw[field["name"]])))
    if what == "a row more":
        more = raw.loc[[number]].assign(**{field["name"]: new})
        return Change(table, what, row, field["name"], old, new), pd.concat([raw, more], ignore_index=True)
    raw.loc[number, field["name"]] = new
    return Change(table, what, row, field["name"], old, new), raw


def by_halves(
    rng: random.Random, page: Page, table: str, item: str, cells: list[shown.Cell]
) -> Iterator[tuple[Change, pd.DataFrame] | None]:
    """Yield a change of one row that alters the item, after None for each run that it took to find it."""
    raw = page.raw(table)
    for field in 2 * page.resources[table]["schema"]["fields"]:
        column = field["name"]
        others = sorted(set(raw[column]))
        fresh = pd.Series([another(rng, field, old, others) for old in raw[column]], index=raw.index)
        left = [n for n in raw.index if fresh[n] != raw.loc[n, column]]
        whole = True
        while left:
            halves = [left] if whole else [left[: len(left) // 2], left[len(left) // 2 :]]
            whole, left = False, []
            for half in halves:
                changed = raw.copy()
                changed.loc[half, column] = fresh[half]
                yield None
                if item in page.altered(page.on(table, changed, cells)):
                    left = half
                    break
            if len(left) == 1:
                row = " ".join(raw.loc[left[0]].iloc[:3])
                old, new = raw.loc[left[0], column], fresh[left[0]]
                yield Change(table, "another value", row, column, old, new), changed
                return


def undescribed(page: Page, cells: list[shown.Cell]) -> Run:
    """Run cells with a table fewer in the descriptor, and another meaning in the first field of each."""
    described = json.loads(page.described)
    for resource in described["resources"]:
        resource["schema"]["fields"][0]["description"] += " Changed."
    del described["resources"][-1]
    page.recipes.put(described)
    page.changed, page.now = "datapackage", {}
    try:
        return page.run(cells, draw=cells is page.cells)
    finally:
        (page.data / "datapackage.json").write_bytes(page.described)
        page.changed = ""


def search(
    rng: random.Random, page: Page, item: str, cell: str
) -> tuple[int, Change | None, dict[str, bool]]:
    """Look for a change that alters an item; return how many were tried, which did, and what it altered."""
    chosen = depends(page.path, cell)
    cells = [c for c in page.cells if c.name in chosen]
    page.read = set()
    if page.run(cells).told:  # it needs more than its names tell
        cells = page.cells
        page.run(cells)
    tables = sorted(page.read - ({"claims"} if item in page.ledger.index else set()))
    tried = 0
    for _ in range(AT_RANDOM if tables else 0):
        change, content = by_chance(rng, page, rng.choice(tables))
        tried += 1
        if item in page.altered(page.on(change.table, content, cells)):
            return tried, change, page.altered(page.on(change.table, content, page.cells))
    for table in tables:
        for step in by_halves(rng, page, table, item, cells):
            tried += 1
            if step:
                change, content = step
                return tried, change, page.altered(page.on(table, content, page.cells))
    if item in page.altered(undescribed(page, cells)):
        change = Change("datapackage", "a table fewer", "", "", "", "")
        return tried + 1, change, page.altered(undescribed(page, page.cells))
    return tried + 1, None, {}


def mutate(name: str) -> list[dict[str, Any]]:
    """Return a row for each claim and each showing cell of a page: what altered it, and whether a test named it."""
    began = time.process_time()
    with tempfile.TemporaryDirectory() as folder:
        page = Page(name, Path(folder))
        places = [(c.name, c.name, KINDS[c.kind]) for c in page.cells if c.name in page.kept]
        calls = {
            s: c["id"]
            for c in _code(page.path)
            for s in page.ledger.index
            if f'"{s}"' in "".join(c["source"])
        }
        places += [(slug, cell, CLAIM) for slug, cell in calls.items()]
        found: dict[str, tuple[Change, bool]] = {}
        tried: dict[str, int] = {}
        for item, cell, _ in places:
            if item not in found:
                rng = random.Random(f"{SEED} {name} {item}")
                tried[item], change, altered = search(rng, page, item, cell)
                for other, caught in altered.items():
                    if change and (not caught or other not in found):
                        found[other] = (change, caught)
    rows = []
    for item, _, kind in places:
        change, caught = found.get(item, (None, False))
        result = "not altered" if not change else "caught" if caught else "not caught"
        row = {"kind": kind, "page": name, "item": item, "result": result, "tried": tried.get(item, 0)}
        rows.append(row | (change._asdict() if change else {}))
    print(f"{name}: {len(rows)} items, {time.process_time() - began:.0f} s", flush=True)
    return rows


def _code(path: Path) -> list[dict[str, Any]]:
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return [c for c in cells if c["cell_type"] == "code"]


def main(names: list[str]) -> int:
    """Try the pages named, or all; return how many items have no test that names them, and no reason."""
    known = sorted((p.stem for p in shown.pages()), key=lambda n: -len(shown.kept(n)))
    if unknown := set(names) - set(known):
        sys.exit(f"there is no page {', '.join(unknown)}; the pages are: {', '.join(known)}")
    with multiprocessing.get_context("spawn").Pool(2, maxtasksperchild=1) as pool:
        done = pool.imap(mutate, [n for n in known if n in (names or known)], chunksize=1)
        table = pd.DataFrame([row for rows in done for row in rows])
    if names and (RESULTS / "mutation_all.csv").is_file():
        before = pd.read_csv(RESULTS / "mutation_all.csv", dtype={c: str for c in Change._fields})
        table = pd.concat([before[~before["page"].isin(names)], table])
    table["reason"] = [REASONS.get((p, i), "") for p, i in zip(table["page"], table["item"], strict=True)]
    table = table.sort_values("page", kind="stable").reset_index(drop=True)
    write("mutation_all", table)
    counts = pd.crosstab(table["kind"], table["result"])
    counts = counts.reindex([CLAIM, *dict.fromkeys(KINDS.values())])
    counts = counts.reindex(columns=["caught", "not caught", "not altered"], fill_value=0)
    counts.insert(0, "there are", counts.sum(axis=1))
    counts["tried"] = table.groupby("kind")["tried"].sum()
    print(counts.to_string())
    write("mutation", counts.reset_index().rename(columns=lambda c: c.replace(" ", "_")))
    unaltered = table[table["result"] == "not altered"]
    write("mutation_unaltered", unaltered[["page", "item", "kind", "reason"]])
    left = table[(table["result"] != "caught") & (table["reason"] == "")]
    if len(left):
        print(left[["page", "item", "result"]].to_string())
    return len(left)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
