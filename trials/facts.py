"""Sum up the second reading of the dated facts, done and written down by hand in ``results/facts.csv``.

Run as ``python -m trials.facts`` after a row has changed. It writes what a page shows of that list:
``facts_summary.csv``, counts by page, and ``facts_changed.csv``, every fact that was not simply confirmed.
"""

import sys

import pandas as pd

from trials import RESULTS

WAYS = {
    "official record": "official_record",
    "two origins": "two_origins",
    "one source, attributed": "one_source",
    "the work itself": "work_itself",
}
LOOKS = {
    "confirmed": "confirmed",
    "corrected": "corrected",
    "reworded": "reworded",
    "searched for, not found again": "not_found",
    "agrees with our records": "our_records",
}
PAGES = {  # the pages as their readers know them
    "index": "The front page",
    "paper": "The page on the paper",
    "theory": "Theory",
    "iran": "Iran",
    "russia": "Russia",
    "cooperation": "Cooperation",
    "hindsight": "Hindsight",
    "glossary": "The glossary",
    "method": "The page on method",
}
TABLES = "Tables of data"
TOLD = ["date", "machine"]


def facts() -> pd.DataFrame:
    """Return the list as it was written, one row for each fact.

    Raises
    ------
    ValueError
        A row has a word that the list does not know.
    """
    table = pd.read_csv(RESULTS / "facts.csv", dtype=str, keep_default_na=False)
    for column, known in (("verified_by", WAYS), ("second_look", LOOKS)):
        wrong = table.loc[~table[column].isin(known)]
        if len(wrong):
            row = wrong.index[0] + 2
            raise ValueError(
                f"facts.csv, row {row}: {column} is {wrong[column].iloc[0]!r}; use one of {', '.join(known)}"
            )
    return table


def named(page: pd.Series) -> pd.Series:
    """Return pages and tables under the names that readers know."""
    return (
        page.replace(PAGES)
        .str.replace("data: ", "Table ", regex=False)
        .str.replace("^teaching/.*", "For instructors", regex=True)
    )


def summary(table: pd.DataFrame) -> pd.DataFrame:
    """Return counts by page, tables of data together, and a last row for all."""
    page = named(table["page"])
    page = page.where(~page.str.startswith("Table "), TABLES)
    counted = pd.DataFrame({"facts": page.groupby(page, sort=False).size()})
    for column, names in (("verified_by", WAYS), ("second_look", LOOKS)):
        by = pd.crosstab(page, table[column]).reindex(columns=list(names), fill_value=0)
        counted = counted.join(by.rename(columns=names))
    counted = counted.sort_values("facts", ascending=False, kind="stable")
    counted.loc["All"] = counted.sum()
    told = table[TOLD].iloc[0]
    return counted.rename_axis("page").reset_index().assign(**told)


def changed(table: pd.DataFrame) -> pd.DataFrame:
    """Return the facts that were not simply confirmed, with what was found."""
    rows = table.loc[table["second_look"] != "confirmed"].assign(page=named(table["page"]))
    return rows[["page", "fact", "second_look", "note", *TOLD]].reset_index(drop=True)


RESULTS_OF = {"facts_summary": summary, "facts_changed": changed}


def main() -> int:
    """Write both tables."""
    table = facts()
    for name, made in RESULTS_OF.items():
        made(table).to_csv(RESULTS / f"{name}.csv", index=False, lineterminator="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
