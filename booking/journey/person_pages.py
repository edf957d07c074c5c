"""The web journey's second half: the slot is held while its citizen says who they are, then it is theirs."""

from collections.abc import Mapping
from typing import Any

from aiohttp import web

from booking.errors import SlotTaken
from booking.journey.catalogue import offered_service
from booking.journey.choices import (
    Booking,
    Draft,
    Proof,
    Wanted,
    known_owner,
    owner_of,
    remember,
    wanted_in,
)
from booking.journey.confirm import Asked, book_asked
from booking.journey.fair_play import ProofWanted, require_fair
from booking.journey.hold import Kept, keep, kept, leave, take
from booking.journey.offer_pages import PERSON, START, chosen_mode, site_named, slots_page
from booking.journey.proof_of_work import new_challenge
from booking.needs import HUMAN_NEEDS, NEED_TEXTS
from booking.passes import issue_manage
from booking.schemas import Identifier
from teleconsult.clock import utcnow
from teleconsult.database import new_id
from teleconsult.errors import Conflict, DomainError, Invalid, NotFound
from teleconsult.web.events import publish
from teleconsult.web.forms import Form, read_form
from teleconsult.web.keys import SETTINGS
from teleconsult.web.problems import sentence, status_of
from teleconsult.web.render import render
from teleconsult.web.throttle import throttle
from teleconsult.web.tokens import SIGNER

# Asked by the page's script, once a minute at most.
KEEPS, KEEPS_SECONDS = 60, 600
OFFERED_NEEDS = ("wheelchair", "hearing_loop", "sign_language", "large_print")


class KeepForm(Draft):
    """What a page asks for when it opens, or when its button is pressed."""

    draft: Identifier = "-"
    longer: bool = False


async def take_slot(request: web.Request) -> web.StreamResponse:
    """POST /rdv/book/hold: a time was pressed; it is held while the person is asked who they are."""
    wanted = wanted_in(await request.post())
    if wanted is None or wanted.start is None or wanted.place is None:
        raise web.HTTPSeeOther(START)
    token, owner = known_owner(request)
    proof = (await read_form(request, Proof)).value or Proof()
    try:
        require_fair(request, owner, proof.solved)
        await take(now=utcnow(), wanted=wanted, owner=owner)
    except ProofWanted:
        return await _proof_page(request)
    except (Conflict, Invalid, NotFound) as refused:
        return await slots_page(request, wanted, status=status_of(refused), **_refusal(request, refused))
    response = web.Response(status=303, headers={"Location": wanted.address(PERSON)})
    remember(request, response, token)
    return response


async def show_person(request: web.Request) -> web.StreamResponse:
    """GET /rdv/book/person: who is it for? With how long the time is still held."""
    wanted = wanted_in(request.query)
    if wanted is None or wanted.start is None or wanted.place is None:
        raise web.HTTPSeeOther(START)
    return await _person_page(request, wanted)


async def submit_person(request: web.Request) -> web.StreamResponse:
    """POST /rdv/book/person: book what is held; or what is free, when it is held no longer."""
    wanted = wanted_in(await request.post())
    if wanted is None or wanted.start is None or wanted.place is None:
        raise web.HTTPSeeOther(START)
    form = await read_form(request, Booking)
    draft = (await read_form(request, Draft)).value
    if form.value is None or draft is None:
        return await _person_page(request, wanted, form=form, status=422)
    token, owner = known_owner(request)
    held = await kept(now=utcnow(), wanted=wanted, owner=owner)
    try:
        if held is None:
            require_fair(request, owner, ((await read_form(request, Proof)).value or Proof()).solved)
        asked = Asked(
            wanted=wanted, start=wanted.start, site_id=wanted.place, person=form.value, owner=owner,
            hold_id=held.id if held else None, draft=draft.draft, key=request.app[SETTINGS].signing_key,
        )  # fmt: skip
        done = await book_asked(now=utcnow(), asked=asked)
    except ProofWanted:
        return await _proof_page(request)
    except (Conflict, Invalid, NotFound) as refused:
        return await _person_page(request, wanted, form=form, status=status_of(refused), **_refusal(request, refused))
    await publish(request.app, done.events)
    manage = issue_manage(request.app[SIGNER], appointment_id=done.appointment.id, ends_at=done.appointment.ends_at)
    response = web.Response(status=303, headers={"Location": f"/rdv/{manage}?done=booked"})
    remember(request, response, token)
    return response


async def keep_slot(request: web.Request) -> web.StreamResponse:
    """POST /rdv/book/keep: the page is open (again), or its reader asks for more time."""
    wanted, owner = wanted_in(await request.post()), owner_of(request)
    if wanted is None or wanted.start is None or wanted.place is None or not owner:
        raise NotFound
    throttle(request, "hold-keep", KEEPS, KEEPS_SECONDS, who=owner)
    form = (await read_form(request, KeepForm)).value
    held = await kept(now=utcnow(), wanted=wanted, owner=owner)
    if held is None:
        require_fair(request, owner)
        held = await take(now=utcnow(), wanted=wanted, owner=owner)
    held = await keep(now=utcnow(), held=held, owner=owner, longer=bool(form and form.longer))
    return web.json_response({"seconds": held.seconds_left})


async def leave_slot(request: web.Request) -> web.StreamResponse:
    """POST /rdv/book/away: the page was left; unless it comes back at once, the slot is free again."""
    if owner := owner_of(request):
        await leave(now=utcnow(), owner=owner)
    return web.Response(status=204)


def _refusal(request: web.Request, refused: DomainError) -> dict[str, Any]:
    offered = refused.params.get("alternatives", []) if isinstance(refused, SlotTaken) else []
    return {"problem": sentence(request, refused.code, refused.params), "alternatives": offered}


async def _person_page(
    request: web.Request, wanted: Wanted, *, form: Form[Booking] | None = None, status: int = 200, **more: Any
) -> web.Response:
    service = await offered_service(wanted.service)
    place = await site_named(str(wanted.place))
    if place is None:
        raise web.HTTPSeeOther(wanted.address("/rdv/book/slots", place=None, start=None))
    mode = chosen_mode(service, wanted)
    held: Kept | None = await kept(now=utcnow(), wanted=wanted, owner=owner_of(request))
    posted = await request.post() if request.method == "POST" else None
    context = {
        "service": service, "place": place, "wanted": wanted.model_copy(update={"mode": mode}), "mode": mode,
        "hold": held, "form": form, "problem": "", "alternatives": [],
        "draft": str(posted.get("draft", "")) if posted else new_id(), "needs": needs_offered(mode),
        "needs_chosen": [str(need) for need in posted.getall("needs", [])] if posted else [],
    }  # fmt: skip
    return render(request, "booking/rdv_person.html", context | more, status=status)


def needs_offered(mode: str) -> Mapping[str, str]:
    """Return the access needs to choose from: at home nobody needs a kiosk's equipment."""
    return {need: NEED_TEXTS[need] for need in OFFERED_NEEDS if mode == "kiosk" or need in HUMAN_NEEDS}


async def _proof_page(request: web.Request) -> web.Response:
    posted = (await request.post()).items()
    context = {
        "challenge": new_challenge(request.app[SIGNER], utcnow()),
        "action": request.path,
        "fields": [(name, str(value)) for name, value in posted if not name.startswith("proof_")],
    }
    return render(request, "booking/rdv_proof.html", context, status=403)
