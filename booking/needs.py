"""The catalogue of access needs: those that ask for a kiosk's equipment, and those that a person answers."""

import re
from collections.abc import Collection, Iterable

from booking.labels import language_name
from teleconsult.web.i18n import N_, Gettext

# need -> the kiosk equipment that meets it
EQUIPMENT_FOR = {"wheelchair": "wheelchair", "hearing_loop": "hearing_loop"}
NEED_TEXTS = {
    "wheelchair": N_("Fauteuil roulant"),
    "hearing_loop": N_("Boucle magnétique"),
    "sign_language": N_("Langue des signes"),
    "companion": N_("Vient accompagné"),
    "large_print": N_("Gros caractères"),
}
INTERPRETER_TEXT = N_("Interprète")
HUMAN_NEEDS = frozenset({"sign_language", "companion", "large_print"})
# what not every service can do
CAPABILITIES = frozenset({"sign_language", "interpreter"})
_INTERPRETER = re.compile(r"interpreter:[a-z]{2,3}")


def is_need(code: str) -> bool:
    """Tell whether `code` is in the catalogue (`interpreter:` takes an ISO 639 language code)."""
    return code in EQUIPMENT_FOR or code in HUMAN_NEEDS or _INTERPRETER.fullmatch(code) is not None


def equipment_for(needs: Iterable[str]) -> frozenset[str]:
    """Return what a kiosk must have to meet `needs`."""
    return frozenset(EQUIPMENT_FOR[need] for need in needs if need in EQUIPMENT_FOR)


def unmet_needs(needs: Iterable[str], *, meets: Collection[str], languages: Collection[str]) -> list[str]:
    """Return those of `needs` that a service cannot meet: it signs or not, and interprets some languages or all.

    `meets` may hold `sign_language`, `interpreter` (any language) and `interpreter:xx`; a language that the service is
    held in needs no interpreter. What a kiosk answers, a companion and large print are no matter of the service.
    """
    unmet = []
    for need in needs:
        kind, _, spoken = need.partition(":")
        if kind in CAPABILITIES and need not in meets and kind not in meets and spoken not in languages:
            unmet.append(need)
    return unmet


def need_text(need: str, translate: Gettext, language: str) -> str:
    """Return an access need in words; `language` is the reader's."""
    if need in NEED_TEXTS:
        return translate(NEED_TEXTS[need])
    return f"{translate(INTERPRETER_TEXT)} ({language_name(need.removeprefix('interpreter:'), language)})"
