"""Notebooks for places that do not know MyST: every role becomes plain text, every box a bold title.

A citation becomes author and year, a term its words, a reference the title or the number that the book
gives it; under each figure stands its number and caption, which a kernel does not show; at the end
stand the works that the page cites.
"""

import copy
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

ROLE = re.compile(r"\{(?P<role>[a-z:]+)\}`(?P<text>[^`]*)`")
TITLED = re.compile(r"(?P<words>.*?)\s*<(?P<target>[^<>]+)>$", re.S)
LABEL = re.compile(r"^\([\w-]+\)=\n", re.M)
DIRECTIVE = re.compile(r"^(?P<fence>:{3,}|`{3,})\{(?P<name>[a-z-]+)\}[ ]*(?P<title>.*)\n(?P<body>(?:.*\n)*?)(?P=fence)[ ]*$", re.M)  # fmt: skip
OPTION = re.compile(r"^:[a-z-]+:.*\n", re.M)
LINK = re.compile(r"\[(?P<words>[^\]]+)\]\((?P<target>[^)\s]+)\)")


@dataclass
class Names:
    """How the built book calls things.

    ``author_year`` and ``work`` take a citation key, ``number`` the name of a figure or table,
    ``title`` the label of a section or the path of a page.
    """

    author_year: Callable[[str], str]
    work: Callable[[str], str]
    number: Callable[[str], str]
    title: Callable[[str], str]


def plain(notebook: dict[str, Any], names: Names, kept: set[str]) -> dict[str, Any]:
    """Return a copy of a notebook that reads well without MyST.

    Parameters
    ----------
    notebook
        The notebook's JSON.
    names
        What the book calls the things that the text refers to.
    kept
        The files that lie beside the copy, by their paths as the notebook's links name them; a link
        to another page is turned into its words.

    Raises
    ------
    ValueError
        The text has a role or a directive that this module does not know.
    """
    copied = copy.deepcopy(notebook)
    cited: set[str] = set()
    for cell in copied["cells"]:
        if cell["cell_type"] == "markdown":
            cited |= {key for role, text in ROLE.findall("".join(cell["source"])) if role in CITING for key in _keys(text)}  # fmt: skip
    ordered = sorted(cited, key=lambda key: (names.author_year(key), key))
    cells = []
    for cell in copied["cells"]:
        if cell["cell_type"] == "markdown":
            text = _text("".join(cell["source"]), names, kept, ordered)
            cell["source"] = text.splitlines(keepends=True)
        cells.append(cell)
        if figure := cell["metadata"].get("mystnb", {}).get("figure"):
            caption = f"*{names.number(figure['name'])}.* {_text(figure['caption'], names, kept, [])}"
            made = {"cell_type": "markdown", "id": f"{cell['id'][:48]}-caption", "metadata": {}}
            cells.append(made | {"source": caption.splitlines(keepends=True)})
    copied["cells"] = cells
    return copied


def _keys(text: str) -> list[str]:
    return [key.strip() for key in text.split(",")]


def _text(text: str, names: Names, kept: set[str], cited: list[str]) -> str:
    text = LABEL.sub("", text)
    text = DIRECTIVE.sub(lambda m: _unboxed(m, names, cited), text)
    text = ROLE.sub(lambda m: _words(m, names), text)
    return LINK.sub(lambda m: m[0] if _stays(m["target"], kept) else m["words"], text)


def _stays(target: str, kept: set[str]) -> bool:
    path = target.split("#")[0]
    return not path or "://" in target or target.startswith("mailto:") or path in kept


def _unboxed(found: re.Match[str], names: Names, cited: list[str]) -> str:
    if found["name"] == "bibliography":
        return "\n".join(f"- {names.work(key)}" for key in cited)
    if found["name"] not in ("admonition", "note", "tip", "warning", "important"):
        raise ValueError(f"the directive {found['name']} has no plain form; give it one in publish/plain.py")
    title = found["title"] or found["name"].capitalize()
    body = OPTION.sub("", found["body"]).strip()
    return f"**{title}**\n\n{body}"


def _words(found: re.Match[str], names: Names) -> str:
    role, text = found["role"], found["text"]
    if role not in ROLES:
        raise ValueError(f"the role {role} has no plain form; give it one in publish/plain.py")
    titled = TITLED.match(text)
    if titled and role not in CITING:
        return titled["words"]
    return ROLES[role](text, names)


def _in_brackets(text: str, names: Names) -> str:
    return f"({'; '.join(names.author_year(key) for key in _keys(text))})"


def _in_the_sentence(text: str, names: Names) -> str:
    return ", ".join(re.sub(r" (\S+)$", r" (\1)", names.author_year(key)) for key in _keys(text))


CITING = ("cite", "cite:p", "cite:t")
ROLES: dict[str, Callable[[str, Names], str]] = {
    "cite": _in_brackets,
    "cite:p": _in_brackets,
    "cite:t": _in_the_sentence,
    "term": lambda text, names: text,
    "numref": lambda text, names: names.number(text),
    "ref": lambda text, names: f'"{names.title(text)}"',
    "doc": lambda text, names: f'"{names.title(text)}"',
}
