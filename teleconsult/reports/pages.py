"""The administrator's page of figures and its exports."""

import asyncio
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from teleconsult.accounts.guard import requires
from teleconsult.accounts.roles import Role
from teleconsult.clock import utcnow
from teleconsult.errors import NotFound
from teleconsult.reports.charts import chart_titles, charts
from teleconsult.reports.columns import BY_KEY, COLUMNS, number_writer, write_exactly
from teleconsult.reports.export import csv_response, to_csv
from teleconsult.reports.figures import Figures
from teleconsult.reports.filters import Filters, read_filters, read_or_default
from teleconsult.reports.gather import Catalogue, catalogue, gather
from teleconsult.reports.sheets import Grouping, Sheet
from teleconsult.reports.tables import build_table
from teleconsult.reports.travel import emission_factors
from teleconsult.web.i18n import Gettext, gettext_for, language
from teleconsult.web.problems import sentence
from teleconsult.web.render import render

CARDS = (
    "bookings",
    "attendance",
    "delay_days_median",
    "call_minutes_mean",
    "satisfaction",
    "good_share",
    "km",
    "co2e_kg",
)
FILE_NAMES = {Grouping.MONTH: "par-mois", Grouping.SERVICE: "par-service", Grouping.HOUSE: "par-maison"}


@dataclass(frozen=True)
class Dashboard:
    """What the page shows."""

    filters: Filters
    names: Catalogue
    tables: tuple[Sheet[Grouping, Figures], ...]


async def _dashboard(filters: Filters, language: str, groupings: tuple[Grouping, ...]) -> Dashboard:
    names = await catalogue()
    consultations = await gather(filters)

    def count() -> tuple[Sheet[Grouping, Figures], ...]:
        return tuple(build_table(grouping, consultations, filters, names, language) for grouping in groupings)

    # Counting a busy year takes a while: calls that are under way must not wait for it.
    return Dashboard(filters, names, await asyncio.to_thread(count))


@requires(Role.ADMINISTRATOR)
async def show(request: web.Request) -> web.Response:
    """GET /admin: key figures, charts and tables."""
    filters, refusal = read_or_default(request.query, utcnow().date())
    error = sentence(request, refusal.code, refusal.params) if refusal else ""
    shown = await _dashboard(filters, language(request), tuple(Grouping))
    context = _context(shown, gettext_for(request.app, language(request)), language(request))
    return render(request, "reports/dashboard.html", context | {"error": error}, status=422 if error else 200)


def _context(shown: Dashboard, translate: Gettext, language: str) -> dict[str, Any]:
    return {
        "section": "admin",
        "filters": shown.filters,
        "names": shown.names,
        "spoken": language,
        "tables": shown.tables,
        "total": shown.tables[0].total,
        "cards": [BY_KEY[key] for key in CARDS],
        "columns": COLUMNS,
        "write": number_writer(language),
        "chart_titles": chart_titles,
        "factors": [(write_exactly(factor.value, language), factor) for factor in emission_factors()],
        "data": {"language": language, "charts": [one for table in shown.tables for one in charts(table, translate)]},
    }


@requires(Role.ADMINISTRATOR)
async def export(request: web.Request) -> web.Response:
    """GET /admin/tables/{grouping}.csv: one table, with the filters of the query."""
    if request.match_info["grouping"] not in set(Grouping):
        raise NotFound
    grouping = Grouping(request.match_info["grouping"])
    filters = read_filters(request.query, utcnow().date())
    spoken = language(request)
    shown = await _dashboard(filters, spoken, (grouping,))
    text = to_csv(shown.tables[0], gettext_for(request.app, spoken), spoken)
    return csv_response(text, FILE_NAMES[grouping], filters)
