"""The ledger of claims: what the paper states, what was found, and the verdict that follows."""

import html
from functools import lru_cache
from typing import Any

import pandas as pd

from bookkit.package import load
from bookkit.paths import DataError, data_folder
from bookkit.sentences import Shown

VERDICTS = {
    "supported": "the evidence agrees with the claim",
    "partly": "the evidence agrees with a part of the claim, which is named",
    "contradicted": "the evidence disagrees with the claim",
    "not testable": "no evidence at hand could decide it; what could is named",
    "normative": "it says what ought to be, so evidence alone cannot decide it",
}

RULES = {
    "equal": lambda found, stated, tolerance: abs(found - stated) <= tolerance,
    "at least": lambda found, stated, tolerance: found >= stated - tolerance,
    "at most": lambda found, stated, tolerance: found <= stated + tolerance,
    "more than": lambda found, stated, tolerance: found > stated + tolerance,
    "less than": lambda found, stated, tolerance: found < stated - tolerance,
}
"""A rule says when the value found (first) bears out the value stated (second), within a tolerance."""


class Card(Shown):
    """What ``claim`` shows; it knows its verdict, so that several can be counted."""

    def __init__(self, row: pd.Series) -> None:
        """Draw the card of one row of the ledger."""
        super().__init__(_text(row), _card(row))
        self.verdict = str(row["verdict"])


class ClaimError(Exception):
    """A page no longer bears out the ledger; the message names the claim."""


def ledger() -> pd.DataFrame:
    """Return the whole ledger, one row per claim, in the order of the paper.

    Raises
    ------
    DataError
        ``data/claims.csv`` is missing or breaks its schema, or a claim that data decide lacks one of
        stated, found, tolerance or rule.
    """
    claims = load("claims")
    for row in claims.itertuples():
        given = [*(not pd.isna(v) for v in (row.stated, row.found, row.tolerance)), row.rule != ""]
        if any(given) and not all(given):
            raise DataError(
                f"data/claims.csv, claim {row.slug}: stated, found, tolerance and rule go together; "
                "fill all four or none."
            )
    claims["finding"] = [
        row.finding.format(found=row.found) if row.rule else row.finding for row in claims.itertuples()
    ]
    return claims


@lru_cache(maxsize=1)
def _ledger_of(stamps: tuple[tuple[int, int], ...]) -> pd.DataFrame:
    """Return the ledger of one state of its files, so that a page with many cards reads it once."""
    return ledger()


def _row(slug: str) -> pd.Series:
    files = [data_folder() / name for name in ("claims.csv", "datapackage.json")]
    claims = _ledger_of(tuple((f.stat().st_mtime_ns, f.stat().st_size) for f in files if f.is_file()))
    rows = claims[claims["slug"] == slug]
    if rows.empty:
        near = ", ".join(claims["slug"])
        raise ClaimError(f'There is no claim "{slug}" in data/claims.csv. The claims are: {near}.')
    return rows.iloc[0]


def verdict_of(found: float, stated: float, tolerance: float, rule: str) -> str:
    """Return ``supported`` when the rule holds, else ``contradicted``."""
    return "supported" if RULES[rule](found, stated, tolerance) else "contradicted"


def claim(slug: str, value: Any = None) -> Card:
    """Return a card that shows a claim of the paper, what was found, and the verdict.

    Parameters
    ----------
    slug
        The claim's name in ``data/claims.csv``.
    value
        What the page computed, in the ledger's unit; only for claims that data decide.

    Raises
    ------
    ClaimError
        The claim is unknown; it needs a value and got none, or the other way round; the value is not
        the one in the ledger within its tolerance; or the rule gives another verdict than the ledger.
    """
    row = _row(slug)
    decided_by_data = bool(row["rule"])
    if decided_by_data and value is None:
        raise ClaimError(f"claim {slug}: data decide this claim, so it needs the value computed on the page.")
    if not decided_by_data and value is not None:
        raise ClaimError(f"claim {slug}: cited sources decide this claim; call it without a value.")
    if decided_by_data:
        if not abs(float(value) - row["found"]) <= row["tolerance"]:  # so that no value (NaN) is refused too
            raise ClaimError(
                f"claim {slug}: the page finds {value}, the ledger has {row['found']:g} "
                f"(tolerance {row['tolerance']:g} {row['unit']}). Find out which is right, then mend "
                "the data, the page or data/claims.csv."
            )
        follows = verdict_of(float(value), row["stated"], row["tolerance"], row["rule"])
        if follows != row["verdict"]:
            raise ClaimError(
                f'claim {slug}: the rule "{row["rule"]} {row["stated"]:g}" makes it {follows}, '
                f"the ledger says {row['verdict']}."
            )
    return Card(row)


def fold(title: str, *cards: Card) -> Shown:
    """Return several cards folded under one line that counts their verdicts.

    Parameters
    ----------
    title
        What the cards have in common: ``"Claims of P016 to P018"``.
    cards
        What ``claim`` returned.
    """
    counts = [(sum(card.verdict == verdict for card in cards), verdict) for verdict in VERDICTS]
    line = f"{title}: {', '.join(f'{n} {verdict}' for n, verdict in counts if n)}"
    inside = "".join(card.markup.replace("<details ", "<details open ", 1) for card in cards)
    return Shown(
        "\n\n".join([line, *(card.text for card in cards)]),
        f'<details class="behind"><summary>{html.escape(line)}</summary>{inside}</details>',
    )


def _text(row: pd.Series) -> str:
    return f"The paper ({row['where']}): {row['claim']}\nFound: {row['finding']}\nVerdict: {row['verdict']} ({row['confidence']} confidence)"


def _card(row: pd.Series) -> str:
    def safe(key: str) -> str:
        return html.escape(str(row[key]))

    frame = f'class="claim claim-{safe("verdict").replace(" ", "-")}" id="claim-{safe("slug")}"'
    label = "We read in the paper" if row["kind"] == "consistency" else "The paper claims"
    stated = f"<b>{label}</b> {safe('claim')} <small>({safe('where')})</small>"
    verdict = f"<strong>Verdict: {safe('verdict')}</strong>"
    found = f"<p><b>We find</b> {safe('finding')}</p>"
    link = (
        f"confidence: {safe('confidence')}. "
        f'<a href="claims.ipynb#claim-{safe("slug")}">This claim in the ledger</a></p>'
    )
    if row["rule"]:  # computed here, so the whole card is open
        return f"<div {frame}><p>{stated}</p>{found}<p>{verdict}; {link}</div>"
    summary = f"<summary>{stated} {verdict}</summary>"
    return f"<details {frame}>{summary}{found}<p>{link.capitalize()}</details>"


def ledger_page(claims: pd.DataFrame) -> Shown:
    """Return the claims given as a table that a page shows: each with an anchor and links to its evidence.

    ``evidence`` holds places and citation keys, parted by semicolons: ``russia#fig-x`` is a figure or
    a heading of a page, ``table:vetoes`` a table, anything else a key of ``references.bib``. The built
    book shows titles and authors where JupyterLab shows labels and keys. The form above the table is
    hidden until the book's script for this page shows it; without scripts the whole table stands there.
    """
    rows = "".join(_entry(row) for _, row in claims.iterrows())
    text = "\n\n".join(_text(row) for _, row in claims.iterrows())
    head = "".join(f'<th scope="col">{h}</th>' for h in ("Claim", "Verdict", "What was found, and where"))
    return Shown(
        text,
        f'<div class="ledger">{_filter_form(claims)}<table class="ledger-table">'
        "<caption>Every claim of the paper, in its order</caption>"
        f"<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>",
    )


def _filter_form(claims: pd.DataFrame) -> str:
    fields = '<label>Words <input type="search" name="words" autocomplete="off"></label>'
    for key in ("chapter", "kind", "verdict"):
        options = "".join(f"<option>{html.escape(v)}</option>" for v in sorted(set(claims[key])))
        fields += (
            f'<label>{key.capitalize()} <select name="{key}"><option value="">all</option>{options}'
            "</select></label>"
        )
    return (
        f'<form class="ledger-filter" aria-label="Choose claims" hidden>{fields}'
        '<button type="reset">Show all</button><p role="status"></p></form>'
    )


def _entry(row: pd.Series) -> str:
    def safe(key: str) -> str:
        return html.escape(str(row[key]))

    decided = ""
    if row["rule"]:
        words = "equal to" if row["rule"] == "equal" else safe("rule")
        decided = (
            f"<dt>Rule</dt><dd>stated {row['stated']:g}, found {row['found']:g} {safe('unit')}; "
            f"supported when found is {words} stated, tolerance {row['tolerance']:g}</dd>"
        )
    return (
        f'<tr class="claim-{safe("verdict").replace(" ", "-")}" id="claim-{safe("slug")}">'
        f'<th scope="row">{safe("claim")} <small>({safe("where")}; {safe("kind")})</small></th>'
        f"<td><b>{safe('verdict').capitalize()}</b>, {safe('confidence')} confidence</td>"
        f'<td>{safe("finding")} <a href="{safe("chapter")}.ipynb#claim-{safe("slug")}">'
        "In the chapter</a>"
        f"<details><summary>How it was checked</summary><dl><dt>Check</dt><dd>{safe('check')}</dd>{decided}"
        f"<dt>Evidence</dt><dd>{_evidence(row['evidence'])}</dd></dl></details></td></tr>"
    )


def _evidence(text: str) -> str:
    links = []
    for item in (part.strip() for part in text.split(";")):
        if item.startswith("table:"):
            name = item.removeprefix("table:")
            links.append(f'<a href="data.ipynb#table-{html.escape(name)}">table {html.escape(name)}</a>')
        elif "#" in item:
            page, anchor = (html.escape(part) for part in item.split("#", 1))
            links.append(f'<a class="place" href="{page}.ipynb#{anchor}">{page}, {anchor}</a>')
        else:
            links.append(
                f'<a class="source" href="bibliography.md#ref-{html.escape(item)}">{html.escape(item)}</a>'
            )
    return ", ".join(links)
