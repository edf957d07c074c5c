"""Where the departments of France lie: their time zone and the box that holds them, to catch coordinates gone wrong.

Zones are those of the IANA database; a metropolitan department has the zone of Paris. Boxes are degrees (WGS 84),
rounded outwards.
"""

from dataclasses import dataclass

METROPOLE = frozenset(
    [f"{number:02}" for number in range(1, 96) if number != 20] + ["2A", "2B"]
)  # Corsica's two were once number 20


@dataclass(frozen=True, slots=True)
class Territory:
    """A zone and a box in degrees."""

    timezone: str
    south: float
    north: float
    west: float
    east: float

    def holds(self, latitude: float, longitude: float) -> bool:
        """Tell whether a place lies within the box."""
        return self.south <= latitude <= self.north and self.west <= longitude <= self.east


_FRANCE = Territory("Europe/Paris", 41.2, 51.2, -5.3, 9.7)
_OVERSEAS = {
    "971": Territory("America/Guadeloupe", 15.7, 16.6, -61.9, -60.9),
    "972": Territory("America/Martinique", 14.3, 15.0, -61.3, -60.7),
    "973": Territory("America/Cayenne", 2.0, 6.0, -54.7, -51.5),
    "974": Territory("Indian/Reunion", -21.5, -20.7, 55.1, 55.9),
    "975": Territory("America/Miquelon", 46.7, 47.2, -56.5, -56.0),
    "976": Territory("Indian/Mayotte", -13.1, -12.5, 44.9, 45.4),
    "977": Territory("America/St_Barthelemy", 17.8, 18.0, -63.0, -62.7),
    "978": Territory("America/Marigot", 18.0, 18.2, -63.2, -62.9),
    "986": Territory("Pacific/Wallis", -14.5, -13.1, -178.3, -176.0),
    "987": Territory("Pacific/Tahiti", -28.5, -7.5, -155.5, -134.0),
    "988": Territory("Pacific/Noumea", -23.5, -17.5, 158.0, 172.0),
}


def department_code(text: str) -> str:
    """Return a department's code as INSEE writes it: `1` is `01`, `2a` is `2A`."""
    return text.strip().upper().zfill(2)


def territory(department: str) -> Territory | None:
    """Return where a department (INSEE code) lies, or None if there is no such department."""
    return _FRANCE if department in METROPOLE else _OVERSEAS.get(department)


def zones() -> list[str]:
    """Return the time zones of France (IANA names), that of Paris first."""
    return [_FRANCE.timezone, *(each.timezone for each in _OVERSEAS.values())]
