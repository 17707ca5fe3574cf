"""Maps for the pages: outlines of countries, and places on them."""

from math import cos, radians
from typing import Any

import matplotlib.pyplot as plt
from matplotlib.ticker import MaxNLocator

from bookkit.look import INK, PAPER
from bookkit.package import load

LAND = "#e9e7de"
COAST = "#8f9187"


def draw_map(axes: plt.Axes, west: float, east: float, south: float, north: float) -> None:
    """Draw the outlines of all countries in a frame given in degrees, from the table ``borders``.

    One degree of latitude and of longitude have the length they have at the middle of the frame.
    The borders are those that the table's maker found held in fact; a map must say so.

    Raises
    ------
    ValueError
        The frame is empty: west is not smaller than east, or south not smaller than north.
    """
    if west >= east or south >= north:
        raise ValueError(f"the frame {west} to {east}, {south} to {north} is empty")
    for _, ring in load("borders").groupby(["country", "ring"], sort=False):
        inside = ring["longitude"].between(west, east) & ring["latitude"].between(south, north)
        around = ring["longitude"].min() <= west and ring["longitude"].max() >= east
        if inside.any() or around:
            axes.fill(ring["longitude"], ring["latitude"], facecolor=LAND, edgecolor=COAST, linewidth=0.6)
    axes.set(xlim=(west, east), ylim=(south, north), xlabel="Degrees east", ylabel="Degrees north")
    axes.set_aspect(1 / cos(radians((south + north) / 2)))
    axes.grid(False)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(MaxNLocator(nbins=6, integer=True))


def mark_place(axes: plt.Axes, city: str, side: str = "right", **options: Any) -> None:
    """Mark a place of the table ``cities`` with a dot and its name to the ``left`` or ``right`` of it.

    ``options`` go to ``Axes.plot`` and win over the dot's look.

    Raises
    ------
    KeyError
        The table has no such place; the message lists those it has.
    """
    places = load("cities").set_index("city")
    if city not in places.index:
        raise KeyError(f"{city} is not in data/cities.csv; the places are {', '.join(places.index)}")
    place = places.loc[city]
    dot: dict[str, Any] = {"color": INK, "marker": "o", "markersize": 5, "linestyle": ""}
    axes.plot(place["longitude"], place["latitude"], **(dot | options))
    axes.annotate(
        city,
        (place["longitude"], place["latitude"]),
        xytext=(6 if side == "right" else -6, 0),
        textcoords="offset points",
        ha="left" if side == "right" else "right",
        va="center",
        fontsize=10.5,
        bbox={"facecolor": PAPER, "edgecolor": "none", "alpha": 0.75, "pad": 0.8},
    )
