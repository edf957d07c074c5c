"""The addresses of kiosks and front desks."""

from functools import wraps

from aiohttp import web

from kiosks import (
    arrival_pages,
    booking_pages,
    desk_pages,
    feed_pages,
    kiosk_pages,
    live,
    queue_pages,
    trouble_pages,
    waiting_pages,
)
from kiosks.errors import TerminalUnknown
from kiosks.screens import go
from kiosks.texts import ERROR_TEXTS
from teleconsult.accounts.guard import PageHandler, requires
from teleconsult.accounts.roles import Role
from teleconsult.errors import DomainError
from teleconsult.web.kit import add_package
from teleconsult.web.problems import sentence, status_of, wants_json
from teleconsult.web.render import render

BOOKING: list[tuple[str, str, PageHandler]] = [
    ("POST", "/booking/start", booking_pages.start),
    ("GET", "/booking/service", booking_pages.service_page),
    ("POST", "/booking/service", booking_pages.choose_service),
    ("GET", "/booking/slot", booking_pages.slot_page),
    ("POST", "/booking/slot", booking_pages.choose_slot),
    ("POST", "/booking/now", queue_pages.choose_now),
    ("GET", "/booking/waiting", waiting_pages.waiting_page),
    ("POST", "/booking/waiting", waiting_pages.join),
    ("GET", "/booking/waiting/done", waiting_pages.done_page),
    ("POST", "/booking/earlier", waiting_pages.earlier),
    ("GET", "/booking/person", booking_pages.person_page),
    ("POST", "/booking/person", booking_pages.give_person),
    ("POST", "/booking/person/keep", booking_pages.keep_person),
    ("POST", "/booking/keep", booking_pages.keep_slot),
    ("GET", "/booking/check", booking_pages.check_page),
    ("POST", "/booking/check", booking_pages.confirm),
    ("GET", "/booking/done", booking_pages.done_page),
]
KIOSK: list[tuple[str, str, PageHandler]] = [
    ("GET", "/kiosk", kiosk_pages.first_screen),
    ("POST", "/kiosk/enrol", kiosk_pages.enrol),
    ("GET", "/kiosk/arrival", arrival_pages.arrival_page),
    ("POST", "/kiosk/arrival", arrival_pages.arrival),
    ("GET", "/kiosk/arrival/answer", arrival_pages.answer_page),
    ("POST", "/kiosk/scan", arrival_pages.scan),
    ("POST", "/kiosk/wipe", kiosk_pages.wipe),
    ("GET", "/kiosk/goodbye", kiosk_pages.goodbye),
    ("POST", "/kiosk/heartbeat", kiosk_pages.heartbeat),
    ("POST", "/kiosk/check/report", kiosk_pages.report_check),
    ("POST", "/kiosk/help", kiosk_pages.ask_help),
    ("POST", "/kiosk/help/cancel", kiosk_pages.take_back_help),
    ("GET", "/kiosk/live", kiosk_pages.news),
    ("GET", "/kiosk/walk-in", queue_pages.waiting_page),
    ("POST", "/kiosk/walk-in/leave", queue_pages.leave),
]
HOUSE = "/desk/{site}"
DESK: list[tuple[str, str, PageHandler]] = [
    ("GET", "/desk", desk_pages.desk),
    ("GET", HOUSE, desk_pages.board_page),
    ("GET", f"{HOUSE}/board", desk_pages.board_part),
    ("GET", f"{HOUSE}/live", desk_pages.news),
    ("POST", f"{HOUSE}/help/{{kiosk}}", desk_pages.answer_help),
    ("GET", f"{HOUSE}/appointments/{{appointment}}", desk_pages.appointment_page),
    ("POST", f"{HOUSE}/appointments/{{appointment}}/check-in", desk_pages.check_in_someone),
    ("POST", f"{HOUSE}/appointments/{{appointment}}/earlier", waiting_pages.earlier_for_someone),
    ("POST", f"{HOUSE}/appointments/{{appointment}}/cancel", desk_pages.cancel_for_someone),
    ("GET", f"{HOUSE}/appointments/{{appointment}}/slip", desk_pages.slip_page),
    ("POST", f"{HOUSE}/untold/{{notice}}", desk_pages.told_someone),
    ("GET", f"{HOUSE}/calendar", feed_pages.feed_page),
    ("POST", f"{HOUSE}/calendar", feed_pages.open_feed),
    ("POST", f"{HOUSE}/calendar/close", feed_pages.close_feed),
    ("GET", f"{HOUSE}/kiosks", desk_pages.kiosks_page),
    ("POST", f"{HOUSE}/kiosks/{{kiosk}}/code", desk_pages.issue_code),
    ("POST", f"{HOUSE}/kiosks/{{kiosk}}/revoke", desk_pages.revoke),
    ("POST", f"{HOUSE}/kiosks/{{kiosk}}/outage", trouble_pages.report_failure),
    ("POST", f"{HOUSE}/kiosks/{{kiosk}}/repair", trouble_pages.report_working),
    ("POST", f"{HOUSE}/appointments/{{appointment}}/move", trouble_pages.move_for_someone),
    ("GET", f"{HOUSE}/walk-ins/{{walk_in}}/remove", queue_pages.removal_page),
    ("POST", f"{HOUSE}/walk-ins/{{walk_in}}/remove", queue_pages.remove),
]


def at_kiosk(handler: PageHandler) -> PageHandler:
    """Answer refusals on a kiosk's own screen; lead a browser that is none to the first screen, which enrols it."""

    @wraps(handler)
    async def shown(request: web.Request) -> web.StreamResponse:
        try:
            return await handler(request)
        except TerminalUnknown:
            if wants_json(request) or request.method != "GET":
                raise
            raise go("/kiosk") from None
        except DomainError as refusal:
            if wants_json(request):
                raise
            context = {"message": sentence(request, refusal.code, refusal.params)}
            return render(request, "kiosks/sorry.html", context, status=status_of(refusal))

    return shown


def setup(app: web.Application) -> None:
    """Add kiosks and front desks to the application."""
    add_package(app, "kiosks", texts=ERROR_TEXTS)
    live.setup(app)
    app.on_startup.append(arrival_pages.make_scanners)
    for method, path, handler in KIOSK:
        app.router.add_route(method, path, at_kiosk(handler))
    for method, path, handler in BOOKING:
        app.router.add_route(method, f"/kiosk{path}", at_kiosk(handler))
        app.router.add_route(method, HOUSE + path, requires(Role.STAFF)(handler))
    for method, path, handler in DESK:
        app.router.add_route(method, path, requires(Role.STAFF)(handler))
