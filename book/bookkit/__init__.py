"""What the pages of *Testing Realism* import: data, sentences, claims, plot style, maps, distance.

It needs pandas, numpy and matplotlib and nothing else, and travels as a folder beside the
notebooks, so ``import bookkit`` works in JupyterLab, in Binder, in the browser and in the build.
"""

from bookkit.claims import ClaimError, claim, fold, ledger
from bookkit.look import COUNTRIES, Style, draw_line, style, use_style
from bookkit.maps import draw_map, mark_place
from bookkit.package import cite, describe, load, tables
from bookkit.paths import DataError
from bookkit.sentences import behind, say, show
from bookkit.sphere import distance_km

__all__ = [
    "COUNTRIES",
    "ClaimError",
    "DataError",
    "Style",
    "behind",
    "cite",
    "claim",
    "describe",
    "distance_km",
    "draw_line",
    "draw_map",
    "fold",
    "ledger",
    "load",
    "mark_place",
    "say",
    "show",
    "style",
    "tables",
    "use_style",
]
