"""Every recipe on made-up rows in its provider's layout: the rows it must write, and the damage it must refuse.

The inputs stand in ``made_up/``, the rows worked out from them by hand in ``made_up_expected/``. An R file
stands there as the table that it would hold, in CSV.
"""

import io
import json
import shutil
from pathlib import Path
from types import ModuleType
from typing import Any

import pandas as pd
import pytest

from bookkit import DataError
from bookkit.package import hold_to_schema
from data.recipes import __main__ as command
from notebooks import ROOT

MADE_UP = ROOT / "tests" / "made_up"
EXPECTED = ROOT / "tests" / "made_up_expected"
RECIPES = command.recipes()

SHORTER: dict[str, dict[str, Any]] = {
    "arms_deliveries": {"YEARS": range(2001, 2007)},
    "terror_attacks": {"FIRST": 2011, "LAST": 2012},
    "documented_killings": {"FIRST": "2011-03-01", "LAST": "2011-05-01"},
}
"""Spans that a recipe wants complete, cut to what can be worked out by hand."""

BY_HAND = {
    "assembly_votes": ("resolution", "resolution"),
    "cities": ("geonames", "geonameid"),
    "vetoes": ("draft", "draft"),
}
"""The column by which a row of a supplement is known, in the table and in the supplement."""

R_TYPES = {
    "un_roll_calls": {"rcid": "Int32", "session": "float64", "amend": "Int32", "para": "Int32"},
    "un_votes": {"rcid": "float64", "vote": "category"},
    "un_roll_call_issues": {"rcid": "Int32", "short_name": "string", "issue": "category"},
    "population": {"year": "float64", "refugees": "float64", "asylum_seekers": "float64", "idps": "float64"},
    "idmc": {"year": "float64", "total": "float64"},
}

DAMAGE: dict[str, list[tuple[int, str, str, str]]] = {
    "assembly_agreement": [
        (1, "1001,Russia,RU,abstain", "1001,Russia,RU,maybe", 'roll call 1001: Russia voted "maybe"'),
        (1, "1002,Russia,RU,no", "1001,Russia,RU,no", "roll call 1001: Russia stands there twice"),
    ],
    "alliances": [
        (0, "atop_consul", "consul", "row 1: the column atop_consul is missing"),
        (0, "2002,0.0", "2002,none", 'row 3: atop_defense is "none", not a number'),
        (0, "2003,1.0", "2003,2.0", "row 4: an obligation is neither 0 nor 1"),
        (0, "RUS,IRN,365,630,2003,0.0,0.0,0.0,1.0,1.0\n", "", "RUS to IRN is missing in 2003"),
    ],
    "arms_deliveries": [
        (0, "tiv_million", "tiv", "row 1: the column tiv_million is missing"),
        (0, "2003,10", "2003,ten", "row 6: ten is no whole number"),
        (0, "Iran,2005,7", "Atlantis,2005,7", "row 8: unknown recipient Atlantis"),
    ],
    "assembly_roll_calls": [
        (1, "1002,Russia,RU,no", "1002,Russia,RU,perhaps", 'roll call 1002: Russia voted "perhaps"'),
        (1, "1002,Russia,RU,no", "1001,Russia,RU,no", "roll call 1001: Russia stands there twice"),
        (2, "1015,ec", "1015,zz", 'roll call 1015: "zz" is no known issue'),
    ],
    "assembly_votes": [(0, "R/66/176", "R/66/177", "resolution 66/176 stands there 0 times, not once")],
    "terror_attacks": [
        (0, "incidents", "terror_attacks", "row 1: the column incidents is missing"),
        (0, "Iraq,2012,22", "Iraq,2012,many", 'row 7, incidents: "many" is no whole number'),
        (0, "Syria,2011,0,0\n", "", "not one row for each of Iran, Iraq, Russia, Syria, 2011 to 2012"),
    ],
    "belligerents": [
        (0, "gwno_b_2nd", "second", "row 1: the column gwno_b_2nd is missing"),
        (0, "9002,2008,365", "9002,2008,Russia", 'row 5, gwno_a: "Russia" is not known'),
        (1, '"2016","600"', '"2016","many"', 'row 4, bd_best: "many" is no whole number'),
    ],
    "borders": [
        (0, '"countries"', '"lands"', "lacks 'countries'"),
        (0, '"arcs": [\n', '"lines": [\n', "lacks 'arcs'"),
        (0, '"760"', '"761"', "country 1: Syria has no known code"),
    ],
    "capabilities": [
        (0, "upop", "urban", "row 1: the column upop is missing"),
        (0, "365,2001,20.0", "365,2001,much", 'row 4: milex is "much", not a number'),
        (0, "10.0,0.3\n", "10.0,0.4\n", "row 4: the mean of the shares is 0.300000"),
    ],
    "cities": [
        (0, "lon,", "long,", "row 1: the column lon is missing"),
        (0, "30.5", "north", 'row 3: lat is "north", not a number'),
        (0, ",US,", ",XX,", 'row 2: "XX" is no country known here'),
    ],
    "deaths": [
        (0, "gwno_battle", "battle", "row 1: the column gwno_battle is missing"),
        (1, '"2014","7"', '"2014","some"', 'row 2, best_fatality_estimate: "some" is no whole number'),
        (2, '"20","10","30"', '"20","25","30"', "row 2: low, best and high are out of order"),
    ],
    "documented_killings": [
        (0, "Siege", "Seige", "row 1: the column Siege is missing"),
        (1, "2011-04-01,10,0", "2011-04-01,10,none", 'row 4, Aleppo: "none" is no whole number'),
        (1, "2011-05-01,3", "2011-05-01,4", "row 5: the groups do not add up to the total"),
    ],
    "displaced": [
        (0, "SYR,2050", "SYR,2050.5", "year 2012: 2050.5 is no whole number"),
        (0, "2010,", "2009,", "Syria stands there twice for 2009"),
        (1, ",2100,", ",2100.5,", "year 2012: 2100.5 is no whole number"),
    ],
    "disputes": [
        (0, "hostlev1", "level1", "row 1: the column hostlev1 is missing"),
        (0, "365,200,2002", "365,200,late", 'row 6: year is "late", not a number'),
        (0, "SYR,IRN,9100", "SYR,IRN,9109", "row 2: the other direction is missing"),
    ],
    "gdp_population": [
        (0, ",Value", ",Amount", "row 1: the column Value is missing"),
        (1, "12345.6", "much", 'row 13: Value is "much", not a number'),
        (2, "Made-up USA,USA", "Made-up USA,USX", "has no row for USA"),
        (3, "SYR,2016,180", "SYR,2016,0", "row 15: the value is not above 0"),
    ],
    "events_between": [
        (0, "matlConf", "deeds", "row 1: the column matlConf is missing"),
        (0, "USA,2002,1.0", "USA,2002,one", "row 5: one is no whole number"),
        (0, "SYR,USA,2002", "SYR,USA,late", 'row 11, year: "late" is no whole number'),
        (0, "USA,SYR,2002,0.0,0.0,0.0,0.0\n", "", "USA to SYR does not have each year once"),
    ],
    "foreign_fighters": [
        (0, "icsr.low", "low", "row 1: the column icsr.low is missing"),
        (0, "7,9,8", "few,9,8", 'row 7: icsr.low is "few", not a number'),
        (0, "iran,IRN,20131217", "iran,IRN,20140101", "row 4: an estimate of another date"),
    ],
    "ideal_points": [
        (0, "Q95%", "Q96%", "row 1: the column Q95% is missing"),
        (1, '46,3,-0.25,-1.0,-0.75,-0.5,-0.25,0.0,0.25,0.5,"RUS"', '46,three,0,0,0,0,0,0,0,0,"RUS"', "row 2"),
        (2, "61,72,-1.5", "61,72,-2.5", "row 3: the estimate -2.5 is outside its interval"),
    ],
    "igo_shared": [
        (0, "dyadigos", "igos", "row 1: the column dyadigos is missing"),
        (0, "2001,12", "2001,dozen", 'row 4: dyadigos is "dozen", not a number'),
        (0, "2001,10", "2002,10", "row 3: GBR, USA, 2002 stands there twice"),
    ],
    "military_spending": [
        (0, "milex_pct_gdp", "share", "row 1: the column milex_pct_gdp is missing"),
        (0, "4000000000.0", "much", "row 4: much is no number"),
        (0, "QAT,Qatar", "ATL,Atlantis", "row 6: unknown country ATL"),
    ],
    "opinion": [
        (0, "unfavorable_pct", "against", "row 1: the column unfavorable_pct is missing"),
        (0, "20.5", "few", 'row 2: favorable_pct is "few", not a number'),
        (0, "90.0", "91.0", "row 4: the three shares do not make 100"),
    ],
    "refugees": [
        (0, "LBN,1200", "LBN,1200.5", "is not as expected"),
        (0, "LEB,LBN,1200", "GFR,DEU,1200", "the country stands there twice in one year"),
    ],
    "rivalries": [
        (0, "ideological", "ideas", "row 1: the column ideological is missing"),
        (0, "1999", "never", 'row 3: end is "never", not a number'),
        (0, "365,710", "999,710", "row 4: 999 is none of the sixteen states"),
    ],
    "trade": [
        (0, "iso_b", "partner", "row 1: the column iso_b is missing"),
        (0, "2001,10.0", "2001,ten", "row 2: ten is no number"),
        (1, "importer", "buyer", "row 1: the column importer is missing"),
        (1, "IRN,EGY", "IRN,CHN", "IRN to CHN stands twice in 2001"),
    ],
    "vetoes": [
        (0, "member_veto3", "third", "row 1: the column member_veto3 is missing"),
        (0, "Nowhere,USA,UK", "Nowhere,Atlantis,UK", "row 2: Atlantis is no permanent member"),
    ],
}
"""For each recipe: which of its inputs, what stands there, what stands there instead, what must be said."""


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the made-up inputs, with R files that hold what the CSV files of their names say."""
    copied = tmp_path / "source"
    shutil.copytree(MADE_UP, copied)
    for file in copied.rglob("*.csv"):
        if file.stem in R_TYPES:
            file.with_suffix(".rda").touch()

    def read_rda(path: Path) -> dict[str, pd.DataFrame]:
        return {path.stem: pd.read_csv(path.with_suffix(".csv")).astype(R_TYPES[path.stem])}

    monkeypatch.setattr(pytest.importorskip("rdata"), "read_rda", read_rda)
    return copied


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that recipes write to, with the descriptor alone."""
    folder = tmp_path / "data"
    folder.mkdir()
    shutil.copy(ROOT / "data" / "datapackage.json", folder)
    monkeypatch.setattr(command, "DATA", folder)
    return folder


@pytest.fixture
def shorten(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    for constant, value in SHORTER.get(name, {}).items():
        monkeypatch.setattr(RECIPES[name], constant, value)


def resource(data: Path, name: str) -> dict[str, Any]:
    package = json.loads((data / "datapackage.json").read_text(encoding="utf-8"))
    return next(r for r in package["resources"] if r["name"] == name)


def made_from_input(text: str, module: ModuleType) -> str:
    """Return a table's text without the rows of the recipe's supplement by hand."""
    if not hasattr(module, "BY_HAND"):
        return text
    column, known_by = BY_HAND[module.NAME]
    table = pd.read_csv(io.StringIO(text), dtype=str, keep_default_na=False)
    supplement = pd.read_csv(module.BY_HAND, dtype=str)
    ours = table[column].isin(supplement[known_by])
    assert ours.sum() == len(supplement), f"{module.NAME}: not each row of {module.BY_HAND.name} once"
    return table[~ours].to_csv(index=False, lineterminator="\n")


@pytest.mark.parametrize("name", RECIPES)
@pytest.mark.usefixtures("shorten")
def test_the_rows_worked_out_by_hand(name: str, source: Path, data: Path) -> None:
    module, expected = RECIPES[name], EXPECTED / f"{name}.csv"
    assert expected.is_file(), f"the recipe {name} has no rows in tests/made_up_expected/{name}.csv"
    command.write(module, source)
    described = resource(data, name)
    made = (data / described["path"]).read_bytes()
    assert made_from_input(made.decode(), module) == expected.read_text(encoding="utf-8")
    command.write(module, source)
    assert (data / described["path"]).read_bytes() == made, "the same input gave other bytes"
    table = pd.read_csv(io.BytesIO(made), dtype=str, keep_default_na=False)
    assert len(hold_to_schema(table, described, described["path"])) == described["rows"]


@pytest.mark.parametrize("name", RECIPES)
@pytest.mark.usefixtures("shorten")
def test_damage_is_named_and_nothing_written(name: str, source: Path, data: Path) -> None:
    module = RECIPES[name]
    assert DAMAGE.get(name), f"the recipe {name} has no damaged input in DAMAGE"
    before = {path.name: path.read_bytes() for path in data.iterdir()}
    for number, old, new, said in DAMAGE[name]:
        file = source / module.INPUTS[number]
        file = file.with_suffix(".csv") if file.suffix == ".rda" else file
        whole = file.read_text(encoding="utf-8")
        assert old in whole, f"{old} does not stand in {module.INPUTS[number]}"
        file.write_text(whole.replace(old, new, 1), encoding="utf-8")
        with pytest.raises((ValueError, DataError)) as refused:
            command.write(module, source)
        file.write_text(whole, encoding="utf-8")
        assert said in str(refused.value)
        assert module.INPUTS[number] in str(refused.value), "the message does not name the file"
        assert {path.name: path.read_bytes() for path in data.iterdir()} == before


def test_nothing_made_up_lies_idle() -> None:
    inputs = {name.replace(".rda", ".csv") for module in RECIPES.values() for name in module.INPUTS}
    assert {str(path.relative_to(MADE_UP)) for path in MADE_UP.rglob("*.*")} == inputs
    assert {path.stem for path in EXPECTED.iterdir()} == set(RECIPES) == set(DAMAGE)
