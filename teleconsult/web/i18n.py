"""French first, English second: texts, and dates as each language writes them.

The French sentence is the key of a text; each package's `locale/en.po` gives the English one.
"""

from collections.abc import Callable
from datetime import datetime
from gettext import NullTranslations
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from aiohttp import web
from babel.dates import format_date as babel_date
from babel.dates import format_datetime as babel_datetime
from babel.messages.pofile import read_po

from teleconsult.web.keys import LANGUAGE

LANGUAGES = ("fr", "en")
COOKIE = "language"
COOKIE_SECONDS = 365 * 86400
LOCALES = {"fr": "fr_FR", "en": "en_GB"}
TIME_PATTERNS = {"fr": "HH 'h' mm", "en": "HH:mm"}

Gettext = Callable[..., str]


def N_(text: str) -> str:
    """Mark a French text for translation and return it unchanged."""
    return text


class Catalog(NullTranslations):
    """English texts by their French ones; French when a text is missing."""

    def __init__(self) -> None:
        super().__init__()
        self._messages: dict[str | tuple[str, int], str] = {}

    def load(self, path: Path) -> None:
        """Add the texts of a .po file, if there is one."""
        if not path.exists():
            return
        with path.open("rb") as file:
            for message in read_po(file, locale="en"):
                if not message.id or message.fuzzy:
                    continue
                if isinstance(message.id, (list, tuple)):
                    for index, text in enumerate(message.string or ()):
                        self._messages[(message.id[0], index)] = text
                elif message.string:
                    self._messages[message.id] = str(message.string)

    def gettext(self, message: str) -> str:
        return self._messages.get(message) or self._messages.get((message, 0)) or message

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return self._messages.get((msgid1, 0 if n == 1 else 1)) or (msgid1 if n == 1 else msgid2)


class FrenchCatalog(NullTranslations):
    """French is the source: only the plural rule differs from English (0 is singular)."""

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return msgid1 if n < 2 else msgid2


class Translations:
    """The catalogs of the application, one for each language."""

    def __init__(self) -> None:
        self.english = Catalog()
        self.french = FrenchCatalog()

    def catalog(self, language: str) -> NullTranslations:
        """Return the catalog of a language; French for one that is not spoken here."""
        return self.english if language == "en" else self.french

    def gettext_for(self, language: str) -> Gettext:
        """Return the function from a French text and parameters to the text in a language."""
        catalog = self.catalog(language)

        def translate(message: str, **params: Any) -> str:
            text = str(catalog.gettext(message))
            return text.format(**params) if params else text

        return translate


TRANSLATIONS: web.AppKey[Translations] = web.AppKey("translations", Translations)


def gettext_for(app: web.Application, language: str) -> Gettext:
    """Return the translator of an application's texts to `fr` or `en`: `translate("Bonjour {name}", name="Ada")`."""
    return app[TRANSLATIONS].gettext_for(language)


def language(request: web.Request) -> str:
    """Return the language of a request's answer, `fr` or `en`."""
    return str(request.get(LANGUAGE, "fr"))


def other_language(language: str) -> str:
    """Return the language that a reader of `language` is offered instead."""
    return "fr" if language == "en" else "en"


def choose_language(request: web.Request) -> str:
    """Choose by `?lang=`, then the cookie, then Accept-Language (RFC 9110 12.5.4), else French."""
    for wanted in (request.query.get("lang"), request.cookies.get(COOKIE)):
        if wanted in LANGUAGES:
            return str(wanted)
    for part in request.headers.get("Accept-Language", "").split(","):
        tag = part.split(";")[0].strip().lower()[:2]
        if tag in LANGUAGES:
            return tag
    return "fr"


def format_day(when: datetime, timezone: str, language: str) -> str:
    """Return the day of an instant at a place: `lundi 23 novembre 2026`."""
    local = when.astimezone(ZoneInfo(timezone))
    pattern = "EEEE d MMMM y"
    return babel_date(local.date(), format=pattern, locale=LOCALES[language])


def format_time(when: datetime, timezone: str, language: str) -> str:
    """Return the time of an instant at a place: `14 h 30`, `14:30`."""
    local = when.astimezone(ZoneInfo(timezone))
    text = babel_datetime(local, format=TIME_PATTERNS[language], locale=LOCALES[language], tzinfo=local.tzinfo)
    return text.replace(" h ", "\u00a0h\u00a0")


def format_day_time(when: datetime, timezone: str, language: str) -> str:
    """Return the day and the time of an instant at a place: `lundi 23 novembre 2026 à 14 h 30`."""
    joint = {"fr": " à ", "en": " at "}[language]
    return format_day(when, timezone, language) + joint + format_time(when, timezone, language)
