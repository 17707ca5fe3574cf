"""Style rules that something on the pages can match; the others are dropped.

A rule stays when some element of some page, or something that a script puts on one, fits its selector.
What fits is decided on one small page that holds every element of all pages once for each chain of names
from the top to it, so that a thousand selectors take a second.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Any

import tinycss2
from selectolax.lexbor import LexborHTMLParser, LexborNode
from tinycss2.ast import AtRule, Declaration, Node, QualifiedRule

STATES = {
    "active", "current", "scrolled", "hide", "noprint", "pst-sidebar-hidden",  # scrolling and the sidebars
    "show", "dropdown-menu-dark",  # open menus, and menus in the dark theme
    "success",  # a copied cell
}  # fmt: skip
"""Classes that scripts switch on and off: a rule that asks for one is kept if it fits without it."""

SWITCHED = {"open", "hidden", "aria-current", "aria-expanded", "data-mode"}
"""Attributes that scripts and browsers set."""

NEVER = (
    ":not([data-theme])",  # every page says its theme
    "::file-selector-button", "::-webkit-date", "::-webkit-color", "::-webkit-inner-spin", "::-moz-focus-inner",
    "[type=file]", "[type=date]", "[list]",
)  # fmt: skip
"""Parts of selectors that fit no page: another theme's state, and kinds of fields that the book has not."""

ADDED = """
<body><main class="bd-main" id="main-content"><div class="bd-content"><div class="bd-article-container">
<article class="bd-article"><p class="highlight-link"><a href="#">Hide</a></p>
<p>Text <span class="highlighted">found</span> <a href="#">with a note</a></p><div class="note-box"><p>Note</p></div>
<div class="cell"><div class="cell_input"><div class="highlight"><pre></pre>
<button class="copybtn"><svg><rect/><path/></svg></button></div></div></div>
</article><div class="bd-search-container"><div id="search-results"><h2>Results<span></span></h2>
<p class="search-summary">Found</p><ul class="search"><li class="kind-text"><a href="#">Page</a><span>of</span>
<p class="context">Text <span class="highlighted">found</span></p></li></ul></div></div>
</div></div></main><p class="visually-hidden">Copied</p></body>
"""
"""What scripts put on pages, where they put it. A script that adds something else needs it here."""


class Used:
    """What stands on some pages: every element once for each chain of names from the top to it."""

    def __init__(self, trees: Iterable[LexborHTMLParser], styles: str) -> None:
        """Walk through the pages; of identifiers only those that the style sheet may ask for count."""
        self.names: set[str] = set()
        self._attributes = set(SWITCHED)
        self._identifiers = set(re.findall(r"#([A-Za-z][\w-]*)", styles))
        self._chains: dict[str, Any] = {}
        for tree in (*trees, LexborHTMLParser(ADDED)):
            if tree.root:
                self._walk(tree.root, self._chains)
            for side in ("primary", "secondary"):  # whose content and classes the theme moves to a dialog
                sidebar, dialog = (tree.css_first(f"#pst-{side}-sidebar{end}") for end in ("", "-modal"))
                if sidebar and dialog:
                    dialog.attrs["class"] = sidebar.attributes.get("class")
                    chain = self._chains
                    for above in (*reversed(list(_above(dialog))), dialog):
                        chain = chain.setdefault(self._start(above), {})
                    for child in sidebar.iter():
                        self._walk(child, chain)
        self._page = LexborHTMLParser(_written(self._chains))
        self._answers: dict[str, bool] = {}

    def _walk(self, node: LexborNode, chains: dict[str, Any]) -> None:
        inside = chains.setdefault(self._start(node), {})
        attributes = node.attributes
        self._attributes.update(attributes)
        self.names.update(
            [node.tag or "", attributes.get("id") or "", *(attributes.get("class") or "").split()]
        )
        for child in node.iter():
            self._walk(child, inside)

    def _start(self, node: LexborNode) -> str:
        """Return how an element begins, with what a selector may ask for."""
        ident, classes = node.id or "", node.attributes.get("class")
        said = f' id="{ident}"' if ident in self._identifiers else ""
        return f"{node.tag}{said}" + (f' class="{classes}"' if classes else "")

    def fits(self, selector: list[Node]) -> bool:
        """Say whether something on a page, or that a script puts there, could match a selector.

        States, values of attributes and pseudo-classes count as met, brothers and sisters as well.
        """
        written = tinycss2.serialize(selector)
        if any(part in written for part in NEVER):
            return False
        plain = re.sub(r"\[[^]]*\]|:[\w-]+\([^()]*(?:\([^()]*\)[^()]*)*\)", "", written)
        if not set(re.findall(r"\.([\w-]+)", plain)) <= self.names | STATES:
            return False
        if not set(re.findall(r"\[\s*([\w-]+)", _without_not(selector))) <= self._attributes:
            return False
        return any(map(self._fits, _asked(selector)))

    def _fits(self, asked: str) -> bool:
        if asked not in self._answers:
            self._answers[asked] = self._page.css_first(asked) is not None
        return self._answers[asked]


def _without_not(selector: list[Node]) -> str:
    return tinycss2.serialize([t for t in selector if t.type != "function" or t.lower_name != "not"])


def _above(node: LexborNode) -> Iterator[LexborNode]:
    while (parent := node.parent) and parent.is_element_node:
        yield parent
        node = parent


def _written(chains: dict[str, Any]) -> str:
    return "".join(f"<{start}>{_written(inside)}</{start.split()[0]}>" for start, inside in chains.items())


def _asked(selector: list[Node]) -> list[str]:
    """Return a selector as ones of elements, classes and identifiers only, of which one has to fit.

    Each choice in ``:is()`` gives one of them: the parser of the pages finds nothing inside an element
    that it knows by ``:is()``.
    """
    texts, hidden = [""], False
    for token in selector:
        if token.type == "literal" and token.value == ":":
            hidden = True
        elif token.type == "function" and hidden:
            if token.lower_name in ("is", "where"):
                choices = [choice for part in _parts(token.arguments) for choice in _asked(part)] or ["*"]
                texts = [_joined(text, choice) for text in texts for choice in choices]
            hidden = False
        elif token.type == "ident" and hidden:
            hidden = False
        elif token.type == "literal" and token.value in ("+", "~"):
            texts = [""]  # what stands before a brother or sister is not asked for
        elif token.type != "[] block":
            texts = [text + tinycss2.serialize([token]) for text in texts]
    return [_bare(text) for text in texts]


def _joined(text: str, choice: str) -> str:
    """Return a selector with one choice added; a second name for the same element is left out."""
    return text if re.search(r"[\w*-]$", text) and re.match(r"[\w*]", choice) else text + choice


def _bare(text: str) -> str:
    text = re.sub(r"\.([\w-]+)", lambda m: "" if m[1] in STATES else m[0], text)
    text = re.sub(r"\s*>\s*", ">", text.strip())
    return re.sub(r"(^|>)(?=>|$)", r"\1*", text)


def purge(styles: str, used: Used) -> str:
    """Return a style sheet without the rules, animations and variables that nothing uses, in few bytes."""
    rules = list(_kept(tinycss2.parse_stylesheet(styles, skip_comments=True, skip_whitespace=True), used))
    while True:
        text = "".join(rules)
        asked = set(re.findall(r"var\((--[\w-]+)", text))
        moving = set(re.findall(r"animation[\w-]*:([^;}]*)", text))
        slim = [_without_variables(rule, asked) for rule in rules if not _still(rule, moving)]
        if slim == rules:
            return text + "\n"
        rules = slim


def _kept(rules: Iterable[Node], used: Used) -> Iterator[str]:
    for rule in rules:
        if isinstance(rule, QualifiedRule):
            selectors = [s for s in _parts(rule.prelude) if used.fits(s)]
            body = _body(rule.content)
            if selectors and body:
                yield f"{','.join(tinycss2.serialize(s).strip() for s in selectors)}{{{body}}}"
        elif isinstance(rule, AtRule) and rule.content is not None:
            head = f"@{rule.lower_at_keyword} {tinycss2.serialize(_tight(rule.prelude)).strip()}".strip()
            if rule.lower_at_keyword in ("media", "supports", "layer", "container"):
                nested = tinycss2.parse_rule_list(rule.content, skip_comments=True, skip_whitespace=True)
                if inside := "".join(_kept(nested, used)):
                    yield f"{head}{{{inside}}}"
            elif rule.lower_at_keyword.endswith("keyframes"):
                nested = tinycss2.parse_rule_list(rule.content, skip_comments=True, skip_whitespace=True)
                frames = (
                    f"{tinycss2.serialize(_tight(f.prelude)).strip()}{{{_body(f.content)}}}" for f in nested
                )
                yield f"{head}{{{''.join(frames)}}}"
            else:
                yield f"{head}{{{_body(rule.content)}}}"


def _body(content: list[Node]) -> str:
    """Return declarations in few bytes."""
    said = []
    for part in tinycss2.parse_blocks_contents(content, skip_comments=True, skip_whitespace=True):
        if isinstance(part, Declaration):
            value = tinycss2.serialize(_tight(part.value)).strip()
            said.append(f"{part.name}:{value}{'!important' if part.important else ''}")
    return ";".join(said)


def _tight(tokens: list[Node]) -> list[Node]:
    """Drop comments and shorten white space, also within brackets."""
    kept = []
    for token in tokens:
        if token.type == "comment":
            continue
        if token.type == "whitespace":
            token.value = " "
        for inside in ("content", "arguments"):
            if isinstance(getattr(token, inside, None), list):
                setattr(token, inside, _tight(getattr(token, inside)))
        kept.append(token)
    return kept


def _parts(prelude: list[Node]) -> list[list[Node]]:
    """Return the selectors of a list that commas part."""
    parts: list[list[Node]] = [[]]
    for token in _tight(prelude):
        if token == ",":
            parts.append([])
        else:
            parts[-1].append(token)
    return parts


def _still(rule: str, moving: set[str]) -> bool:
    """Say whether a rule is an animation that no rule asks for."""
    found = re.match(r"@[\w-]*keyframes ([\w-]+)", rule)
    return found is not None and not any(found[1] in said for said in moving)


def _without_variables(rule: str, asked: set[str]) -> str:
    """Drop the variables of a rule that no rule asks for, and what they leave empty."""
    slim = re.sub(
        r"(?<=[{;])(--[\w-]+):(?:[^;{}\"']|\"[^\"]*\"|'[^']*')*(;|(?=\}))",
        lambda m: m[0] if m[1] in asked else "",
        rule,
    )
    return re.sub(r"[^{}]+\{;*\}", "", slim).replace(";}", "}")
