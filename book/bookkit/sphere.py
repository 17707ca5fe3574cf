"""Distance between two places on the earth."""

import numpy as np

EARTH_RADIUS_KM = 6371.0088  # mean radius, International Union of Geodesy and Geophysics


def distance_km(latitude_a: float, longitude_a: float, latitude_b: float, longitude_b: float) -> float:
    """Return the great-circle distance in kilometres between two points given in decimal degrees.

    The earth is taken as a sphere (haversine formula), which is wrong by at most about half a per
    cent. North and east are positive.

    Raises
    ------
    ValueError
        A latitude lies outside -90 to 90, or a longitude outside -180 to 180.
    """
    for latitude in (latitude_a, latitude_b):
        if not -90 <= latitude <= 90:
            raise ValueError(f"latitude {latitude} lies outside -90 to 90 degrees")
    for longitude in (longitude_a, longitude_b):
        if not -180 <= longitude <= 180:
            raise ValueError(f"longitude {longitude} lies outside -180 to 180 degrees")
    phi_a, phi_b = np.radians([latitude_a, latitude_b])
    half_phi = (phi_b - phi_a) / 2
    half_lambda = np.radians(longitude_b - longitude_a) / 2
    chord = np.sin(half_phi) ** 2 + np.cos(phi_a) * np.cos(phi_b) * np.sin(half_lambda) ** 2
    return float(2 * EARTH_RADIUS_KM * np.arcsin(np.sqrt(min(1.0, chord))))
