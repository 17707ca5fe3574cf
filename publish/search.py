"""What the search finds: the words of cells, tables and captions too, and no bare numbers.

Sphinx indexes the outputs of cells, but glues the words of neighbouring cells of a table together, and
keeps every number although its search ignores numbers. How results are ranked is in ``static/scorer.js``.
"""

import re

from sphinx.search.en import SearchEnglish

END = re.compile(r"(</(?:td|th|dt|dd|caption|summary|p|li|h3|h4|b|small|strong|a|div)>)(?=<|\w)")


def parted(markup: str) -> str:
    """Return markup with a space after everything that ends a word, as HTML ignores it between cells and blocks."""
    return END.sub(r"\1 ", markup)


class Words(SearchEnglish):
    """English, without numbers."""

    def word_filter(self, word: str) -> bool:
        """Say whether a word is worth keeping."""
        return not word.isdecimal() and super().word_filter(word)
