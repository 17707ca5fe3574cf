"""The question bank: what is asked about the chapters, on the page, on paper and in a course's own system.

``bank`` reads and checks the questions, ``page`` writes the self-checks of the chapters, ``exercises``
reads the exercises of the chapters. ``python -m publish.questions`` does what ``make questions`` does.
"""
