"""The three tables: by month, by service, by house. Rows in reading order, a name for each, and the total."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from babel.dates import format_date

from teleconsult.reports.figures import Consultation, Figures, by, figures, months_between
from teleconsult.reports.filters import Filters
from teleconsult.reports.gather import Catalogue, Named
from teleconsult.web.i18n import LOCALES, N_


class Grouping(StrEnum):
    """What a table's rows are."""

    MONTH = "month"
    SERVICE = "service"
    HOUSE = "house"


TITLES = {Grouping.MONTH: N_("Par mois"), Grouping.SERVICE: N_("Par service"), Grouping.HOUSE: N_("Par maison")}
HEADINGS = {Grouping.MONTH: N_("Mois"), Grouping.SERVICE: N_("Service"), Grouping.HOUSE: N_("Maison")}


@dataclass(frozen=True)
class Table:
    """Labelled figures, and those of everything together."""

    grouping: Grouping
    rows: tuple[tuple[str, Figures], ...]
    total: Figures

    @property
    def title(self) -> str:
        """Its title, in French."""
        return TITLES[self.grouping]

    @property
    def heading(self) -> str:
        """The heading of its first column, in French."""
        return HEADINGS[self.grouping]


def build_table(
    grouping: Grouping, consultations: Sequence[Consultation], filters: Filters, names: Catalogue, language: str
) -> Table:
    """Return a table of consultations.

    Months with nothing in them stay (a gap is a finding); services and houses with nothing in them are left out.
    """
    if grouping is Grouping.MONTH:
        groups = by(lambda item: item.month, consultations)
        months = months_between(filters.first, filters.last)
        rows = [(month_name(month, language), groups.get(month, figures(()))) for month in months]
    elif grouping is Grouping.SERVICE:
        rows = _named(by(lambda item: item.service_id, consultations), names.services, language)
    else:
        rows = _named(by(lambda item: item.site_id, consultations), names.sites, language)
    return Table(grouping, tuple(rows), figures(consultations))


def _named(groups: dict[str, Figures], names: Sequence[Named], language: str) -> list[tuple[str, Figures]]:
    return [(named.in_language(language), groups[named.id]) for named in names if named.id in groups]


def month_name(month: str, language: str) -> str:
    """Return `novembre 2026` for `2026-11`."""
    return str(format_date(date.fromisoformat(f"{month}-01"), format="MMMM y", locale=LOCALES[language]))
