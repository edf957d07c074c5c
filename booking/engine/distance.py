"""How far places are from one another."""

from math import asin, cos, radians, sin, sqrt

# Mean radius of the Earth (IUGG R1), kilometres
EARTH_RADIUS_KM = 6371.0088


def great_circle_km(latitude: float, longitude: float, to_latitude: float, to_longitude: float) -> float:
    """Return the distance between two places given in degrees, by the haversine formula, in kilometres."""
    phi, to_phi = radians(latitude), radians(to_latitude)
    half_lat = sin((to_phi - phi) / 2) ** 2
    half_lon = sin(radians(to_longitude - longitude) / 2) ** 2
    return 2 * EARTH_RADIUS_KM * asin(min(1.0, sqrt(half_lat + cos(phi) * cos(to_phi) * half_lon)))
