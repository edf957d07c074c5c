"""Names that come from Unicode's locale data rather than from our own texts."""

from datetime import date

from babel import Locale
from babel.dates import format_date
from babel.numbers import format_currency

from teleconsult.web.i18n import LOCALES


def language_name(code: str, language: str) -> str:
    """Return what a language (ISO 639) is called in `fr` or `en`; the code itself if it has no name."""
    return str(Locale.parse(LOCALES[language]).languages.get(code, code))


def weekday_name(day: date, language: str) -> str:
    """Return a day's short name: `lun.`, `Mon`."""
    return format_date(day, "EEE", locale=LOCALES[language])


def date_text(day: date, language: str) -> str:
    """Return a day in full: `lundi 23 novembre 2026`."""
    return format_date(day, "EEEE d MMMM y", locale=LOCALES[language])


def month_name(day: date, language: str) -> str:
    """Return a day's month: `novembre 2026`."""
    return format_date(day, "MMMM y", locale=LOCALES[language])


def euros(amount: float, language: str) -> str:
    """Return an amount of euros: `12,30 €`."""
    return str(format_currency(amount, "EUR", locale=LOCALES[language]))
