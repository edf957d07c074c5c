"""The link by which a mail's reader wants no more of its kind: one click in a mail program, or a page with a button."""

from typing import Literal

from aiohttp import web
from pydantic import BaseModel

from booking.notifications.kinds import Kind
from booking.notifications.refusals import Refusable, is_wanted, read_refusal, refuse, want_again
from teleconsult.clock import utcnow
from teleconsult.web.forms import read_form
from teleconsult.web.i18n import N_
from teleconsult.web.render import render
from teleconsult.web.throttle import throttle
from teleconsult.web.tokens import SIGNER

PATH = "/rdv/mails/{token}"
CHANGES, CHANGES_SECONDS = 30, 600
SORTS = {
    Kind.REMINDER: N_("les rappels de rendez-vous"),
    Kind.SATISFACTION: N_("la question posée après un rendez-vous"),
    Kind.OFFER: N_("les places qui se libèrent, et votre place sur cette liste d’attente"),
    Kind.AGENDA: N_("l’agenda envoyé chaque matin"),
}


class Answer(BaseModel):
    """A button of the page; a mail program says `List-Unsubscribe=One-Click` (RFC 8058 3.1) and no `choice`."""

    choice: Literal["stop", "again"] = "stop"


def _asked(request: web.Request) -> Refusable:
    return read_refusal(request.app[SIGNER], request.match_info["token"], utcnow())


async def show(request: web.Request) -> web.StreamResponse:
    """GET /rdv/mails/{token}: looking changes nothing, since mail programs look at links by themselves."""
    asked = _asked(request)
    return _page(request, asked, wanted=await is_wanted(request.app[SIGNER], asked))


async def submit(request: web.Request) -> web.StreamResponse:
    """POST /rdv/mails/{token}: answered at once and without a redirection, as RFC 8058 3.1 wants it."""
    asked = _asked(request)
    throttle(request, "mails", CHANGES, CHANGES_SECONDS, who=asked.subject_id)
    form = await read_form(request, Answer)
    wanted = form.value is not None and form.value.choice == "again" and asked.kind is not Kind.OFFER
    if wanted:
        await want_again(request.app[SIGNER], asked)
    else:
        await refuse(request.app[SIGNER], asked, now=utcnow())
    return _page(request, asked, wanted=wanted, done=True)


def _page(request: web.Request, asked: Refusable, *, wanted: bool, done: bool = False) -> web.Response:
    context = {"sort": SORTS[asked.kind], "wanted": wanted, "done": done, "returns": asked.kind is not Kind.OFFER}
    return render(request, "booking/mails.html", context)


def setup(app: web.Application) -> None:
    """Add the page."""
    app.router.add_get(PATH, show)
    app.router.add_post(PATH, submit)
