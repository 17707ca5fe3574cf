"""The small package that pages import: sentences, tables, colours, distance."""

import math
import subprocess
import sys

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from bookkit import COUNTRIES, behind, distance_km, draw_map, mark_place, say, show, style
from bookkit.look import PAPER
from notebooks import ROOT


def test_say_fills_a_sentence_and_escapes_it() -> None:
    sentence = say("Russia & China: {n:,} of {first.year}", n=1200, first=pd.Timestamp("2011-10-04"))
    assert repr(sentence) == "Russia & China: 1,200 of 2011"
    assert sentence._repr_html_() == '<p class="said">Russia &amp; China: 1,200 of 2011</p>'


@pytest.mark.parametrize(
    ("sentence", "values", "said"),
    [
        ("No field", {}, "has no {field}"),
        ("{n}", {}, "do not match: n"),
        ("{n}", {"n": 1, "m": 2}, "do not match: m"),
    ],
)
def test_say_refuses_a_sentence_that_computes_nothing(sentence: str, values: dict, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        say(sentence, **values)


def test_show_makes_a_table_that_can_be_read_aloud() -> None:
    table = pd.DataFrame({"date": [pd.Timestamp("2016-10-08")], "n": [2.0], "none": [None]})
    markup = show(table, "A <caption>")._repr_html_()
    assert "<caption>A &lt;caption&gt;</caption>" in markup
    assert '<th scope="col">date</th>' in markup and '<th scope="row">8 October 2016</th>' in markup
    assert "<td>2</td><td></td>" in markup
    assert 'tabindex="0"' in markup and 'aria-label="A &lt;caption&gt;"' in markup


def test_behind_links_to_the_files() -> None:
    assert (
        '<a href="../data/vetoes.csv" download>' in behind(pd.DataFrame({"a": [1]}), "vetoes")._repr_html_()
    )


def test_what_stands_under_no_figure_is_called_what_it_is() -> None:
    folded = behind(pd.DataFrame({"a": [1]}), "vetoes", label="All <46> of them")._repr_html_()
    assert "<summary>All &lt;46&gt; of them</summary>" in folded and "figure" not in folded


def test_behind_is_called_what_it_holds() -> None:
    table = pd.DataFrame({"a": [1]})
    named = behind(table, "vetoes", label="All <rows>")._repr_html_()
    assert "<summary>All &lt;rows&gt;</summary>" in named and "<caption>All &lt;rows&gt;</caption>" in named
    assert "<summary>The numbers behind this figure</summary>" in behind(table, "vetoes")._repr_html_()


def test_distance_is_that_of_known_arcs() -> None:
    quarter = math.pi / 2 * 6371.0088
    assert distance_km(0, 0, 0, 90) == pytest.approx(quarter)
    assert distance_km(90, 0, 0, 45) == pytest.approx(quarter)
    assert distance_km(10, 20, 10, 20) == 0
    assert distance_km(0, 179, 0, -179) == pytest.approx(quarter / 45)
    assert distance_km(36.34, 43.13, 43.32, 45.69) == pytest.approx(distance_km(43.32, 45.69, 36.34, 43.13))


@pytest.mark.parametrize("place", [(91, 0, 0, 0), (0, 0, 0, 181)])
def test_distance_refuses_what_is_no_place(place: tuple[float, float, float, float]) -> None:
    with pytest.raises(ValueError, match="lies outside"):
        distance_km(*place)


def linear(colour: str) -> np.ndarray:
    """Return a colour's linear red, green and blue."""
    channels = np.array([int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    return np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)


def contrast(one: str, other: str) -> float:
    """Return the WCAG contrast of two colours."""
    light, dark = sorted((linear(c) @ [0.2126, 0.7152, 0.0722] for c in (one, other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("country", COUNTRIES)
def test_colours_stand_out_from_the_ground(country: str) -> None:
    assert contrast(style(country).colour, PAPER) >= 3


def test_each_country_has_marker_line_and_hatch_of_its_own() -> None:
    for field in ("colour", "marker", "line", "hatch", "name"):
        values = [str(getattr(s, field)) for s in COUNTRIES.values()]
        assert len(set(values)) == len(values), field


# Machado, Oliveira and Fernandes (2009): what a person without red or green cones sees, in linear RGB.
BLIND = {
    "none": np.eye(3),
    "protan": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deutan": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]]
    ),
}


def lab(rgb: np.ndarray) -> np.ndarray:
    """Return CIELAB of a linear RGB colour (D65)."""
    matrix = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    xyz = np.array(matrix) @ np.clip(rgb, 0, 1) / [0.9505, 1.0, 1.089]
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("sight", BLIND)
def test_colours_can_be_told_apart(sight: str) -> None:
    seen = {c: lab(BLIND[sight] @ linear(s.colour)) for c, s in COUNTRIES.items()}
    close = [
        (a, b, round(float(np.linalg.norm(seen[a] - seen[b])), 1))
        for a in seen for b in seen if a < b and np.linalg.norm(seen[a] - seen[b]) < 10
    ]  # fmt: skip
    assert not close, close


def test_unknown_country_lists_the_known_ones() -> None:
    with pytest.raises(KeyError, match="ATL has no style; the countries are RUS, IRN"):
        style("ATL")


def test_bookkit_needs_only_pandas_numpy_and_matplotlib() -> None:
    code = (
        "import sys; before = set(sys.modules); import pandas, numpy, matplotlib.pyplot; base = set(sys.modules);"
        "sys.path.insert(0, 'book'); import bookkit, bookkit.catalogue;"
        "new = {m.split('.')[0] for m in set(sys.modules) - base};"
        "print(sorted(m for m in new if m not in sys.stdlib_module_names and m != 'bookkit'))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, text=True, capture_output=True)
    assert done.stdout.strip() == "[]", done.stdout + done.stderr


def test_map_draws_the_frame_and_only_places_that_exist() -> None:
    _, axes = plt.subplots()
    draw_map(axes, 34, 50, 29, 45)
    assert axes.get_xlim() == (34, 50) and len(axes.patches) > 10
    mark_place(axes, "Mosul")
    with pytest.raises(KeyError, match="Atlantis is not in data/cities.csv; the places are Aleppo"):
        mark_place(axes, "Atlantis")
    with pytest.raises(ValueError, match="is empty"):
        draw_map(axes, 50, 34, 29, 45)
    plt.close("all")
