"""Mathematics: drawn by the browser itself, readable as text, with no script to fetch."""

import re
from pathlib import Path

import pytest
from bs4 import BeautifulSoup

from notebooks import notebooks, prose
from publish.mathml import mathml


def test_a_formula_keeps_its_source_as_text() -> None:
    element = BeautifulSoup(mathml(r"a  < \frac{1}{n}"), "html.parser").math
    assert element and element["alttext"] == r"a < \frac{1}{n}" and element.mfrac
    assert BeautifulSoup(mathml("x^2", "block"), "html.parser").select_one('math[display="block"] msup')


def test_a_command_that_cannot_be_drawn_is_named() -> None:
    with pytest.raises(ValueError, match=r"\\nosuchthing cannot be drawn as MathML in: \\nosuchthing x"):
        mathml(r"\nosuchthing x")


@pytest.mark.parametrize("path", notebooks(), ids=lambda p: p.stem)
def test_pages_hold_mathml_and_fetch_no_script_for_it(html: Path, path: Path) -> None:
    text = (html / "book" / f"{path.stem}.html").read_text(encoding="utf-8")
    source = re.sub(r"`[^`]*`|```.*?```", " ", prose(path), flags=re.S)
    formulas = re.findall(r"\$\$[^$]+\$\$|\$[^$\n]+\$", source)
    soup = BeautifulSoup(text, "html.parser")
    drawn = [math["alttext"] for math in soup.select("article math[alttext]")]
    assert drawn == [" ".join(formula.strip("$").split()) for formula in formulas]
    assert not [s for s in soup.select("script, link") if re.search(r"mathjax|katex", str(s), flags=re.I)]


def test_some_page_has_a_formula(html: Path) -> None:
    """The tests above would pass on a book without one."""
    assert "<math " in (html / "book" / "theory.html").read_text(encoding="utf-8")
