"""The exercises of the chapters: their numbers, levels and objectives, as the notebooks state them."""

import re
from dataclasses import dataclass
from pathlib import Path

from publish.questions.bank import LEVELS, OBJECTIVES, BankError, objectives
from publish.questions.plain import ROOT, page_text

BEGINS = re.compile(r"^\*\*(\d+) \((.*?)\)\.\*\*", flags=re.M)
TAG = re.compile(rf"({'|'.join(LEVELS)}); objective (\d+)(?:; (code|no code))?")


@dataclass(frozen=True)
class Exercise:
    """One exercise of a chapter; ``objective`` is the id that objectives.yaml gives its number.

    ``code`` says whether its solution needs code to be written or changed; None where the tag does not say.
    """

    chapter: str
    number: int
    level: str
    objective: str
    code: bool | None


def exercises(chapter: str, root: Path = ROOT) -> list[Exercise]:
    """Return the exercises of a chapter; raise BankError where a tag cannot be read."""
    by_number = {o.number: o.id for o in objectives(root)[chapter]}
    found = []
    for number, given in BEGINS.findall(page_text(chapter, root)):
        tag = TAG.fullmatch(given)
        if not tag or int(tag[2]) not in by_number:
            raise BankError(
                f"book/{chapter}.ipynb, exercise {number}: the tag is '({given})'; write '(apply; objective 2; "
                f"code)' with a level of {', '.join(LEVELS)}, a number of the {len(by_number)} objectives in "
                f"{OBJECTIVES}, and 'code' or 'no code'"
            )
        code = {"code": True, "no code": False}.get(tag[3])
        found.append(Exercise(chapter, int(number), tag[1], by_number[int(tag[2])], code))
    return found
