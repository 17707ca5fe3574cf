"""Outlines of countries from western Europe to Central Asia, for the book's maps."""

import json
from itertools import pairwise
from pathlib import Path

import pandas as pd

NAME = "borders"
INPUTS = ("natural-earth-and-cities/raw/countries-50m.json",)
PUBLISHED = "npm, world-atlas 2.0.2, countries-50m.json (Natural Earth 4.1.0, 1:50 million)"

WEST, SOUTH, EAST, NORTH = 5.0, 10.0, 80.0, 62.0
TOLERANCE = 0.02  # degrees: a point nearer than this to the line that would replace it is left out
SMALLEST = 0.01  # square degrees: smaller islands and enclaves are left out

CODES = {
    "004": "AFG", "008": "ALB", "012": "DZA", "031": "AZE", "040": "AUT", "048": "BHR",
    "051": "ARM", "056": "BEL", "070": "BIH", "100": "BGR", "112": "BLR",
    "120": "CMR", "140": "CAF", "148": "TCD", "156": "CHN", "191": "HRV", "196": "CYP",
    "203": "CZE", "208": "DNK", "231": "ETH", "232": "ERI", "233": "EST", "246": "FIN",
    "248": "ALA", "250": "FRA", "262": "DJI", "268": "GEO", "275": "PSE", "276": "DEU",
    "300": "GRC", "348": "HUN", "356": "IND", "364": "IRN", "368": "IRQ", "376": "ISR",
    "380": "ITA", "398": "KAZ", "400": "JOR", "414": "KWT", "417": "KGZ", "422": "LBN", "428": "LVA",
    "434": "LBY", "438": "LIE", "440": "LTU", "442": "LUX", "470": "MLT",
    "498": "MDA", "499": "MNE", "512": "OMN", "528": "NLD", "562": "NER",
    "566": "NGA", "578": "NOR", "586": "PAK", "616": "POL", "634": "QAT", "642": "ROU", "643": "RUS",
    "682": "SAU", "688": "SRB", "703": "SVK", "705": "SVN", "706": "SOM",
    "728": "SSD", "729": "SDN", "752": "SWE", "756": "CHE", "760": "SYR", "762": "TJK",
    "784": "ARE", "788": "TUN", "792": "TUR", "795": "TKM", "804": "UKR", "807": "MKD",
    "818": "EGY", "860": "UZB", "887": "YEM",
}  # fmt: skip
NO_NUMBER = {"Kosovo": "XKX", "N. Cyprus": "CYN", "Somaliland": "SOL", "Siachen Glacier": "KAS"}
"""Areas that Natural Earth draws apart and ISO gives no number; the codes are ours."""

Point = tuple[float, float]
Ring = list[Point]


def make(folder: Path) -> pd.DataFrame:
    """Return one row per point of each outline, the largest ring of a country first.

    Source: the provider's TopoJSON. Borders are simplified line by line before rings are put together, so
    that two neighbours keep one border; then everything is cut at the box.

    Raises
    ------
    ValueError
        The file is no TopoJSON with the object "countries", or a country in the box has no known code.
    """
    world = json.loads((folder / INPUTS[0]).read_text(encoding="utf-8"))
    try:
        shapes, arcs, (dx, dy), (x0, y0) = (
            world["objects"]["countries"]["geometries"],
            world["arcs"],
            world["transform"]["scale"],
            world["transform"]["translate"],
        )
    except KeyError as missing:
        raise ValueError(f"{INPUTS[0]}: lacks {missing}") from None
    lines = []
    for arc in arcs:
        x = y = 0
        line = []
        for step_x, step_y in arc:
            x, y = x + step_x, y + step_y
            line.append((x * dx + x0, y * dy + y0))
        lines.append(_simplified(line))
    rings: dict[str, list[Ring]] = {}
    for number, shape in enumerate(shapes, start=1):
        polygons = {"Polygon": [shape["arcs"]], "MultiPolygon": shape["arcs"]}.get(shape["type"], [])
        outlines = [_cut(_joined(polygon[0], lines)) for polygon in polygons]
        if outlines := [ring for ring in outlines if len(ring) > 3 and _area(ring) >= SMALLEST]:
            name = shape["properties"]["name"]
            code = CODES.get(shape["id"]) if shape.get("id") else NO_NUMBER.get(name)
            if code is None:
                raise ValueError(f"{INPUTS[0]}, country {number}: {name} has no known code")
            rings.setdefault(code, []).extend(outlines)
    return pd.DataFrame(
        [
            {"country": code, "ring": number, "point": point, "longitude": f"{x:.2f}", "latitude": f"{y:.2f}"}
            for code in sorted(rings)
            for number, ring in enumerate(sorted(rings[code], key=_area, reverse=True), start=1)
            for point, (x, y) in enumerate(ring, start=1)
        ]
    )


def _simplified(line: Ring) -> Ring:
    """Return the line without points that lie within the tolerance (Douglas and Peucker)."""
    keep = {0, len(line) - 1}
    todo = [(0, len(line) - 1)]
    while todo:
        first, last = todo.pop()
        far, distance = 0, 0.0
        for between in range(first + 1, last):
            if (d := _distance(line[between], line[first], line[last])) > distance:
                far, distance = between, d
        if distance > TOLERANCE:
            keep.add(far)
            todo += [(first, far), (far, last)]
    return [line[number] for number in sorted(keep)]


def _distance(point: Point, start: Point, end: Point) -> float:
    (x, y), (x1, y1), (x2, y2) = point, start, end
    length = (x2 - x1) ** 2 + (y2 - y1) ** 2
    along = 0.0 if length == 0 else max(0.0, min(1.0, ((x - x1) * (x2 - x1) + (y - y1) * (y2 - y1)) / length))
    return ((x - x1 - along * (x2 - x1)) ** 2 + (y - y1 - along * (y2 - y1)) ** 2) ** 0.5


def _joined(numbers: list[int], lines: list[Ring]) -> Ring:
    ring: Ring = []
    for number in numbers:
        line = lines[number] if number >= 0 else lines[~number][::-1]
        ring += line if not ring else line[1:]
    return ring


def _cut(ring: Ring) -> Ring:
    """Return the part of a ring that lies in the box, rounded and closed (Sutherland and Hodgman)."""
    for axis, bound, sign in ((0, WEST, 1), (0, EAST, -1), (1, SOUTH, 1), (1, NORTH, -1)):
        kept: Ring = []
        for start, end in pairwise([*ring, ring[0]] if ring else []):
            inside, next_inside = (sign * (p[axis] - bound) >= 0 for p in (start, end))
            if inside:
                kept.append(start)
            if inside != next_inside:
                share = (bound - start[axis]) / (end[axis] - start[axis])
                kept.append((start[0] + share * (end[0] - start[0]), start[1] + share * (end[1] - start[1])))
        ring = kept
    rounded = [(round(x, 2) + 0.0, round(y, 2) + 0.0) for x, y in ring]
    rounded = [p for n, p in enumerate(rounded) if n == 0 or p != rounded[n - 1]]
    return [*rounded, rounded[0]] if rounded and rounded[-1] != rounded[0] else rounded


def _area(ring: Ring) -> float:
    return abs(sum(x1 * y2 - x2 * y1 for (x1, y1), (x2, y2) in pairwise(ring))) / 2
