"""The mail that tells an agent the appointments of the day: times, services, houses, and no citizen's name."""

from datetime import datetime
from email.message import EmailMessage

from booking.agenda import AgendaItem
from booking.notifications.invitations import one_line
from booking.notifications.kinds import Kind
from booking.notifications.letters import Action, Letter
from booking.notifications.messages import Composer
from booking.notifications.mornings import Day
from booking.passes import shown_reference
from teleconsult.web.i18n import Gettext, format_day, format_time


def compose_agenda(composer: Composer, day: Day, *, notice_id: str, now: datetime) -> EmailMessage:
    """Return the mail of an agent's day; raises AddressInvalid."""
    language = "en" if day.language.startswith("en") else "fr"
    _ = composer.gettext_for(language)
    letter = write_agenda(day, page=f"{composer.origin}/agent", language=language, _=_)
    letter = composer.with_leave(letter, Kind.AGENDA, day.agent_id, now)
    return composer.mail_of(letter, to=day.email, to_name=day.name, notice_id=notice_id, now=now)


def write_agenda(day: Day, *, page: str, language: str, _: Gettext) -> Letter:
    """Return the words of an agent's day; `page` is where the agenda stands, behind sign-in."""
    when = format_day(day.items[0].starts_at, day.timezone, language)
    count = len(day.items)
    one = _("Vous avez un rendez-vous aujourd’hui.")
    opening = one if count == 1 else _("Vous avez {count} rendez-vous aujourd’hui.", count=count)
    return Letter(
        language=language,
        subject=one_line(_("Votre journée du {day}", day=when)),
        greeting=_("Bonjour,"),
        opening=opening,
        facts=tuple(_fact(item, day.timezone, language, _) for item in day.items),
        papers_title="",
        papers=(),
        action=Action(_("Ouvrir l’agenda"), page),
        closing=_("Ce qui change ensuite vous est annoncé par un message à part."),
        footer=_("Message envoyé automatiquement par le service de téléconsultation."),
    )


def _fact(item: AgendaItem, timezone: str, language: str, _: Gettext) -> tuple[str, str]:
    place = item.site if item.mode == "kiosk" else _("de chez soi")
    initial = f"{item.given_name.strip()[:1].upper()}."
    parts = (item.service, place, initial, shown_reference(item.reference))
    return format_time(item.starts_at, timezone, language), one_line(" · ".join(parts))
