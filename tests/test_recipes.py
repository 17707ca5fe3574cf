"""The recipes, on a few made-up rows in the providers' layout."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from data.recipes.__main__ import recipes
from notebooks import ROOT

VETOES = (
    "year,date,month,draft,meeting_record,agenda_item,crisis_topic,region,member_veto1,member_veto2,member_veto3,USA\n"
    '1999,3/7/1999,3,S/1999/2,"S/PV.2\nS/PV.3",Second item,Topic,Region,USA,UK,,0\n'
    "1998,12/31/1998,12,S/1998/1,S/PV.1,First  item,Topic,Region,Russia,,,0\n"
)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The tree that a recipe needs, where it may write."""
    for folder in ("book/bookkit", "data"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def recipe(copy: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "data.recipes", *arguments],
        cwd=copy, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip


def provide(copy: Path, text: str = VETOES) -> str:
    source = copy / "source" / "unsc-vetoes" / "raw"
    source.mkdir(parents=True)
    (source / "unsc_vetoes_1946_sept2022.csv").write_text(text, encoding="utf-8")
    return str(copy / "source")


def test_vetoes_are_rebuilt_from_the_names(copy: Path) -> None:
    done = recipe(copy, provide(copy), "vetoes")
    assert done.returncode == 0, done.stdout
    assert "lines new or changed" in done.stdout
    table = pd.read_csv(copy / "data" / "vetoes.csv")
    by_hand = len(pd.read_csv(copy / "data" / "recipes" / "vetoes_by_hand.csv"))
    written, table = len(table), table.head(2)  # the later rows are entered by hand
    assert table["date"].tolist() == ["1998-12-31", "1999-03-07"]
    assert table["meeting"].tolist() == ["S/PV.1", "S/PV.2; S/PV.3"]
    assert table["agenda"].tolist() == ["First item", "Second item"]
    assert table["USA"].tolist() == [False, True], "the name decides, not the provider's 0"
    resource = next(
        r
        for r in json.loads((copy / "data/datapackage.json").read_text())["resources"]
        if r["name"] == "vetoes"
    )
    assert resource["rows"] == written == 2 + by_hand


def test_same_input_gives_the_same_bytes(copy: Path) -> None:
    source = provide(copy)
    recipe(copy, source, "vetoes")
    first = (copy / "data" / "vetoes.csv").read_bytes()
    assert "unchanged" in recipe(copy, source, "vetoes").stdout
    assert (copy / "data" / "vetoes.csv").read_bytes() == first


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("USA,UK,", "Atlantis,UK,", "row 2: Atlantis is no permanent member"),
        ("Russia,,", ",,", "row 3: no member is named"),
        ("12/31/1998", "12/31/1898", "field date"),
    ],
)
def test_bad_input_writes_nothing(copy: Path, old: str, new: str, said: str) -> None:
    before = {p.name: p.read_bytes() for p in (copy / "data").glob("*.*")}
    done = recipe(copy, provide(copy, VETOES.replace(old, new)), "vetoes")
    assert done.returncode != 0
    assert said in done.stdout
    assert {p.name: p.read_bytes() for p in (copy / "data").glob("*.*")} == before


def test_missing_input_says_where_it_is_published(copy: Path) -> None:
    (copy / "empty").mkdir()
    done = recipe(copy, str(copy / "empty"), "vetoes")
    assert done.returncode != 0
    assert "is missing. The provider publishes it here: GitHub, world-politics-datalab" in done.stdout


def test_wrong_calls_say_what_to_do(copy: Path) -> None:
    assert "vetoes: unsc-vetoes/raw" in recipe(copy).stdout
    assert "is not a folder" in recipe(copy, "nowhere").stdout
    said = recipe(copy, str(copy), "vetos").stdout
    assert f'no recipe "vetos"; the recipes are: {", ".join(recipes())}' in said


def test_assembly_votes_from_the_providers_layout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rdata = pytest.importorskip("rdata")
    from data.recipes import assembly_votes

    calls = pd.DataFrame({"rcid": range(12), "unres": [f"R/{r}" for r in assembly_votes.RESOLUTIONS]})
    votes = pd.DataFrame(
        {"rcid": [0, 0, 1], "country_code": ["RU", "XX", "IR"], "vote": ["abstain", "yes", "no"]}
    )
    files = {"un_roll_calls": calls, "un_votes": votes}
    monkeypatch.setattr(rdata, "read_rda", lambda path: {path.stem: files[path.stem]})
    made = assembly_votes.make(tmp_path)
    assert ["66/176", "RUS", "abstain"] in made[["resolution", "country", "vote"]].to_numpy().tolist()
    assert ["66/253", "IRN", "no"] in made[["resolution", "country", "vote"]].to_numpy().tolist()
    assert len(made) == 2 + len(pd.read_csv(assembly_votes.BY_HAND))
    calls.loc[0, "unres"] = "R/1/1"
    with pytest.raises(ValueError, match="66/176 stands there 0 times"):
        assembly_votes.make(tmp_path)
