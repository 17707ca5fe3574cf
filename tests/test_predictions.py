"""The table of predictions: what the chapters call by name exists, and it leads where it says."""

import re

from bookkit import load
from notebooks import ROOT, notebooks, prose

PREDICTIONS = load("predictions")


def labels(page: str) -> set[str]:
    """Return the labels of a notebook's sections."""
    return set(re.findall(r"^\(([a-z0-9-]+)\)=", prose(ROOT / "book" / f"{page}.ipynb"), flags=re.M))


def test_a_prediction_leads_to_a_section_that_exists() -> None:
    for row in PREDICTIONS.itertuples():
        for place in row.tested_on.split("; "):
            page, _, anchor = place.partition("#")
            assert anchor in labels(page), f"{row.id}: {place}"


def test_predictions_named_in_the_chapters_are_in_the_table() -> None:
    known = set(PREDICTIONS["id"])
    schools = {name.split("-")[0] for name in known}
    for path in notebooks():
        named = set(re.findall(rf"`((?:{'|'.join(schools)})-[a-z-]+)`", prose(path)))
        assert named <= known, f"{path.name}: {named - known}"


def test_the_chapter_links_each_prediction_to_the_places_that_the_table_gives() -> None:
    """The second table of the section on predictions is written by hand, so that its places are links."""
    written = {
        name: (school, re.findall(r"\{ref\}`([^`]+)`", places))
        for name, school, places in re.findall(
            r"^\| `([a-z-]+)`, ([a-z ]+) \| (.*) \|$", prose(ROOT / "book" / "theory.ipynb"), flags=re.M
        )
    }
    given = {
        row.id: (row.school, [place.partition("#")[2] for place in row.tested_on.split("; ")])
        for row in PREDICTIONS.itertuples()
    }
    assert written == given
