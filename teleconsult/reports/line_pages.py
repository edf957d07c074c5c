"""The administrator's page of the quality of calls, and its exports."""

import asyncio
from typing import Any

from aiohttp import web

from teleconsult.accounts.guard import requires
from teleconsult.accounts.roles import Role
from teleconsult.clock import utcnow
from teleconsult.errors import NotFound
from teleconsult.reports.columns import number_writer
from teleconsult.reports.export import csv_response, to_csv
from teleconsult.reports.filters import Filters, read_filters, read_or_default
from teleconsult.reports.gather import catalogue
from teleconsult.reports.line_gather import gather_lines
from teleconsult.reports.line_tables import LINE_COLUMNS, build_line_table, troubles
from teleconsult.reports.lines import LineFigures, line_figures
from teleconsult.reports.sheets import LineGrouping, Sheet
from teleconsult.web.i18n import Gettext, gettext_for, language
from teleconsult.web.keys import SETTINGS
from teleconsult.web.problems import sentence
from teleconsult.web.render import render

CARDS = ("calls", "failed_share", "quality_median", "reconnections", "udp", "turn_udp", "turn_tcp", "turn_tls")
FILE_NAMES = {LineGrouping.KIOSK: "appels-par-borne", LineGrouping.OFFICE: "appels-par-bureau"}


@requires(Role.ADMINISTRATOR)
async def show(request: web.Request) -> web.Response:
    """GET /admin/calls: how good lines were, whose is often bad, and what to do."""
    filters, refusal = read_or_default(request.query, utcnow().date())
    error = sentence(request, refusal.code, refusal.params) if refusal else ""
    context = await _context(request, filters)
    return render(request, "reports/calls.html", context | {"error": error}, status=422 if error else 200)


async def _context(request: web.Request, filters: Filters) -> dict[str, Any]:
    spoken = language(request)
    translate = gettext_for(request.app, spoken)
    lines = await gather_lines(filters)
    # counting a busy year takes a while: calls that are under way must not wait for it
    tables = await asyncio.to_thread(
        lambda: [build_line_table(grouping, lines, translate) for grouping in LineGrouping]
    )
    return {
        "section": "admin",
        "filters": filters,
        "filters_url": "/admin/calls",
        "names": await catalogue(),
        "spoken": spoken,
        "tables": tables,
        "total": line_figures([*lines.kiosks, *lines.offices]),
        "cards": [column for column in LINE_COLUMNS if column.key in CARDS],
        "columns": LINE_COLUMNS,
        "troubles": troubles(tables, translate, request.app[SETTINGS].media_ports),
        "write": number_writer(spoken),
    }


@requires(Role.ADMINISTRATOR)
async def export(request: web.Request) -> web.Response:
    """GET /admin/calls/{grouping}.csv: one table, with the filters of the query."""
    if request.match_info["grouping"] not in set(LineGrouping):
        raise NotFound
    grouping = LineGrouping(request.match_info["grouping"])
    filters = read_filters(request.query, utcnow().date())
    translate = gettext_for(request.app, language(request))
    lines = await gather_lines(filters)
    text = await asyncio.to_thread(_sheet, build_line_table(grouping, lines, translate), translate, language(request))
    return csv_response(text, FILE_NAMES[grouping], filters)


def _sheet(table: Sheet[LineGrouping, LineFigures], translate: Gettext, spoken: str) -> str:
    return to_csv(table, translate, spoken, LINE_COLUMNS)
