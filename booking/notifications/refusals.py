"""Who wants no more mails of a kind (RFC 2369, RFC 8058): reminders, the question how it was, offers, daily agendas.

Invitations and what changes them are no such mails: an appointment stands until it is cancelled.
"""

from dataclasses import dataclass
from datetime import datetime

from booking.engine.queries import run
from booking.errors import AgentUnknown, AppointmentUnknown
from booking.models import Agent, Appointment, MailRefusal
from booking.notifications.kinds import Kind
from booking.passes import LINKS_AFTER_END
from booking.waiting import leave
from teleconsult.web.tokens import Signer, TokenInvalid

MAILS = "mails"
# Citizens refuse these for an address; an offer by leaving the list, an agenda by the agent's own setting.
OPTIONAL = frozenset({Kind.REMINDER, Kind.SATISFACTION})
REFUSABLE = OPTIONAL | {Kind.OFFER, Kind.AGENDA}
# asked before each reminder: the ORM would take a tenth of the sending to write it
_REFUSED = "SELECT 1 FROM mail_refusal WHERE address_hash = $1 AND kind = $2"


@dataclass(frozen=True)
class Refusable:
    """What a link lets its reader refuse: mails of a kind, to whom an appointment, a place or an agenda (id) is."""

    kind: Kind
    subject_id: str


def issue_refusal(signer: Signer, *, kind: Kind, subject_id: str, until: datetime) -> str:
    """Return the token of a mail's own link: good for 30 days after `until`, and for nothing but this kind of mails."""
    return signer.issue(MAILS, f"{kind}:{subject_id}", until + LINKS_AFTER_END)


def read_refusal(signer: Signer, token: str, now: datetime) -> Refusable:
    """Return what a token lets its holder refuse. Raises TokenInvalid, TokenExpired."""
    kind, _, subject_id = signer.read(MAILS, token, now).partition(":")
    if kind not in REFUSABLE or not subject_id:
        raise TokenInvalid
    return Refusable(Kind(kind), subject_id)


def address_hash(signer: Signer, email: str) -> str:
    """Return what is kept of an address; without the service's key nobody can try addresses on it."""
    return signer.digest(MAILS, email.strip().casefold()).hex()


async def is_refused(signer: Signer, *, kind: Kind, email: str) -> bool:
    """Tell whether mails of a kind are not wanted at an address."""
    return kind in OPTIONAL and bool(await run(_REFUSED, address_hash(signer, email), str(kind)))


async def is_wanted(signer: Signer, asked: Refusable) -> bool:
    """Tell whether what a link lets its reader refuse still comes. Raises AppointmentUnknown, AgentUnknown."""
    if asked.kind is Kind.AGENDA:
        return (await _agent(asked.subject_id)).daily_agenda
    if asked.kind in OPTIONAL:
        return not await is_refused(signer, kind=asked.kind, email=await _email(asked.subject_id))
    return True


async def refuse(signer: Signer, asked: Refusable, *, now: datetime) -> None:
    """Send no more of such mails; again: nothing more happens. Somebody who waits for a slot waits no longer.

    Raises AppointmentUnknown, AgentUnknown, EntryUnknown.
    """
    if asked.kind is Kind.OFFER:
        await leave(now=now, entry_id=asked.subject_id)
    elif asked.kind is Kind.AGENDA:
        await _agent(asked.subject_id)
        await Agent.filter(id=asked.subject_id).update(daily_agenda=False)
    else:
        refused = address_hash(signer, await _email(asked.subject_id))
        await MailRefusal.get_or_create(address_hash=refused, kind=asked.kind, defaults={"refused_at": now})


async def want_again(signer: Signer, asked: Refusable) -> None:
    """Send such mails again; there is no way back to a place on a list. Raises AppointmentUnknown, AgentUnknown."""
    if asked.kind is Kind.AGENDA:
        await _agent(asked.subject_id)
        await Agent.filter(id=asked.subject_id).update(daily_agenda=True)
    elif asked.kind in OPTIONAL:
        wanted = address_hash(signer, await _email(asked.subject_id))
        await MailRefusal.filter(address_hash=wanted, kind=asked.kind).delete()


async def _email(appointment_id: str) -> str:
    appointment = await Appointment.get_or_none(id=appointment_id)
    if appointment is None:
        raise AppointmentUnknown
    return appointment.email


async def _agent(agent_id: str) -> Agent:
    agent = await Agent.get_or_none(id=agent_id)
    if agent is None:
        raise AgentUnknown
    return agent
