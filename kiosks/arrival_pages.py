"""The screens of arriving: the reference or the pass, and a friendly answer when it cannot be."""

import asyncio
from datetime import datetime
from typing import Any

from aiohttp import web

from booking.errors import CheckInRefused
from kiosks import terminals, visits
from kiosks.arrival import arrive, told
from kiosks.counters import Counter, kiosk_counter
from kiosks.errors import ReferenceUnknown
from kiosks.keys import SCANNERS
from kiosks.scan import read_picture
from kiosks.schemas import Code
from kiosks.screens import WALK_IN, go, kiosk_context
from kiosks.visits import Draft
from teleconsult.clock import utcnow
from teleconsult.errors import DomainError, TooManyRequests
from teleconsult.web.events import publish
from teleconsult.web.forms import read_form
from teleconsult.web.render import render
from teleconsult.web.throttle import throttle
from teleconsult.web.tokens import SIGNER, TokenExpired

# A kiosk tries ten references at once and one more every ten seconds: nobody waits long, and nobody guesses one of
# 113 million.
TRIES, TRIES_SECONDS = 10, 100.0
FRAMES, FRAMES_SECONDS = 120, 30.0

ANSWER = "/kiosk/arrival/answer"


async def _screen(request: web.Request, template: str, context: dict[str, Any]) -> web.Response:
    terminal = await terminals.current(request)
    draft = await visits.find((await kiosk_counter(request)).owner)
    return render(request, template, await kiosk_context(request, terminal, draft) | context)


async def arrival_page(request: web.Request) -> web.Response:
    """Type the reference, or show the pass. Whoever has already checked in here goes on waiting."""
    draft = await visits.find((await kiosk_counter(request)).owner)
    if draft and draft.stage == "arrived":
        raise go(f"/call/{draft.appointment_id}?as=citizen")
    if draft and draft.stage == "waiting":
        raise go(WALK_IN)
    return await _screen(request, "kiosks/arrival.html", {})


async def check_in_here(request: web.Request, code: str) -> str:
    """Check someone in with a code; return the address of what comes next: the waiting screen, or the answer."""
    terminal = await terminals.current(request)
    try:
        throttle(request, "kiosk-arrival", TRIES, TRIES_SECONDS, who=terminal.id)
        arrived = await arrive(now=utcnow(), terminal=terminal, code=code, signer=request.app[SIGNER])
    except (CheckInRefused, ReferenceUnknown, TokenExpired, TooManyRequests) as refusal:
        await _keep_answer(await kiosk_counter(request), refusal)
        return ANSWER
    await publish(request.app, arrived.events)
    return f"/call/{arrived.appointment_id}?as=citizen"


async def _keep_answer(counter: Counter, refusal: DomainError) -> None:
    now = utcnow()
    draft: Draft | None = await visits.find(counter.owner)
    if draft is None or draft.stage not in ("draft", "waiting"):
        draft = await visits.begin(now=now, owner=counter.owner)
    await visits.keep(now=now, owner=counter.owner, visit_id=draft.id, refusal=told(refusal))


async def arrival(request: web.Request) -> web.Response:
    """A reference was typed, or a scanner typed a pass."""
    await terminals.current(request)
    form = (await read_form(request, Code)).value
    if form is None:
        raise go("/kiosk/arrival")
    raise go(await check_in_here(request, form.code))


async def scan(request: web.Request) -> web.Response:
    """A camera frame: `{"next": address}` when it showed a pass, `{}` when it did not."""
    terminal = await terminals.current(request)
    throttle(request, "kiosk-frames", FRAMES, FRAMES_SECONDS, who=terminal.id)
    async with request.app[SCANNERS]:
        code = await read_picture(await request.read())
    return web.json_response({"next": await check_in_here(request, code)} if code else {})


async def answer_page(request: web.Request) -> web.Response:
    """Why it could not be, and what to do about it."""
    draft = await visits.find((await kiosk_counter(request)).owner)
    if draft is None or not draft.refusal:
        raise go("/kiosk/arrival")
    params = dict(draft.refusal["params"])
    for name in {"start", "opens_at", "at"} & params.keys():
        params[name] = datetime.fromisoformat(params[name]) if params[name] != "None" else None
    same_day = "start" in params and params["start"].date() == utcnow().date()
    context = {"code": draft.refusal["code"], "params": params, "same_day": same_day}
    return await _screen(request, "kiosks/arrival_answer.html", context)


async def make_scanners(app: web.Application) -> None:
    """Let two frames be decoded at once, so that cameras never keep calls waiting."""
    app[SCANNERS] = asyncio.Semaphore(2)
