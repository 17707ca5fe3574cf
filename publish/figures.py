"""Figures for the book's pages: one small SVG per figure that is drawn for the light and the dark theme.

Chapters are executed with SVG as the figures' format. Here each file loses what a reader does not see,
and each colour becomes a variable with two values. The second is computed: it has the hue of the first,
and a luminance at which every two colours of a figure contrast on the dark ground exactly as they do on
the light one, as far as the screen can show it. The theme's choice reaches the file through
``prefers-color-scheme``, which in an image follows the ``color-scheme`` of the page around it; in a
browser that follows the system instead, the figure keeps a ground of its own and stays legible.
"""

import re
from collections.abc import Callable
from pathlib import Path

PAPER, NIGHT = "#fcfcfa", "#15191e"
"""The grounds: ``PAPER`` of bookkit, which figures are drawn on, and the page's in the dark theme (book.css)."""

CHOSEN = {PAPER: NIGHT, "#8a2b7a": "#eea6dd"}
"""Partners that are not computed: the ground, and China's colour, which to eyes without red cones would be Russia's."""

SCALE = 170 / 72
"""Pixels per point, so that a figure is as wide on a page as the ``figure.dpi`` of bookkit makes it."""

DROPPED = re.compile(r"<\?xml.*?\?>|<!DOCTYPE.*?>|<!--.*?-->|<metadata>.*?</metadata>", re.S)
STYLE = re.compile(r' style="([^"]*)"')
COLOUR = re.compile(r"#[0-9a-f]{6}\b")
NUMBER = re.compile(r"scale\([^)]*\)|-?\d+\.\d{3,}")
SIZE = re.compile(r'<svg [^>]*?width="(?P<width>[\d.]+)pt" height="(?P<height>[\d.]+)pt"')


def slim(svg: str) -> str:
    """Return a figure drawn by matplotlib as a small SVG for both themes; one already slim comes back as it is."""
    if not (found := SIZE.search(svg)):
        return svg
    svg = DROPPED.sub("", svg)
    svg = re.sub(r"<g>\s*(<use [^>]*/>)\s*</g>", r"\1", svg)
    svg = re.sub(
        r' id="(?:figure|axes|patch|line2d|text|xtick|ytick|matplotlib|legend|\w+Collection)[^"]*"', "", svg
    )
    svg = re.sub(r' (fill|stroke)="(#[0-9a-f]{6})"', r' style="\1: \2"', svg)  # as hatches have it
    svg = re.sub(r'(<use [^>]*)transform="translate\((-?[\d.]+) 0\)"', _letter, svg)
    names: dict[str, str] = {}
    svg = STYLE.sub(lambda m: f' class="{names.setdefault(_compact(m[1]), f"s{len(names)}")}"', svg)
    svg = NUMBER.sub(_rounded, svg)
    svg = re.sub(r"\s+", " ", svg).replace("> <", "><").replace(' "', '"').replace(" />", "/>")
    svg = re.sub(r' d="([^"]*)"', lambda m: f' d="{_path(m[1])}"', svg)
    svg = re.sub(r"(?:<use [^>]*/>){3,}", lambda m: _grouped(m[0]), svg)
    svg = svg.replace("xlink:href", "href").replace(' xmlns:xlink="http://www.w3.org/1999/xlink"', "")
    rules = "".join(f".{name}{{{style}}}" for style, name in names.items())
    colours = sorted({"#000000", *COLOUR.findall(rules)})  # black is what an SVG fills with unless it is told
    light = "".join(f"--{c[1:]}:{c};" for c in colours)
    dark = "".join(f"--{c[1:]}:{at_night(c)};" for c in colours)
    rules = COLOUR.sub(lambda m: f"var(--{m[0][1:]})", rules)
    sheet = (
        f":root{{{light}}}@media(prefers-color-scheme:dark){{:root{{{dark}}}}}"
        f"svg{{fill:var(--000000)}}*{{stroke-linejoin:round;stroke-linecap:butt}}{rules}"
    )
    svg = re.sub(r'<defs><style type="text/css">.*?</style></defs>', f"<style>{sheet}</style>", svg)
    short = {name: f"i{number}" for number, name in enumerate(re.findall(r' id="([^"]*)"', svg))}
    svg = re.sub(r'(?<=[#"])([-\w]+)(?=[")])', lambda m: short.get(m[1], m[1]), svg)
    width, height = (f"{float(found[side]) * SCALE:.0f}" for side in ("width", "height"))
    return re.sub(
        r'width="[\d.]+pt" height="[\d.]+pt"', f'width="{width}" height="{height}"', svg, count=1
    ).strip()


def _letter(use: re.Match[str]) -> str:
    """Place a letter of a line of text; its unit is a hundredth of the letters' size."""
    return f'{use[1]}x="{float(use[2]):.0f}"'


def _rounded(number: re.Match[str]) -> str:
    """Return a coordinate with two decimals, a fifth of a screen's pixel at most; scales stay as they are."""
    if number[0].startswith("scale"):
        return number[0]
    return f"{float(number[0]):.2f}".rstrip("0").rstrip(".")


CIRCLE = re.compile(
    r"M(?P<x>[-.\d]+) (?P<y>[-.\d]+)(?:C[-.\d ]+){3}C(?:[-.\d]+ ){5}(?P<end>[-.\d]+)(?:C[-.\d ]+){4}z"
)
"""A circle as matplotlib draws it, from its lowest point in eight curves; the fourth ends at the highest."""


def _path(drawn: str) -> str:
    """Return the same path in fewer letters: circles as arcs, long lines as steps from point to point."""
    drawn = re.sub(r" ?([A-Za-z]) ?", r"\1", drawn)
    drawn = CIRCLE.sub(_arcs, drawn)
    if re.fullmatch(r"[ML\d .z-]+", drawn) and drawn.count("L") > 20:
        return re.sub(r"M[^Mz]*", lambda m: _steps(m[0]), drawn)
    return drawn


def _arcs(circle: re.Match[str]) -> str:
    height = float(circle["end"]) - float(circle["y"])
    radius, turn = f"{abs(height) / 2:.4g}", int(height > 0)
    halves = (f"a{radius} {radius} 0 0 {turn} 0 {step:.4g}" for step in (height, -height))
    return f"M{circle['x']} {circle['y']}{''.join(halves)}z"


def _steps(line: str) -> str:
    points = [[round(100 * float(n)) for n in point.split()] for point in line[1:].split("L")]
    text = f"M{_hundredths(points[0][0])} {_hundredths(points[0][1])}l"
    steps = ((b[0] - a[0], b[1] - a[1]) for a, b in zip(points, points[1:], strict=False))
    return text + re.sub(r" -", "-", " ".join(f"{_hundredths(x)} {_hundredths(y)}" for x, y in steps))


def _hundredths(number: int) -> str:
    text = f"{number / 100:.2f}".rstrip("0").rstrip(".")
    return re.sub(r"^(-?)0\.", r"\1.", text)


def _grouped(uses: str) -> str:
    """Say the look of a run of marks once, for all of them."""
    styles = set(re.findall(r' class="(\w+)"', uses))
    if len(styles) != 1 or uses.count(" class=") != uses.count("<use "):
        return uses
    look = styles.pop()
    bare = uses.replace(f' class="{look}"', "")
    if uses.count("<use ") > 50:  # a swarm of marks: a tenth of a point is an eighth of a pixel at most
        bare = re.sub(r"(?<=\.\d)\d(?=\")", "", bare)
    return f'<g class="{look}">{bare}</g>'


def _compact(style: str) -> str:
    return re.sub(r"\s*([:;,])\s*", r"\1", style.strip().rstrip(";"))


def size(svg: str) -> tuple[str, str]:
    """Return the width and height of a slim figure in pixels, as attributes of its image."""
    found = re.search(r'<svg [^>]*?width="(\d+)" height="(\d+)"', svg)
    if not found:
        raise ValueError("the figure states no width and height in pixels")
    return found[1], found[2]


def slim_all(folder: Path) -> None:
    """Make every SVG of a folder slim, in place."""
    for path in sorted(folder.glob("*.svg")):
        path.write_text(slim(path.read_text(encoding="utf-8")), encoding="utf-8")


# Colour: sRGB to OKLab and back (Ottosson 2020), and luminance as WCAG defines it

Triple = tuple[float, float, float]


def _linear(colour: str) -> Triple:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    r, g, b = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return r, g, b


def _hex(linear: Triple) -> str:
    bounded = [min(1.0, max(0.0, c)) for c in linear]
    channels = [12.92 * c if c <= 0.0031308 else 1.055 * c ** (1 / 2.4) - 0.055 for c in bounded]
    return "#" + "".join(f"{round(255 * c):02x}" for c in channels)


def luminance(linear: Triple) -> float:
    """Return the relative luminance of a linear colour, from 0 (black) to 1 (white)."""
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours as WCAG defines it, from 1 to 21."""
    light, dark = sorted((luminance(_linear(c)) + 0.05 for c in (one, other)), reverse=True)
    return light / dark


def _oklab(linear: Triple) -> Triple:
    r, g, b = linear
    l_ = (0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b) ** (1 / 3)
    m_ = (0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b) ** (1 / 3)
    s_ = (0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b) ** (1 / 3)
    return (
        0.2104542553 * l_ + 0.7936177850 * m_ - 0.0040720468 * s_,
        1.9779984951 * l_ - 2.4285922050 * m_ + 0.4505937099 * s_,
        0.0259040371 * l_ + 0.7827717662 * m_ - 0.8086757660 * s_,
    )


def _from_oklab(lightness: float, a: float, b: float) -> Triple:
    l_ = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    m_ = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    s_ = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    return (
        4.0767416621 * l_ - 3.3077115913 * m_ + 0.2309699292 * s_,
        -1.2684380046 * l_ + 2.6097574011 * m_ - 0.3413193965 * s_,
        -0.0041960863 * l_ - 0.7034186147 * m_ + 1.7076147010 * s_,
    )


def at_night(colour: str) -> str:
    """Return a colour's partner for the dark theme: its hue, and its contrast with every other colour.

    Contrast is a ratio of luminances (each plus 0.05), so luminances that are mirrored as a constant
    divided by them keep every ratio. The colour is as strong as the screen allows, and no stronger than
    the first.
    """
    if colour in CHOSEN:
        return CHOSEN[colour]
    mirror = (luminance(_linear(PAPER)) + 0.05) * (luminance(_linear(NIGHT)) + 0.05)
    wanted = min(1.0, max(0.0, mirror / (luminance(_linear(colour)) + 0.05) - 0.05))
    _, a, b = _oklab(_linear(colour))

    def drawn(strength: float) -> Triple:
        """Return the colour of this strength that has the wanted luminance."""
        lightness = _solve(lambda x: luminance(_from_oklab(x, a * strength, b * strength)), wanted)
        return _from_oklab(lightness, a * strength, b * strength)

    strength = 1.0
    while strength > 0.02 and not all(-0.001 <= c <= 1.001 for c in drawn(strength)):
        strength -= 0.02
    return _hex(drawn(strength))


def _solve(rising: Callable[[float], float], wanted: float) -> float:
    low, high = 0.0, 1.2
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (middle, high) if rising(middle) < wanted else (low, middle)
    return (low + high) / 2
