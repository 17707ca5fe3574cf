"""Sum up the second reading of the dated facts, which a person did and wrote down in ``results/facts.csv``.

Run as ``python -m trials.facts`` after a row has changed. It writes what a page shows of that list:
``facts_summary.csv``, counts by page, and ``facts_changed.csv``, every fact that was not simply found again.
"""

import sys

import pandas as pd

from trials import RESULTS

WAYS = {"official record": "official_record", "two origins": "two_origins", "one source, attributed": "one_source"}  # fmt: skip
LOOKS = {
    "confirmed": "confirmed",
    "corrected": "corrected",
    "reworded": "reworded",
    "searched for, not found again": "not_found",
}
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


def summary(table: pd.DataFrame) -> pd.DataFrame:
    """Return counts by page, tables of data together, and a last row for all."""
    page = table["page"].where(~table["page"].str.startswith("data: "), "tables of data")
    page = page.where(~page.str.startswith("teaching/"), "for instructors")
    counted = pd.DataFrame({"facts": page.groupby(page, sort=False).size()})
    for column, names in (("verified_by", WAYS), ("second_look", LOOKS)):
        by = pd.crosstab(page, table[column]).reindex(columns=list(names), fill_value=0)
        counted = counted.join(by.rename(columns=names))
    counted = counted.sort_values("facts", ascending=False, kind="stable")
    counted.loc["all"] = counted.sum()
    told = table[TOLD].iloc[0]
    return counted.rename_axis("page").reset_index().assign(**told)


def changed(table: pd.DataFrame) -> pd.DataFrame:
    """Return the facts that were corrected, reworded or not found again, with what was found."""
    rows = table.loc[table["second_look"] != "confirmed"]
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
