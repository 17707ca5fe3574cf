"""The ledger: every claim is placed, evidenced and shown; tests/test_malformed.py has what stops a build."""

import re

import pandas as pd
import pytest

from bookkit import ClaimError, claim, fold, ledger, load
from bookkit.claims import RULES, VERDICTS, verdict_of
from notebooks import ROOT
from publish.check import Book

CLAIMS = ledger()
KEYS = set(re.findall(r"^@\w+\{([^,]+),", (ROOT / "references.bib").read_text(encoding="utf-8"), flags=re.M))


CARDS = Book(ROOT).cards


@pytest.mark.parametrize("slug", list(CLAIMS["slug"]))
def test_every_claim_has_one_card_on_its_page(slug: str) -> None:
    row = CLAIMS.set_index("slug").loc[slug]
    assert [page.name for page, _, _ in CARDS.get(slug, [])] == [f"book/{row['chapter']}"]


def test_verdicts_follow_from_the_rules() -> None:
    for row in CLAIMS[CLAIMS["rule"] != ""].itertuples():
        assert verdict_of(row.found, row.stated, row.tolerance, row.rule) == row.verdict, row.slug
        assert row.rule in RULES


def test_every_claim_stands_in_paragraphs_that_exist() -> None:
    known = set(load("paragraphs")["paragraph"])
    for row in CLAIMS.itertuples():
        assert set(row.where.split("; ")) <= known, row.slug


def test_a_claim_without_a_rule_cites_a_source_or_a_place() -> None:
    for row in CLAIMS[CLAIMS["rule"] == ""].itertuples():
        cited = [e for e in row.evidence.split("; ") if e in KEYS]
        assert cited or row.verdict == "not testable", f"{row.slug} rests on no source"


def test_wrong_calls_name_the_claim() -> None:
    with pytest.raises(ClaimError, match="There is no claim"):
        claim("no-such-claim")
    with pytest.raises(ClaimError, match="russian-vetoes-on-syria-by-mid-2017.*needs the value"):
        claim("russian-vetoes-on-syria-by-mid-2017")
    with pytest.raises(ClaimError, match="russian-vetoes-on-syria-by-mid-2017.*finds 9"):
        claim("russian-vetoes-on-syria-by-mid-2017", 9)
    with pytest.raises(ClaimError, match="russian-vetoes-on-syria-by-mid-2017.*finds nan"):
        claim("russian-vetoes-on-syria-by-mid-2017", float("nan"))
    with pytest.raises(ClaimError, match="russia-read-1973.*without a value"):
        claim("russia-read-1973-as-regime-change", 1)


@pytest.mark.parametrize(
    ("rule", "found", "expected"),
    [("equal", 8, "contradicted"), ("equal", 12, "supported"), ("at least", 12, "supported"), ("at least", 11, "contradicted"),
     ("at most", 12, "supported"), ("at most", 13, "contradicted"), ("more than", 12, "contradicted"), ("less than", 11, "supported")],
)  # fmt: skip
def test_rules(rule: str, found: float, expected: str) -> None:
    assert verdict_of(found, 12, 0, rule) == expected


def test_verdict_words_are_the_schemas() -> None:
    fields = {f["name"]: f for f in _schema("claims")}
    assert fields["verdict"]["constraints"]["enum"] == list(VERDICTS)
    assert fields["rule"]["constraints"]["enum"] == list(RULES)


def _schema(name: str) -> list[dict]:
    from bookkit.package import descriptor

    return next(r for r in descriptor()["resources"] if r["name"] == name)["schema"]["fields"]


def test_ledger_with_half_a_rule_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    import bookkit.claims
    from bookkit import DataError

    broken = load("claims")
    broken.loc[broken["rule"] != "", "tolerance"] = pd.NA
    monkeypatch.setattr(bookkit.claims, "load", lambda name: broken)
    with pytest.raises(DataError, match="claim [a-z0-9-]+: .*fill all four or none"):
        ledger()


def test_folded_cards_are_counted_and_all_there() -> None:
    cards = [claim(slug) for slug in CLAIMS[CLAIMS["rule"] == ""]["slug"].head(3)]
    folded = fold("Claims of <P058>", *cards)
    assert (
        folded.markup.count('<details open class="claim ') == 3
        and "Claims of &lt;P058&gt;: " in folded.markup
    )
    counted = [int(n) for n in re.findall(r"\d+", repr(folded).splitlines()[0].split(": ")[1])]
    assert sum(counted) == 3
