"""Which consultations are counted: a period, and perhaps a department, a service or a house. Pure."""

from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from urllib.parse import urlencode

from teleconsult.errors import Invalid
from teleconsult.web.i18n import N_

DEFAULT_MONTHS = 4
LONGEST_DAYS = 731


@dataclass(frozen=True)
class Filters:
    """Days are those of the consultation's start at the house, both included; an empty text means "all"."""

    first: date
    last: date
    department: str = ""
    service: str = ""
    site: str = ""

    @property
    def query(self) -> str:
        """The filters as a query string."""
        parts = {"first": self.first.isoformat(), "last": self.last.isoformat()}
        parts |= {"department": self.department, "service": self.service, "site": self.site}
        return urlencode({name: value for name, value in parts.items() if value})


class PeriodRefused(Invalid):
    """The period cannot be read, ends before it begins, or is longer than `days`."""

    code = "period_refused"


ERROR_TEXTS = {
    PeriodRefused.code: N_(
        "La période n’est pas valable\u00a0: indiquez un premier et un dernier jour, "
        "dans cet ordre, sur {days} jours au plus."
    ),
}


def default_filters(today: date) -> Filters:
    """Return the period shown first: this month, whole, and the three before it."""
    month = today.year * 12 + today.month - 1 - (DEFAULT_MONTHS - 1)
    first = date(month // 12, month % 12 + 1, 1)
    return Filters(first=first, last=today.replace(day=monthrange(today.year, today.month)[1]))


def read_filters(query: Mapping[str, str], today: date) -> Filters:
    """Return the filters of a query string; what is not given is as by default. Raises PeriodRefused."""
    default = default_filters(today)
    try:
        first = date.fromisoformat(query["first"]) if query.get("first") else default.first
        last = date.fromisoformat(query["last"]) if query.get("last") else max(default.last, first)
    except ValueError:
        raise PeriodRefused(days=LONGEST_DAYS) from None
    if last < first or last - first > timedelta(days=LONGEST_DAYS):
        raise PeriodRefused(days=LONGEST_DAYS)
    names = ("department", "service", "site")
    return Filters(first=first, last=last, **{name: query.get(name, "") for name in names})


def read_or_default(query: Mapping[str, str], today: date) -> tuple[Filters, PeriodRefused | None]:
    """Return the filters of a query string or, with the refusal, those shown first: for a page that says so."""
    try:
        return read_filters(query, today), None
    except PeriodRefused as refusal:
        return default_filters(today), refusal
