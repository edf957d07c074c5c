"""Tables as CSV that French spreadsheets open at once: UTF-8 with a byte order mark, semicolons, decimal commas."""

import csv
from collections.abc import Sequence
from io import StringIO
from typing import Protocol

from teleconsult.reports.columns import COLUMNS, Column, Kind
from teleconsult.web.i18n import Gettext
from teleconsult.web.sheets import safe_text

BYTE_ORDER_MARK = "\ufeff"
DECIMALS = {Kind.COUNT: 0, Kind.SHARE: 1, Kind.TENTH: 2}


class Sheet(Protocol):
    """Labelled figures and those of everything together, under a heading in French."""

    @property
    def heading(self) -> str:
        """The heading of the labels."""

    @property
    def rows(self) -> Sequence[tuple[str, object]]:
        """The labels and their figures."""

    @property
    def total(self) -> object:
        """The figures of everything."""


def to_csv(table: Sheet, translate: Gettext, language: str, columns: Sequence[Column] = COLUMNS) -> str:
    """Return a table with its total as CSV (RFC 4180 quoting). Shares are written in per cent, unknown values empty."""
    out = StringIO()
    writer = csv.writer(out, delimiter=";", lineterminator="\r\n")
    headings = [translate(column.heading) + (" (%)" if column.kind is Kind.SHARE else "") for column in columns]
    writer.writerow([safe_text(text) for text in (translate(table.heading), *headings)])
    for label, figures in (*table.rows, (translate("Total"), table.total)):
        cells = [_cell(column.value(figures), column.kind, language) for column in columns]
        writer.writerow([safe_text(label), *cells])
    return BYTE_ORDER_MARK + out.getvalue()


def _cell(number: float | None, kind: Kind, language: str) -> str:
    if number is None:
        return ""
    text = f"{number * 100 if kind is Kind.SHARE else number:.{DECIMALS[kind]}f}"
    return text.replace(".", ",") if language == "fr" else text
