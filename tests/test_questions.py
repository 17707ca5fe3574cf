"""The question bank: its rules, its pages, its exports read by other people's programs, and its two pools apart."""

import functools
import html as escapes
import io
import json
import re
import subprocess
import sys
import types
import xml.etree.ElementTree as ET
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from notebooks import ROOT, run
from publish.questions import exports
from publish.questions.bank import BankError, Question, load, objectives
from publish.questions.exercises import exercises

BANK = load()
GRADED = [q for q in BANK if q.pool == "graded"]
ROLE = re.compile(r"\{[a-z:]+\}`[^`]*`")
each_pool = pytest.mark.parametrize("pool", ["practice", "graded"])


def of(chapter: str, pool: str) -> list[Question]:
    return [q for q in BANK if (q.chapter, q.pool) == (chapter, pool)]


@functools.cache
def made(pool: str) -> dict[str, bytes]:
    return exports.files(pool)


def words(text: str) -> str:
    """Return the words of a text in a form that no markup, escape or quotation mark changes."""
    text = escapes.unescape(re.sub(r"</?[a-z][^>]*>", " ", text))
    text = ROLE.sub(" ", text)
    return " ".join(re.findall(r"\w+", text.lower()))


def same(read: str, meant: str) -> bool:
    """Say whether a text came back whole; roles, which exports turn into words, are left out of account."""
    parts = [words(part) for part in ROLE.split(meant)]
    return re.fullmatch(r".*".join(re.escape(part) for part in parts), words(read)) is not None


# Faults


SOUND = {
    "id": "small-first", "level": "recall", "objective": "first", "type": "choice", "section": "here", "stem": "Why?",
    "options": [
        {"text": "This.", "right": True, "feedback": "Yes."},
        {"text": "That.", "feedback": "No."},
        {"text": "Neither.", "feedback": "No; see {ref}`here`."},
    ],
}  # fmt: skip
NUMBER = {**{k: v for k, v in SOUND.items() if k != "options"}, "id": "small-number", "type": "number", "answer": 2,
          "tolerance": 0, "expression": "1 + 1", "feedback": {"right": "Yes.", "wrong": "No."}}  # fmt: skip


def small_book(root: Path, practice: list[Any], graded: list[Any]) -> Path:
    """Write a book of one chapter with a bank of its own."""
    files = {"book/teaching/questions/small.yaml": practice, "instructor/questions/small.yaml": graded,
             "book/teaching/objectives.yaml": {"small": [{"id": "first", "text": "do"}]}}  # fmt: skip
    for name, content in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(yaml.safe_dump(content), encoding="utf-8")
    cell = {"cell_type": "markdown", "id": "a", "source": "# Small\n\n(here)=\n## Here\n"}
    (root / "book" / "small.ipynb").write_text(json.dumps({"cells": [cell]}), encoding="utf-8")
    return root


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"level": "remember"}, "'level': 'remember' is not one of"),
        ({"objective": "second"}, "no objective 'second'; the chapter has first"),
        ({"section": "there"}, "no section 'there'; the chapter has here"),
        ({"answer": 3}, "a question of type choice has no field 'answer'"),
        ({"id": "other-first"}, "the id must begin with 'small-'"),
        ({"stem": "See {numref}`fig`."}, "{numref} cannot stand in the stem"),
        ({"stem": "See {ref}`nowhere`."}, "no section of the book has the label 'nowhere'"),
        ({"options": SOUND["options"][:2]}, "is too short"),
        ({"options": [SOUND["options"][0], *SOUND["options"]]}, "2 options are right"),
        ({"options": [*SOUND["options"], {"text": "All."}]}, "option 4: 'feedback' is a required property"),
        ({"options": [*SOUND["options"], {"text": "All.", "feedback": "Yes."}]}, "option D: the feedback of a right"),
        ({"on_page": True, "id": "small-graded"}, "a graded question cannot stand on a page"),
    ],
)  # fmt: skip
def test_a_fault_is_named_with_file_and_question(tmp_path: Path, change: dict[str, Any], told: str) -> None:
    root = small_book(tmp_path, [], [{**SOUND, **change}])
    with pytest.raises(BankError) as error:
        load(root, ("graded",))
    assert f"instructor/questions/small.yaml, question {change.get('id', 'small-first')}" in str(error.value)
    assert told in str(error.value)


def test_ids_and_places_are_looked_at_over_the_whole_bank(tmp_path: Path) -> None:
    many = [{**SOUND, "id": f"small-n{n}", "stem": f"Why {n}?"} for n in range(4)]
    with pytest.raises(BankError, match="2 questions have the id small-n0; ids are unique over both pools"):
        load(small_book(tmp_path, many[:1], many[:1]))
    with pytest.raises(BankError, match="the right answer is A in 4 of 4 choices"):
        load(small_book(tmp_path, [], many), ("graded",))


def test_answers_that_data_decide_are_evaluated(tmp_path: Path) -> None:
    root = small_book(tmp_path, [NUMBER], [])
    assert run(root / "book" / "small.ipynb").returncode == 0
    small_book(root, [NUMBER], [{**SOUND, "check": "1 > 2"}])
    assert (
        "question small-first: the data give False, the bank says True"
        in run(root / "book" / "small.ipynb").stdout
    )


# The exports, read back


@each_pool
def test_qti_says_what_the_bank_says(pool: str) -> None:
    """qti2latex takes every option that a condition names for right: it is shown those only that give marks."""
    import qti2latex

    files = made(pool)
    for chapter in {q.chapter for q in BANK if q.pool == pool}:
        archive = zipfile.ZipFile(io.BytesIO(files[f"{chapter}-{pool}-qti.zip"]))
        (name,) = [n for n in archive.namelist() if re.fullmatch(r"(\w+)/\1\.xml", n)]
        assert f'href="{name}"' in archive.read("imsmanifest.xml").decode()
        items = qti2latex.findall_anyns(ET.fromstring(archive.read(name)), "item")
        assert [i.get("title") for i in items] == [q.id for q in of(chapter, pool)]
        for item, q in zip(items, of(chapter, pool), strict=True):
            feedback = {
                f.get("ident"): qti2latex.text_of(qti2latex.first(qti2latex.findall_anyns(f, "mattext")))
                for f in qti2latex.findall_anyns(item, "itemfeedback")
            }
            for process in qti2latex.findall_anyns(item, "resprocessing"):
                for condition in qti2latex.childall_anyns(process, "respcondition"):
                    if qti2latex.child_anyns(condition, "setvar") is None:
                        process.remove(condition)
            _compare_qti(qti2latex, item, feedback, q)


def _compare_qti(reader: types.ModuleType, item: ET.Element, feedback: dict[str, str], q: Question) -> None:
    kinds = {
        "choice": "multiple_choice",
        "several": "multiple_answers",
        "number": "numerical",
        "essay": "essay",
    }
    assert reader.guess_type(reader.get_qti_metadata(item), item) == f"{kinds[q.type]}_question", q.id
    assert same(reader.get_item_stem(item), f"{q.stem} (Unit: {q.unit})" if q.unit else q.stem), q.id
    if q.options:
        choices = reader.get_choices(item)
        right = reader.get_correct_idents(item)
        assert [ident in right for ident, _ in choices] == [o.right for o in q.options], q.id
        for (ident, text), option in zip(choices, q.options, strict=True):
            assert same(text, option.text) and same(feedback[f"{ident}_fb"], option.feedback), q.id
    elif q.type == "number":
        least, most = (float(reader.text_of(reader.findall_anyns(item, n)[0])) for n in ("vargte", "varlte"))
        assert (least, most) == pytest.approx((q.answer - q.tolerance, q.answer + q.tolerance), abs=1e-4), (
            q.id
        )
        assert same(feedback["correct_fb"], q.right) and same(feedback["general_incorrect_fb"], q.wrong), q.id
    else:
        assert [words(f) for f in feedback.values()] == [words(q.marking)] * (q.pool == "practice"), q.id


@pytest.fixture
def moodle2amc(monkeypatch: pytest.MonkeyPatch) -> Iterator[types.ModuleType]:
    """The reader of amc2moodle; it draws images by ImageMagick, which questions without images do not need."""
    for name in ("wand", "wand.image"):
        monkeypatch.setitem(sys.modules, name, types.ModuleType(name))
    monkeypatch.setattr(sys.modules["wand.image"], "Image", None, raising=False)
    from amc2moodle.moodle2amc import _questions

    yield _questions


@each_pool
def test_moodle_xml_says_what_the_bank_says(pool: str, moodle2amc: types.ModuleType) -> None:
    from lxml import etree
    from moodle_xml_parser.parser import parse_bytes

    files = made(pool)
    for chapter in {q.chapter for q in BANK if q.pool == pool}:
        content = files[f"{chapter}-{pool}-moodle.xml"]
        with_options = [q for q in of(chapter, pool) if q.options]
        read = parse_bytes(content)["multichoice"]
        assert [r.name for r in read] == [q.id for q in with_options]
        for r, q in zip(read, with_options, strict=True):
            assert same(r.text_pre_parse, q.stem) and r.single == (q.type == "choice"), q.id
            assert [o.score_fraction > 0 for o in r.options] == [o.right for o in q.options], q.id
            assert sum(max(o.score_fraction, 0) for o in r.options) == pytest.approx(100, abs=0.001), q.id
            for o, option in zip(r.options, q.options, strict=True):
                assert same(o.answer, option.text) and same(o.feedback, option.feedback), q.id
        items = [i for i in etree.fromstring(content).findall("question") if i.get("type") != "category"]
        assert len(items) == len(of(chapter, pool))
        for item, q in zip(items, of(chapter, pool), strict=True):
            _compare_moodle(moodle2amc, item, q)


def _compare_moodle(reader: types.ModuleType, item: Any, q: Question) -> None:
    if q.type == "number":
        wrong = item.find("answer[@fraction='0']")
        assert wrong.findtext("text") == "*" and same(wrong.findtext("feedback/text"), q.wrong), q.id
        assert same(item.findtext("answer/feedback/text"), q.right), q.id
        item.remove(wrong)  # the reader takes every answer for a number
    found = reader.CreateQuestion(item.get("type"), item)
    told = re.sub(r"\\\w+", " ", "".join(found.question().itertext()))  # it writes LaTeX
    assert same(told, f"{q.stem} (Unit: {q.unit})" if q.unit else q.stem), q.id
    answers = found.answers()
    if q.options:
        assert [a.tag == "correctchoice" for a in answers] == [o.right for o in q.options], q.id
    elif q.type == "number":
        assert float(answers.get("target")) == q.answer, q.id
        decimals, exact = (int(re.search(rf"{n} = (\d+)", answers.text)[1]) for n in ("decimals", "exact"))  # type: ignore[index]
        assert exact / 10**decimals == pytest.approx(q.tolerance), q.id
    else:
        assert answers.tag == "open" and words(item.findtext("graderinfo/text")) == words(q.marking), q.id


@each_pool
def test_a_sheet_asks_and_its_key_answers(pool: str) -> None:
    files = made(pool)
    for chapter in {q.chapter for q in BANK if q.pool == pool}:
        sheet, key = (words(files[f"{chapter}-{pool}-{form}.html"].decode()) for form in ("sheet", "key"))
        for q in of(chapter, pool):
            assert words(q.stem.split("{")[0]) in sheet and words(q.stem.split("{")[0]) in key
            for told in filter(None, (q.right, q.wrong, q.marking, *(o.feedback for o in q.options))):
                start = words(told.split("{")[0])
                assert start in key, q.id
                assert len(start) < 25 or start not in sheet, f"{q.id}: the sheet gives the answer away"


# The two pools


def test_the_site_offers_the_practice_pool_and_no_byte_changes_between_builds(html: Path) -> None:
    offered = {p.name: p.read_bytes() for p in (html / exports.FOLDER).iterdir()}
    assert offered == made("practice")


def site_texts(html: Path) -> Iterator[tuple[str, str]]:
    """Return every text of the built site, those in zips too, by its name."""
    for path in html.rglob("*"):
        if path.suffix == ".zip":
            archive = zipfile.ZipFile(path)
            for name in archive.namelist():
                yield f"{path.name}: {name}", archive.read(name).decode("utf-8", errors="replace")
        elif path.is_file() and path.suffix not in (".png", ".svg", ".woff", ".woff2", ".css"):
            yield str(path.relative_to(html)), path.read_text(encoding="utf-8", errors="replace")


def test_nothing_graded_is_on_the_site_or_in_the_practice_files(html: Path) -> None:
    stems = {q.id: max((words(p) for p in ROLE.split(q.stem)), key=len) for q in GRADED}
    public = {p.name: p.read_text(encoding="utf-8") for p in (ROOT / "book" / "teaching").rglob("*.*")}
    for name, text in [*site_texts(html), *public.items()]:
        assert not re.search(r"instructor/questions/\w+\.yaml", text), name
        plain = f"{words(text)} {words(escapes.unescape(text))}"  # QTI holds pages in pages
        for ident, stem in stems.items():
            assert ident not in text, f"{name} holds the id {ident}"
            assert stem not in plain, f"{name} holds the question {ident}"


def test_a_public_copy_leaves_the_graded_pool_out() -> None:
    told = subprocess.run(
        ["git", "check-attr", "export-ignore", "instructor/"], cwd=ROOT, text=True, capture_output=True
    )
    assert told.stdout.strip().endswith("export-ignore: set"), told.stdout + told.stderr


# Enough of it

CHAPTERS = next(
    [c["file"].removeprefix("book/") for c in part["chapters"]]
    for part in yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))["parts"]
    if part["caption"] == "Chapters"
)


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_every_objective_is_practised_twice_and_assessed(chapter: str) -> None:
    practised = [e.objective for e in exercises(chapter)] + [q.objective for q in of(chapter, "practice")]
    for aim in objectives()[chapter]:
        assert practised.count(aim.id) >= 2, f"{aim.id} is practised {practised.count(aim.id)} times"
        if GRADED:  # a public copy has none
            assert any(q.objective == aim.id for q in of(chapter, "graded")), f"{aim.id} is not assessed"


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_a_chapter_has_at_least_twenty_five_questions(chapter: str) -> None:
    if GRADED:
        number = len(of(chapter, "practice")) + len(of(chapter, "graded"))
        assert number >= 25, f"{chapter} has {number} questions"
