"""The page of the question: one tap, and the kiosk is wiped."""

from aiohttp import web
from pydantic import BaseModel

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

LAYOUTS = {Surface.KIOSK: "kiosks/layout.html", Surface.DESKTOP: "teleconsult/base.html"}
KIOSK_EXIT = "/kiosk/goodbye"
TERMINAL_COOKIE = "terminal"
CHOICES = [{"value": int(score), "label": LABELS[score], "icon": ICONS[score]} for score in reversed(Score)]


class Tap(BaseModel):
    """The posted form."""

    score: Score


def _link(request: web.Request) -> Link:
    return read_link(request.app[SIGNER], request.match_info["token"], utcnow())


def _exit(request: web.Request, link: Link) -> str:
    return KIOSK_EXIT if link.surface is Surface.KIOSK else f"/feedback/{request.match_info['token']}/thanks"


def _closed(request: web.Request, refusal: DomainError) -> web.Response:
    """Say kindly why there is nothing to answer, with a way on from wherever this screen stands."""
    surface = Surface.KIOSK if TERMINAL_COOKIE in request.cookies else Surface.DESKTOP
    context = {
        "layout": LAYOUTS[surface],
        "message": sentence(request, refusal.code, refusal.params),
        "exit": KIOSK_EXIT if surface is Surface.KIOSK else "/",
    }
    return render(request, "feedback/closed.html", context, status=status_of(refusal))


async def show(request: web.Request) -> web.Response:
    """GET /feedback/{token}: the question, with the answer given so far."""
    try:
        link = _link(request)
    except (TokenInvalid, TokenExpired) as refusal:
        return _closed(request, refusal)
    asked = await question(link.appointment_id)
    if not asked.open:
        return _closed(request, NothingToRate())
    return _ask(request, link, asked.given)


def _ask(request: web.Request, link: Link, given: Score | None, status: int = 200, error: str = "") -> web.Response:
    context = {
        "layout": LAYOUTS[link.surface],
        "kiosk": link.surface is Surface.KIOSK,
        "question": QUESTION,
        "choices": CHOICES,
        "given": given,
        "error": error,
        "skip": _exit(request, link),
    }
    return render(request, "feedback/question.html", context, status=status)


async def submit(request: web.Request) -> web.Response:
    """POST /feedback/{token}: keep the answer and go on."""
    try:
        link = _link(request)
        form = await read_form(request, Tap)
        if form.value is None:
            return _ask(request, link, None, status=422, error=form.errors.get("score", ""))
        await answer(now=utcnow(), appointment_id=link.appointment_id, score=form.value.score, surface=link.surface)
    except (TokenInvalid, TokenExpired, NothingToRate) as refusal:
        return _closed(request, refusal)
    raise web.HTTPSeeOther(_exit(request, link))


async def thanks(request: web.Request) -> web.Response:
    """GET /feedback/{token}/thanks: the end, on one's own device."""
    try:
        link = _link(request)
    except (TokenInvalid, TokenExpired) as refusal:
        return _closed(request, refusal)
    asked = await question(link.appointment_id)
    back = f"/feedback/{request.match_info['token']}"
    context = {"layout": LAYOUTS[link.surface], "given": asked.given, "back": back}
    return render(request, "feedback/thanks.html", context)
