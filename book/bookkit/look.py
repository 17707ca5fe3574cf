"""How figures look: one colour, marker, line and hatch per country through the whole book."""

import logging
from typing import Any, NamedTuple

# Where it can write no cache of its own, or makes one, matplotlib says so on the page. Pages import bookkit first.
logging.getLogger("matplotlib").setLevel(logging.ERROR)

import matplotlib as mpl  # noqa: E402
import matplotlib.pyplot as plt  # noqa: E402

logging.getLogger("matplotlib").setLevel(logging.NOTSET)

PAPER = "#fcfcfa"  # the figures' own ground: opaque; the book's pages draw it anew for the dark theme
INK = "#1f2328"


class Style(NamedTuple):
    """How one country is drawn."""

    name: str
    colour: str
    marker: str
    line: Any
    hatch: str


COUNTRIES: dict[str, Style] = {
    "RUS": Style("Russia", "#0067a8", "o", "-", ""),
    "IRN": Style("Iran", "#0b7a53", "s", (0, (6, 2)), "//"),
    "SYR": Style("Syria", "#1f2328", "X", (0, (1, 1.5)), "xx"),
    "USA": Style("United States", "#b83200", "^", (0, (4, 1.5, 1, 1.5)), "\\\\"),
    "CHN": Style("China", "#8a2b7a", "D", (0, (8, 3)), ".."),
    "GBR": Style("United Kingdom", "#6b7280", "v", (0, (2, 2)), "--"),
    "FRA": Style("France", "#b58900", "P", (0, (3, 1, 1, 1, 1, 1)), "++"),
    "SAU": Style("Saudi Arabia", "#660e00", ">", (0, (10, 2, 2, 2)), "oo"),
    "TUR": Style("Turkey", "#8d0aff", "<", (0, (5, 1)), "**"),
    "ISR": Style("Israel", "#0a8dff", "*", (0, (1, 3)), "OO"),
}
"""Every country that a figure draws, by its ISO 3166 code."""


def style(country: str) -> Style:
    """Return how a country is drawn.

    Raises
    ------
    KeyError
        The code is not in ``COUNTRIES``; the message lists the known ones.
    """
    if country not in COUNTRIES:
        raise KeyError(f"{country} has no style; the countries are {', '.join(COUNTRIES)}")
    return COUNTRIES[country]


def use_style() -> None:
    """Set matplotlib to the book's look: readable at phone width, dark ink on an opaque light ground."""
    mpl.rcParams.update(
        {
            "figure.figsize": (5.6, 3.8),  # so that labels stay readable at phone width
            "figure.dpi": 170,
            "figure.facecolor": PAPER,
            "savefig.facecolor": PAPER,
            "axes.facecolor": PAPER,
            "axes.edgecolor": INK,
            "axes.labelcolor": INK,
            "text.color": INK,
            "xtick.color": INK,
            "ytick.color": INK,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.grid": True,
            "axes.axisbelow": True,
            "grid.color": "#d9dbd6",
            "grid.linewidth": 0.7,
            "font.size": 12,
            "axes.titlesize": 13,
            "axes.titlelocation": "left",
            "legend.frameon": False,
            "lines.linewidth": 2.2,
            "lines.markersize": 8,
            "hatch.linewidth": 0.6,
            "svg.hashsalt": "testing-realism",  # the same figure gives the same file
            "figure.constrained_layout.use": True,
        }
    )


def draw_line(axes: plt.Axes, x: Any, y: Any, country: str, **options: Any) -> None:
    """Draw one country's line in its colour, line style and marker.

    ``options`` go to ``Axes.plot`` and win over the country's style.
    """
    chosen = style(country)
    look: dict[str, Any] = {
        "color": chosen.colour,
        "linestyle": chosen.line,
        "marker": chosen.marker,
        "label": chosen.name,
    }
    axes.plot(x, y, **(look | options))
