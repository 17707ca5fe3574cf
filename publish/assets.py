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

from rjsmin import jsmin
from selectolax.lexbor import LexborHTMLParser

from publish.purge import Used, purge

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
    "offline.js": None,
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


def join(out: Path, pages: list[Path]) -> None:
    """Join what pages load into ``site.css``, ``site.js``, ``search.js`` and ``icons.woff``; delete the parts."""
    static = out / "_static"
    if not (static / "styles" / "pydata-sphinx-theme.css").is_file():
        return  # nothing was written in this run, so nothing changed
    texts = {page: page.read_text(encoding="utf-8") for page in pages}
    trees = [LexborHTMLParser(text) for text in texts.values()]
    chosen = [n for n, need in SCRIPTS.items() if not need or any(t.css_first(need) for t in trees)]
    scripts = _stamped(static, r"_static/(notes-\w+\.js)", _together(static, chosen))
    search = _together(static, SEARCH)
    styles = "\n".join(_read(static, STYLES))
    used = Used(trees, styles)
    styles = _stamped(static, r"url\((icons\.woff)", purge(slim_icons(static, styles, used.names), used))
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


def _stamped(static: Path, address: str, text: str) -> str:
    """Name files, whose addresses the pattern finds, by what is in them, so that no edition gets another's."""

    def stamp(found: re.Match[str]) -> str:
        file = static / found[1]
        return (
            f"{found[0]}?{hashlib.sha256(file.read_bytes()).hexdigest()[:8]}" if file.is_file() else found[0]
        )

    return re.sub(address, stamp, text)


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
