"""The catalogue of access needs: those that ask for a kiosk's equipment, and those that a person answers."""

import re
from collections.abc import Iterable

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
_INTERPRETER = re.compile(r"interpreter:[a-z]{2,3}")


def is_need(code: str) -> bool:
    """Tell whether `code` is in the catalogue (`interpreter:` takes an ISO 639 language code)."""
    return code in EQUIPMENT_FOR or code in HUMAN_NEEDS or _INTERPRETER.fullmatch(code) is not None


def equipment_for(needs: Iterable[str]) -> frozenset[str]:
    """Return what a kiosk must have to meet `needs`."""
    return frozenset(EQUIPMENT_FOR[need] for need in needs if need in EQUIPMENT_FOR)


def need_text(need: str, translate: Gettext, language: str) -> str:
    """Return an access need in words; `language` is the reader's."""
    if need in NEED_TEXTS:
        return translate(NEED_TEXTS[need])
    return f"{translate(INTERPRETER_TEXT)} ({language_name(need.removeprefix('interpreter:'), language)})"
