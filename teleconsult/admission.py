"""Who may enter the call of an appointment, and as what: signaling's admission port, answered from booking and kiosks.

A browser can be several people at once (a demonstration on one laptop): `?as=` says which one asks. It opens nothing by
itself: each answer is checked.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import datetime

from aiohttp import web

from booking.agenda import AppointmentView, appointment_view, standing_of
from booking.engine.offer import HOME
from booking.errors import AppointmentUnknown
from booking.handover import colleagues_of
from booking.interpreters import COOKIE as INTERPRETER_COOKIE
from booking.interpreters import interpreter_meeting
from booking.lifecycle import CHECK_IN_BEFORE, CLOSED, Status
from booking.needs import need_text
from booking.notifications.invitations import interpretation
from booking.passes import GUEST_COOKIE, read_guest, shown_reference
from booking.walk_in import CHANNEL as WALK_IN
from kiosks.gate import current_visit
from kiosks.help import ask_for
from kiosks.houses import is_adviser_of
from kiosks.terminals import current_or_none
from signaling.ports import Colleague, Entry, Role, Surface
from teleconsult.accounts.guard import current_account
from teleconsult.accounts.roles import Role as AccountRole
from teleconsult.accounts.sessions import signed_in_among
from teleconsult.clock import utcnow
from teleconsult.errors import Conflict, Expired, Forbidden, NotFound
from teleconsult.feedback.links import feedback_url
from teleconsult.web.events import Event
from teleconsult.web.i18n import N_, format_time, gettext_for, language
from teleconsult.web.tokens import SIGNER, TokenExpired, TokenInvalid

ERROR_TEXTS = {
    "no_house": N_("L’usager n’est pas dans une maison France services\u00a0: il n’y a pas de conseiller à appeler."),
    "consultation_over": N_("Cette consultation est terminée."),
    "consultation_not_yet": N_("Il est trop tôt pour ouvrir cette consultation : revenez peu avant l’heure prévue."),
    "check_not_for_everyone": N_("Ce test est réservé aux bornes et aux personnes connectées."),
    "not_of_this_consultation": N_("Cette consultation n’est pas la vôtre."),
}

Door = Callable[[web.Request, AppointmentView], Awaitable[Entry | None]]


class NoHouse(NotFound):
    code = "no_house"


class ConsultationOver(Expired):
    code = "consultation_over"


class ConsultationNotYet(Conflict):
    code = "consultation_not_yet"


class NotOfThisConsultation(Forbidden):
    code = "not_of_this_consultation"


class NotForEveryone(Forbidden):
    code = "check_not_for_everyone"


class AppointmentGatekeeper:
    """A room is an appointment: its agent hosts, its citizen waits (at a kiosk or at home), an adviser may help."""

    def __init__(self, publish: Callable[[Sequence[Event]], Awaitable[None]]) -> None:
        self._publish = publish

    async def entry(self, request: web.Request, room: str) -> Entry:
        """Say as whom a request may see the call's page.

        Raises AppointmentUnknown, ConsultationOver, ConsultationNotYet (an agent or adviser long before the start),
        NotOfThisConsultation.
        """
        appointment = await appointment_view(room, language(request))
        doors = {
            "citizen": _citizen,
            "guest": _guest,
            "agent": _agent,
            "adviser": _adviser,
            "colleague": _colleague,
            "interpreter": _interpreter,
        }
        asked = doors.get(request.query.get("as", ""))
        for door in [asked] if asked else doors.values():
            entry = await door(request, appointment)
            if entry is not None:
                _require_open(appointment.status, appointment.starts_at, entry.role)
                return entry
        raise NotOfThisConsultation

    async def colleagues(self, room: str) -> tuple[Colleague, ...]:
        """Return who else provides the appointment's service and is signed in, by name."""
        now = utcnow()
        able = await colleagues_of(now=now, appointment_id=room)
        here = await signed_in_among({each.account_id for each in able}, now)
        return tuple(
            Colleague(agent_participant(each.id), each.name, each.busy) for each in able if each.account_id in here
        )

    async def may_check(self, request: web.Request) -> None:
        """Let enrolled screens and people who signed in test the way to the service.

        Raises NotForEveryone.
        """
        if current_account(request) is None and await current_or_none(request) is None:
            raise NotForEveryone

    async def may_enter(self, room: str, participant: str, role: Role) -> None:
        """Check a ticket's holder once more as the socket opens: the appointment may have ended since.

        Raises AppointmentUnknown, ConsultationOver, ConsultationNotYet.
        """
        _require_open(*await standing_of(room), role)

    async def call_adviser(self, room: str) -> None:
        """Ring the front desk of the house in which the citizen sits. Raises NoHouse for who is at home."""
        appointment = await appointment_view(room)
        if not appointment.kiosk_id:
            raise NoHouse
        where = {"site_id": appointment.site_id, "kiosk_id": appointment.kiosk_id}
        await self._publish(await ask_for(now=utcnow(), appointment_id=room, **where))


def agent_participant(agent_id: str) -> str:
    """Return the id under which an agent takes part in calls; it is also the topic of their live board."""
    return f"agent:{agent_id}"


def _require_open(status: Status, starts_at: datetime, role: Role) -> None:
    if status in CLOSED:
        raise ConsultationOver
    if role is Role.CITIZEN and status not in (Status.CHECKED_IN, Status.IN_CALL):
        raise ConsultationOver
    if status is Status.BOOKED and utcnow() < starts_at - CHECK_IN_BEFORE:
        raise ConsultationNotYet


async def _citizen(request: web.Request, appointment: AppointmentView) -> Entry | None:
    visit = await current_visit(request)
    if visit is None or visit.appointment_id != appointment.id:
        return None
    # the agent who took a walk-in has let them in already
    admitted = appointment.status is Status.IN_CALL or appointment.channel == WALK_IN
    entry = _citizen_entry(request, appointment, surface="kiosk", admitted=admitted)
    return replace(entry, help_url="/kiosk/help", news_url="/kiosk/live")


async def _guest(request: web.Request, appointment: AppointmentView) -> Entry | None:
    """The citizen on their own device: the browser that joined by the appointment's link."""
    if appointment.mode != HOME or not _joined(request, appointment.id):
        return None
    return _citizen_entry(request, appointment, surface="desktop", admitted=appointment.status is Status.IN_CALL)


def _citizen_entry(request: web.Request, appointment: AppointmentView, *, surface: Surface, admitted: bool) -> Entry:
    translate = gettext_for(request.app, language(request))
    return Entry(
        participant=f"citizen:{appointment.id}",
        role=Role.CITIZEN,
        display_name=appointment.citizen,
        surface=surface,
        language=language(request),
        title=appointment.service,
        details=(
            (translate(N_("Avec")), f"{appointment.agent}, {appointment.organisation}"),
            (translate(N_("Prévu à")), format_time(appointment.starts_at, appointment.timezone, language(request))),
        ),
        after_url=feedback_url(request.app[SIGNER], appointment.id, utcnow(), surface),
        help_url=None,
        admit_on_join=admitted,
        news=_delay(request, appointment),
    )


def _joined(request: web.Request, appointment_id: str) -> bool:
    try:
        return read_guest(request.app[SIGNER], request.cookies.get(GUEST_COOKIE, ""), utcnow()) == appointment_id
    except (TokenInvalid, TokenExpired):
        return False


def _delay(request: web.Request, appointment: AppointmentView) -> str:
    if not appointment.late_minutes:
        return ""
    told = N_("L’agent a environ {minutes} minutes de retard. Il vous recevra dès que possible.")
    return gettext_for(request.app, language(request))(told, minutes=appointment.late_minutes)


async def _agent(request: web.Request, appointment: AppointmentView) -> Entry | None:
    account = current_account(request)
    if account is None or AccountRole.AGENT not in account.roles or appointment.agent_account_id != account.id:
        return None
    return Entry(
        participant=agent_participant(appointment.agent_id),
        role=Role.AGENT,
        display_name=appointment.agent,
        surface="desktop",
        language=language(request),
        title=appointment.service,
        details=_details(request, appointment),
        after_url=f"/agent/appointments/{appointment.id}",
        help_url=None,
        admit_on_join="admit" in request.query,
        left_url="/agent",
        calls_adviser=bool(appointment.kiosk_id),
    )


async def _colleague(request: web.Request, appointment: AppointmentView) -> Entry | None:
    """An agent of the same service, while the call runs: the room itself lets in only who is asked to take over."""
    account = current_account(request)
    if account is None or AccountRole.AGENT not in account.roles or appointment.status is not Status.IN_CALL:
        return None
    if appointment.agent_account_id == account.id:  # has taken over
        return await _agent(request, appointment)
    able = await colleagues_of(now=utcnow(), appointment_id=appointment.id)
    own = next((each for each in able if each.account_id == account.id), None)
    if own is None:
        return None
    translate = gettext_for(request.app, language(request))
    return Entry(
        participant=agent_participant(own.id),
        role=Role.COLLEAGUE,
        display_name=own.name,
        surface="desktop",
        language=language(request),
        title=appointment.service,
        details=((translate(N_("Référence")), shown_reference(appointment.reference)),),
        after_url="/agent",
        help_url=None,
        admit_on_join=False,
    )


async def _interpreter(request: web.Request, appointment: AppointmentView) -> Entry | None:
    """Whoever came by the link of the invitation: the browser that pressed the button there."""
    token = request.cookies.get(INTERPRETER_COOKIE, "")
    try:
        meeting = await interpreter_meeting(request.app[SIGNER], token, utcnow())
    except (TokenInvalid, TokenExpired, AppointmentUnknown):
        return None
    if meeting.appointment_id != appointment.id:
        return None
    translate = gettext_for(request.app, language(request))
    return Entry(
        participant=f"interpreter:{appointment.id}",
        role=Role.INTERPRETER,
        display_name=translate(N_("Interprète")),
        surface="desktop",
        language=language(request),
        title=appointment.service,
        details=((translate(N_("Demande")), interpretation(meeting, translate, language(request))),),
        after_url=f"/interpret/{token}",
        help_url=None,
        admit_on_join=False,
    )


async def _adviser(request: web.Request, appointment: AppointmentView) -> Entry | None:
    account = current_account(request)
    if account is None or AccountRole.STAFF not in account.roles:
        return None
    if not await is_adviser_of(account_id=account.id, site_id=appointment.site_id):
        return None
    return Entry(
        participant=f"adviser:{account.id}",
        role=Role.ADVISER,
        display_name=account.name,
        surface="desktop",
        language=language(request),
        title=appointment.service,
        details=_details(request, appointment),
        after_url=f"/desk/{appointment.site_id}",
        help_url=None,
        admit_on_join=False,
    )


def _details(request: web.Request, appointment: AppointmentView) -> tuple[tuple[str, str], ...]:
    translate = gettext_for(request.app, language(request))
    lines = [
        (translate(N_("Usager")), appointment.citizen),
        (translate(N_("Référence")), shown_reference(appointment.reference)),
        (translate(N_("Maison")), f"{appointment.site} ({appointment.kiosk})"),
        (translate(N_("Prévu à")), format_time(appointment.starts_at, appointment.agent_timezone, language(request))),
        (
            translate(N_("Besoins")),
            ", ".join(need_text(need, translate, language(request)) for need in appointment.needs),
        ),
        (translate(N_("Pièces demandées")), ", ".join(appointment.papers)),
    ]
    return tuple((label, value) for label, value in lines if value)
