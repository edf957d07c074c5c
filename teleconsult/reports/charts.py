"""The charts as data for the page's script: nothing that is not in the table beside them."""

from collections.abc import Callable, Sequence
from typing import Any

from teleconsult.reports.columns import BY_KEY, Kind
from teleconsult.reports.figures import Figures
from teleconsult.reports.sheets import Grouping, Sheet
from teleconsult.web.i18n import N_, Gettext

RESULTS = ("held", "no_shows", "technical", "cancelled", "open")
SECOND = {Grouping.MONTH: ("attendance", "good_share"), Grouping.SERVICE: ("satisfaction",), Grouping.HOUSE: ("km",)}
FIRST_TITLE = N_("Suites des rendez-vous")
SECOND_TITLES = {
    Grouping.MONTH: N_("Présence et part de «\u00a0bien\u00a0», en pour cent"),
    Grouping.SERVICE: N_("Satisfaction (sur 10)"),
    Grouping.HOUSE: N_("Kilomètres évités"),
}
TOPS = {Grouping.MONTH: 100, Grouping.SERVICE: 10}


def chart_titles(grouping: Grouping) -> tuple[str, str]:
    """Return the titles, in French, of the two charts beside a table."""
    return FIRST_TITLE, SECOND_TITLES[grouping]


def charts(table: Sheet[Grouping, Figures], translate: Gettext) -> list[dict[str, Any]]:
    """Return a table's two charts: what became of bookings (stacked), and one of its other figures."""
    over_time = table.grouping is Grouping.MONTH
    return [
        {
            "id": f"chart-{table.grouping}-1",
            "kind": "bar",
            "stacked": True,
            "horizontal": not over_time,
            "top": None,
            "labels": [label for label, _ in table.rows],
            "series": _series(table, RESULTS, translate),
        },
        {
            "id": f"chart-{table.grouping}-2",
            "kind": "line" if over_time else "bar",
            "stacked": False,
            "horizontal": not over_time,
            "top": TOPS.get(table.grouping),
            "labels": [label for label, _ in table.rows],
            "series": _series(table, SECOND[table.grouping], translate),
        },
    ]


def _series(table: Sheet[Grouping, Figures], keys: Sequence[str], translate: Gettext) -> list[dict[str, Any]]:
    return [{"key": key, "label": translate(BY_KEY[key].heading), "values": _values(table, key)} for key in keys]


def _values(table: Sheet[Grouping, Figures], key: str) -> list[float | None]:
    column = BY_KEY[key]
    scale: Callable[[float], float] = (lambda share: share * 100) if column.kind is Kind.SHARE else (lambda same: same)
    numbers = [column.value(figures) for _, figures in table.rows]
    return [None if number is None else round(scale(number), 2) for number in numbers]
