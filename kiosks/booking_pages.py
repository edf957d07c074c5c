"""The screens of a booking, at the kiosk and at the front desk alike: service, time, person, check, done."""

from datetime import UTC, date
from typing import Any

from aiohttp import web
from pydantic import ValidationError

from booking.engine.offer import KIOSK
from booking.engine.search import Alternative
from booking.errors import NotBookable, SlotTaken
from booking.journey import catalogue
from booking.waiting import keeps_list
from kiosks import choices, keeping, queue_pages, visits
from kiosks.counters import Counter, counter_of
from kiosks.houses import kiosk_names
from kiosks.people import as_typed, check_person, needs_offered
from kiosks.queue import choices_now
from kiosks.reservation import confirmation, reserve
from kiosks.schemas import KeepForm, Person, ServiceChoice, SlotChoice, VisitForm
from kiosks.screens import counter_screen, draft_for, go
from kiosks.visits import Draft
from kiosks.waiting_pages import earlier_context
from teleconsult.clock import utcnow
from teleconsult.errors import NotFound
from teleconsult.web.events import publish
from teleconsult.web.forms import Form, read_form
from teleconsult.web.i18n import language
from teleconsult.web.keys import SETTINGS
from teleconsult.web.throttle import throttle
from teleconsult.web.tokens import SIGNER

# For one screen, whatever comes from its house's network besides.
HOLDS, HOLDS_SECONDS = 60, 600
SEARCH_FROM = 8  # with more services than this, a search box helps


async def start(request: web.Request) -> web.Response:
    """Begin a new booking: whatever was under way here is forgotten."""
    counter = await counter_of(request)
    await visits.begin(now=utcnow(), owner=counter.owner)
    await publish(request.app, counter.owner.changed)
    raise go(f"{counter.base}/service")


async def service_page(request: web.Request) -> web.Response:
    """Which service? By its everyday name."""
    counter, draft = await draft_for(request, "service")
    audience = "citizen" if counter.at_kiosk else "staff"
    offered = [each for each in await catalogue.offered(audience, counter.house.department) if KIOSK in each.modes]
    context = {"services": offered, "search": len(offered) > SEARCH_FROM}
    return await counter_screen(request, counter, draft, "kiosks/booking_service.html", context)


async def choose_service(request: web.Request) -> web.Response:
    """Keep the service. The time chosen before is given up if the service is another one."""
    counter, draft = await draft_for(request, "service")
    form = (await read_form(request, ServiceChoice)).value
    service = await choices.service_named(form.service) if form else None
    if form is None or service is None:
        raise go(f"{counter.base}/service")
    kept: dict[str, Any] = {"service_id": service.id}
    if service.id != draft.service_id:
        await keeping.give_back(now=utcnow(), visit_id=draft.id)
        kept |= {"starts_at": None, "place_id": None, "now_kiosk": ""}
    await visits.keep(now=utcnow(), owner=counter.owner, visit_id=form.visit, **kept)
    raise go(f"{counter.base}/slot")


def _day(request: web.Request, name: str) -> date | None:
    try:
        return date.fromisoformat(request.query.get(name, ""))
    except ValueError:
        return None


async def slot_page(request: web.Request) -> web.Response:
    """When, and where? The first times at this house by day, and the nearest others."""
    counter, draft = await draft_for(request, "slot")
    now, service_id = utcnow(), draft.service_id or ""
    site_id = request.query.get("place") or draft.place_id or counter.house.id
    place = await choices.house_named(site_id, counter.house)
    service = await choices.service_named(service_id)
    if place is None or service is None:
        raise go(f"{counter.base}/service")
    here = place.id == counter.house.id
    needs, day = draft.details.get("needs", []), _day(request, "day")
    held = await keeping.kept(now=now, draft=draft)
    times = await choices.times_at(
        now=now, service_id=service_id, site_id=place.id, first_day=day or _day(request, "from"), needs=needs,
        all_day=day is not None, hold_id=held.id if held else None,
    )  # fmt: skip
    context = {
        "service": service, "place": place, "times": times, "paged": "from" in request.query or day is not None,
        "others": await choices.nearest_others(now=now, service_id=service_id, house=counter.house, shown=place.id),
        "refused": request.query.get("refused", ""),
        "waiting_list": here and await keeps_list(service_id),
        "now": await choices_now(now=now, counter=counter, service_id=service_id, needs=needs) if here else [],
        "instead": await _instead(request, draft, counter.house.id),
    }  # fmt: skip
    return await counter_screen(request, counter, draft, "kiosks/booking_slot.html", context)


async def _instead(request: web.Request, draft: Draft, here: str) -> list[Alternative] | None:
    """Return what to offer when the time was taken meanwhile; None when it was not."""
    if "refused" not in request.query or draft.starts_at is None or draft.service_id is None:
        return None
    return await choices.instead(
        now=utcnow(), service_id=draft.service_id, site_id=draft.place_id or here, start=draft.starts_at,
        needs=draft.details.get("needs", []),
    )  # fmt: skip


async def choose_slot(request: web.Request) -> web.Response:
    """Keep the time for this visit; whoever has said who they are goes straight back to the check."""
    counter, draft = await draft_for(request, "slot")
    throttle(request, "kiosk-hold", HOLDS, HOLDS_SECONDS, who=counter.owner.terminal_id or counter.owner.account_id)
    form = (await read_form(request, SlotChoice)).value
    if form is None or await choices.house_named(form.time.place, counter.house) is None:
        raise go(f"{counter.base}/slot")
    await visits.keep(
        now=utcnow(),
        owner=counter.owner,
        visit_id=form.visit,
        place_id=form.time.place,
        starts_at=form.time.start.astimezone(UTC),
        now_kiosk="",
    )
    try:
        await _take(counter)
    except (SlotTaken, NotBookable) as refused:
        raise go(f"{counter.base}/slot?refused={refused.code}") from None
    raise go(f"{counter.base}/{'check' if check_person(draft.details) else 'person'}")


async def _take(counter: Counter) -> None:
    if draft := await visits.find(counter.owner):
        await keeping.take(now=utcnow(), draft=draft, actor=counter.actor)


async def keep_slot(request: web.Request) -> web.Response:
    """The screen is open (again), or its reader asks for more time. Raises SlotTaken when others have it now."""
    counter = await counter_of(request)
    form = (await read_form(request, KeepForm)).value
    draft = await visits.find(counter.owner)
    if form is None or draft is None or draft.id != form.visit or draft.stage != "draft":
        raise NotFound
    held = await keeping.keep(now=utcnow(), draft=draft, actor=counter.actor, longer=form.longer)
    return web.json_response({"seconds": held.seconds_left if held else 0})


async def person_page(request: web.Request) -> web.Response:
    """Who? What was typed before is there again, with what is to be corrected."""
    return await _person_screen(request, {})


async def _person_screen(request: web.Request, errors: dict[str, str]) -> web.Response:
    counter, draft = await draft_for(request, "person")
    details = {"language": language(request)} | draft.details
    context = {"errors": errors, "details": details, "needs": needs_offered()} | await _held(draft, counter)
    return await counter_screen(request, counter, draft, "kiosks/booking_person.html", context)


async def _held(draft: Draft, counter: Counter) -> dict[str, Any]:
    """Return what the countdown shows."""
    place = await choices.house_named(draft.place_id or "", counter.house)
    return {"hold": await keeping.kept(now=utcnow(), draft=draft), "hold_zone": place.timezone if place else "UTC"}


async def keep_person(request: web.Request) -> web.Response:
    """Keep what is being typed, right or wrong, so that nothing is lost."""
    counter = await counter_of(request)
    posted = await request.post()
    await visits.keep(
        now=utcnow(), owner=counter.owner, visit_id=str(posted.get("visit", "")), details=as_typed(posted)
    )
    return web.Response(status=204)


async def give_person(request: web.Request) -> web.Response:
    """Keep the person, then go on to the check; or back, without a word about what is missing."""
    counter, _ = await draft_for(request, "person")
    posted = await request.post()
    await keep_person(request)
    if "back" in posted:
        raise go(f"{counter.base}/slot")
    form: Form[Person] = await read_form(request, Person)
    if form.errors:
        return await _person_screen(request, form.errors)
    raise go(f"{counter.base}/check")


async def check_page(request: web.Request) -> web.Response:
    """Everything once more before it counts, each line with a way to change it."""
    counter, draft = await draft_for(request, "check")
    person = check_person(draft.details)
    if person is None:
        raise go(f"{counter.base}/person")
    service = await choices.service_named(draft.service_id or "")
    place = await choices.house_named(draft.place_id or counter.house.id, counter.house)
    if service is None or place is None:
        raise go(f"{counter.base}/service")
    context = {"service": service, "place": place, "person": person, "needs": needs_offered()}
    if draft.now_kiosk:
        context["kiosk"] = (await kiosk_names(counter.house.id)).get(draft.now_kiosk, "")
        return await counter_screen(request, counter, draft, "kiosks/booking_check_now.html", context)
    context |= await _held(draft, counter)
    return await counter_screen(request, counter, draft, "kiosks/booking_check.html", context)


async def confirm(request: web.Request) -> web.Response:
    """Book. Pressing twice books once; a time taken meanwhile leads back to the times, with nothing lost."""
    counter = await counter_of(request)
    form = (await read_form(request, VisitForm)).value
    draft = await visits.find(counter.owner)
    if form is not None and draft is not None and draft.now_kiosk:
        return await queue_pages.join(request, form.visit)
    try:
        done = await reserve(
            now=utcnow(), owner=counter.owner, visit_id=form.visit if form else "", actor=counter.actor,
            channel=counter.channel, key=request.app[SETTINGS].signing_key,
        )  # fmt: skip
    except (SlotTaken, NotBookable) as refused:
        raise go(f"{counter.base}/slot?refused={refused.code}") from None
    except ValidationError:
        raise go(f"{counter.base}/person") from None
    if done is None:
        raise go(counter.home)
    await publish(request.app, done.events)
    raise go(f"{counter.base}/done")


async def done_page(request: web.Request) -> web.Response:
    """It is booked: the reference, the pass, what to bring."""
    counter = await counter_of(request)
    draft = await visits.find(counter.owner)
    if draft is None or draft.stage != "booked" or draft.appointment_id is None:
        raise go(counter.home)
    booked = await confirmation(draft.appointment_id, request.app[SIGNER], now=utcnow(), here=counter.house.id)
    service_id, appointment_id = booked.service_id, draft.appointment_id
    context = {"booked": booked} | await earlier_context(request, service_id=service_id, appointment_id=appointment_id)
    return await counter_screen(request, counter, draft, "kiosks/booking_done.html", context)
