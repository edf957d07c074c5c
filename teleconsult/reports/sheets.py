"""One table as it is shown and exported: labelled figures, of consultations or of lines, and those of everything."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

from teleconsult.web.i18n import N_


class Grouping(StrEnum):
    """What the rows of a table of consultations are."""

    MONTH = "month"
    SERVICE = "service"
    HOUSE = "house"


class LineGrouping(StrEnum):
    """What the rows of a table of lines are."""

    KIOSK = "kiosk"
    OFFICE = "office"


G = TypeVar("G", bound=Grouping | LineGrouping, covariant=True)
F = TypeVar("F", covariant=True)

TITLES: dict[Grouping | LineGrouping, str] = {
    Grouping.MONTH: N_("Par mois"),
    Grouping.SERVICE: N_("Par service"),
    Grouping.HOUSE: N_("Par maison"),
    LineGrouping.KIOSK: N_("Par borne"),
    LineGrouping.OFFICE: N_("Par bureau"),
}
HEADINGS: dict[Grouping | LineGrouping, str] = {
    Grouping.MONTH: N_("Mois"),
    Grouping.SERVICE: N_("Service"),
    Grouping.HOUSE: N_("Maison"),
    LineGrouping.KIOSK: N_("Borne"),
    LineGrouping.OFFICE: N_("Bureau"),
}


@dataclass(frozen=True)
class Sheet(Generic[G, F]):
    """Labelled figures, and those of everything together."""

    grouping: G
    rows: tuple[tuple[str, F], ...]
    total: F

    @property
    def title(self) -> str:
        """Its title, in French."""
        return TITLES[self.grouping]

    @property
    def heading(self) -> str:
        """The heading of its first column, in French."""
        return HEADINGS[self.grouping]
