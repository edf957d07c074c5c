"""What stands in braces in an administrator's text: `{when}` becomes the day and the hour. Pure.

Filling in never fails, whatever the text: what is not known is left as it stands. Saving is where texts are judged.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from teleconsult.web.i18n import N_

NAME = re.compile(r"\{([a-z]+)\}")
BRACE = re.compile(r"\{[^{}\n]*\}|[{}]")

LABELS = {
    "when": N_("Le jour et l’heure"),
    "reference": N_("La référence du rendez-vous"),
    "service": N_("La démarche"),
    "organisation": N_("L’organisme"),
    "site": N_("La maison"),
    "kiosk": N_("La borne"),
    "name": N_("Le prénom de l’usager"),
    "initial": N_("L’initiale de l’usager"),
    "agent": N_("Le nom de l’agent"),
    "minutes": N_("Le retard, en minutes"),
    "time": N_("L’heure à laquelle l’usager sera reçu"),
    "reason": N_("Pourquoi le rendez-vous ne peut pas avoir lieu"),
    "until": N_("Jusqu’à quand répondre"),
    "link": N_("Le lien vers la page de l’usager"),
}


@dataclass(frozen=True)
class Braces:
    """Something in braces, or a brace alone, as it was found: `name` is None if it is no name at all."""

    at: int
    found: str
    name: str | None


def fill(text: str, values: Mapping[str, str]) -> str:
    """Return a text with what is known filled in; values are never read again."""
    return NAME.sub(lambda each: values.get(each[1], each[0]), text)


def braces(text: str) -> list[Braces]:
    """Return everything in a text that is, or looks like, a placeholder, in order."""
    return [
        Braces(each.start(), each[0], name[1] if (name := NAME.fullmatch(each[0])) else None)
        for each in BRACE.finditer(text)
    ]
