"""CSV: what spreadsheets in France open, and nothing that they would run."""

import csv
from datetime import date
from io import StringIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from teleconsult.reports.export import BYTE_ORDER_MARK, to_csv
from teleconsult.reports.figures import Figures, figures
from teleconsult.reports.sheets import Grouping, Sheet
from teleconsult.reports.tables import month_name
from teleconsult.web.sheets import FORMULA_STARTS, safe_text
from tests.reports.test_figures import ONE


def same(text: str, **_: object) -> str:
    return text


def rows(text: str) -> list[list[str]]:
    return list(csv.reader(StringIO(text.removeprefix(BYTE_ORDER_MARK)), delimiter=";"))


def table(*labels: str) -> Sheet[Grouping, Figures]:
    return Sheet(Grouping.SERVICE, tuple((label, figures([ONE])) for label in labels), figures([ONE]))


def test_bom_semicolons_and_decimal_commas() -> None:
    text = to_csv(table("Impôts"), same, "fr")
    assert text.startswith("\ufeff")
    head, first, total = rows(text)
    assert head[0] == "Service"
    assert head[1] == "Rendez-vous pris"
    assert first[0] == "Impôts"
    assert total[0] == "Total"
    cells = dict(zip(head, first, strict=True))
    assert cells["Délai médian (jours)"] == "2,00"
    assert cells["Présence (%)"] == "100,0"
    assert cells["CO₂e évité (kg)"] == "14"


def test_english_numbers_have_a_point() -> None:
    cells = dict(zip(*rows(to_csv(table("Taxes"), same, "en"))[:2], strict=True))
    assert cells["Délai médian (jours)"] == "2.00"


def test_unknown_values_are_empty_cells() -> None:
    head, first, _ = rows(to_csv(Sheet(Grouping.MONTH, (("mai", figures([])),), figures([])), same, "fr"))
    cells = dict(zip(head, first, strict=True))
    assert cells["Rendez-vous pris"] == "0"
    assert cells["Satisfaction (sur 10)"] == ""


@pytest.mark.parametrize("start", [*FORMULA_STARTS, " =", "  @"])
def test_a_label_is_never_a_formula(start: str) -> None:
    hostile = f'{start}HYPERLINK("http://evil.example";"x")'
    cell = rows(to_csv(table(hostile), same, "fr"))[1][0]
    assert cell.startswith("'")


@given(st.text())
def test_any_label_comes_back_and_starts_harmlessly(label: str) -> None:
    safe = safe_text(label)
    assert not safe.lstrip(" ").startswith(FORMULA_STARTS)
    assert safe in (label, f"'{label}")


def test_months_are_named() -> None:
    assert month_name("2026-11", "fr") == "novembre 2026"
    assert month_name(f"{date(2026, 1, 1):%Y-%m}", "en") == "January 2026"
