"""The built-in text messages, and putting any text message together so that it fits. Pure."""

from collections.abc import Mapping

from booking.notifications.kinds import Kind
from booking.wording.gsm7 import WHOLE, Size, is_gsm7, measure, ready, transliterate
from booking.wording.placeholders import fill
from teleconsult.web.i18n import N_, Gettext

TEXTS = {
    Kind.INVITATION: N_("Rendez-vous confirmé {when}, {site}. Réf. {reference}. Modifier : {link}"),
    Kind.CHANGE: N_("Rendez-vous déplacé au {when}, {site}. Réf. {reference}. Modifier : {link}"),
    Kind.CANCELLATION: N_("Votre rendez-vous {when} est annulé (réf. {reference}). {site}"),
    Kind.REMINDER: N_("Rappel : rendez-vous {when}, {site}. Réf. {reference}. Modifier : {link}"),
    Kind.REPLACEMENT: N_(
        "Rendez-vous maintenu {when}, {site}, avec un autre agent ou une autre borne. Réf. {reference}"
    ),
    Kind.DISPLACED: N_("Votre rendez-vous {when} ne peut pas avoir lieu. Choisissez un autre créneau : {link}"),
    Kind.LATE: N_("Rendez-vous {when} : l’agent a environ {minutes} min de retard. Vous serez reçu vers {time}."),
    Kind.OFFER: N_("Place libre {when}, {site}. Répondez avant {until} : {link}"),
}
# How long a value may be, and how short it is made when the message would not fit, the first first.
LONGEST = {
    "when": 20, "until": 20, "time": 5, "minutes": 3, "reference": 7, "organisation": 60, "service": 60, "site": 50,
}  # fmt: skip
SHORTENED = {"organisation": 12, "service": 12, "site": 14}
SHORT_LINK = len("/s/") + 31


def put_together(template: str, values: Mapping[str, str]) -> str:
    """Return the text message of a template: names are abbreviated before anything is cut, links are never cut."""
    known = {name: transliterate(value) for name, value in values.items()}
    text = transliterate(fill(template, known))
    for name, least in SHORTENED.items():
        over = measure(text).length - WHOLE["gsm7"] if is_gsm7(text) else 0
        if over > 0 and name in known:
            known[name] = abbreviated(known[name], max(least, len(known[name]) - over))
            text = transliterate(fill(template, known))
    return ready(text)


def abbreviated(text: str, length: int) -> str:
    """Return a name in so many characters at most, a full stop for what is left out."""
    return text if len(text) <= length else text[: length - 1].rstrip(" -,.") + "."


def at_most(template: str, *, origin: str) -> Size:
    """Return what a template takes when every value is as long as it gets."""
    return measure(transliterate(fill(template, _stretched(LONGEST, origin))))


def at_least(template: str, *, origin: str) -> Size:
    """Return what it takes once every name is abbreviated that can be."""
    return measure(transliterate(fill(template, _stretched(LONGEST | SHORTENED, origin))))


def _stretched(lengths: Mapping[str, int], origin: str) -> dict[str, str]:
    link = f"{origin}/s/".ljust(len(origin) + SHORT_LINK, "m")
    return {name: "m" * length for name, length in lengths.items()} | {"link": link}


def built_in_text(kind: Kind, _: Gettext) -> str:
    """Return the built-in text message of a kind, in a language, its placeholders not filled in."""
    return _(TEXTS[kind])
