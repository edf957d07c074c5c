"""The front desk's part in trouble: a kiosk fails or works again, and who still needs another slot gets one."""

from datetime import datetime, time, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

from aiohttp import web
from pydantic import BaseModel, Field, model_validator

from booking.change import reschedule
from booking.errors import KioskUnknown, NotBookable, NotReschedulable, SlotTaken
from booking.lifecycle import Actor, ActorKind
from booking.schemas import Identifier, Instant
from booking.trouble import report_outage, report_repair
from kiosks import houses
from kiosks.board import appointment_row
from kiosks.desk_pages import appointment_screen
from kiosks.evacuation import evacuate
from kiosks.events import KioskChanged
from kiosks.houses import House
from kiosks.screens import go
from teleconsult.accounts.guard import signed_in
from teleconsult.clock import utcnow
from teleconsult.web.events import publish
from teleconsult.web.forms import read_form
from teleconsult.web.problems import sentence

LASTS_DAYS = {"today": 1, "tomorrow": 2}


class Outage(BaseModel):
    """Until when a kiosk does not work, as far as one knows."""

    until: Literal["today", "tomorrow", "unknown"]
    reason: str = Field(default="", max_length=200)


class Move(BaseModel):
    """Another start at a house, written `start@house`."""

    start: Instant
    site: Identifier

    @model_validator(mode="before")
    @classmethod
    def _split(cls, data: Any) -> Any:
        start, _, site = str(data.get("start", "")).partition("@")
        return {"start": start, "site": site}


async def _house(request: web.Request) -> House:
    return await houses.of_adviser(account_id=signed_in(request).id, site_id=request.match_info["site"])


async def _kiosk_of(request: web.Request, house: House) -> str:
    """Return the kiosk's id. Raises KioskUnknown for another house's."""
    kiosk_id = request.match_info["kiosk"]
    if not await houses.has_kiosk(site_id=house.id, kiosk_id=kiosk_id):
        raise KioskUnknown
    return kiosk_id


def _end(until: str, house: House, now: datetime) -> datetime | None:
    """Return the end of the house's day that was chosen, None for one that nobody knows."""
    if until not in LASTS_DAYS:
        return None
    zone = ZoneInfo(house.timezone)
    return datetime.combine(now.astimezone(zone).date() + timedelta(days=LASTS_DAYS[until]), time(), zone)


async def report_failure(request: web.Request) -> web.Response:
    """A kiosk does not work: its appointments are placed anew."""
    house = await _house(request)
    kiosk_id, now = await _kiosk_of(request, house), utcnow()
    form = (await read_form(request, Outage)).value
    if form is None:
        raise go(f"/desk/{house.id}/kiosks?ask=outage-{kiosk_id}")
    done = await report_outage(now=now, kiosk_id=kiosk_id, until=_end(form.until, house, now), reason=form.reason)
    for each in done:
        await publish(request.app, each.events)
    await publish(request.app, await evacuate(now=now))
    await publish(request.app, [KioskChanged(site_id=house.id, kiosk_id=kiosk_id)])
    raise go(f"/desk/{house.id}#displaced")


async def report_working(request: web.Request) -> web.Response:
    """A kiosk works again."""
    house = await _house(request)
    kiosk_id = await _kiosk_of(request, house)
    for each in await report_repair(now=utcnow(), kiosk_id=kiosk_id):
        await publish(request.app, each.events)
    await publish(request.app, [KioskChanged(site_id=house.id, kiosk_id=kiosk_id)])
    raise go(f"/desk/{house.id}/kiosks")


async def move_for_someone(request: web.Request) -> web.Response:
    """Give an appointment the slot that its citizen chose on the telephone."""
    house = await _house(request)
    row = await appointment_row(now=utcnow(), site_id=house.id, appointment_id=request.match_info["appointment"])
    form = (await read_form(request, Move)).value
    if form is None:
        raise go(f"/desk/{house.id}/appointments/{row.id}")
    actor = Actor(ActorKind.STAFF, signed_in(request).id)
    try:
        done = await reschedule(now=utcnow(), appointment_id=row.id, start=form.start, site_id=form.site, actor=actor)
    except (SlotTaken, NotBookable, NotReschedulable) as refusal:
        return await appointment_screen(request, sentence(request, refusal.code, refusal.params), status=409)
    await publish(request.app, done.events)
    stays = done.appointment.site_id == house.id
    raise go(f"/desk/{house.id}/appointments/{row.id}" if stays else f"/desk/{house.id}")
