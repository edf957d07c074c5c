"""The mail that asks a citizen how it was, once it is over and if they have not said so."""

from collections.abc import Sequence
from datetime import datetime
from email.message import EmailMessage

from booking.notifications.invitations import one_line
from booking.notifications.kinds import Kind, Recipient
from booking.notifications.letters import Action, Letter
from booking.notifications.meeting import Meeting
from booking.notifications.messages import Composer
from teleconsult.web.i18n import Gettext, format_day_time


def compose_asking(
    composer: Composer, meeting: Meeting, *, link: str, notice_id: str, earlier: Sequence[str], now: datetime
) -> EmailMessage:
    """Return the mail that leads to the question, whose path `link` is; raises AddressInvalid."""
    language = meeting.language_of(Recipient.CITIZEN)
    _ = composer.gettext_for(language)
    letter = write_asking(meeting, link=f"{composer.origin}{link}", language=language, _=_)
    letter = composer.with_leave(letter, Kind.SATISFACTION, meeting.appointment_id, now)
    name = meeting.name_of(Recipient.CITIZEN)
    return composer.mail_of(letter, to=meeting.email, to_name=name, notice_id=notice_id, earlier=earlier, now=now)


def write_asking(meeting: Meeting, *, link: str, language: str, _: Gettext) -> Letter:
    """Return the words that ask a citizen how it was."""
    when = format_day_time(meeting.starts_at, meeting.timezone, language)
    return Letter(
        language=language,
        subject=_("Comment s’est passé votre rendez-vous\u00a0? ({reference})", reference=meeting.shown_reference),
        greeting=one_line(_("Bonjour {name},", name=meeting.given_name)),
        opening=_(
            "Votre rendez-vous en visioconférence est terminé. Une seule question\u00a0: comment ça s’est passé\u00a0?"
        ),
        facts=((_("Quand"), when), (_("Démarche"), meeting.service_in(language))),
        papers_title="",
        papers=(),
        action=Action(_("Donner mon avis"), link),
        closing=_("Votre réponse est enregistrée sans votre nom."),
        footer=_("Message envoyé automatiquement par le service de téléconsultation."),
    )
