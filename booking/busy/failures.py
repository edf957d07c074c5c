"""What an agent is told when a calendar of theirs does not work any more, and the way it is mailed."""

from datetime import datetime

import structlog
from aiohttp import web

from booking.busy.errors import BUSY_ERROR_TEXTS, CalendarUnreadable
from booking.keys import MAILER
from booking.models import Agent
from booking.notifications.letters import Action, Letter
from booking.notifications.messages import TEMPLATE, AddressInvalid, build_message
from booking.ports import DeliveryFailure
from teleconsult.database import new_id
from teleconsult.web.i18n import N_, Gettext, format_day_time, gettext_for
from teleconsult.web.keys import SETTINGS
from teleconsult.web.render import render_text

log = structlog.get_logger(__name__)


def write_failure(
    agent: Agent, *, subject: str, opening: str, last: tuple[str, datetime | None], error: str, host: str, page: str,
    _: Gettext,
) -> Letter:  # fmt: skip
    """Return the letter about a calendar on `host` that fails with `error`; pure.

    `last` says in words what last worked, and when (UTC). Texts are msgids.
    """
    label, at = last
    reason = BUSY_ERROR_TEXTS.get(error, BUSY_ERROR_TEXTS[CalendarUnreadable.code])
    return Letter(
        language=agent.language,
        subject=_(subject),
        greeting=_(N_("Bonjour {name},"), name=agent.name),
        opening=_(opening),
        facts=(
            (_(N_("Calendrier")), host),
            (_(label), format_day_time(at, agent.timezone, agent.language) if at else "–"),
            (_(N_("Pourquoi")), _(reason)),
        ),
        papers_title="",
        papers=(),
        action=Action(_(N_("Ouvrir mon calendrier")), page),
        closing="",
        footer=_(N_("Ce message est envoyé une seule fois, tant que la panne dure.")),
    )


async def mail_letter(app: web.Application, agent: Agent, letter: Letter, *, now: datetime) -> bool:
    """Mail a letter to an agent at once; False if the mail server does not take it."""
    settings = app[SETTINGS]
    try:
        message = build_message(
            letter, render_text(app, TEMPLATE, agent.language, {"letter": letter}), calendar=None, method=None,
            sender=settings.mail_sender, sender_name=gettext_for(app, agent.language)("Téléconsultation"),
            to=agent.email, to_name=agent.name, notice_id=new_id(), now=now,
        )  # fmt: skip
        await app[MAILER].send(message, recipient=agent.email)
    except (DeliveryFailure, AddressInvalid) as error:
        log.warning("agent_not_told", agent=agent.id, reason=str(error))
        return False
    return True
