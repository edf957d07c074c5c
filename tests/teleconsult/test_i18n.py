"""Dates and times as each language writes them, at the place's own hour."""

from datetime import UTC, datetime

import pytest

from teleconsult.web.i18n import Translations, format_day, format_day_time, format_time

NOON = datetime(2026, 11, 23, 13, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("timezone", "language", "text"),
    [
        ("Europe/Paris", "fr", "lundi 23 novembre 2026 à 14\u00a0h\u00a030"),
        ("Europe/Paris", "en", "Monday 23 November 2026 at 14:30"),
        ("Indian/Reunion", "fr", "lundi 23 novembre 2026 à 17\u00a0h\u00a030"),
        ("America/Miquelon", "fr", "lundi 23 novembre 2026 à 10\u00a0h\u00a030"),
        ("Pacific/Noumea", "fr", "mardi 24 novembre 2026 à 00\u00a0h\u00a030"),
    ],
)
def test_an_instant_is_told_in_the_place_s_time(timezone: str, language: str, text: str) -> None:
    assert format_day_time(NOON, timezone, language) == text


def test_both_sides_of_the_change_of_the_clocks() -> None:
    before = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    after = datetime(2026, 10, 25, 1, 30, tzinfo=UTC)
    assert format_time(before, "Europe/Paris", "en") == format_time(after, "Europe/Paris", "en") == "02:30"
    assert format_day(after, "Europe/Paris", "en") == "Sunday 25 October 2026"


def test_a_text_without_english_stays_french() -> None:
    translate = Translations().gettext_for("en")
    assert translate("Bonjour {name}", name="Ada") == "Bonjour Ada"
