"""The three tables: by month, by service, by house. Rows in reading order, a name for each, and the total."""

from collections.abc import Sequence
from datetime import date

from babel.dates import format_date

from teleconsult.reports.figures import Consultation, Figures, by, figures, months_between
from teleconsult.reports.filters import Filters
from teleconsult.reports.gather import Catalogue, Named
from teleconsult.reports.sheets import Grouping, Sheet
from teleconsult.web.i18n import LOCALES


def build_table(
    grouping: Grouping, consultations: Sequence[Consultation], filters: Filters, names: Catalogue, language: str
) -> Sheet[Grouping, Figures]:
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
    return Sheet(grouping, tuple(rows), figures(consultations))


def _named(groups: dict[str, Figures], names: Sequence[Named], language: str) -> list[tuple[str, Figures]]:
    return [(named.in_language(language), groups[named.id]) for named in names if named.id in groups]


def month_name(month: str, language: str) -> str:
    """Return `novembre 2026` for `2026-11`."""
    return str(format_date(date.fromisoformat(f"{month}-01"), format="MMMM y", locale=LOCALES[language]))
