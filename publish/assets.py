"""Styles, scripts and icons of the built pages: one file of each, with nothing in it that no page uses.

The theme and the extensions bring some 420 kB of styles in seven files and 210 kB of scripts in nine. Here
they are joined in the order in which pages load them, and rules are dropped whose classes, identifiers or
elements no page has and no script adds. Files of the same sources are the same, byte for byte.
"""

import hashlib
import re
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import tinycss2
from rjsmin import jsmin
from selectolax.lexbor import LexborHTMLParser, LexborNode
from tinycss2.ast import AtRule, Declaration, Node, QualifiedRule

STYLES = (
    "basic.css", "styles/pydata-sphinx-theme.css", "pygments.css", "styles/sphinx-book-theme.css",
    "mystnb.*.css", "sphinx-design.min.css", "book.css",
)  # fmt: skip
"""The style sheets, by pattern, in the order in which later ones win."""

SCRIPTS = {
    "documentation_options.js": None,
    "doctools.js": None,
    "sphinx_highlight.js": None,
    "copy.js": "div.highlight pre",
    "design-tabs.js": ".sd-tab-set",
    "scripts/sphinx-book-theme.js": None,
    "menus.js": None,
    "notes.js": None,
    "ledger.js": ".ledger-filter",
    "scripts/pydata-sphinx-theme.js": None,
}
"""The scripts in their order, and what must be on some page to need them."""

SEARCH = ("searchtools.js", "language_data.js")
"""What only the search page runs, before its index."""

REPLACED = (
    "styles/theme.css",  # loads basic.css
    "scripts/bootstrap.js*",  # 81 kB, for menus that menus.js opens
    "scripts/fontawesome.js*",  # 1.5 MB; the icon font draws the same icons
    "copybutton*", "clipboard.min.js", "togglebutton.*", "*webpack-macros.html", "scripts/*.LICENSE.txt", "**/*.map",
    "scorer.js",  # is in language_data.js
    "file.png", "plus.png", "minus.png", "check-solid.svg", "copy-button.svg",
)  # fmt: skip
"""Files of the theme and the extensions that no page asks for once the rest is joined."""

STATES = {
    "active", "current", "scrolled", "hide", "noprint", "pst-sidebar-hidden",  # scrolling and the sidebars
    "show", "dropdown-menu-dark",  # open menus, and menus in the dark theme
    "success",  # a copied cell
}  # fmt: skip
"""Classes that scripts switch on and off: a rule that asks for one is kept if it fits without it."""

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


def join(out: Path, pages: list[Path]) -> None:
    """Join what pages load into ``site.css``, ``site.js``, ``search.js`` and ``icons.woff``; delete the parts."""
    static = out / "_static"
    if not (static / "styles" / "pydata-sphinx-theme.css").is_file():
        return  # nothing was written in this run, so nothing changed
    texts = {page: page.read_text(encoding="utf-8") for page in pages}
    trees = [LexborHTMLParser(text) for text in texts.values()]
    chosen = [n for n, need in SCRIPTS.items() if not need or any(t.css_first(need) for t in trees)]
    scripts = _together(static, chosen)
    search = _together(static, SEARCH)
    styles = "\n".join(_read(static, STYLES))
    used = Used(trees, styles)
    styles = purge(slim_icons(static, styles, used.names), used)
    for name, content in (("site.css", styles), ("site.js", scripts), ("search.js", search)):
        (static / name).write_text(content, encoding="utf-8")
        stamp = hashlib.sha256(content.encode()).hexdigest()[:8]
        texts = {
            page: re.sub(rf"(_static/{re.escape(name)})(\?\w+)?", rf"\1?{stamp}", text)
            for page, text in texts.items()
        }
    for page, text in texts.items():
        page.write_text(text, encoding="utf-8")
    for pattern in (*STYLES, *SCRIPTS, *SEARCH, *REPLACED):
        for path in static.glob(pattern):
            path.unlink()
    for folder in ("vendor", "locales", "styles", "scripts"):
        shutil.rmtree(static / folder, ignore_errors=True)


def _read(static: Path, patterns: Iterable[str]) -> Iterator[str]:
    for pattern in patterns:
        for path in sorted(static.glob(pattern)):
            yield re.sub(r"^//# sourceMappingURL=.*$", "", path.read_text(encoding="utf-8"), flags=re.M)


def _together(static: Path, patterns: Iterable[str]) -> str:
    return ";\n".join(jsmin(text).strip() for text in _read(static, patterns)) + "\n"


def coloured_code(static: Path) -> set[str]:
    """Return the kinds of code that some theme colours otherwise than the rest, from Pygments' style sheet."""
    styles = "".join(_read(static, ["pygments.css"]))
    base = dict(re.findall(r"(\S+) \.highlight \{.*?\bcolor: (#\w+)", styles))
    rules = re.findall(r"(\S+) \.highlight \.(\w+) \{([^}]*)\}", styles)
    kinds = {kind for theme, kind, said in rules if said.strip(" ;") != f"color: {base.get(theme)}"}
    return kinds - {"o", "si", "mi", "mf"}  # a tenth of a chapter, to colour dots, signs and digits


# Which rules are used


class Used:
    """What stands on some pages: every element once for each chain of names from the top to it."""

    def __init__(self, trees: Iterable[LexborHTMLParser], styles: str) -> None:
        """Walk through the pages; of identifiers only those that the style sheet may ask for count."""
        self.names: set[str] = set()
        self._attributes = {"open", "hidden", "aria-current", "aria-expanded", "data-mode"}  # scripts set these
        self._identifiers = set(re.findall(r"#([A-Za-z][\w-]*)", styles))
        self._chains: dict[str, Any] = {}
        for tree in (*trees, LexborHTMLParser(ADDED)):
            if tree.root:
                self._walk(tree.root, self._chains)
            for side in ("primary", "secondary"):  # the theme moves a sidebar's content and classes to a dialog
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
        self.names.update([node.tag or "", attributes.get("id") or "", *(attributes.get("class") or "").split()])
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
        plain = re.sub(r"\[[^]]*\]|:[\w-]+\([^()]*(?:\([^()]*\)[^()]*)*\)", "", tinycss2.serialize(selector))
        if not set(re.findall(r"\.([\w-]+)", plain)) <= self.names | STATES:
            return False
        if not set(re.findall(r"\[\s*([\w-]+)", _without_not(selector))) <= self._attributes:
            return False
        asked = _asked(selector)
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


def _asked(selector: list[Node]) -> str:
    """Return a selector of elements, classes and identifiers only, for pages where every element stands once."""
    text, hidden = "", False
    for token in selector:
        if token.type == "literal" and token.value == ":":
            hidden = True
        elif token.type == "function" and hidden:
            if token.lower_name in ("is", "where") and not text.endswith(":"):
                text += f":is({','.join(filter(None, map(_asked, _parts(token.arguments)))) or '*'})"
            hidden = False
        elif token.type == "ident" and hidden:
            hidden = False
        elif token.type == "literal" and token.value in ("+", "~"):
            text = ""  # what stands before a brother or sister is not asked for
        elif token.type == "[] block":
            text += ""
        else:
            text += tinycss2.serialize([token])
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
                frames = (f"{tinycss2.serialize(_tight(f.prelude)).strip()}{{{_body(f.content)}}}" for f in nested)
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
    return bool(found) and not any(found[1] in said for said in moving)


def _without_variables(rule: str, asked: set[str]) -> str:
    """Drop the variables of a rule that no rule asks for, and what they leave empty."""
    slim = re.sub(
        r"(?<=[{;])(--[\w-]+):(?:[^;{}\"']|\"[^\"]*\"|'[^']*')*(;|(?=\}))",
        lambda m: m[0] if m[1] in asked else "",
        rule,
    )
    return re.sub(r"[^{}]+\{;*\}", "", slim).replace(";}", "}")


# Icons

ICON_RULE = re.compile(r'(?P<names>(?:\.fa-[a-z0-9-]+:before,?)+)\{content:"\\(?P<code>[0-9a-f]+) ?"\}')
ICON_FACE = re.compile(r"@font-face\{[^}]*fontawesome/webfonts/fa-(?P<family>[a-z]+)-[^}]*\}")


def slim_icons(static: Path, rules: str, used: set[str]) -> str:
    """Reduce the icon font and its rules to the icons that pages show, from 240 to a few kB; return the rules."""
    codes = {ord(c) for c in re.findall(r'--pst-icon-[a-z-]+:"(.)"', rules)}
    codes |= {int(m["code"], 16) for m in ICON_RULE.finditer(rules) if _icons(m["names"]) & used}
    rules = ICON_RULE.sub(lambda m: m[0] if _icons(m["names"]) & used else "", rules)
    font = static / "vendor" / "fontawesome" / "webfonts" / "fa-solid-900.ttf"
    _subset(font, static / "icons.woff", codes)
    return ICON_FACE.sub(_icon_face, rules)


def _icons(text: str) -> set[str]:
    return set(re.findall(r"\bfa-[a-z0-9-]+", text))


def _icon_face(face: re.Match[str]) -> str:
    if face["family"] != "solid":
        return ""
    return re.sub(r"src:[^}]*", 'src:url(icons.woff) format("woff")', face[0])


def _subset(font: Path, target: Path, codes: set[int]) -> None:
    from fontTools import subset

    options = subset.Options(flavor="woff", recalc_timestamp=False, name_IDs=["*"], notdef_outline=True)
    loaded = subset.load_font(str(font), options)
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=codes)
    subsetter.subset(loaded)
    subset.save_font(loaded, str(target), options)
