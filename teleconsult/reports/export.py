"""Tables as CSV that French spreadsheets open at once: UTF-8 with a byte order mark, semicolons, decimal commas."""

import csv
from collections.abc import Sequence
from io import StringIO

from aiohttp import web

from teleconsult.reports.columns import COLUMNS, Column, Kind
from teleconsult.reports.filters import Filters
from teleconsult.reports.sheets import Grouping, LineGrouping, Sheet
from teleconsult.web.i18n import Gettext
from teleconsult.web.sheets import safe_text

BYTE_ORDER_MARK = "\ufeff"
DECIMALS = {Kind.COUNT: 0, Kind.SHARE: 1, Kind.TENTH: 2}


def to_csv(
    table: Sheet[Grouping | LineGrouping, object],
    translate: Gettext,
    language: str,
    columns: Sequence[Column] = COLUMNS,
) -> str:
    """Return a table with its total as CSV (RFC 4180 quoting). Shares are written in per cent, unknown values empty."""
    out = StringIO()
    writer = csv.writer(out, delimiter=";", lineterminator="\r\n")
    headings = [translate(column.heading) + (" (%)" if column.kind is Kind.SHARE else "") for column in columns]
    writer.writerow([safe_text(text) for text in (translate(table.heading), *headings)])
    for label, figures in (*table.rows, (translate("Total"), table.total)):
        cells = [_cell(column.value(figures), column.kind, language) for column in columns]
        writer.writerow([safe_text(label), *cells])
    return BYTE_ORDER_MARK + out.getvalue()


def csv_response(text: str, what: str, filters: Filters) -> web.Response:
    """Return a table as a file to keep, named after what it is of and its period."""
    name = f"teleconsultation-{what}-{filters.first}-{filters.last}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return web.Response(body=text.encode(), content_type="text/csv", charset="utf-8", headers=headers)


def _cell(number: float | None, kind: Kind, language: str) -> str:
    if number is None:
        return ""
    text = f"{number * 100 if kind is Kind.SHARE else number:.{DECIMALS[kind]}f}"
    return text.replace(".", ",") if language == "fr" else text
