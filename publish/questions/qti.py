"""Questions as a package in QTI 1.2, the form that Canvas and others take, by the library text2qti.

What text2qti cannot say is settled here: the package names the book's licence and no date, and its zip
depends on its contents alone.
"""

import io
import re
import zipfile
from collections.abc import Sequence

from text2qti.config import Config
from text2qti.qti import QTI
from text2qti.quiz import Quiz

from publish.folder import WHEN
from publish.questions.bank import LETTERS, Question
from publish.questions.plain import words

RIGHTS = {
    "practice": "CC BY 4.0, the contributors to Testing Realism (https://creativecommons.org/licenses/by/4.0/)",
    "graded": "The contributors to Testing Realism. For instructors: not to be published.",
}


def _part(mark: str, text: str) -> str:
    """Return a text behind its mark, with every further line set in as far as the first."""
    plain = words(text).replace("$", "\\$")  # a pair of them would be taken for a formula
    return f"{mark} " + plain.replace("\n", "\n" + " " * (len(mark) + 1))


def source(title: str, questions: Sequence[Question]) -> str:
    """Return the questions as text2qti reads them."""
    parts = [f"Quiz title: {title}", ""]
    for q in questions:
        stem = f"{q.stem}\n\n(Unit: {q.unit})" if q.unit else q.stem
        parts += [f"Title: {q.id}", "Points: 1", _part("1.", stem)]
        for letter, option in zip(LETTERS.lower(), q.options, strict=False):
            mark = {
                "choice": f"{'*' if option.right else ''}{letter})",
                "several": "[*]" if option.right else "[ ]",
            }
            parts += [_part(mark[q.type], option.text), _part("...", option.feedback)]
        if q.type == "number":
            parts += [_part("+", q.right), _part("-", q.wrong), f"= {q.answer} +- {q.tolerance}"]
        if q.type == "essay":
            # Canvas shows this to students, and has no place that only the marker sees.
            parts += [_part("...", q.marking)] if q.pool == "practice" else []
            parts += ["____"]
        parts.append("")
    return "\n".join(parts)


def package(title: str, questions: Sequence[Question]) -> bytes:
    """Return the zip to import."""
    made = QTI(Quiz(source(title, questions), config=Config(), source_name=title))
    manifest = re.sub(r"<imsmd:dateTime>.*?</imsmd:dateTime>", f"<imsmd:dateTime>{_day()}</imsmd:dateTime>",
                      made.imsmanifest_xml)  # fmt: skip
    rights = f"<imsmd:string>{RIGHTS[questions[0].pool]}</imsmd:string>"
    manifest = re.sub(r"<imsmd:string>Private.*?</imsmd:string>", rights, manifest, flags=re.S)
    name = made.assessment_identifier
    files = {
        "imsmanifest.xml": manifest,
        "non_cc_assessments/": "",
        f"{name}/assessment_meta.xml": made.assessment_meta,
        f"{name}/{name}.xml": made.assessment,
    }
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        for path, content in files.items():
            archive.writestr(zipfile.ZipInfo(path, WHEN), content, zipfile.ZIP_DEFLATED)
    return held.getvalue()


def _day() -> str:
    return "{:04}-{:02}-{:02}".format(*WHEN)
