"""Check the question bank, write the self-checks into the chapters, and count what there is."""

import sys
from collections import Counter

from publish.questions import bank, page
from publish.questions.exercises import exercises


def counts(questions: list[bank.Question]) -> str:
    """Return two tables: questions and exercises by level, and by objective, for each chapter."""
    head = "".join(f"{level:>10}" for level in bank.LEVELS)
    lines = [f"{'':24}{head}       all   on page"]
    for chapter in bank.objectives():
        levels = {"exercises": [e.level for e in exercises(chapter)]}
        for pool in bank.POOLS:
            levels[pool] = [q.level for q in questions if (q.chapter, q.pool) == (chapter, pool)]
        for name, mine in levels.items():
            numbers = [*(Counter(mine)[level] for level in bank.LEVELS), len(mine)]
            numbers += (
                [sum(q.on_page for q in questions if q.chapter == chapter)] if name == "practice" else []
            )
            lines.append(f"{chapter:13}{name:11}" + "".join(f"{n:>10}" for n in numbers))
    lines += ["", f"{'':13}{'objective':16} exercises  practice    graded"]
    for chapter, known in bank.objectives().items():
        for aim in known:
            numbers = [sum(e.objective == aim.id for e in exercises(chapter))]
            numbers += [
                sum((q.chapter, q.pool, q.objective) == (chapter, p, aim.id) for q in questions)
                for p in bank.POOLS
            ]
            lines.append(f"{chapter:13}{aim.number} {aim.id:14}" + "".join(f"{n:>10}" for n in numbers))
    return "\n".join(lines)


def main() -> int:
    """Do it; return the exit code."""
    try:
        questions = bank.load()
        told = counts(questions)
    except bank.BankError as error:
        print(error)
        return 1
    for chapter in page.write(questions):
        print(f"book/{chapter}.ipynb: the self-check was written anew")
    print(told)
    return 0


if __name__ == "__main__":
    sys.exit(main())
