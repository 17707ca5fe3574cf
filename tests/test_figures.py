"""Figures as the pages show them: small, the same in every build, and drawn for the dark theme."""

import io
import re

import matplotlib.pyplot as plt
import numpy as np
import pytest

from bookkit import look
from notebooks import ROOT
from publish.figures import NIGHT, PAPER, at_night, contrast, size, slim
from test_bookkit import BLIND, lab, linear


def drawn() -> str:
    """Return a figure with what figures of the book have: lines, marks, hatched bars, letters."""
    with plt.rc_context():
        look.use_style()
        figure, axes = plt.subplots()
        for place, country in enumerate(look.COUNTRIES):
            look.draw_line(axes, range(30), [place + n % 3 for n in range(30)], country)
            axes.bar(
                place, 2, color=look.style(country).colour, hatch=look.style(country).hatch, edgecolor="white"
            )
        axes.set_xlabel("Years")
        file = io.StringIO()
        figure.savefig(file, format="svg", metadata={"Date": None}, bbox_inches="tight")
        plt.close(figure)
    return file.getvalue()


def test_a_figure_becomes_small_and_stays_whole() -> None:
    raw = drawn()
    small = slim(raw)
    assert len(small) < len(raw) / 2
    assert slim(small) == small == slim(drawn())
    names = re.findall(r' id="([^"]+)"', small)
    asked = set(re.findall(r"url\(#([^)]+)\)", small)) | set(re.findall(r'href="#([^"]+)"', small))
    assert len(names) == len(set(names)) and asked <= set(names)
    assert not re.search(r'(?:fill|stroke)="#', small), "a hatch keeps its colour of the day"
    wide, high = (float(n) for n in re.findall(r'(?:width|height)="([\d.]+)pt"', raw)[:2])
    assert [round(n * 170 / 72) for n in (wide, high)] == [int(n) for n in size(small)]


def test_the_grounds_are_those_of_the_pages() -> None:
    styles = (ROOT / "publish" / "static" / "book.css").read_text(encoding="utf-8")
    grounds = re.findall(r"--pst-color-background: (#\w{6});", styles)
    assert grounds == [PAPER, NIGHT] and look.PAPER == PAPER


@pytest.mark.parametrize("country", look.COUNTRIES)
def test_a_country_stands_out_at_night_as_by_day(country: str) -> None:
    colour = look.style(country).colour
    assert contrast(at_night(colour), NIGHT) >= 0.98 * contrast(colour, PAPER) >= 3


@pytest.mark.parametrize("sight", BLIND)
def test_countries_can_be_told_apart_at_night(sight: str) -> None:
    seen = {c: lab(BLIND[sight] @ linear(at_night(s.colour))) for c, s in look.COUNTRIES.items()}
    close = [
        (a, b, round(float(np.linalg.norm(seen[a] - seen[b])), 1))
        for a in seen for b in seen if a < b and np.linalg.norm(seen[a] - seen[b]) < 10
    ]  # fmt: skip
    assert not close, close
