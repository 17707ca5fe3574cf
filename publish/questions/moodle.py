"""Questions in Moodle's own form, Moodle XML."""

from collections.abc import Sequence
from xml.etree import ElementTree as ET

from publish.questions.bank import Option, Question
from publish.questions.page import number_text
from publish.questions.plain import block, line

TYPES = {"choice": "multichoice", "several": "multichoice", "number": "numerical", "essay": "essay"}


def _held(parent: ET.Element, name: str, text: str, **attributes: str) -> ET.Element:
    """Add an element that holds its text in a ``text`` of its own, as Moodle's do."""
    element = ET.SubElement(parent, name, attributes)
    ET.SubElement(element, "text").text = text
    return element


def _answer(parent: ET.Element, fraction: str, text: str, feedback: str, form: str = "html") -> ET.Element:
    answer = _held(parent, "answer", text, fraction=fraction, format=form)
    _held(answer, "feedback", feedback, format="html")
    return answer


def _fraction(option: Option, options: Sequence[Option]) -> str:
    """Return the mark of an option in per cent: all right and none wrong give 100, and ticking everything 0."""
    of = sum(o.right == option.right for o in options)
    return f"{100 / of if option.right else -100 / of:.5f}".rstrip("0").rstrip(".")


def _question(root: ET.Element, q: Question) -> None:
    element = ET.SubElement(root, "question", type=TYPES[q.type])
    _held(element, "name", q.id)
    unit = f"\n\n(Unit: {q.unit})" if q.unit else ""
    _held(element, "questiontext", block(q.stem + unit), format="html")
    shown = block(q.marking) if q.marking and q.pool == "practice" else ""
    _held(element, "generalfeedback", shown, format="html")
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
        ET.SubElement(element, name).text = value
    for option in q.options:
        fraction = _fraction(option, q.options) if q.type == "several" else "100" if option.right else "0"
        _answer(element, fraction, line(option.text), block(option.feedback))
    if q.type == "number":
        for fraction, text, feedback in (("100", number_text(q.answer), q.right), ("0", "*", q.wrong)):
            answer = _answer(element, fraction, text, block(feedback), "moodle_auto_format")
            ET.SubElement(answer, "tolerance").text = number_text(q.tolerance) if text != "*" else "0"
    if q.type == "essay":
        _held(element, "graderinfo", block(q.marking), format="html")
    tags = ET.SubElement(element, "tags")
    for tag in (q.chapter, q.level, f"objective {q.objective}"):
        _held(tags, "tag", tag)


def document(title: str, questions: Sequence[Question]) -> bytes:
    """Return the file to import, which puts the questions into a category named by the title."""
    root = ET.Element("quiz")
    category = ET.SubElement(root, "question", type="category")
    _held(category, "category", f"$course$/top/{title.replace('/', '//')}")
    for question in questions:
        _question(root, question)
    ET.indent(root)
    return ET.tostring(root, encoding="utf-8", xml_declaration=True) + b"\n"
