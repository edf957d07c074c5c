"""The screens of who waits without an appointment: at the kiosk their place, at the front desk the queue."""

from aiohttp import web

from booking import walk_in
from booking.errors import KioskInUse, NoWalkIn
from booking.line import place_in_line, waiting_at
from booking.walk_in import IN_LINE, SERVED, Over
from kiosks import houses, keeping, queue, visits
from kiosks.counters import Counter, counter_of, kiosk_counter
from kiosks.errors import KioskBusy
from kiosks.people import check_person
from kiosks.schemas import NowChoice
from kiosks.screens import WALK_IN, counter_screen, draft_for, go
from teleconsult.accounts.guard import signed_in
from teleconsult.clock import utcnow
from teleconsult.errors import NotFound
from teleconsult.web.events import publish
from teleconsult.web.forms import read_form
from teleconsult.web.i18n import language
from teleconsult.web.render import render


async def choose_now(request: web.Request) -> web.Response:
    """Keep that one wants to be received now, at this kiosk (at the desk: at the one chosen)."""
    counter, draft = await draft_for(request, "slot")
    form = (await read_form(request, NowChoice)).value
    if form is None or not await _is_here(counter, form.kiosk):
        raise go(f"{counter.base}/slot")
    await keeping.give_back(now=utcnow(), visit_id=draft.id)
    await visits.keep(
        now=utcnow(), owner=counter.owner, visit_id=form.visit, now_kiosk=form.kiosk, starts_at=None, place_id=None
    )
    raise go(f"{counter.base}/{'check' if check_person(draft.details) else 'person'}")


async def _is_here(counter: Counter, kiosk_id: str) -> bool:
    if counter.at_kiosk:
        return kiosk_id == counter.owner.kiosk_id
    return await houses.has_kiosk(site_id=counter.house.id, kiosk_id=kiosk_id)


async def join(request: web.Request, visit_id: str) -> web.Response:
    """Join the queue with what was typed. Pressing twice joins once; what cannot be leads back to the times."""
    counter = await counter_of(request)
    try:
        queued = await queue.join_queue(now=utcnow(), owner=counter.owner, visit_id=visit_id, actor=counter.actor)
    except (NoWalkIn, KioskInUse, KioskBusy) as refused:
        raise go(f"{counter.base}/slot?refused={refused.code}") from None
    if queued is None:
        raise go(f"{counter.base}/person")
    await publish(request.app, queued.events)
    raise go(WALK_IN if counter.at_kiosk else counter.home)


async def waiting_page(request: web.Request) -> web.Response:
    """One's place in the queue, how long it may take, and what to do instead. Once received: the call."""
    counter = await kiosk_counter(request)
    draft = await visits.find(counter.owner)
    if draft is not None and draft.stage == "arrived":
        raise go(f"/call/{draft.appointment_id}?as=citizen")
    if draft is None or draft.stage != "waiting" or draft.walk_in_id is None:
        raise go(counter.home)
    now = utcnow()
    place = await place_in_line(now=now, walk_in_id=draft.walk_in_id)
    if place.state == SERVED and place.appointment_id:
        await queue.receive(now=now, walk_in_id=place.id, appointment_id=place.appointment_id)
        raise go(f"/call/{place.appointment_id}?as=citizen")
    context = {"place": place, "in_line": place.state in IN_LINE}
    return await counter_screen(request, counter, draft, "kiosks/walk_in.html", context)


async def leave(request: web.Request) -> web.Response:
    """Wait no longer: choose a time instead (`book`), or go."""
    counter = await kiosk_counter(request)
    draft = await visits.find(counter.owner)
    if draft is None or draft.stage != "waiting":
        raise go(counter.home)
    if "book" in await request.post():
        await publish(request.app, await queue.book_instead(now=utcnow(), owner=counter.owner, visit_id=draft.id))
        raise go(f"{counter.base}/slot")
    await publish(request.app, await visits.wipe(now=utcnow(), owner=counter.owner))
    raise go(counter.home)


async def removal_page(request: web.Request) -> web.Response:
    """Take somebody off the queue? Asked before it is done."""
    house = await houses.of_adviser(account_id=signed_in(request).id, site_id=request.match_info["site"])
    waiting = {each.id: each for each in await waiting_at(house.id)}
    found = waiting.get(request.match_info["walk_in"])
    if found is None:
        raise go(f"/desk/{house.id}")
    context = {"section": "desk", "house": house, "entry": found, "spoken": language(request)}
    return render(request, "kiosks/desk_walk_in.html", context)


async def remove(request: web.Request) -> web.Response:
    """Take somebody off the queue; the kiosk's screen says so."""
    house = await houses.of_adviser(account_id=signed_in(request).id, site_id=request.match_info["site"])
    walk_in_id = request.match_info["walk_in"]
    if not await queue.is_of_house(walk_in_id=walk_in_id, site_id=house.id):
        raise NotFound
    await publish(request.app, await walk_in.end(walk_in_id=walk_in_id, why=Over.REMOVED))
    raise go(f"/desk/{house.id}")
