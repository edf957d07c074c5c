"""The public holidays of France, which are not the same everywhere: Alsace-Moselle has two more, each overseas
territory has its own (Code du travail L3133-1, L3134-13 and L3422-2), as the library `holidays` knows them.
"""

from functools import lru_cache

from holidays import country_holidays

from booking.engine.availability import DAY, EPOCH

# INSEE code of a department -> the library's name for the part of France whose holidays it keeps
_SUBDIVISIONS = {
    "57": "57",
    "67": "6AE",
    "68": "6AE",
    "971": "971",
    "972": "972",
    "973": "973",
    "974": "974",
    "975": "PM",
    "976": "976",
    "977": "BL",
    "978": "MF",
    "986": "WF",
    "987": "PF",
    "988": "NC",
}
_YEAR = 365.2425 * DAY


@lru_cache(maxsize=512)
def _of_year(subdivision: str | None, year: int) -> frozenset[int]:
    """Return a year's holidays as days since 1970-01-01. Kept: the library takes milliseconds to work them out."""
    return frozenset((day - EPOCH).days for day in country_holidays("FR", subdiv=subdivision, years=year))


def public_holidays(department: str, start: int, end: int) -> frozenset[int]:
    """Return the holidays that a department (INSEE code; empty: those of all France) keeps around [start, end).

    Instants are seconds since the epoch, holidays are local days counted since 1970-01-01; a few more may be named.
    """
    subdivision = _SUBDIVISIONS.get(department)
    first, last = (1970 + int((at + margin) // _YEAR) for at, margin in ((start, -2 * DAY), (end, 2 * DAY)))
    return frozenset().union(*(_of_year(subdivision, year) for year in range(first, last + 1)))
