"""The kiosk's own screens: first screen, enrolment, goodbye; and what they do quietly: presence, help, news."""

from aiohttp import web

from kiosks import help as help_calls
from kiosks import terminals, visits
from kiosks.arrival import is_over
from kiosks.checks import check_due, note_check
from kiosks.counters import kiosk_counter
from kiosks.errors import EnrolmentCodeRefused
from kiosks.keys import DEMO_HINT, DEMO_KIOSK
from kiosks.schemas import CheckResult, Code
from kiosks.screens import WALK_IN, go, kiosk_context
from teleconsult.clock import utcnow
from teleconsult.web.events import publish
from teleconsult.web.forms import read_form, read_json
from teleconsult.web.i18n import COOKIE as LANGUAGE_COOKIE
from teleconsult.web.i18n import language
from teleconsult.web.keys import SETTINGS
from teleconsult.web.live import live_response
from teleconsult.web.problems import sentence, wants_json
from teleconsult.web.render import render
from teleconsult.web.throttle import throttle

ENROLMENTS, ENROLMENTS_SECONDS = 10, 60.0


async def first_screen(request: web.Request) -> web.StreamResponse:
    """The two doors. An unknown browser is asked for an enrolment code; in the demo it becomes a kiosk by itself."""
    terminal = await terminals.current_or_none(request)
    wanted = request.query.get("kiosk")
    if request.app[SETTINGS].demo and (terminal is None or (wanted and wanted != terminal.kiosk_id)):
        return await _enrol_demo(request, wanted)
    if terminal is None:
        return _enrolment(request, "")
    counter = await kiosk_counter(request)
    draft = await visits.find(counter.owner)
    if draft and draft.stage == "arrived" and not await is_over(draft.appointment_id or ""):
        raise go(f"/call/{draft.appointment_id}?as=citizen")
    if draft and draft.stage == "waiting":
        raise go(WALK_IN)
    if draft and (draft.stage != "draft" or draft.is_empty):
        await publish(request.app, await visits.wipe(now=utcnow(), owner=counter.owner))
        draft = None
    hint = request.app.get(DEMO_HINT)
    shown = await hint(terminal.site_id) if hint else None
    context = await kiosk_context(request, terminal, draft) | {"hint": shown, "kiosk_name": terminal.kiosk_name}
    return render(request, "kiosks/first.html", context | {"other_language": language(request) != "fr"})


async def _enrol_demo(request: web.Request, kiosk_id: str | None) -> web.StreamResponse:
    begins_at = request.app.get(DEMO_KIOSK)
    wanted = kiosk_id or (await begins_at() if begins_at else None)
    enrolled = await terminals.enrol_demo(now=utcnow(), kiosk_id=wanted)
    return await _enrolled(request, enrolled)


async def _enrolled(request: web.Request, enrolled: terminals.Enrolled) -> web.StreamResponse:
    await publish(request.app, enrolled.events)
    response = web.Response(status=303, headers={"Location": "/kiosk"})
    terminals.remember(response, enrolled.token, secure=request.app[SETTINGS].secure)
    return response


def _enrolment(request: web.Request, error: str) -> web.Response:
    context = {"error": error, "kiosk_enrolled": False}
    return render(request, "kiosks/enrol.html", context, status=410 if error else 200)


async def enrol(request: web.Request) -> web.StreamResponse:
    """An enrolment code was typed on a new device."""
    throttle(request, "kiosk-enrolment", ENROLMENTS, ENROLMENTS_SECONDS)
    form = (await read_form(request, Code)).value
    try:
        enrolled = await terminals.redeem(now=utcnow(), code=form.code if form else "")
    except EnrolmentCodeRefused as refused:
        return _enrolment(request, sentence(request, refused.code, refused.params))
    return await _enrolled(request, enrolled)


async def _wiped(request: web.Request, response: web.Response) -> web.Response:
    """Forget the visit, and the language chosen for it."""
    counter = await kiosk_counter(request)
    await publish(request.app, await visits.wipe(now=utcnow(), owner=counter.owner))
    response.del_cookie(LANGUAGE_COOKIE)
    return response


async def wipe(request: web.Request) -> web.Response:
    """Forget everything, now."""
    done = web.Response(status=204) if wants_json(request) else web.Response(status=303, headers={"Location": "/kiosk"})
    return await _wiped(request, done)


async def goodbye(request: web.Request) -> web.Response:
    """Forget everything, say thank you, and go back to the first screen by itself."""
    terminal = await terminals.current(request)
    response = render(request, "kiosks/goodbye.html", await kiosk_context(request, terminal, None))
    return await _wiped(request, response)


async def heartbeat(request: web.Request) -> web.Response:
    """The screen is there; it is told whether it should test itself now, before the house opens."""
    terminal = await terminals.current(request)
    now = utcnow()
    await publish(request.app, await terminals.seen(now=now, terminal=terminal))
    return web.json_response({"check": await check_due(now=now, terminal=terminal)})


async def report_check(request: web.Request) -> web.Response:
    """What the screen's test of its devices and the network found."""
    terminal = await terminals.current(request)
    result = await read_json(request, CheckResult)
    told = await note_check(now=utcnow(), terminal=terminal, light=result.light, report=result.report)
    await publish(request.app, [told])
    return web.Response(status=204)


def _help_done(request: web.Request) -> web.Response:
    """Answer a script; lead a form back to the screen it came from."""
    if wants_json(request):
        return web.Response(status=204)
    return web.Response(status=303, headers={"Location": "/kiosk"})


async def ask_help(request: web.Request) -> web.Response:
    """The Help button."""
    terminal = await terminals.current(request)
    await publish(request.app, await help_calls.ask(now=utcnow(), terminal=terminal))
    return _help_done(request)


async def take_back_help(request: web.Request) -> web.Response:
    """No help is needed any more."""
    terminal = await terminals.current(request)
    await publish(request.app, await help_calls.take_back(now=utcnow(), terminal=terminal))
    return _help_done(request)


async def news(request: web.Request) -> web.StreamResponse:
    """What the front desk tells this screen."""
    terminal = await terminals.current(request)
    return await live_response(request, [f"kiosk:{terminal.kiosk_id}", f"terminal:{terminal.id}"])
