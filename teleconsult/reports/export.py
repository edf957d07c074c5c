"""Tables as CSV that French spreadsheets open at once: UTF-8 with a byte order mark, semicolons, decimal commas."""

import csv
from io import StringIO

from teleconsult.reports.columns import COLUMNS, Kind
from teleconsult.reports.tables import Table
from teleconsult.web.i18n import Gettext
from teleconsult.web.sheets import safe_text

BYTE_ORDER_MARK = "\ufeff"
DECIMALS = {Kind.COUNT: 0, Kind.SHARE: 1, Kind.TENTH: 2}


def to_csv(table: Table, translate: Gettext, language: str) -> str:
    """Return a table with its total as CSV (RFC 4180 quoting). Shares are written in per cent, unknown values empty."""
    out = StringIO()
    writer = csv.writer(out, delimiter=";", lineterminator="\r\n")
    headings = [translate(column.heading) + (" (%)" if column.kind is Kind.SHARE else "") for column in COLUMNS]
    writer.writerow([safe_text(text) for text in (translate(table.heading), *headings)])
    for label, figures in (*table.rows, (translate("Total"), table.total)):
        cells = [_cell(column.value(figures), column.kind, language) for column in COLUMNS]
        writer.writerow([safe_text(label), *cells])
    return BYTE_ORDER_MARK + out.getvalue()


def _cell(number: float | None, kind: Kind, language: str) -> str:
    if number is None:
        return ""
    text = f"{number * 100 if kind is Kind.SHARE else number:.{DECIMALS[kind]}f}"
    return text.replace(".", ",") if language == "fr" else text
