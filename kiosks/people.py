"""Who an appointment is for: what was typed, as it was typed, and whether it makes a person."""

from collections.abc import Mapping
from typing import Any

from multidict import MultiMapping
from pydantic import ValidationError

from booking.schemas import MAX_NEEDS
from kiosks.schemas import Person
from teleconsult.web.i18n import N_

FIELDS = ("given_name", "family_name", "email", "phone", "language")
LONGEST = 300  # of what is kept as typed; the schema says later what is too long

NEEDS = {
    "wheelchair": N_("Je suis en fauteuil roulant"),
    "hearing_loop": N_("J’entends mal (boucle magnétique)"),
    "sign_language": N_("Je parle la langue des signes"),
    "large_print": N_("J’ai du mal à lire l’écran"),
    "companion": N_("Quelqu’un m’accompagne"),
}


def needs_offered() -> Mapping[str, str]:
    """Return the access needs that a citizen can tick: French text by code."""
    return NEEDS


def as_typed(posted: MultiMapping[Any]) -> dict[str, Any]:
    """Return a person's form as it was typed, cut to a sane length."""
    kept: dict[str, Any] = {name: str(posted.get(name, ""))[:LONGEST] for name in FIELDS}
    kept["needs"] = [str(need) for need in posted.getall("needs", [])][:MAX_NEEDS]
    return kept


def check_person(details: Mapping[str, Any]) -> Person | None:
    """Return the person that was typed, None while something is missing or wrong."""
    try:
        return Person.model_validate({name: value for name, value in details.items() if value})
    except ValidationError:
        return None
