"""Finding the entry of a reference list that a citation means, by rules that a reader can check.

The rules use no more than what is printed: the first author's family name, the year, and whether a
name of the one stands among the authors of the other. Their result is a mechanical coding, to be laid
beside a reading by hand.
"""

import re
from difflib import SequenceMatcher

import pandas as pd

ALIKE = 0.75  # from this likeness on, two spellings may be one name; lower, and different names meet


def letters(name: str) -> str:
    """Return a name in small letters without spaces, hyphens and marks: ``"Haji Yousefi"`` is ``"hajiyousefi"``."""
    return re.sub(r"[^a-z]", "", name.lower())


def likeness(one: str, other: str) -> float:
    """Return how much of two names is the same letters in the same order, from 0 to 1."""
    return SequenceMatcher(None, letters(one), letters(other)).ratio()


def kind_of_match(citation: pd.Series, entry: pd.Series) -> str:
    """Return ``exact``, ``by rule``, ``borderline`` or ``none`` for one citation and one entry.

    Exact: same family name and year. By rule: same year, and names spelled alike. Borderline: names
    alike and years at most two apart, or same year and a family name of the citation among the
    entry's authors. A citation or entry without name or year matches nothing.
    """
    if not (citation["surname"] and entry["surname"]) or pd.isna(citation["year"]) or pd.isna(entry["year"]):
        return "none"
    apart = abs(int(citation["year"]) - int(entry["year"]))
    alike = likeness(citation["surname"], entry["surname"])
    if apart == 0 and alike == 1:
        return "exact"
    if apart == 0 and alike >= ALIKE:
        return "by rule"
    named = letters(entry["surname"]) in letters(citation["printed"])
    if (apart <= 2 and alike >= ALIKE) or (apart == 0 and named):
        return "borderline"
    return "none"


def match(citation: pd.Series, references: pd.DataFrame) -> tuple[str, str]:
    """Return the entry that a citation means and the kind of match, or ``("", "none")``.

    The best kind wins; between entries of one kind, the nearer spelling, then the nearer year, then
    the earlier place in the list.

    Parameters
    ----------
    citation
        A row of the table ``citations``: printed, surname, year.
    references
        The table ``references``: entry, surname, year.
    """
    for kind in ("exact", "by rule", "borderline"):
        found = [e for _, e in references.iterrows() if kind_of_match(citation, e) == kind]
        if found:
            best = min(
                found,
                key=lambda e: (
                    -likeness(citation["surname"], e["surname"]),
                    abs(int(citation["year"]) - int(e["year"])),
                ),
            )
            return best["entry"], kind
    return "", "none"
