"""The cover: the claims of the ledger as squares, in the order of the paper, each in the colour of its verdict.

Nothing on it is invented: it is a picture of the book's own table, and changes with it.
"""

import csv
import io

from publish.edition import AUTHOR, Edition, foot
from publish.volume import ROOT, SHORT_TITLE, SUBTITLE

COLOURS = {
    "supported": "#0b7a53",
    "partly": "#c79a2e",
    "contradicted": "#b3380b",
    "not testable": "#c3c8ce",
    "normative": "#c3c8ce",
}
"""As on the pages; the two verdicts that evidence does not give share a colour."""
COLUMNS = 22
TALES = (
    "Squares in rows, one for each claim of the ledger in the order of the paper: most are green (supported) or "
    "ochre (partly), fewer red (contradicted) or grey (not decided by evidence). The colours are mixed all over."
)
"""What the picture shows, for those who do not see it."""


def verdicts() -> list[str]:
    """Return the verdict of every claim, in the order of the ledger."""
    with (ROOT / "data" / "claims.csv").open(encoding="utf-8", newline="") as file:
        return [row["verdict"] for row in csv.DictReader(file)]


def squares() -> str:
    """Return the claims as a small SVG to stand in a page."""
    given = verdicts()
    rows = -(-len(given) // COLUMNS)
    marks = "".join(
        f'<rect x="{10 * (n % COLUMNS)}" y="{10 * (n // COLUMNS)}" width="8" height="8" fill="{COLOURS[verdict]}"/>'
        for n, verdict in enumerate(given)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {10 * COLUMNS - 2} {10 * rows - 2}" role="img" '
        f'aria-label="{TALES}">{marks}</svg>'
    )


def cover_png(edition: Edition) -> bytes:
    """Return the cover of the EPUB, 1600 by 2400 pixels."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.patches import Rectangle

    figure = Figure(figsize=(8, 12), dpi=200, facecolor="#fcfcfa")
    FigureCanvasAgg(figure)
    ink, face = "#1f2328", "DejaVu Serif"  # comes with matplotlib, so is the same everywhere
    where, what = SUBTITLE.rsplit(" and ", 1)
    figure.text(0.1, 0.885, SHORT_TITLE, size=50, weight="bold", color=ink, family=face)
    figure.text(0.1, 0.80, f"{where}\nand {what}", size=24, color=ink, linespacing=1.4, family=face)
    axes = figure.add_axes((0.1, 0.14, 0.8, 0.6))
    given = verdicts()
    rows = -(-len(given) // COLUMNS)
    for n, verdict in enumerate(given):
        spot = (n % COLUMNS, -(n // COLUMNS))
        axes.add_patch(Rectangle(spot, 0.8, 0.8, facecolor=COLOURS[verdict]))
    axes.set(xlim=(0, COLUMNS - 0.2), ylim=(1 - rows, 0.8), aspect="equal", anchor="W")
    axes.axis("off")
    figure.text(0.1, 0.082, AUTHOR, size=17, color=ink, family=face)
    figure.text(0.1, 0.052, foot(edition), size=13, color="#4d5661", family=face)
    picture = io.BytesIO()
    figure.savefig(picture, format="png", metadata={"Software": None})
    return picture.getvalue()
