"""The period and the choices of the page's query string."""

from datetime import date

import pytest

from teleconsult.reports.filters import Filters, PeriodRefused, default_filters, read_filters

TODAY = date(2026, 11, 21)


def test_the_default_is_this_month_and_the_three_before_it() -> None:
    assert default_filters(TODAY) == Filters(date(2026, 8, 1), date(2026, 11, 30))
    assert default_filters(date(2026, 2, 28)) == Filters(date(2025, 11, 1), date(2026, 2, 28))
    assert read_filters({}, TODAY) == default_filters(TODAY)


def test_a_query_comes_back_as_it_was() -> None:
    query = {"first": "2026-09-01", "last": "2026-09-30", "department": "45", "service": "a", "site": "b"}
    filters = read_filters(query, TODAY)
    assert filters == Filters(date(2026, 9, 1), date(2026, 9, 30), "45", "a", "b")
    assert filters.query == "first=2026-09-01&last=2026-09-30&department=45&service=a&site=b"


@pytest.mark.parametrize(
    "query",
    [
        {"first": "yesterday"},
        {"first": "2026-09-31"},
        {"first": "2026-09-02", "last": "2026-09-01"},
        {"first": "2020-01-01", "last": "2026-01-01"},
    ],
)
def test_a_period_that_makes_no_sense_is_refused(query: dict[str, str]) -> None:
    with pytest.raises(PeriodRefused):
        read_filters(query, TODAY)
