"""The words of each notice, in the reader's language; pure. `booking.notifications.messages` makes mails of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

from booking.notifications.invitations import Links, interpretation, one_line, place_text
from booking.notifications.kinds import Kind, Recipient
from booking.notifications.meeting import Meeting
from teleconsult.web.i18n import N_, Gettext, format_day, format_day_time, format_time


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
    papers: tuple[str, ...]  # or other things to choose from, as the title says
    action: Action | None
    closing: str
    footer: str
    leave: Action | None = None  # how to be sent no more of the kind

    def as_text(self) -> str:
        """Return the plain-text twin."""
        parts = [self.greeting, self.opening, "\n".join(_fact(label, value) for label, value in self.facts)]
        if self.papers:
            parts.append("\n".join([self.papers_title, *(f"- {paper}" for paper in self.papers)]))
        if self.action:
            parts.append(f"{self.action.label}\n{self.action.url}")
        leave = f"\n{self.leave.label}\n{self.leave.url}" if self.leave else ""
        parts += [self.closing, f"-- \n{self.footer}{leave}"]
        return "\n\n".join(part for part in parts if part) + "\n"


SUBJECTS = {
    Kind.INVITATION: N_("Rendez-vous confirmé\u00a0: {when} ({reference})"),
    Kind.CHANGE: N_("Rendez-vous déplacé\u00a0: {when} ({reference})"),
    Kind.CANCELLATION: N_("Rendez-vous annulé\u00a0: {when} ({reference})"),
    Kind.REMINDER: N_("Rappel de votre rendez-vous\u00a0: {when} ({reference})"),
    Kind.REPLACEMENT: N_("Rendez-vous maintenu à la même heure\u00a0: {when} ({reference})"),
    Kind.DISPLACED: N_("Choisissez un autre créneau\u00a0: votre rendez-vous ne peut pas avoir lieu ({reference})"),
    Kind.LATE: N_("Retard prévu pour votre rendez-vous\u00a0: {when} ({reference})"),
}
CITIZEN_OPENINGS = {
    Kind.INVITATION: N_(
        "Votre rendez-vous est confirmé. Un agent vous recevra en visioconférence, à la borne de la maison."
    ),
    Kind.CHANGE: N_("Votre rendez-vous a été déplacé. Voici la nouvelle date."),
    Kind.CANCELLATION: N_("Votre rendez-vous est annulé. Vous n’avez plus besoin de vous déplacer."),
    Kind.REMINDER: N_("Nous vous rappelons votre prochain rendez-vous en visioconférence."),
    Kind.REPLACEMENT: N_(
        "Nous avons dû changer la borne ou l’agent de votre rendez-vous. La date, l’heure et la maison restent."
    ),
    Kind.LATE: N_("L’agent qui vous reçoit a du retard, environ {minutes} minutes. Vous serez reçu vers {time}."),
}
AGENT_OPENINGS = {
    Kind.INVITATION: N_("Un rendez-vous en visioconférence a été ajouté à votre agenda."),
    Kind.CHANGE: N_("Un rendez-vous de votre agenda a été déplacé. Voici la nouvelle date."),
    Kind.CANCELLATION: N_("Un rendez-vous de votre agenda est annulé. Le créneau est de nouveau libre."),
    Kind.REMINDER: N_("Voici le rappel d’un rendez-vous en visioconférence."),
    Kind.REPLACEMENT: N_("La borne d’un rendez-vous de votre agenda a changé. L’heure reste la même."),
}
ADVISER_OPENINGS = {
    Kind.INVITATION: N_("Un rendez-vous en visioconférence aura lieu dans votre maison."),
    Kind.CHANGE: N_("Un rendez-vous de votre maison a été déplacé. Voici la nouvelle date."),
    Kind.CANCELLATION: N_("Un rendez-vous n’a plus lieu dans votre maison. La borne est de nouveau libre."),
    Kind.REPLACEMENT: N_("La borne ou l’agent d’un rendez-vous de votre maison a changé. L’heure reste la même."),
}
INTERPRETER_OPENINGS = {
    Kind.INVITATION: N_("Un interprète est demandé pour un rendez-vous en visioconférence."),
    Kind.CHANGE: N_("Un rendez-vous avec interprète a été déplacé. Voici la nouvelle date."),
    Kind.CANCELLATION: N_("Un rendez-vous avec interprète est annulé. L’interprète n’est plus demandé."),
    Kind.REPLACEMENT: N_("La borne ou l’agent d’un rendez-vous avec interprète a changé. L’heure reste la même."),
}
ROOM_OPENINGS = {
    Kind.INVITATION: N_("La salle est prise pour un rendez-vous en visioconférence."),
    Kind.CHANGE: N_("Le rendez-vous pour lequel la salle est prise a été déplacé. Voici la nouvelle date."),
    Kind.CANCELLATION: N_("La salle n’est plus prise pour ce rendez-vous."),
    Kind.REPLACEMENT: N_("L’agent ou la borne du rendez-vous pour lequel la salle est prise a changé."),
}
OPENINGS = {
    Recipient.CITIZEN: CITIZEN_OPENINGS,
    Recipient.AGENT: AGENT_OPENINGS,
    Recipient.ADVISER: ADVISER_OPENINGS,
    Recipient.INTERPRETER: INTERPRETER_OPENINGS,
    Recipient.ROOM: ROOM_OPENINGS,
}
DISPLACED_OPENINGS = {
    "agent_absent": N_(
        "L’agent qui devait vous recevoir est absent, et aucun autre n’est libre à cette heure. Nous en sommes désolés."
    ),
    "agent_declined": N_(
        "L’agent qui devait vous recevoir n’est pas disponible, et aucun autre n’est libre à cette heure. "
        "Nous en sommes désolés."
    ),
    "kiosk_out": N_(
        "La borne de votre rendez-vous est en panne, et aucune autre n’est libre à cette heure. Nous en sommes désolés."
    ),
    "house_closed": N_("La maison sera fermée à l’heure de votre rendez-vous. Nous en sommes désolés."),
}
NOTHING: Mapping[str, Any] = MappingProxyType({})


def write_letter(
    kind: Kind,
    meeting: Meeting,
    *,
    recipient: Recipient,
    links: Links,
    params: Mapping[str, Any] = NOTHING,
    _: Gettext,
) -> Letter:
    """Return the words of a notice for its recipient; `_` translates to the recipient's language.

    `params` are the notice's own: `minutes` of a delay; `trouble` and `alternatives` of what cannot be held.
    """
    language = meeting.language_of(recipient)
    citizen = recipient is Recipient.CITIZEN
    timezone = meeting.agent_timezone if recipient is Recipient.AGENT else meeting.timezone
    when = format_day_time(meeting.starts_at, timezone, language)
    alive = kind is not Kind.CANCELLATION
    displaced = kind is Kind.DISPLACED
    return Letter(
        language=language,
        subject=one_line(_(SUBJECTS[kind], when=when, reference=meeting.shown_reference)),
        greeting=one_line(_("Bonjour {name},", name=meeting.given_name)) if citizen else _("Bonjour,"),
        opening=_opening(kind, meeting, recipient, params, _),
        facts=_facts(kind, meeting, recipient, when, _),
        papers_title=_("Les créneaux libres les plus proches\u00a0:") if displaced else _("À apporter\u00a0:"),
        papers=_papers(kind, meeting, recipient, params),
        action=_action(kind, recipient, links, _),
        closing=_closing(kind, alive, recipient, meeting, _),
        footer=_("Message envoyé automatiquement par le service de téléconsultation."),
    )


def _opening(kind: Kind, meeting: Meeting, recipient: Recipient, params: Mapping[str, Any], _: Gettext) -> str:
    if kind is Kind.DISPLACED:
        why: str = params["trouble"]
        return _(DISPLACED_OPENINGS[why])
    if kind is Kind.LATE:
        then = meeting.starts_at + timedelta(minutes=params["minutes"])
        time = format_time(then, meeting.timezone, meeting.language_of(recipient))
        return _(CITIZEN_OPENINGS[kind], minutes=params["minutes"], time=time)
    if kind is Kind.INVITATION and meeting.at_home and recipient is Recipient.CITIZEN:
        return _("Votre rendez-vous est confirmé. Un agent vous recevra en visioconférence, de chez vous.")
    return _(OPENINGS[recipient][kind])


def _papers(kind: Kind, meeting: Meeting, recipient: Recipient, params: Mapping[str, Any]) -> tuple[str, ...]:
    language = meeting.language_of(recipient)
    if kind is Kind.DISPLACED:
        return tuple(
            f"{format_day_time(datetime.fromisoformat(each['start']), each['timezone'], language)}, {each['name']}"
            for each in params["alternatives"]
        )
    if kind is Kind.CANCELLATION or recipient is not Recipient.CITIZEN:
        return ()
    return meeting.papers_in(language)


def _facts(kind: Kind, meeting: Meeting, recipient: Recipient, when: str, _: Gettext) -> tuple[tuple[str, str], ...]:
    language = meeting.language_of(recipient)
    facts = [(_("Quand"), when)]
    if recipient is Recipient.AGENT and (there := _time_there(meeting, language)):
        facts.append((_("Heure sur place"), there))
    facts.append((_("Démarche"), meeting.service_in(language)))
    facts.append((_("Lieu"), place_text(meeting, recipient, _)))
    if meeting.room and recipient is Recipient.AGENT:
        facts.append((_("Salle"), meeting.room))
    if meeting.kiosk and recipient in (Recipient.CITIZEN, Recipient.ADVISER):
        facts.append((_("Borne"), meeting.kiosk))
    if recipient is Recipient.CITIZEN:
        facts.append((_("Avec"), meeting.agent_name))
    elif recipient is Recipient.INTERPRETER:
        facts.append((_("Demande"), interpretation(meeting, _)))
    else:
        facts.append((_("Usager"), meeting.initial))
    facts.append((_("Référence"), meeting.shown_reference))
    # What somebody wrote as a reason may be personal: the agent reads it behind sign-in.
    if kind is Kind.CANCELLATION and recipient is Recipient.CITIZEN and meeting.cancel_reason:
        facts.append((_("Motif"), one_line(meeting.cancel_reason)))
    return tuple(facts)


def _time_there(meeting: Meeting, language: str) -> str:
    """Return the time at the house where it is another than the agent's own, with the day where that differs too."""
    agents, houses = ((meeting.starts_at, zone, language) for zone in (meeting.agent_timezone, meeting.timezone))
    if format_day_time(*agents) == format_day_time(*houses):
        return ""
    same_day = format_day(*agents) == format_day(*houses)
    return format_time(*houses) if same_day else format_day_time(*houses)


def _action(kind: Kind, recipient: Recipient, links: Links, _: Gettext) -> Action | None:
    if recipient is not Recipient.CITIZEN:
        return Action(_("Ouvrir le rendez-vous"), links.page) if links.page else None
    if kind is Kind.CANCELLATION:
        return None
    if kind is Kind.DISPLACED:
        return Action(_("Choisir un autre créneau"), f"{links.page}/move")
    return Action(_("Voir, déplacer ou annuler le rendez-vous"), links.page)


def _closing(kind: Kind, alive: bool, recipient: Recipient, meeting: Meeting, _: Gettext) -> str:
    if recipient is Recipient.INTERPRETER and alive:
        return _("À l’heure prévue, ouvrez cette page sur un appareil avec caméra et micro, puis rejoignez l’agent.")
    if recipient is not Recipient.CITIZEN:
        return ""
    if kind is Kind.DISPLACED:
        return _("Rien ne vous convient\u00a0? Annulez depuis la même page, ou adressez-vous à l’accueil de la maison.")
    if alive and meeting.at_home:
        return _("À l’heure prévue, ouvrez cette page sur un appareil avec caméra et micro, puis rejoignez l’agent.")
    if kind is Kind.LATE:
        return _("Venez à l’heure prévue si vous le pouvez\u00a0: le retard peut encore diminuer.")
    if alive:
        return _("À votre arrivée, saisissez la référence à la borne ou présentez le code QR de votre rendez-vous.")
    return _("Pour reprendre rendez-vous, adressez-vous à la borne ou à l’accueil de la maison France services.")


def _fact(label: str, value: str) -> str:
    return f"{label}\u00a0: {value}"
