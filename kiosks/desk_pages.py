"""The front desk's pages. Every one is of a house, and only for that house's advisers."""

from typing import Any

from aiohttp import web

from booking.change import cancel
from booking.errors import CheckInRefused
from booking.lifecycle import Actor, ActorKind
from booking.untold import note_told
from kiosks import help as help_calls
from kiosks import houses, terminals
from kiosks.arrival import kiosk_at_hand, seat
from kiosks.board import appointment_row, board, slots_instead
from kiosks.errors import KioskBusy
from kiosks.houses import House
from kiosks.people import needs_offered
from kiosks.reservation import confirmation
from kiosks.schemas import KioskChoice, Reason
from kiosks.screens import go
from kiosks.waiting_pages import earlier_context
from teleconsult.accounts.guard import signed_in
from teleconsult.clock import utcnow
from teleconsult.web.events import publish
from teleconsult.web.forms import read_form
from teleconsult.web.live import live_response
from teleconsult.web.problems import sentence
from teleconsult.web.render import render
from teleconsult.web.tokens import SIGNER


async def _house(request: web.Request) -> House:
    return await houses.of_adviser(account_id=signed_in(request).id, site_id=request.match_info["site"])


def _page(
    request: web.Request, template: str, house: House, context: dict[str, Any], status: int = 200
) -> web.Response:
    return render(request, template, {"section": "desk", "house": house} | context, status=status)


async def desk(request: web.Request) -> web.Response:
    """The adviser's house; a choice for who has several."""
    own = await houses.all_of_adviser(signed_in(request).id)
    if len(own) == 1:
        raise go(f"/desk/{own[0].id}")
    return render(request, "kiosks/desk_houses.html", {"section": "desk", "houses": own})


async def board_page(request: web.Request) -> web.Response:
    """The house, live."""
    house = await _house(request)
    return _page(request, "kiosks/desk_board.html", house, {"board": await board(now=utcnow(), house=house)})


async def board_part(request: web.Request) -> web.Response:
    """What changes on the board, for its script to put in place."""
    house = await _house(request)
    return _page(request, "kiosks/desk_board_part.html", house, {"board": await board(now=utcnow(), house=house)})


async def news(request: web.Request) -> web.StreamResponse:
    """Tells the board when to look again."""
    house = await _house(request)
    return await live_response(request, [f"site:{house.id}"])


async def answer_help(request: web.Request) -> web.Response:
    """Say that somebody is coming, or join the call at once."""
    house = await _house(request)
    account_id, kiosk_id = signed_in(request).id, request.match_info["kiosk"]
    events = await help_calls.answer(now=utcnow(), site_id=house.id, kiosk_id=kiosk_id, account_id=account_id)
    await publish(request.app, events)
    posted = await request.post()
    wanted = posted.get("join")
    if isinstance(wanted, str) and wanted:
        row = await appointment_row(now=utcnow(), site_id=house.id, appointment_id=wanted)
        raise go(f"/call/{row.id}?as=adviser")
    raise go(f"/desk/{house.id}")


async def told_someone(request: web.Request) -> web.Response:
    """Note that the staff told a citizen what our messages could not."""
    house = await _house(request)
    await note_told(now=utcnow(), site_id=house.id, notice_id=request.match_info["notice"])
    raise go(f"/desk/{house.id}")


async def appointment_screen(request: web.Request, error: str = "", status: int = 200) -> web.Response:
    """Show an appointment of the adviser's house, with what could not be done if something could not."""
    house = await _house(request)
    row = await appointment_row(now=utcnow(), site_id=house.id, appointment_id=request.match_info["appointment"])
    context: dict[str, Any] = {
        "row": row, "needs": needs_offered(), "kiosks": await houses.kiosk_names(house.id), "error": error,
        "ask": request.query.get("ask", ""), "instead": await slots_instead(now=utcnow(), row=row, site_id=house.id),
    }  # fmt: skip
    context["kiosk"] = await kiosk_at_hand(row.kiosk_id, list(context["kiosks"]))
    context |= await earlier_context(request, service_id=row.service_id, appointment_id=row.id)
    return _page(request, "kiosks/desk_appointment.html", house, context, status)


async def appointment_page(request: web.Request) -> web.Response:
    """One appointment: check in, print the slip, cancel."""
    return await appointment_screen(request)


async def check_in_someone(request: web.Request) -> web.Response:
    """Check a citizen in at a kiosk; its screen goes to the waiting screen by itself."""
    house = await _house(request)
    row = await appointment_row(now=utcnow(), site_id=house.id, appointment_id=request.match_info["appointment"])
    form = (await read_form(request, KioskChoice)).value
    if form is None or form.kiosk not in await houses.kiosk_names(house.id):
        raise go(f"/desk/{house.id}/appointments/{row.id}")
    try:
        arrived = await seat(now=utcnow(), appointment_id=row.id, kiosk_id=form.kiosk, account_id=signed_in(request).id)
    except (CheckInRefused, KioskBusy) as refusal:
        return await appointment_screen(request, sentence(request, refusal.code, refusal.params), status=409)
    await publish(request.app, arrived.events)
    raise go(f"/desk/{house.id}")


async def cancel_for_someone(request: web.Request) -> web.Response:
    """Cancel, with the reason that goes into the message."""
    house = await _house(request)
    row = await appointment_row(now=utcnow(), site_id=house.id, appointment_id=request.match_info["appointment"])
    form = (await read_form(request, Reason)).value
    actor = Actor(ActorKind.STAFF, signed_in(request).id)
    done = await cancel(now=utcnow(), appointment_id=row.id, actor=actor, reason=form.reason if form else "")
    await publish(request.app, done.events)
    raise go(f"/desk/{house.id}/appointments/{row.id}")


async def slip_page(request: web.Request) -> web.Response:
    """The paper for who has neither e-mail nor telephone: reference, pass, what to bring."""
    house = await _house(request)
    row = await appointment_row(now=utcnow(), site_id=house.id, appointment_id=request.match_info["appointment"])
    booked = await confirmation(row.id, request.app[SIGNER], now=utcnow(), here=house.id)
    return _page(request, "kiosks/desk_slip.html", house, {"booked": booked, "row": row})


async def _kiosks_screen(request: web.Request, code: str = "", coded: str = "") -> web.Response:
    house = await _house(request)
    context = {
        "board": await board(now=utcnow(), house=house), "code": code, "coded": coded,
        "ask": request.query.get("ask", ""),
    }  # fmt: skip
    return _page(request, "kiosks/desk_kiosks.html", house, context)


async def kiosks_page(request: web.Request) -> web.Response:
    """The house's kiosks and their screens: enrol, revoke."""
    return await _kiosks_screen(request)


async def issue_code(request: web.Request) -> web.Response:
    """Show a code that enrols a screen; it is shown this once."""
    house = await _house(request)
    kiosk_id = request.match_info["kiosk"]
    code = await terminals.issue_code(now=utcnow(), site_id=house.id, kiosk_id=kiosk_id)
    return await _kiosks_screen(request, code=code, coded=kiosk_id)


async def revoke(request: web.Request) -> web.Response:
    """Take a kiosk's screen out of use."""
    house = await _house(request)
    await publish(
        request.app,
        await terminals.revoke(now=utcnow(), site_id=house.id, kiosk_id=request.match_info["kiosk"]),
    )
    raise go(f"/desk/{house.id}/kiosks")
