"""Mathematics without a script: LaTeX in a page becomes MathML when the book is built.

Browsers draw MathML themselves and screen readers read it aloud, so nothing has to be fetched or run.
The source stays ``$...$`` and ``$$...$$``, which JupyterLab shows with its own renderer.
"""

import html
import re
from typing import Any

from docutils import nodes
from latex2mathml.converter import convert
from sphinx.application import Sphinx
from sphinx.writers.html5 import HTML5Translator


def setup(app: Sphinx) -> dict[str, Any]:
    """Offer the renderer to Sphinx; ``html_math_renderer: mathml`` chooses it."""
    app.add_html_math_renderer("mathml", (visit_math, None), (visit_math_block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def mathml(latex: str, display: str = "inline") -> str:
    """Return LaTeX as one ``math`` element that keeps its source as text for readers that draw no MathML.

    Raises
    ------
    ValueError
        The LaTeX holds a command that the converter does not know and would print as it stands.
    """
    source = " ".join(latex.split())
    element = convert(source, display=display)
    if unknown := re.search(r"\\[A-Za-z]+", re.sub(r"<[^>]*>", " ", html.unescape(element))):
        raise ValueError(f"mathematics: {unknown[0]} cannot be drawn as MathML in: {source}")
    return element.replace("<math ", f'<math alttext="{html.escape(source, quote=True)}" ', 1)


def visit_math(self: HTML5Translator, node: nodes.math) -> None:
    """Write mathematics within a sentence."""
    self.body.append(mathml(node.astext()))
    raise nodes.SkipNode


def visit_math_block(self: HTML5Translator, node: nodes.math_block) -> None:
    """Write mathematics on a line of its own."""
    self.body.append(self.starttag(node, "div", CLASS="formula"))
    self.body.append(mathml(node.astext(), "block") + "</div>\n")
    raise nodes.SkipNode
