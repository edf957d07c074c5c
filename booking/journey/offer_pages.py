"""The web journey's first half: for what, where and when. All of it is in the address; nothing is stored."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from aiohttp import web

from booking.engine import search
from booking.engine.offer import KIOSK
from booking.engine.search import SiteAvailability, SiteFound
from booking.journey.catalogue import Offered, Town, find_services, find_towns, offered_service
from booking.journey.choices import MAX_TEXT, Wanted, owner_of, wanted_in
from booking.journey.hold import own_hold
from booking.needs import NEED_TEXTS
from booking.pages.slot_choice import DAYS_SEARCHED, SlotChoice, asked_day, slot_choice
from teleconsult.clock import utcnow
from teleconsult.web.render import render
from teleconsult.web.throttle import throttle

HOUSES_SHOWN = 6
SEARCHES, SEARCHES_SECONDS = 300, 60
START = "/rdv"
SLOTS = "/rdv/book/slots"
PERSON = "/rdv/book/person"


@dataclass(frozen=True, kw_only=True)
class Places:
    """The houses to choose from, nearest first, and the one shown."""

    towns: Sequence[Town]
    nearest: Sequence[SiteAvailability]
    shown: SiteFound | None

    @property
    def others(self) -> list[SiteAvailability]:
        """The houses beside the one shown that have a slot."""
        shown = self.shown.id if self.shown else None
        return [each for each in self.nearest if each.site.id != shown and each.first_slot]


async def show_search(request: web.Request) -> web.StreamResponse:
    """GET /rdv?q=&near=: the services that everyday words mean."""
    throttle(request, "web-search", SEARCHES, SEARCHES_SECONDS)
    text, near = (request.query.get(name, "").strip()[:MAX_TEXT] for name in ("q", "near"))
    towns = await find_towns(near) if near else []
    department = towns[0].department if towns else None
    found = await find_services(text, department=department)
    context = {
        "q": text, "near": near, "towns": towns, "found": found, "slots_page": SLOTS,
        "every": found if found or not text else await find_services("", department=department),
    }  # fmt: skip
    return render(request, "booking/rdv_search.html", context)


async def show_slots(request: web.Request) -> web.StreamResponse:
    """GET /rdv/book/slots?service=&near=: the nearest houses and their free times."""
    throttle(request, "web-search", SEARCHES, SEARCHES_SECONDS)
    wanted = wanted_in(request.query)
    if wanted is None:
        raise web.HTTPSeeOther(START)
    return await slots_page(request, wanted)


async def slots_page(request: web.Request, wanted: Wanted, *, status: int = 200, **more: Any) -> web.Response:
    """Return the page of free times, perhaps with a `problem` and `alternatives`. Raises ServiceUnknown and others."""
    service = await offered_service(wanted.service)
    mode = chosen_mode(service, wanted)
    wanted = wanted.model_copy(update={"mode": mode})
    places = await _places(service, wanted)
    from_day = asked_day(request.query.get("from", ""), utcnow())
    context = {
        "service": service, "wanted": wanted, "mode": mode, "places": places, "from_day": from_day,
        "page": SLOTS, "problem": "", "alternatives": [], "need_texts": NEED_TEXTS,
        "choice": await _choice(service, wanted, places, from_day, owner_of(request)),
    }  # fmt: skip
    return render(request, "booking/rdv_slots.html", context | more, status=status)


def chosen_mode(service: Offered, wanted: Wanted) -> str:
    """Return how to attend: as was chosen if the service allows it, else at a kiosk if it can be."""
    if wanted.mode in service.modes:
        return str(wanted.mode)
    return "kiosk" if "kiosk" in service.modes else "home"


async def _places(service: Offered, wanted: Wanted) -> Places:
    towns = await find_towns(wanted.near) if wanted.near else []
    nearest: list[SiteAvailability] = []
    if towns:
        nearest = await search.availability(
            now=utcnow(), service_id=service.id, latitude=towns[0].latitude, longitude=towns[0].longitude,
            limit=HOUSES_SHOWN,
        )  # fmt: skip
    chosen = next((each.site for each in nearest if each.site.id == wanted.place), None)
    if chosen is None and wanted.place:
        chosen = await site_named(wanted.place)
    if chosen is None and nearest:
        chosen = next((each.site for each in nearest if each.first_slot), nearest[0].site)
    return Places(towns=towns, nearest=nearest, shown=chosen)


async def site_named(site_id: str) -> SiteFound | None:
    """Return an open house, None for any other."""
    return next((each for each in await search.sites() if each.id == site_id), None)


async def _choice(service: Offered, wanted: Wanted, places: Places, from_day: date | None, owner: str) -> SlotChoice:
    if places.shown is None:
        return SlotChoice((), None)
    found = await search.slots(
        now=utcnow(), service_id=service.id, site_id=places.shown.id, first_day=from_day,
        days=DAYS_SEARCHED, mode=wanted.mode or KIOSK,
        hold_id=await own_hold(now=utcnow(), owner=owner),
    )  # fmt: skip
    return slot_choice(found)
