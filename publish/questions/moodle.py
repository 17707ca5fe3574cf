"""Questions in Moodle's own form, Moodle XML; texts are HTML in CDATA, as its documentation asks."""

from collections.abc import Sequence
from xml.dom import minidom

from publish.questions.bank import Option, Question
from publish.questions.page import number_text
from publish.questions.plain import block, line

TYPES = {"choice": "multichoice", "several": "multichoice", "number": "numerical", "essay": "essay"}


class _Writer:
    """A document of Moodle XML in the making."""

    def __init__(self) -> None:
        self.document = minidom.Document()
        self.root = self.document.appendChild(self.document.createElement("quiz"))

    def add(self, parent: minidom.Element, name: str, text: str = "", **attributes: str) -> minidom.Element:
        """Add an element, with plain text if any is given."""
        element = parent.appendChild(self.document.createElement(name))
        for key, value in attributes.items():
            element.setAttribute(key, value)
        if text:
            element.appendChild(self.document.createTextNode(text))
        return element

    def hold(self, parent: minidom.Element, name: str, text: str, **attributes: str) -> minidom.Element:
        """Add an element that holds its text in a ``text`` of its own, as most of Moodle's do."""
        element = self.add(parent, name, **attributes)
        inner = self.add(element, "text")
        if text:
            whole = attributes.get("format") == "html"
            inner.appendChild(
                (self.document.createCDATASection if whole else self.document.createTextNode)(text)
            )
        return element

    def answer(
        self, parent: minidom.Element, fraction: str, text: str, feedback: str, form: str
    ) -> minidom.Element:
        """Add an answer with its mark in per cent and its feedback."""
        element = self.hold(parent, "answer", text, fraction=fraction, format=form)
        self.hold(element, "feedback", feedback, format="html")
        return element


def _fraction(option: Option, q: Question) -> str:
    """Return the mark of an option in per cent; where several hold, ticking everything gives 0."""
    if q.type == "choice":
        return "100" if option.right else "0"
    of = sum(o.right == option.right for o in q.options)
    return f"{100 / of if option.right else -100 / of:.5f}".rstrip("0").rstrip(".")


def _question(xml: _Writer, q: Question) -> None:
    element = xml.add(xml.root, "question", type=TYPES[q.type])
    xml.hold(element, "name", q.id)
    unit = f"\n\n(Unit: {q.unit})" if q.unit else ""
    xml.hold(element, "questiontext", block(q.stem + unit), format="html")
    shown = block(q.marking) if q.marking and q.pool == "practice" else ""
    xml.hold(element, "generalfeedback", shown, format="html")
    plain = {"defaultgrade": "1", "penalty": "0", "hidden": "0", "idnumber": q.id}
    if q.options:
        plain |= {
            "single": str(q.type == "choice").lower(),
            "shuffleanswers": "true",
            "answernumbering": "ABCD",
        }
    if q.type == "essay":
        plain |= {"responseformat": "editor", "responserequired": "1", "responsefieldlines": "15",
                  "attachments": "0", "attachmentsrequired": "0"}  # fmt: skip
    for name, value in plain.items():
        xml.add(element, name, value)
    for option in q.options:
        xml.answer(element, _fraction(option, q), line(option.text), block(option.feedback), "html")
    if q.type == "number":
        for fraction, text, feedback in (("100", number_text(q.answer), q.right), ("0", "*", q.wrong)):
            answer = xml.answer(element, fraction, text, block(feedback), "moodle_auto_format")
            xml.add(answer, "tolerance", number_text(q.tolerance) if text != "*" else "0")
    if q.type == "essay":
        xml.hold(element, "graderinfo", block(q.marking), format="html")
    tags = xml.add(element, "tags")
    for tag in (q.chapter, q.level, f"objective {q.objective}"):
        xml.hold(tags, "tag", tag)


def document(title: str, questions: Sequence[Question]) -> bytes:
    """Return the file to import, which puts the questions into a category named by the title."""
    xml = _Writer()
    category = xml.add(xml.root, "question", type="category")
    xml.hold(category, "category", f"$course$/top/{title.replace('/', '//')}")
    for question in questions:
        _question(xml, question)
    return xml.document.toprettyxml(indent="  ", encoding="utf-8")
