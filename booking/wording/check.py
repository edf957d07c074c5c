"""Judging an administrator's text before it is kept, so that it can never fail when it is sent. Pure."""

import dataclasses
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from booking.notifications.kinds import SMS
from booking.wording.gsm7 import UCS2_PARTS, WHOLE, Alphabet
from booking.wording.placeholders import braces
from booking.wording.slots import Slot
from booking.wording.texts import at_least, at_most
from teleconsult.web.i18n import N_

PROBLEMS = {
    "empty": N_("Écrivez un texte : sans lui, rien ne serait dit."),
    "too_long": N_("C’est trop long : {most} caractères au plus, il y en a {length}."),
    "unknown": N_("Caractère {at} : « {found} » ne peut pas être rempli ici. Insérez une information de la liste."),
    "unclosed": N_("Caractère {at} : une accolade est seule. Écrivez « {example} », ou enlevez-la."),
    "missing": N_("Il manque {found} : sans cette information, le message ne sert à rien."),
    "character": N_("Caractère {at} : un signe invisible ({found}) ne peut pas être envoyé. Effacez-le."),
    "one_line": N_("Caractère {at} : l’objet tient sur une ligne. Enlevez le retour à la ligne."),
    "cut": N_("C’est trop long pour un SMS : {length} caractères une fois rempli, {most} au plus. Raccourcissez."),
}
WARNINGS = {
    "abbreviated": N_(
        "Une fois rempli, jusqu’à {length} caractères : les noms longs seront abrégés pour tenir dans un SMS."
    ),
    "scripts": N_("Cet alphabet prend plus de place : jusqu’à {parts} SMS par message."),
}
# Whatever turns the direction of writing round, or cannot be seen at all
INVISIBLE = {"Cc", "Cs", "Cn", "Co"}
TURNING = {*"\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"}


@dataclass(frozen=True)
class Problem:
    """What is wrong with a field, and where: `at` counts characters from 0, None if it is the whole."""

    field: str
    code: str
    at: int | None = None
    length: int = 0
    params: Mapping[str, Any] = dataclasses.field(default_factory=dict)


def problems(slot: Slot, texts: Mapping[str, str], *, origin: str) -> list[Problem]:
    """Return what keeps texts, by field, from being kept; none if they may be."""
    found = [each for name in slot.fields for each in _of_field(slot, name, texts.get(name, ""))]
    if slot.channel == SMS and not found:
        found = list(_of_length(texts["opening"], origin))
    return found


def warnings(slot: Slot, texts: Mapping[str, str], *, origin: str) -> list[Problem]:
    """Return what an administrator ought to know of texts that may be kept."""
    if slot.channel != SMS or not texts.get("opening"):
        return []
    size = at_most(texts["opening"], origin=origin)
    if size.alphabet is Alphabet.UCS2:
        return [Problem("opening", "scripts", params={"parts": min(size.parts, UCS2_PARTS)})]
    if size.parts > 1:
        return [Problem("opening", "abbreviated", params={"length": size.length})]
    return []


def _of_field(slot: Slot, name: str, text: str) -> Iterator[Problem]:
    if not text.strip():
        if name != "closing":
            yield Problem(name, "empty")
        return
    if len(text) > slot.limit(name):
        yield Problem(name, "too_long", params={"most": slot.limit(name), "length": len(text)})
    yield from _of_characters(name, text)
    allowed, present = slot.allowed(), set()
    for each in braces(text):
        if len(each.found) == 1:
            example = "{" + allowed[0] + "}"
            yield Problem(name, "unclosed", each.at, 1, {"at": each.at + 1, "example": example})
        elif each.name not in allowed:
            yield Problem(name, "unknown", each.at, len(each.found), {"at": each.at + 1, "found": each.found})
        else:
            present.add(each.name)
    for needed in slot.required(name):
        if needed not in present:
            yield Problem(name, "missing", params={"found": "{" + needed + "}"})


def _of_characters(name: str, text: str) -> Iterator[Problem]:
    for at, char in enumerate(text):
        if char == "\n":
            if name == "subject":
                yield Problem(name, "one_line", at, 1, {"at": at + 1})
        elif char in TURNING or unicodedata.category(char) in INVISIBLE:
            yield Problem(name, "character", at, 1, {"at": at + 1, "found": f"U+{ord(char):04X}"})


def _of_length(text: str, origin: str) -> Iterator[Problem]:
    size = at_least(text, origin=origin)
    most = WHOLE["gsm7"] if size.alphabet is Alphabet.GSM7 else UCS2_PARTS * 67
    if size.length > most:
        yield Problem("opening", "cut", params={"length": size.length, "most": most})
