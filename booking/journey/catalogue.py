"""The offer as people look for it: services by everyday words, places by the name of a town or a postcode."""

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from booking.errors import ServiceRetired, ServiceUnknown
from booking.journey.wording import best, likeness, plain, relevance
from booking.models import Service, Site

LIKELY_TOWN = 0.7
TOWNS_SHOWN = 6
POSTCODE_DIGITS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Offered:
    """A service as people choose it; `modes` are `kiosk` and `home`, `audiences` those who may book."""

    id: str
    name: str
    name_en: str
    summary: str
    summary_en: str
    organisation: str
    organisation_en: str
    duration_minutes: int
    documents: tuple[dict[str, str], ...]
    keywords: tuple[str, ...]
    audiences: frozenset[str]
    modes: frozenset[str]
    departments: frozenset[str]
    waiting_list: bool

    def called(self, language: str) -> str:
        """Return the name in a language, French when it has none in that one."""
        return (self.name_en if language == "en" else "") or self.name

    def described(self, language: str) -> str:
        """Return the summary in a language, French when there is none in that one."""
        return (self.summary_en if language == "en" else "") or self.summary

    def offered_by(self, language: str) -> str:
        """Return the organisation's name in a language."""
        return (self.organisation_en if language == "en" else "") or self.organisation

    def papers(self, language: str) -> list[str]:
        """Return the papers to bring in a language."""
        return [paper.get(language) or paper["fr"] for paper in self.documents]


@dataclass(frozen=True, slots=True)
class Town:
    """A town with a house: where people say they live. Degrees."""

    name: str
    postcode: str
    department: str
    latitude: float
    longitude: float


async def offered(audience: str = "citizen", department: str | None = None) -> list[Offered]:
    """Return what an audience (citizen, staff, partner) may book, by name; in one department if given."""
    rows = await _rows(retired_at__isnull=True)
    found = [_offered(row) for row in rows]
    return [each for each in found if audience in each.audiences and _serves(each, department)]


async def offered_service(service_id: str, audience: str = "citizen") -> Offered:
    """Return a service that an audience may book. Raises ServiceUnknown (also for others'), ServiceRetired."""
    rows = await _rows(id=service_id)
    if not rows or audience not in rows[0]["audiences"]:
        raise ServiceUnknown(service=service_id)
    if rows[0]["retired_at"] is not None:
        raise ServiceRetired(field="service")
    return _offered(rows[0])


async def find_services(text: str, audience: str = "citizen", department: str | None = None) -> list[Offered]:
    """Return the services meant by everyday words, the likeliest first; all of them, by name, when nothing is typed."""
    every = await offered(audience, department)
    if not plain(text):
        return every
    scores = [(_score(text, each), each.id) for each in every]
    by_id = {each.id: each for each in every}
    return [by_id[key] for key in best(scores)]


async def find_towns(text: str) -> list[Town]:
    """Return the towns with a house that someone means by a name or a postcode, the likeliest first.

    A postcode without a house stands for the nearest number of its department.
    """
    wanted = plain(text)
    towns = await _towns()
    if wanted.replace(" ", "").isdigit():
        return _by_postcode(wanted.replace(" ", ""), towns)
    # "45500 Gien", as a browser fills it in
    digits = [word for word in wanted.split() if word.isdigit() and len(word) == POSTCODE_DIGITS]
    name = " ".join(word for word in wanted.split() if not word.isdigit())
    scored = [(_town_likeness(name, town), town) for town in towns]
    if digits:
        scored = [(score, town) for score, town in scored if town.postcode == digits[0]] or scored
    likely = sorted((each for each in scored if each[0] >= LIKELY_TOWN), key=lambda each: (-each[0], each[1].name))
    return [town for _, town in likely[:TOWNS_SHOWN]]


def _score(text: str, each: Offered) -> float:
    names = (each.name, each.name_en)
    about = (each.summary, each.summary_en, each.organisation, each.organisation_en)
    # what a service is called says more than what is told about it
    return max(
        relevance(text, keywords=each.keywords, texts=names),
        0.9 * relevance(text, keywords=(), texts=(*names, *about, *each.keywords)),
    )


def _town_likeness(name: str, town: Town) -> float:
    known = plain(town.name)
    short = name.replace("saint ", "st ").replace("sainte ", "ste ")
    if name == known or short == known.replace("saint ", "st ").replace("sainte ", "ste "):
        return 1.0
    return likeness(name, known) if name else 0.0


def _by_postcode(digits: str, towns: list[Town]) -> list[Town]:
    if len(digits) != POSTCODE_DIGITS:
        return []
    exact = [town for town in towns if town.postcode == digits]
    if exact:
        return exact[:TOWNS_SHOWN]
    near = [town for town in towns if town.postcode[:2] == digits[:2] and town.postcode.isdigit()]
    return sorted(near, key=lambda town: abs(int(town.postcode) - int(digits)))[:1]


async def _towns() -> list[Town]:
    """Return each town once, with the middle of its houses."""
    rows = await Site.filter(active=True).values_list("commune", "postcode", "department", "latitude", "longitude")
    houses: dict[tuple[str, str, str], list[tuple[float, float]]] = defaultdict(list)
    for commune, postcode, department, latitude, longitude in rows:
        houses[commune, postcode, department].append((latitude, longitude))
    return [
        Town(*key, sum(each[0] for each in at) / len(at), sum(each[1] for each in at) / len(at))
        for key, at in sorted(houses.items())
    ]


def _serves(each: Offered, department: str | None) -> bool:
    return department is None or not each.departments or department in each.departments


async def _rows(**where: Any) -> list[dict[str, Any]]:
    return (
        await Service.filter(**where)
        .order_by("name", "id")
        .values(
            "id", "name", "name_en", "summary", "summary_en", "duration_minutes", "documents", "keywords", "audiences",
            "modes", "waiting_list", "retired_at", organisation="organisation__name",
            organisation_en="organisation__name_en", departments="organisation__departments",
        )
    )  # fmt: skip


def _offered(row: dict[str, Any]) -> Offered:
    kept = {key: value for key, value in row.items() if key != "retired_at"}
    kept |= {name: frozenset(row[name]) for name in ("audiences", "modes", "departments")}
    kept |= {name: tuple(row[name]) for name in ("documents", "keywords")}
    return Offered(**kept)
