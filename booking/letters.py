"""The words of each notice, in the reader's language; pure. `booking.messages` makes mails of them."""

from dataclasses import dataclass

from booking.invitations import Links, one_line
from booking.meeting import Meeting
from booking.notices import Kind, Recipient
from teleconsult.web.i18n import N_, Gettext, format_day_time, format_time


@dataclass(frozen=True)
class Action:
    """The one thing that a reader can do: a button's text and where it leads."""

    label: str
    url: str


@dataclass(frozen=True, kw_only=True)
class Letter:
    """A notice in words. The HTML and its plain-text twin are both made of this and say the same."""

    language: str
    subject: str
    greeting: str
    opening: str
    facts: tuple[tuple[str, str], ...]
    papers_title: str
    papers: tuple[str, ...]
    action: Action | None
    closing: str
    footer: str

    def as_text(self) -> str:
        """Return the plain-text twin."""
        parts = [self.greeting, self.opening, "\n".join(_fact(label, value) for label, value in self.facts)]
        if self.papers:
            parts.append("\n".join([self.papers_title, *(f"- {paper}" for paper in self.papers)]))
        if self.action:
            parts.append(f"{self.action.label}\n{self.action.url}")
        parts += [self.closing, f"-- \n{self.footer}"]
        return "\n\n".join(part for part in parts if part) + "\n"


SUBJECTS = {
    Kind.INVITATION: N_("Rendez-vous confirmé\u00a0: {when} ({reference})"),
    Kind.CHANGE: N_("Rendez-vous déplacé\u00a0: {when} ({reference})"),
    Kind.CANCELLATION: N_("Rendez-vous annulé\u00a0: {when} ({reference})"),
    Kind.REMINDER: N_("Rappel de votre rendez-vous\u00a0: {when} ({reference})"),
}
CITIZEN_OPENINGS = {
    Kind.INVITATION: N_(
        "Votre rendez-vous est confirmé. Un agent vous recevra en visioconférence, à la borne de la maison."
    ),
    Kind.CHANGE: N_("Votre rendez-vous a été déplacé. Voici la nouvelle date."),
    Kind.CANCELLATION: N_("Votre rendez-vous est annulé. Vous n’avez plus besoin de vous déplacer."),
    Kind.REMINDER: N_("Nous vous rappelons votre prochain rendez-vous en visioconférence."),
}
AGENT_OPENINGS = {
    Kind.INVITATION: N_("Un rendez-vous en visioconférence a été ajouté à votre agenda."),
    Kind.CHANGE: N_("Un rendez-vous de votre agenda a été déplacé. Voici la nouvelle date."),
    Kind.CANCELLATION: N_("Un rendez-vous de votre agenda est annulé. Le créneau est de nouveau libre."),
    Kind.REMINDER: N_("Voici le rappel d’un rendez-vous en visioconférence."),
}


def write_letter(kind: Kind, meeting: Meeting, *, recipient: Recipient, links: Links, _: Gettext) -> Letter:
    """Return the words of a notice for its recipient; `_` translates to the recipient's language."""
    language = meeting.language_of(recipient)
    agent = recipient is Recipient.AGENT
    timezone = meeting.agent_timezone if agent else meeting.timezone
    when = format_day_time(meeting.starts_at, timezone, language)
    alive = kind is not Kind.CANCELLATION
    return Letter(
        language=language,
        subject=one_line(_(SUBJECTS[kind], when=when, reference=meeting.shown_reference)),
        greeting=_("Bonjour,") if agent else one_line(_("Bonjour {name},", name=meeting.given_name)),
        opening=_((AGENT_OPENINGS if agent else CITIZEN_OPENINGS)[kind]),
        facts=_facts(kind, meeting, recipient, when, _),
        papers_title=_("À apporter\u00a0:"),
        papers=meeting.papers_in(language) if alive and not agent else (),
        action=_action(alive, agent, links, _),
        closing=_closing(alive, agent, _),
        footer=_("Message envoyé automatiquement par le service de téléconsultation."),
    )


def _facts(kind: Kind, meeting: Meeting, recipient: Recipient, when: str, _: Gettext) -> tuple[tuple[str, str], ...]:
    language = meeting.language_of(recipient)
    facts = [(_("Quand"), when)]
    if recipient is Recipient.AGENT:
        here = format_time(meeting.starts_at, meeting.agent_timezone, language)
        there = format_time(meeting.starts_at, meeting.timezone, language)
        if here != there:
            facts.append((_("Heure sur place"), there))
    facts.append((_("Démarche"), meeting.service_in(language)))
    facts.append((_("Lieu"), f"{meeting.site}, {meeting.address}"))
    if recipient is Recipient.AGENT:
        facts.append((_("Usager"), meeting.initial))
    else:
        facts.append((_("Borne"), meeting.kiosk))
        facts.append((_("Avec"), meeting.agent_name))
    facts.append((_("Référence"), meeting.shown_reference))
    # What somebody wrote as a reason may be personal: the agent reads it behind sign-in.
    if kind is Kind.CANCELLATION and recipient is Recipient.CITIZEN and meeting.cancel_reason:
        facts.append((_("Motif"), one_line(meeting.cancel_reason)))
    return tuple(facts)


def _action(alive: bool, agent: bool, links: Links, _: Gettext) -> Action | None:
    if agent:
        return Action(_("Ouvrir dans l’agenda"), links.page)
    return Action(_("Voir, déplacer ou annuler le rendez-vous"), links.page) if alive else None


def _closing(alive: bool, agent: bool, _: Gettext) -> str:
    if agent:
        return ""
    if alive:
        return _("À votre arrivée, saisissez la référence à la borne ou présentez le code QR de votre rendez-vous.")
    return _("Pour reprendre rendez-vous, adressez-vous à la borne ou à l’accueil de la maison France services.")


def _fact(label: str, value: str) -> str:
    return f"{label}\u00a0: {value}"
