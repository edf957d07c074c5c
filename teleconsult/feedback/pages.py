"""The page of the question: one tap, and the kiosk is wiped."""

from typing import Any

from aiohttp import web
from pydantic import BaseModel

from kiosks import visits
from kiosks.screens import kiosk_context
from kiosks.terminals import current_or_none
from kiosks.visits import Owner
from teleconsult.clock import utcnow
from teleconsult.errors import DomainError
from teleconsult.feedback.answer import answer, question
from teleconsult.feedback.errors import NothingToRate
from teleconsult.feedback.links import Link, read_link
from teleconsult.feedback.scores import ICONS, LABELS, QUESTION, Score, Surface
from teleconsult.web.forms import read_form
from teleconsult.web.problems import sentence, status_of
from teleconsult.web.render import render
from teleconsult.web.tokens import SIGNER, TokenExpired, TokenInvalid

KIOSK_LAYOUT, PAGE_LAYOUT = "kiosks/layout.html", "teleconsult/base.html"
KIOSK_EXIT = "/kiosk/goodbye"
CHOICES = [{"value": int(score), "label": LABELS[score], "icon": ICONS[score]} for score in reversed(Score)]


class Tap(BaseModel):
    """The posted form."""

    score: Score


def _link(request: web.Request) -> Link:
    return read_link(request.app[SIGNER], request.match_info["token"], utcnow())


async def _page(
    request: web.Request, template: str, context: dict[str, Any], *, kiosk: bool, status: int = 200
) -> web.Response:
    """Render in the kiosk's layout, with its help and its idle wipe, or in that of everybody's pages."""
    around: dict[str, Any] = {"layout": PAGE_LAYOUT}
    terminal = await current_or_none(request) if kiosk else None
    if terminal is not None:
        owner = Owner(site_id=terminal.site_id, terminal_id=terminal.id, kiosk_id=terminal.kiosk_id)
        around = {"layout": KIOSK_LAYOUT} | await kiosk_context(request, terminal, await visits.find(owner))
    return render(request, template, around | {"kiosk": terminal is not None} | context, status=status)


async def _closed(request: web.Request, refusal: DomainError) -> web.Response:
    """Say kindly why there is nothing to answer, with a way on from wherever this screen stands."""
    at_kiosk = await current_or_none(request) is not None
    context = {
        "message": sentence(request, refusal.code, refusal.params),
        "exit": KIOSK_EXIT if at_kiosk else "/",
    }
    return await _page(request, "feedback/closed.html", context, kiosk=True, status=status_of(refusal))


async def _exit(request: web.Request, link: Link) -> str:
    """Return where to go next: a kiosk is wiped, anybody else is thanked (also who opens a kiosk's link elsewhere)."""
    if link.surface is Surface.KIOSK and await current_or_none(request) is not None:
        return KIOSK_EXIT
    return f"/feedback/{request.match_info['token']}/thanks"


async def show(request: web.Request) -> web.Response:
    """GET /feedback/{token}: the question, with the answer given so far."""
    try:
        link = _link(request)
    except (TokenInvalid, TokenExpired) as refusal:
        return await _closed(request, refusal)
    asked = await question(link.appointment_id)
    if not asked.open:
        return await _closed(request, NothingToRate())
    return await _ask(request, link, asked.given)


async def _ask(
    request: web.Request, link: Link, given: Score | None, status: int = 200, error: str = ""
) -> web.Response:
    context = {
        "question": QUESTION,
        "choices": CHOICES,
        "given": given,
        "error": error,
        "skip": await _exit(request, link),
    }
    at_kiosk = link.surface is Surface.KIOSK
    return await _page(request, "feedback/question.html", context, kiosk=at_kiosk, status=status)


async def submit(request: web.Request) -> web.Response:
    """POST /feedback/{token}: keep the answer and go on."""
    try:
        link = _link(request)
        form = await read_form(request, Tap)
        if form.value is None:
            return await _ask(request, link, None, status=422, error=form.errors.get("score", ""))
        await answer(now=utcnow(), appointment_id=link.appointment_id, score=form.value.score, surface=link.surface)
    except (TokenInvalid, TokenExpired, NothingToRate) as refusal:
        return await _closed(request, refusal)
    raise web.HTTPSeeOther(await _exit(request, link))


async def thanks(request: web.Request) -> web.Response:
    """GET /feedback/{token}/thanks: the end, on one's own device."""
    try:
        link = _link(request)
    except (TokenInvalid, TokenExpired) as refusal:
        return await _closed(request, refusal)
    asked = await question(link.appointment_id)
    context = {"given": asked.given, "back": f"/feedback/{request.match_info['token']}"}
    return await _page(request, "feedback/thanks.html", context, kiosk=False)
