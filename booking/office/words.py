"""Read models of the texts that administrators write: the list, one text with its history, and what it becomes."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from typing import Any

from booking.models import Organisation
from booking.notifications.by_sms import compose_text
from booking.notifications.kinds import SMS
from booking.notifications.meeting import Meeting
from booking.notifications.messages import Composer
from booking.notifications.waiting_mail import compose_offer
from booking.office.errors import OrganisationUnknown
from booking.wording.check import PROBLEMS, WARNINGS, Problem, problems, warnings
from booking.wording.gsm7 import measure
from booking.wording.kept import Change, Kept, history, kept, written
from booking.wording.placeholders import LABELS
from booking.wording.samples import NOBODY, built_in, sample_subject, sample_values
from booking.wording.slots import CHANNEL_LABELS, KIND_LABELS, LANGUAGES, RECIPIENT_LABELS, SLOTS, Slot
from booking.wording.texts import at_least, at_most
from booking.wording.words import Words
from teleconsult.web.i18n import Gettext

ALL = "all"
NAMES = {"fr": "Français", "en": "English"}


@dataclass(frozen=True, kw_only=True)
class Line:
    """A text in the list: its kind, and for each language whose words hold: `own`, `general` or `built_in`."""

    slot: Slot
    kind: str
    whose: tuple[tuple[str, str], ...]


@dataclass(frozen=True, kw_only=True)
class Insertable:
    """Something that can be inserted: `{when}`, what it is, and what it becomes in the sample."""

    code: str
    label: str
    example: str
    needed: bool


@dataclass(frozen=True, kw_only=True)
class Editor:
    """One text as its page shows it. `shown` are the words that hold, `built_in` those that would come back."""

    slot: Slot
    language: str
    organisation_id: str | None
    organisation: str
    kept: Kept
    shown: Words
    built_in: Words
    history: list[Change]
    insertable: tuple[Insertable, ...]


async def organisations() -> list[tuple[str, str]]:
    """Return the organisations, by name."""
    return [
        (str(row["id"]), str(row["name"])) for row in await Organisation.all().order_by("name").values("id", "name")
    ]


async def organisation_named(organisation_id: str | None) -> str:
    """Return an organisation's name, of the first one for texts of all. Raises OrganisationUnknown."""
    if organisation_id is None:
        first = await Organisation.all().order_by("name").first()
        return first.name if first else ""
    organisation = await Organisation.get_or_none(id=organisation_id)
    if organisation is None:
        raise OrganisationUnknown
    return organisation.name


async def words_list(organisation_id: str | None) -> list[tuple[str, str, list[Line]]]:
    """Return every text in groups of (channel, recipient, lines), labels in French."""
    own = await written()
    groups: dict[tuple[str, str], list[Line]] = {}
    for slot in SLOTS:
        whose = tuple((language, _whose(own, slot, language, organisation_id)) for language in LANGUAGES)
        group = (CHANNEL_LABELS[slot.channel], RECIPIENT_LABELS[slot.recipient])
        groups.setdefault(group, []).append(Line(slot=slot, kind=KIND_LABELS[slot.kind], whose=whose))
    return [(channel, recipient, lines) for (channel, recipient), lines in groups.items()]


def _whose(own: Mapping[Any, Words], slot: Slot, language: str, organisation_id: str | None) -> str:
    if (organisation_id, slot.key, language) in own:
        return "own"
    return "general" if (None, slot.key, language) in own else "built_in"


async def editor(
    slot: Slot, language: str, organisation_id: str | None, *, now: datetime, origin: str, reader: Gettext, _: Gettext
) -> Editor:
    """Return one text. `reader` translates to the administrator's language, `_` to the text's own."""
    name = await organisation_named(organisation_id)
    now_kept, own = await kept(slot, language, organisation_id), await written()
    default = own.get((None, slot.key, language)) or built_in(slot, now, language, _)
    link = f"{origin}/s/m{'A' * 30}"
    examples = sample_values(slot, now, language, organisation=name, link=link, _=_)
    needed = {each for field in slot.fields for each in slot.required(field)}
    return Editor(
        slot=slot,
        language=language,
        organisation_id=organisation_id,
        organisation=name if organisation_id else "",
        kept=now_kept,
        shown=now_kept.words or default,
        built_in=default if organisation_id else built_in(slot, now, language, _),
        history=await history(slot, language, organisation_id),
        insertable=tuple(
            Insertable(code="{" + each + "}", label=reader(LABELS[each]), example=examples[each], needed=each in needed)
            for each in slot.allowed()
        ),
    )


def judged(slot: Slot, texts: Mapping[str, str], *, origin: str, reader: Gettext) -> dict[str, Any]:
    """Return what is wrong with texts by field, what to know, and what a text message takes, for a page to show."""
    found = {
        "problems": [_said(each, PROBLEMS, reader) for each in problems(slot, texts, origin=origin)],
        "warnings": [_said(each, WARNINGS, reader) for each in warnings(slot, texts, origin=origin)],
    }
    if slot.channel == SMS:
        least, most = (size(texts.get("opening", ""), origin=origin) for size in (at_least, at_most))
        found["size"] = {"least": least.length, "most": most.length}  # type: ignore[assignment]
    return found


def _said(problem: Problem, sentences: Mapping[str, str], reader: Gettext) -> dict[str, Any]:
    sentence: str = sentences[problem.code]
    text = reader(sentence, **problem.params) if problem.params else reader(sentence)
    return {"field": problem.field, "text": text, "at": problem.at, "length": problem.length}


def errors_of(found: list[Problem], reader: Gettext) -> dict[str, str]:
    """Return one sentence for each field that is wrong: the first thing to put right."""
    said = [_said(each, PROBLEMS, reader) for each in reversed(found)]
    return {str(each["field"]): str(each["text"]) for each in said}


def sample_mail(
    composer: Composer, slot: Slot, language: str, words: Words, *, organisation: str, email: str, now: datetime
) -> EmailMessage:
    """Return the mail that a text makes of the sample appointment, as it would be sent to `email`."""
    subject, params = sample_subject(slot, now, language, organisation=organisation, email=email)
    if not isinstance(subject, Meeting):
        return compose_offer(composer, subject, notice_id=NOBODY, words=words, now=now)
    return composer.compose(
        subject, kind=slot.kind, recipient=slot.recipient, notice_id=NOBODY, params=params, words=words, now=now
    )


def sample_text(
    composer: Composer, slot: Slot, language: str, words: Words, *, organisation: str, now: datetime
) -> tuple[str, int, int]:
    """Return the text message that a text makes of the sample appointment, its length, and the parts it takes."""
    subject, params = sample_subject(slot, now, language, organisation=organisation, email="")
    text = compose_text(composer, slot.kind, subject, params=params, words=words)
    size = measure(text)
    return text, size.length, size.parts
