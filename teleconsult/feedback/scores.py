"""The three answers to « De façon générale, comment ça s’est passé ? » and what they weigh.

Source: the public "Je donne mon avis" question set (bad 0, average 5, good 10).
"""

from enum import IntEnum, StrEnum

from teleconsult.web.i18n import N_

QUESTION = N_("De façon générale, comment ça s’est passé\u00a0?")


class Score(IntEnum):
    """What a citizen thought, on the public scale from 0 to 10."""

    BAD = 0
    AVERAGE = 5
    GOOD = 10


class Surface(StrEnum):
    """Where the question is answered: at a kiosk, which is wiped afterwards, or on one's own device."""

    KIOSK = "kiosk"
    DESKTOP = "desktop"


LABELS = {Score.GOOD: N_("Bien"), Score.AVERAGE: N_("Moyen"), Score.BAD: N_("Mal")}
ICONS = {Score.GOOD: "good", Score.AVERAGE: "average", Score.BAD: "bad"}
