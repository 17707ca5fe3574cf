"""What an instructor relies on: routes that add up, rubrics that can be marked by, keys that stay private."""

import csv
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from notebooks import ROOT, cells, prose

TEACHING = ROOT / "book" / "teaching"
INSTRUCTOR = ROOT / "instructor" / "essays"
CHAPTERS = ["theory", "iran", "russia", "cooperation"]
LEVELS = ["Strong", "Sound", "Partial", "Weak"]
OBJECTIVES = {
    chapter: {entry["id"] for entry in entries}
    for chapter, entries in yaml.safe_load((TEACHING / "objectives.yaml").read_text(encoding="utf-8")).items()
}
each_chapter = pytest.mark.parametrize("chapter", CHAPTERS)
private = pytest.mark.skipif(not INSTRUCTOR.is_dir(), reason="a public tree has no instructor/")


def rows(path: Path) -> list[dict[str, str]]:
    """Return the rows of a file in book/teaching."""
    with path.open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def rubric(chapter: str) -> dict[str, dict[str, str]]:
    """Return the criteria of a chapter's rubric by their names."""
    return {row["Criteria Name"]: row for row in rows(TEACHING / "rubrics" / f"{chapter}.csv")}


def points(criterion: dict[str, str]) -> list[int]:
    """Return what the four levels of a criterion are worth, the strongest first."""
    return [int(criterion[f"Rating Points {n}"]) for n in (1, 2, 3, 4)]


def served(text: str) -> set[tuple[str, str]]:
    """Return the objectives in a text like ``theory: families models iran: codes``."""
    found = re.findall(r"(\w+):|(\w+)", text)
    chapter, pairs = "", set()
    for name, objective in found:
        chapter = name or chapter
        if objective:
            pairs.add((chapter, objective))
    return pairs


# Routes


def test_sessions_of_a_route_add_up_to_what_it_promises() -> None:
    sessions = rows(TEACHING / "sessions.csv")
    for route in rows(TEACHING / "routes.csv"):
        own = [s for s in sessions if s["route"] == route["route"]]
        weeks, promised = int(route["weeks"]), int(route["sessions"])
        assert [int(s["session"]) for s in own] == list(range(1, promised + 1)), route["route"]
        assert {s["in_room"] for s in own} == {route["length"]}, (
            f"{route['route']}: a session of another length"
        )
        assert promised % weeks == 0, f"{route['route']}: weeks of unequal length"
        a_week = promised // weeks
        for week in range(weeks):
            asked = sum(int(s["before"]) for s in own[week * a_week : (week + 1) * a_week])
            assert asked <= int(route["at_most"]), f"{route['route']}, week {week + 1}: {asked} minutes"
    assert {s["route"] for s in sessions} == {r["route"] for r in rows(TEACHING / "routes.csv")}


def test_every_objective_appears_in_the_longest_route() -> None:
    own = [s for s in rows(TEACHING / "sessions.csv") if s["route"] == "twelve weeks"]
    found = set().union(*(served(s["objectives"]) for s in own))
    assert found == {(c, objective) for c in CHAPTERS for objective in OBJECTIVES[c]}
    for session in rows(TEACHING / "sessions.csv"):
        for chapter, objective in served(session["objectives"]):
            assert objective in OBJECTIVES[chapter], f"{session['route']} {session['session']}: {objective}"


@each_chapter
def test_the_longest_route_leaves_time_to_read_the_chapter(chapter: str) -> None:
    time = re.search(r"\*\*Time\.\*\*(.*)", prose(ROOT / "book" / f"{chapter}.ipynb"))
    assert time
    needed = sum(int(n) for n in re.findall(r"(\d+) minutes", time[1].split("All the exercises")[0]))
    own = [
        s for s in rows(TEACHING / "sessions.csv") if s["route"] == "twelve weeks" and s["chapter"] == chapter
    ]
    assert sum(int(s["before"]) for s in own) >= needed >= 60


# Guides


@each_chapter
def test_plans_fill_their_minutes_and_times_are_the_chapters(chapter: str) -> None:
    guide = (TEACHING / f"guide-{chapter}.md").read_text(encoding="utf-8")
    for length in (50, 90):
        plan = guide.split(f"## A plan of {length} minutes")[1].split("\n## ")[0]
        assert sum(int(n) for n in re.findall(r"^- \*\*(\d+) min\.\*\*", plan, flags=re.M)) == length
    notebook = {c["id"]: c["source"] for c in cells(ROOT / "book" / f"{chapter}.ipynb", "markdown")}
    stated = set(
        re.findall(
            r"\d+", re.findall(r"\*\*Time\.\*\*.*", notebook["in-this-chapter"])[0] + notebook["assign"]
        )
    )
    time = guide.split("## Time")[1].split("\n## ")[0]
    assert set(re.findall(r"\d+", time)) <= stated


# Rubrics and essays


@each_chapter
def test_rubric_can_be_marked_by(chapter: str) -> None:
    criteria = rubric(chapter)
    assert sum(points(c)[0] for c in criteria.values()) == 100
    for name, criterion in criteria.items():
        assert [criterion[f"Rating Name {n}"] for n in (1, 2, 3, 4)] == LEVELS, name
        assert points(criterion) == sorted(points(criterion), reverse=True) and points(criterion)[-1] > 0, (
            name
        )
        tied = set(re.split(r"[, ]+", criterion["Criteria Description"].split("Objectives: ")[1].rstrip(".")))
        assert tied <= OBJECTIVES[chapter], f"{chapter}, {name}: {tied - OBJECTIVES[chapter]}"
    header = (TEACHING / "rubrics" / f"{chapter}.csv").read_text(encoding="utf-8").splitlines()[0].split(",")
    assert header[:7] == ["Rubric Name", "Criteria Name", "Criteria Description", "Criteria Enable Range",
                          "Rating Name 1", "Rating Description 1", "Rating Points 1"]  # fmt: skip


@each_chapter
def test_middling_answer_is_marked_on_every_criterion(chapter: str) -> None:
    given = {
        r["criterion"]: int(r["points"]) for r in rows(TEACHING / "practice.csv") if r["chapter"] == chapter
    }
    criteria = rubric(chapter)
    assert set(given) == set(criteria)
    for name, mark in given.items():
        assert mark in points(criteria[name]), f"{chapter}, {name}: {mark}"
    assert 40 <= sum(given.values()) <= 75


@private
@each_chapter
def test_graded_essay_has_a_model_at_every_level(chapter: str) -> None:
    essay = yaml.safe_load((INSTRUCTOR / f"{chapter}.yaml").read_text(encoding="utf-8"))
    criteria = rubric(chapter)
    assert essay["id"] == f"{chapter}-essay" and (ROOT / essay["rubric"]).is_file() and essay["concede"]
    assessed = " ".join(c["Criteria Description"].split("Objectives: ")[1] for c in criteria.values())
    for objective in essay["objectives"]:
        assert objective in OBJECTIVES[chapter] and re.search(rf"\b{objective}\b", assessed), objective
    assert [model["level"] for model in essay["models"]] == LEVELS
    for model in essay["models"]:
        where = f"{chapter}, {model['level']}"
        assert set(model["marks"]) == set(criteria), where
        assert all(mark in points(criteria[name]) and why for name, (mark, why) in model["marks"].items()), (
            where
        )
        assert sum(mark for mark, _ in model["marks"].values()) == model["total"], where
        assert len(model["text"].split()) <= essay["words"], where


def sentences() -> Iterator[tuple[str, str]]:
    """Yield every sentence of what is graded, with the file it stands in."""
    for path in sorted(INSTRUCTOR.glob("*.yaml")):
        essay = yaml.safe_load(path.read_text(encoding="utf-8"))
        texts = [essay["title"], essay["prompt"], *essay["concede"]]
        for model in essay["models"]:
            texts += [model["text"], *(why for _, why in model["marks"].values())]
        for text in texts:
            for sentence in re.split(r"(?<=[.?!])\s+", " ".join(text.split())):
                if len(sentence.split()) > 4:
                    yield path.name, sentence


@private
def test_nothing_graded_stands_in_the_built_book(html: Path) -> None:
    told = list(sentences())
    assert len(told) > 300
    for page in [*html.rglob("*.html"), *html.rglob("*.js"), *html.rglob("*.ipynb"), *html.rglob("*.md*")]:
        text = " ".join(re.sub(r"<[^>]+>", "", page.read_text(encoding="utf-8", errors="ignore")).split())
        for name, sentence in told:
            assert sentence not in text, f"{page.relative_to(html)} holds a sentence of {name}: {sentence}"
