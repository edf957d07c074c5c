"""Notices by text message: put together so that they fit, and handed to the operator."""

from collections.abc import Mapping
from typing import Any

from booking.notifications.due import Due
from booking.notifications.kinds import SMS, Kind, Recipient
from booking.notifications.meeting import Meeting
from booking.notifications.messages import Composer
from booking.ports import Gate, PermanentFailure, Sent, SmsSender
from booking.waiting import Place
from booking.wording.kept import Wordbook
from booking.wording.mobile import can_be_texted
from booking.wording.short_links import MANAGE, WAITING, shorten_link
from booking.wording.slots import Slot
from booking.wording.texts import TEXTS, built_in_text, put_together
from booking.wording.values import offer_values, text_values
from booking.wording.words import Words
from teleconsult.web.tokens import Signer


class SmsChannel:
    """Sends notices as text messages: the channel `sms`. `countries`: where to; anywhere if there are none."""

    def __init__(
        self,
        sender: SmsSender,
        composer: Composer,
        wordbook: Wordbook,
        *,
        countries: frozenset[str] = frozenset(),
    ) -> None:
        self._sender = sender
        self._composer = composer
        self._wordbook = wordbook
        self._countries = countries

    async def send(self, due: Due, gate: Gate) -> Sent:
        """Return once the operator took the message over; raises TemporaryFailure, PermanentFailure."""
        notice, subject = due.notice, due.subject
        kind = Kind(notice.kind)
        if kind not in TEXTS or not isinstance(subject, Meeting | Place):
            raise PermanentFailure("no_text_for_kind")
        if not can_be_texted(subject.phone, self._countries):
            raise PermanentFailure("phone_not_mobile")
        slot = Slot(kind, Recipient.CITIZEN, SMS)
        language = "en" if subject.language.startswith("en") else "fr"
        words = await self._wordbook.find(slot, language, subject.organisation_id)
        text = compose_text(self._composer, kind, subject, params=notice.params, words=words)
        return await self._sender.send(subject.phone, text, reference=notice.id, gate=gate)


def compose_text(
    composer: Composer, kind: Kind, subject: Meeting | Place, *, params: Mapping[str, Any], words: Words | None
) -> str:
    """Return the text message of a notice, in an administrator's words or the built-in ones."""
    language = "en" if subject.language.startswith("en") else "fr"
    template = words.opening if words else built_in_text(kind, composer.gettext_for(language))
    link = text_link(composer.signer, composer.origin, subject)
    if isinstance(subject, Meeting):
        return put_together(template, text_values(kind, subject, params, link))
    return put_together(template, offer_values(subject, link=link, short=True))


def text_link(signer: Signer, origin: str, subject: Meeting | Place) -> str:
    """Return the short link to what a text message is about."""
    if isinstance(subject, Meeting):
        return f"{origin}/s/{shorten_link(signer, MANAGE, subject.appointment_id)}"
    return f"{origin}/s/{shorten_link(signer, WAITING, subject.id)}"
