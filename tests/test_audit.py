"""The audit of the paper's sources, and the cover of the whole paper by the book."""

import csv
import re

import pandas as pd
import pytest
import yaml

from bookkit import ledger, load
from bookkit.matching import kind_of_match, letters, likeness, match
from notebooks import ROOT, cells, prose

CITATIONS = load("citations")
REFERENCES = load("references")
BACKGROUND = load("background")
BIBLIOGRAPHY = (ROOT / "references.bib").read_text(encoding="utf-8")


def cited(printed: str, surname: str, year: int | None) -> pd.Series:
    return pd.Series({"printed": printed, "surname": surname, "year": year})


def entry(authors: str, surname: str, year: int | None) -> pd.Series:
    return pd.Series({"entry": letters(authors), "authors": authors, "surname": surname, "year": year})


def test_letters_leave_out_what_spelling_varies_in() -> None:
    assert letters("Haji-Yousefi") == letters("HAJI YOUSEFI") == "hajiyousefi"
    assert likeness("Barnes-Dacey", "Barnes Dacey") == 1


@pytest.mark.parametrize(
    ("citation", "listed", "kind"),
    [
        (cited("Haass", "Haass", 2012), entry("Haass, Richard", "Haass", 2012), "exact"),
        (cited("Barnes-Dacey", "Barnes-Dacey", 2013), entry("Barnes Dacey, J.", "Barnes Dacey", 2013), "exact"),
        (cited("Jelo", "Jelo", 2024), entry("Jalo, Ammar", "Jalo", 2024), "by rule"),
        (cited("Ghavam", "Ghavam", 2014), entry("Ghavam, A.", "Ghavam", 2013), "borderline"),
        (cited("Ghavam", "Ghavam", 2015), entry("Ghavam, A.", "Ghavam", 2013), "borderline"),
        (cited("Ghavam", "Ghavam", 2016), entry("Ghavam, A.", "Ghavam", 2013), "none"),
        (cited("One & Khajeh", "One", 2013), entry("Khajeh, One", "Khajeh", 2013), "borderline"),
        (cited("One & Khajeh", "One", 2012), entry("Khajeh, One", "Khajeh", 2013), "none"),
        (cited("Barzegar", "Barzegar", 2013), entry("Zargar, Afshin", "Zargar", 2013), "none"),
        (cited("Lukyanov", "Lukyanov", None), entry("Lukyanov, F.", "Lukyanov", 2012), "none"),
        (cited("Haass", "Haass", 2012), entry("", "", 2012), "none"),
    ],
)  # fmt: skip
def test_each_rule_of_matching(citation: pd.Series, listed: pd.Series, kind: str) -> None:
    assert kind_of_match(citation, listed) == kind


def test_the_better_match_wins_wherever_it_stands() -> None:
    listed = pd.DataFrame([entry("Ghodsi, A.", "Ghodsi", 2009), entry("Ghodsi, Amir", "Ghodsi", 2010)])
    assert match(cited("Ghodousi", "Ghodousi", 2010), listed) == ("ghodsiamir", "by rule")
    assert match(cited("Ghodousi", "Ghodousi", 2009), listed[::-1]) == ("ghodsia", "by rule")
    assert match(cited("Nobody", "Nobody", 2010), listed) == ("", "none")


def test_the_reading_by_hand_departs_from_the_rule_only_where_the_page_says_so() -> None:
    found = CITATIONS.apply(match, axis=1, references=REFERENCES)
    by_hand = list(zip(CITATIONS["entry"], CITATIONS["match"], strict=True))
    differ = CITATIONS[[a != b for a, b in zip(found, by_hand, strict=True)]]
    assert set(differ["printed"]) == {"Ahmadi"}


def test_citations_are_whole_and_in_order() -> None:
    assert CITATIONS["number"].tolist() == list(range(1, len(CITATIONS) + 1))
    assert CITATIONS["paragraph"].is_monotonic_increasing
    assert set(CITATIONS["paragraph"]) <= set(load("paragraphs")["paragraph"])
    assert ((CITATIONS["entry"] == "") == (CITATIONS["match"] == "none")).all()
    assert set(CITATIONS["entry"]) - {""} <= set(REFERENCES["entry"])
    assert ((CITATIONS["form"] == "narrative") == (CITATIONS["paragraph"] <= "P015")).all()
    for _, of_work in CITATIONS.groupby("work"):
        assert of_work[["year", "entry", "match"]].drop_duplicates().shape[0] == 1, of_work
    for key in set(CITATIONS["identified_as"]) - {""}:
        assert f"{{{key}," in BIBLIOGRAPHY, key


def test_a_passage_needs_no_earlier_year_than_its_sentence() -> None:
    both = CITATIONS[CITATIONS["sentence_needs"].notna()]
    assert both["passage_needs"].notna().all()
    assert (both["sentence_needs"] <= both["passage_needs"]).all()
    coded = CITATIONS["passage_needs"].notna()
    assert (CITATIONS[coded]["dated_by"] != "").all()
    assert (CITATIONS[coded]["paragraph"] >= "P038").all()


def test_too_early_for_the_sentence_as_the_ledger_says() -> None:
    """The claim has two readings and a verdict of its own, so that no rule of the ledger holds the counts."""
    assert not (CITATIONS["year"] < CITATIONS["sentence_needs"]).any()
    undated = CITATIONS[CITATIONS["year"] < CITATIONS["sentence_may_need"]]
    assert undated["printed"].tolist() == ["Masoudi", "Hatami"]


def test_background_and_citations_agree() -> None:
    narrative = CITATIONS[CITATIONS["form"] == "narrative"]
    assert narrative["paragraph"].tolist() == BACKGROUND["paragraph"].tolist()
    assert narrative["year"].tolist() == BACKGROUND["year"].tolist()


# ------------------------------------------------------------ the whole paper is covered


def coverage() -> list[dict[str, str]]:
    """Return tests/coverage.csv: for each paragraph the page and section that treat it, or why it has no claims."""
    with (ROOT / "tests" / "coverage.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def pages_in_the_book() -> set[str]:
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    return {c["file"].removeprefix("book/") for part in toc["parts"] for c in part["chapters"]}


def anchors(page: str) -> set[str]:
    path = ROOT / "book" / f"{page}.ipynb"
    figures = {c["metadata"].get("mystnb", {}).get("figure", {}).get("name", "") for c in cells(path, "code")}
    return set(re.findall(r"^\(([a-z0-9-]+)\)=", prose(path), flags=re.M)) | figures - {""}


def test_every_paragraph_has_its_row() -> None:
    assert [row["paragraph"] for row in coverage()] == load("paragraphs")["paragraph"].tolist()


def fault(row: dict[str, str]) -> str | None:
    """Return what is wrong with a row of the coverage table, or None."""
    page, paragraph = row["page"], row["paragraph"]
    if page not in pages_in_the_book():
        return f"{paragraph}: there is no page {page!r}"
    if row["anchor"] not in anchors(page):
        return f"{paragraph}: {page} has no section {row['anchor']!r}"
    has_claims = any(paragraph in where.split("; ") for where in ledger()["where"])
    return None if has_claims or row["reason"] else f"{paragraph} has neither claims nor a reason for none"


@pytest.mark.parametrize("row", coverage(), ids=lambda row: row["paragraph"])
def test_every_paragraph_is_treated_somewhere(row: dict[str, str]) -> None:
    assert fault(row) is None, fault(row)


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (("P005", "", "", ""), "no page ''"),
        (("P005", "nowhere", "x", ""), "no page 'nowhere'"),
        (("P005", "paper", "", ""), "no section ''"),
        (("P005", "paper", "no-such-place", ""), "no section 'no-such-place'"),
        (("P002", "paper", "paper-structure", ""), "neither claims nor a reason"),
    ],
)
def test_a_gap_in_the_cover_is_named(row: tuple[str, ...], said: str) -> None:
    found = fault(dict(zip(("paragraph", "page", "anchor", "reason"), row, strict=True)))
    assert found and row[0] in found and said in found
