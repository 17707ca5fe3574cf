"""Reading the question bank, and saying clearly what is wrong with it.

The practice pool lies in ``book/teaching/questions/``, the graded pool in ``instructor/questions/``, one
file of YAML for each chapter. ``schema.json`` holds the form of a question, this module the rules that a
schema cannot say.
"""

import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jsonschema
import yaml

from publish.questions import plain
from publish.questions.plain import ROOT

POOLS = {"practice": "book/teaching/questions", "graded": "instructor/questions"}
OBJECTIVES = "book/teaching/objectives.yaml"
LEVELS = ("recall", "apply", "analyse", "evaluate", "create")
LETTERS = "ABCDE"
ROLES = {"fold": {"ref", "term"}, "open": {"ref", "term", "cite:p", "cite:t"}}
"""Roles that a text may use: a citation in a fold breaks the sentence in JupyterLab."""

YAML_HINT = "; a text with ': ' in it, or that begins with a quotation mark, * or `, goes in a block after |"


class BankError(Exception):
    """Everything that is wrong with the bank, one line for each fault: file, question, what to do."""


@dataclass(frozen=True)
class Option:
    """One answer that can be chosen; its feedback says why it holds or does not."""

    text: str
    feedback: str
    right: bool = False


@dataclass(frozen=True)
class Question:
    """One question; which fields are filled depends on its type. Texts are Markdown with the book's roles."""

    id: str
    chapter: str
    pool: str
    level: str
    objective: str
    type: str
    section: str
    stem: str
    on_page: bool = False
    options: tuple[Option, ...] = ()
    check: str = ""
    answer: float = 0
    tolerance: float = 0
    unit: str = ""
    expression: str = ""
    right: str = ""
    wrong: str = ""
    marking: str = ""

    def folded(self) -> list[str]:
        """Return the texts that stand in a fold on the page."""
        return [t for o in self.options for t in (o.text, o.feedback)] + [self.right, self.wrong]

    def texts(self) -> list[str]:
        """Return all texts that a reader may see."""
        return [t for t in (self.stem, *self.folded(), self.marking) if t]


@dataclass(frozen=True)
class Objective:
    """What a reader can do after a chapter: its number in the chapter's list, its id, its words."""

    number: int
    id: str
    text: str


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]  # the one in C is far quicker
    """YAML that refuses a key given twice, which would otherwise silently lose the first."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen = set()
        for key, _ in node.value:
            if key.value in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key '{key.value}' is given twice", key.start_mark
                )
            seen.add(key.value)
        return super().construct_mapping(node, deep)


def read_yaml(path: Path, root: Path = ROOT) -> Any:
    """Return what a file of YAML holds; a BankError names the line that cannot be read."""
    try:
        return yaml.load(path.read_text(encoding="utf-8"), _Loader)  # noqa: S506 (a SafeLoader)
    except FileNotFoundError:
        raise BankError(f"{path.relative_to(root)} is missing") from None
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else "?"
        hint = "" if "twice" in str(error.problem) else YAML_HINT
        raise BankError(f"{path.relative_to(root)}, line {line}: {error.problem}{hint}") from None


def objectives(root: Path = ROOT) -> dict[str, list[Objective]]:
    """Return the objectives of each chapter, in the order of the chapter's list."""
    given = read_yaml(root / OBJECTIVES, root)
    for chapter, rows in given.items() if isinstance(given, dict) else [("(none)", None)]:
        if not isinstance(rows, list) or not all(
            isinstance(r, dict) and {"id", "text"} <= r.keys() for r in rows
        ):
            raise BankError(
                f"{OBJECTIVES}, chapter {chapter}: write a list of objectives, each with id and text"
            )
    return {
        chapter: [Objective(n, row["id"], row["text"]) for n, row in enumerate(rows, 1)]
        for chapter, rows in given.items()
    }


def load(root: Path = ROOT, pools: tuple[str, ...] = tuple(POOLS)) -> list[Question]:
    """Return all questions of the pools, in the order of the chapters and files; raise BankError if any is wrong.

    A pool whose folder is absent, as ``instructor`` is from public copies, is empty.
    """
    known = objectives(root)
    faults: list[str] = []
    found: list[Question] = []
    for pool in pools:
        folder = root / POOLS[pool]
        for path in sorted(folder.glob("*.yaml")):
            if path.stem not in known:
                faults.append(f"{path.relative_to(root)}: {OBJECTIVES} names no chapter '{path.stem}'")
        for chapter in known:
            if (path := folder / f"{chapter}.yaml").is_file():
                found += _read(path, chapter, pool, root, faults)
    if not faults:
        faults += [fault for q in found for fault in _faults(q, known[q.chapter], root)]
        faults += _faults_of_all(found)
        if "practice" in pools:
            faults += _faults_of_pages(found, list(known))
    if faults:
        raise BankError("\n".join(faults))
    return found


def _where(pool: str, chapter: str, ident: str) -> str:
    return f"{POOLS[pool]}/{chapter}.yaml, question {ident}"


def _read(path: Path, chapter: str, pool: str, root: Path, faults: list[str]) -> list[Question]:
    try:
        given = read_yaml(path, root)
    except BankError as error:
        faults.append(str(error))
        return []
    if given is None:
        return []
    schema = json.loads((Path(__file__).parent / "schema.json").read_text(encoding="utf-8"))
    wrong = sorted(jsonschema.Draft202012Validator(schema).iter_errors(given), key=lambda e: list(e.path))
    faults += [f"{path.relative_to(root)}, {_place(given, fault)}" for fault in wrong]
    if wrong:
        return []
    return [_question(row, chapter, pool) for row in given]


def _place(given: Any, error: jsonschema.ValidationError) -> str:
    """Say in which question and field an error of the schema lies, and what would be right."""
    steps = list(error.path)
    if not steps:
        return error.message
    row = given[steps[0]]
    name = row.get("id") if isinstance(row, dict) else None
    words = [f"question {name or steps[0] + 1}"]  # type: ignore[operator]
    words += [f"option {s + 1}" if isinstance(s, int) else f"'{s}'" for s in steps[1:] if s != "options"]
    if error.validator is None:  # a schema that is false: the field does not belong to this type
        fields = [key for key, value in row.items() if value is error.instance]
        return f"{words[0]}: a question of type {row.get('type')} has no field '{fields[-1]}'"
    return ", ".join(words) + f": {error.message}"


def _question(row: dict[str, Any], chapter: str, pool: str) -> Question:
    plain: dict[str, Any] = {k: v.strip() if isinstance(v, str) else v for k, v in row.items()}
    options = tuple(
        Option(o["text"].strip(), o["feedback"].strip(), o.get("right", False))
        for o in plain.pop("options", ())
    )
    feedback = plain.pop("feedback", {})
    return Question(
        **plain,
        chapter=chapter,
        pool=pool,
        options=options,
        right=feedback.get("right", "").strip(),
        wrong=feedback.get("wrong", "").strip(),
    )


def _faults(q: Question, known: list[Objective], root: Path) -> Iterator[str]:
    where = _where(q.pool, q.chapter, q.id)
    sections = plain.sections(q.chapter, root)
    everywhere = plain.all_sections(root)
    if not q.id.startswith(f"{q.chapter}-"):
        yield f"{where}: the id must begin with '{q.chapter}-'"
    if q.objective not in {o.id for o in known}:
        yield f"{where}: no objective '{q.objective}'; the chapter has {', '.join(o.id for o in known)}"
    if q.section not in sections:
        yield f"{where}: no section '{q.section}'; the chapter has {', '.join(sections)}"
    if q.on_page and q.pool == "graded":
        yield f"{where}: a graded question cannot stand on a page; delete 'on_page'"
    right = [o for o in q.options if o.right]
    if q.type == "choice" and len(right) != 1:
        yield f"{where}: {len(right)} options are right; a choice has exactly one (or make it 'several')"
    if q.type == "several" and not 2 <= len(right) < len(q.options):
        yield f"{where}: {len(right)} options are right; 'several' has two or more, and at least one wrong"
    if len({o.text for o in q.options}) < len(q.options):
        yield f"{where}: two options have the same text"
    for letter, option in zip(LETTERS, q.options, strict=False):
        if "\n" in option.text:
            yield f"{where}, option {letter}: the text must be one line"
        if option.right != option.feedback.startswith("Yes"):
            yield f"{where}, option {letter}: the feedback of a right option, and of no other, begins with 'Yes'"
    if q.type == "number" and min(abs(q.answer - q.tolerance), abs(q.answer + q.tolerance)) < 0.0001:
        yield f"{where}: a course's system takes no answer whose bound is 0; ask for another number"
    for label in {k for t in q.texts() for k in re.findall(r"\{ref\}`(?:[^`<]*<)?([^`>]+)>?`", t)}:
        if label not in everywhere:
            yield f"{where}: no section of the book has the label '{label}'"
    for place, texts in (("fold", q.folded()), ("open", [q.stem, q.marking])):
        for role in {r for text in texts for r in re.findall(r"\{([a-z:]+)\}`", text)} - ROLES[place]:
            yield (
                f"{where}: {{{role}}} cannot stand in {'an option or its feedback' if place == 'fold' else 'the stem'}"
            )


def _faults_of_all(found: list[Question]) -> Iterator[str]:
    for ident, count in Counter(q.id for q in found).items():
        if count > 1:
            pools = " and ".join(sorted({POOLS[q.pool] for q in found if q.id == ident}))
            yield f"{pools}: {count} questions have the id {ident}; ids are unique over both pools"
    stems: dict[str, str] = {}
    for q in found:
        if (first := stems.setdefault(q.stem, q.id)) != q.id:
            yield f"{_where(q.pool, q.chapter, q.id)}: asks the same as {first}"
    for pool, chapter in sorted({(q.pool, q.chapter) for q in found}):
        choices = [q for q in found if (q.pool, q.chapter, q.type) == (pool, chapter, "choice")]
        places = Counter(
            [o.right for o in q.options].index(True) for q in choices if any(o.right for o in q.options)
        )
        for place, count in places.items():
            if len(choices) >= 4 and count > (len(choices) + 1) // 2:
                yield (
                    f"{POOLS[pool]}/{chapter}.yaml: the right answer is {LETTERS[place]} in {count} of "
                    f"{len(choices)} choices; move some"
                )


def _faults_of_pages(found: list[Question], chapters: list[str]) -> Iterator[str]:
    for chapter in chapters:
        count = sum(q.on_page for q in found if q.chapter == chapter)
        if not 6 <= count <= 10:
            yield (
                f"{POOLS['practice']}/{chapter}.yaml: {count} questions are marked on_page; "
                "a self-check has six to ten"
            )
