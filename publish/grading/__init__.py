"""Grading of handed-in notebooks: their code runs in one process, the marks are decided in another.

otter-grader's part: the format of a master, the split into a student's and an instructor's notebook
(`publish.packs` calls it), public and hidden tests, points, and the running of tests against values.
Ours: the room in which a submission runs (`sandbox`, `runner`), what may leave it (`checks.plain`), the
key that tests hold values to (`marks`), the reports and the CSV (`report`), resuming (`__main__`).
"""
