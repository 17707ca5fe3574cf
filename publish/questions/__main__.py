"""Check the question bank, write the self-checks into the chapters, and count what there is."""

import sys
from collections import Counter

from publish.questions import bank, page


def counts(questions: list[bank.Question]) -> str:
    """Return a table: questions by chapter, pool and level, and how many stand on the page."""
    lines = [
        f"{'':13}{'pool':10}" + "".join(f"{level:>10}" for level in bank.LEVELS) + "       all   on page"
    ]
    for chapter in bank.objectives():
        for pool in bank.POOLS:
            mine = [q for q in questions if (q.chapter, q.pool) == (chapter, pool)]
            by_level = Counter(q.level for q in mine)
            numbers = [*(by_level[level] for level in bank.LEVELS), len(mine), sum(q.on_page for q in mine)]
            lines.append(f"{chapter:13}{pool:10}" + "".join(f"{n:>10}" for n in numbers))
    return "\n".join(lines)


def main() -> int:
    """Do it; return the exit code."""
    try:
        questions = bank.load()
    except bank.BankError as error:
        print(error)
        return 1
    for chapter in page.write(questions):
        print(f"book/{chapter}.ipynb: the self-check was written anew")
    print(counts(questions))
    return 0


if __name__ == "__main__":
    sys.exit(main())
