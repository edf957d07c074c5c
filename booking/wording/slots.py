"""Which texts an administrator may write, what may stand in each, and what must. Pure."""

from dataclasses import dataclass

from booking.notifications.kinds import EMAIL, SMS, Kind, Recipient
from teleconsult.web.i18n import N_

LANGUAGES = ("fr", "en")
COMMON = ("when", "reference", "service", "organisation", "site")
OWN = {Kind.LATE: ("minutes", "time"), Kind.DISPLACED: ("reason",)}
OFFERED = ("when", "until", "service", "site")
MUST = {
    Kind.INVITATION: ("when", "link"),
    Kind.CHANGE: ("when", "link"),
    Kind.CANCELLATION: ("when",),
    Kind.REMINDER: ("when", "link"),
    Kind.REPLACEMENT: ("when",),
    Kind.DISPLACED: ("when", "link"),
    Kind.LATE: ("time",),
    Kind.OFFER: ("when", "until", "link"),
}
IN_SUBJECT = frozenset({*MUST} - {Kind.DISPLACED})
IN_OPENING = {Kind.LATE: ("time",), Kind.DISPLACED: ("reason",), Kind.OFFER: ("until",)}
KIND_LABELS = {
    Kind.INVITATION: N_("Rendez-vous pris"),
    Kind.CHANGE: N_("Rendez-vous déplacé"),
    Kind.CANCELLATION: N_("Rendez-vous annulé"),
    Kind.REMINDER: N_("Rappel"),
    Kind.REPLACEMENT: N_("Autre agent ou autre borne, même heure"),
    Kind.DISPLACED: N_("Rendez-vous impossible, à choisir de nouveau"),
    Kind.LATE: N_("Agent en retard"),
    Kind.OFFER: N_("Place libérée, liste d’attente"),
    Kind.SATISFACTION: N_("Demande d’avis"),
    Kind.AGENDA: N_("Agenda du jour"),
}
RECIPIENT_LABELS = {
    Recipient.CITIZEN: N_("Usager"),
    Recipient.AGENT: N_("Agent"),
    Recipient.ADVISER: N_("Accueil de la maison"),
    Recipient.INTERPRETER: N_("Interprète"),
    Recipient.ROOM: N_("Salle de visio"),
}
CHANNEL_LABELS = {EMAIL: N_("Courriel"), SMS: N_("SMS"), "caldav": N_("Agenda (CalDAV)"), "hand": N_("De vive voix")}
FIELD_LABELS = {"subject": N_("Objet"), "opening": N_("Début du message"), "closing": N_("Fin du message")}
LIMITS = {"subject": 150, "opening": 2000, "closing": 2000}
SMS_LIMIT = 480


@dataclass(frozen=True)
class Slot:
    """One text: for what, for whom, by which way."""

    kind: Kind
    recipient: Recipient
    channel: str

    @property
    def key(self) -> str:
        """Its name in addresses: `reminder-citizen-sms`."""
        return f"{self.kind}-{self.recipient}-{self.channel}"

    @property
    def fields(self) -> tuple[str, ...]:
        """What it is made of."""
        return ("opening",) if self.channel == SMS else ("subject", "opening", "closing")

    def allowed(self) -> tuple[str, ...]:
        """What may stand in it, the most used first."""
        text = self.channel == SMS
        if self.kind is Kind.OFFER:
            return (*OFFERED, "link") if text else (*OFFERED, "name")
        own = tuple(name for name in OWN.get(self.kind, ()) if not (text and name == "reason"))
        if text:
            return (*COMMON, *own, "link")
        return (*COMMON, *own, *(("name", "agent", "kiosk") if self.recipient is Recipient.CITIZEN else ("initial",)))

    def required(self, field: str) -> tuple[str, ...]:
        """What must stand in one of its fields."""
        if self.channel == SMS:
            return MUST[self.kind]
        if field == "subject" and self.kind in IN_SUBJECT:
            return ("when",)
        return IN_OPENING.get(self.kind, ()) if field == "opening" else ()

    def limit(self, field: str) -> int:
        """How many characters one of its fields may have."""
        return SMS_LIMIT if self.channel == SMS else LIMITS[field]


TO_AGENTS = (Kind.INVITATION, Kind.CHANGE, Kind.CANCELLATION, Kind.REPLACEMENT)
SLOTS = tuple(
    [Slot(kind, Recipient.CITIZEN, channel) for channel in (EMAIL, SMS) for kind in MUST]
    + [Slot(kind, Recipient.AGENT, EMAIL) for kind in TO_AGENTS]
)
BY_KEY = {slot.key: slot for slot in SLOTS}
