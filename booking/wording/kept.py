"""The texts that administrators keep: one row for each change, the newest of which holds."""

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from aiohttp import web
from tortoise.exceptions import IntegrityError

from booking.models import LetterTemplate, Organisation
from booking.office.errors import OrganisationUnknown
from booking.wording.check import problems
from booking.wording.slots import Slot
from booking.wording.words import Words
from teleconsult.database import transaction
from teleconsult.errors import Conflict, Invalid
from teleconsult.web.i18n import N_

# How long another process may go on with words that were changed here.
FRESH_SECONDS = 5.0
HISTORY = 20


class WordsChanged(Conflict):
    """Somebody else changed the text after it was read: nothing was written over it."""

    code = "words_changed"


class WordsRefused(Invalid):
    """The text cannot be kept; `problems` says why."""

    code = "words_refused"


WORDS_ERROR_TEXTS = {
    WordsChanged.code: N_(
        "Quelqu’un d’autre vient de modifier ce texte. Le vôtre est encore ci-dessous, le sien au-dessus : "
        "comparez, puis enregistrez si le vôtre doit le remplacer."
    ),
    WordsRefused.code: N_("Ce texte ne peut pas être enregistré : corrigez ce qui est indiqué."),
}


@dataclass(frozen=True)
class Kept:
    """The newest change of a text: its number (0: there is none yet), and the words, or None for the built-in ones."""

    version: int
    words: Words | None


@dataclass(frozen=True)
class Change:
    """A line of a text's history; `by` is an account's opaque id, `reset` says that the built-in words came back."""

    version: int
    at: datetime
    by: str
    reset: bool


Key = tuple[str | None, str, str]


def _prefix(slot: Slot, language: str, organisation_id: str | None) -> str:
    return f"{organisation_id or 'all'}:{slot.key}:{language}:"


def _of(slot: Slot, language: str, organisation_id: str | None) -> dict[str, Any]:
    return {
        "organisation_id": organisation_id,
        "kind": slot.kind,
        "recipient": slot.recipient,
        "channel": slot.channel,
        "language": language,
    }


def _words(row: LetterTemplate) -> Words | None:
    return Words(row.body, row.subject, row.closing) if row.body else None


def _version(row: LetterTemplate) -> int:
    return int((row.revision or ":0").rpartition(":")[2])


async def _newest(slot: Slot, language: str, organisation_id: str | None) -> LetterTemplate | None:
    rows = await LetterTemplate.filter(**_of(slot, language, organisation_id))
    return max(rows, key=_version, default=None)


async def kept(slot: Slot, language: str, organisation_id: str | None) -> Kept:
    """Return the text of an organisation (of all, if None) as it stands. Raises OrganisationUnknown."""
    if organisation_id is not None and not await Organisation.exists(id=organisation_id):
        raise OrganisationUnknown
    row = await _newest(slot, language, organisation_id)
    return Kept(_version(row), _words(row)) if row else Kept(0, None)


async def history(slot: Slot, language: str, organisation_id: str | None) -> list[Change]:
    """Return the last changes of a text, newest first."""
    rows = await LetterTemplate.filter(**_of(slot, language, organisation_id))
    newest = sorted(rows, key=_version, reverse=True)[:HISTORY]
    return [Change(_version(row), row.changed_at, row.changed_by, not row.body) for row in newest]


async def save(
    slot: Slot,
    language: str,
    organisation_id: str | None,
    texts: Mapping[str, str],
    *,
    version: int,
    origin: str,
    actor_id: str,
    now: datetime,
) -> None:
    """Keep a text, by field. `version` is the number of the change that the writer saw last.

    Raises WordsRefused, WordsChanged, OrganisationUnknown.
    """
    found = problems(slot, texts, origin=origin)
    if found:
        raise WordsRefused(problems=found)
    words = Words(texts["opening"], texts.get("subject", ""), texts.get("closing", ""))
    await _write(slot, language, organisation_id, words, version=version, actor_id=actor_id, now=now)


async def reset(
    slot: Slot, language: str, organisation_id: str | None, *, version: int, actor_id: str, now: datetime
) -> None:
    """Go back to the built-in words. Raises WordsChanged, OrganisationUnknown."""
    await _write(slot, language, organisation_id, Words(""), version=version, actor_id=actor_id, now=now)


async def _write(
    slot: Slot, language: str, organisation_id: str | None, words: Words, *, version: int, actor_id: str, now: datetime
) -> None:
    try:
        async with transaction():
            if (await kept(slot, language, organisation_id)).version != version:
                raise WordsChanged
            await LetterTemplate.create(
                **_of(slot, language, organisation_id),
                subject=words.subject,
                body=words.opening,
                closing=words.closing,
                revision=f"{_prefix(slot, language, organisation_id)}{version + 1}",
                changed_at=now,
                changed_by=actor_id,
            )
    except IntegrityError as error:  # of two who wrote at the same moment, this one came second
        raise WordsChanged from error


class Wordbook:
    """The words in force for everything that is sent, read again every few seconds."""

    def __init__(self, *, fresh_seconds: float = FRESH_SECONDS, clock: Callable[[], float] = time.monotonic) -> None:
        self._fresh = fresh_seconds
        self._clock = clock
        self._words: dict[Key, Words] = {}
        self._read_at: float | None = None
        self._reading = asyncio.Lock()

    async def find(self, slot: Slot, language: str, organisation_id: str | None) -> Words | None:
        """Return an organisation's words, else those for all organisations, else None: the built-in ones."""
        async with self._reading:
            if self._read_at is None or self._clock() - self._read_at >= self._fresh:
                asked_at = self._clock()
                self._words = await _in_force()
                self._read_at = asked_at
        own = self._words.get((organisation_id, slot.key, language))
        return own or self._words.get((None, slot.key, language))

    def forget(self) -> None:
        """Read again before the next message: something was changed here."""
        self._read_at = None


async def _in_force() -> dict[Key, Words]:
    newest: dict[Key, LetterTemplate] = {}
    for row in await LetterTemplate.all():
        key = (row.organisation_id, f"{row.kind}-{row.recipient}-{row.channel}", row.language)
        if key not in newest or _version(row) > _version(newest[key]):
            newest[key] = row
    return {key: words for key, row in newest.items() if (words := _words(row)) is not None}


async def written() -> dict[Key, Words]:
    """Return every text that is an administrator's now."""
    return await _in_force()


WORDBOOK: web.AppKey[Wordbook] = web.AppKey("wordbook", Wordbook)
