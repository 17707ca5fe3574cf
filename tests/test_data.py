"""The data package: valid, unchanged since its hashes were taken, and refused with a clear word when damaged."""

import hashlib
import json
import shutil
from pathlib import Path

import pandas as pd
import pytest

import bookkit.package
from bookkit import DataError, cite, describe, load, tables
from notebooks import ROOT

PACKAGE = json.loads((ROOT / "data" / "datapackage.json").read_text(encoding="utf-8"))
RESOURCES = {r["name"]: r for r in PACKAGE["resources"]}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the data that a test may damage, in the place where bookkit looks."""
    copied = tmp_path / "data"
    shutil.copytree(ROOT / "data", copied)
    monkeypatch.setattr(bookkit.package, "data_folder", lambda: copied)
    return copied


def test_frictionless_finds_the_package_valid() -> None:
    from frictionless import Package

    report = Package(str(ROOT / "data" / "datapackage.json")).validate()
    assert report.valid, report.flatten(["name", "rowNumber", "fieldName", "message"])


@pytest.mark.parametrize("name", RESOURCES)
def test_file_is_the_one_whose_hash_was_taken(name: str) -> None:
    resource = RESOURCES[name]
    content = (ROOT / "data" / resource["path"]).read_bytes()
    assert "sha256:" + hashlib.sha256(content).hexdigest() == resource["hash"], (
        f"data/{resource['path']} was changed since its hash was taken"
    )
    assert (len(content), len(load(name))) == (resource["bytes"], resource["rows"])


@pytest.mark.parametrize("name", RESOURCES)
def test_every_table_has_its_papers(name: str) -> None:
    resource = RESOURCES[name]
    for key in (
        "title",
        "description",
        "row",
        "made_by",
        "limits",
        "version",
        "source",
        "terms",
        "citation",
        "recipe",
        "group",
        "checked",
    ):
        assert resource[key], f"{name} lacks {key}"
    assert resource["reuse"] in ("open", "cited")
    assert all(field["description"] for field in resource["schema"]["fields"])
    assert len(describe(name)) == len(resource["schema"]["fields"])
    assert resource["citation"] in cite(name)


def test_sources_of_rows_are_in_the_bibliography() -> None:
    bibliography = (ROOT / "references.bib").read_text(encoding="utf-8")
    for name, resource in RESOURCES.items():
        keys = set(resource["citation_key"].split("; ")) - {""}
        if "source" in [field["name"] for field in resource["schema"]["fields"]]:
            keys |= {key for cell in load(name)["source"] for key in cell.split("; ")} - {""}
        for key in keys:
            assert f"{{{key}," in bibliography, f"{name}: {key}"
        if resource["recipe"] == "entered by hand" and name not in ("paragraphs", "claims"):
            assert keys, f"{name} was entered by hand and names no record"


def test_every_table_is_used_by_a_page() -> None:
    from bookkit.catalogue import pages_using

    assert not [name for name in RESOURCES if not pages_using(name)]


def test_the_rebuild_trial_is_of_these_tables() -> None:
    """trials/results/rebuild.csv is dated; a table that changed since needs the trial run again."""
    trial = pd.read_csv(ROOT / "trials" / "results" / "rebuild.csv")
    made = {name for name, resource in RESOURCES.items() if resource["recipe"] != "entered by hand"}
    assert set(trial["table"]) == made
    for row in trial.itertuples():
        assert row.same_as_in_the_book, row.table
        assert "sha256:" + row.table_sha256 == RESOURCES[row.table]["hash"], (
            f"{row.table}: run trials.rebuild again"
        )


def test_recipes_and_papers_agree() -> None:
    for name, resource in RESOURCES.items():
        if resource["recipe"] != "entered by hand":
            assert (ROOT / resource["recipe"]).is_file(), name
            assert resource["made_from"]["kind"] in (
                "provider's file",
                "named extract",
                "named extract and provider's file",
            )
            assert len(resource["made_from"]["sha256"]) >= 64, name


def test_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(DataError, match='no table "vetos".*vetoes'):
        load("vetos")


def test_missing_table_names_the_file_and_what_to_do(folder: Path) -> None:
    (folder / "vetoes.csv").unlink()
    with pytest.raises(DataError, match=r"data/vetoes.csv is missing.*git checkout -- data/vetoes.csv"):
        load("vetoes")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("2016-10-08,S/2016/846", "8.10.2016,S/2016/846", "row 195, field date.*YYYY-MM-DD"),
        ("2016-10-08,S/2016/846", "2031-10-08,S/2016/846", "row 195, field date.*at most 2026-11-22"),
        ("2016-10-08,S/2016/846", ",S/2016/846", "row 195, field date: is empty"),
        ("number,date,draft", "number,day,draft", "row 1.*lacks the column date.*unknown column day"),
        ("\n194,", "\n193,", "row 195, field number: the same key"),
        ("\n194,", "\nmany,", 'row 195, field number: "many" must be a whole number'),
        ("S/PV.7785,Middle East,Syria,false", "S/PV.7785,Middle East,Syria,no", 'field China: "no" must be true or false'),
    ],
)  # fmt: skip
def test_damaged_table_names_file_row_field_and_rule(folder: Path, old: str, new: str, message: str) -> None:
    path = folder / "vetoes.csv"
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1
    path.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(DataError, match=rf"data/vetoes.csv, {message}|data/vetoes.csv.*{message}"):
        load("vetoes")


def test_another_encoding_is_named(folder: Path) -> None:
    path = folder / "council_drafts.csv"
    path.write_text(path.read_text(encoding="utf-8") + "é", encoding="latin-1")
    with pytest.raises(DataError, match="council_drafts.csv is not UTF-8"):
        load("council_drafts")


def test_shuffled_columns_load_the_same(folder: Path) -> None:
    path = folder / "vetoes.csv"
    whole = load("vetoes")
    raw = pd.read_csv(path, dtype=str, keep_default_na=False)
    raw[raw.columns[::-1]].to_csv(path, index=False)
    pd.testing.assert_frame_equal(load("vetoes"), whole)


def test_a_legal_change_loads_because_readers_may_edit(folder: Path) -> None:
    path = folder / "vetoes.csv"
    path.write_text(path.read_text(encoding="utf-8").replace("S/2016/846", "S/2016/999"), encoding="utf-8")
    assert "S/2016/999" in set(load("vetoes")["draft"])


def test_broken_descriptor_says_so(folder: Path) -> None:
    (folder / "datapackage.json").write_text("{", encoding="utf-8")
    with pytest.raises(DataError, match="datapackage.json is not valid JSON"):
        tables()


def test_votes_in_the_council_add_up() -> None:
    drafts = load("council_drafts")
    assert (drafts[["yes", "no", "abstain"]].sum(axis=1) == 15).all()
    for row in drafts.itertuples():
        assert len(row.against.split("; ")) == row.no, row.draft
        assert len([s for s in row.abstained.split("; ") if s]) == row.abstain, row.draft


def test_the_two_tables_of_the_council_agree() -> None:
    vetoes = load("vetoes").set_index("draft")
    drafts = load("council_drafts")
    for row in drafts[drafts["outcome"] == "vetoed"].itertuples():
        assert vetoes.loc[row.draft, "date"] == row.date
        assert vetoes.loc[row.draft, "Russia"]
        assert vetoes.loc[row.draft, "China"] == ("China" in row.against.split("; ")), row.draft
    on_syria = vetoes[(vetoes["topic"] == "Syria") & vetoes["Russia"] & (vetoes["date"] <= "2017-12-31")]
    assert set(on_syria.index) == set(drafts[drafts["outcome"] == "vetoed"]["draft"])


def test_votes_by_member_agree_with_the_drafts() -> None:
    votes, drafts = load("council_votes"), load("council_drafts")
    assert set(votes["draft"]) == set(drafts["draft"])
    for row in drafts.itertuples():
        of_draft = votes[votes["draft"] == row.draft]
        assert len(of_draft) == 15, row.draft
        assert of_draft["vote"].value_counts().reindex(["yes", "no", "abstain"], fill_value=0).tolist() == [
            row.yes,
            row.no,
            row.abstain,
        ], row.draft
        assert set(of_draft[of_draft["vote"] == "no"]["member"]) == set(row.against.split("; ")), row.draft
        abstained = {state for state in row.abstained.split("; ") if state}
        assert set(of_draft[of_draft["vote"] == "abstain"]["member"]) == abstained, row.draft


def test_totals_by_member_are_those_published_in_april_2022() -> None:
    """The list that pledgetimes2022vetoes prints; it counts by the same rule."""
    vetoes = load("vetoes")
    then = vetoes[vetoes["date"] <= "2022-04-20"][["USSR", "Russia", "USA", "UK", "France", "China"]].sum()
    assert then.to_dict() == {"USSR": 90, "Russia": 29, "USA": 82, "UK": 29, "France": 16, "China": 16}
