"""Notices by e-mail: composed, and handed to the mailer."""

from collections.abc import Callable
from datetime import datetime

from booking.notifications.due import Due
from booking.notifications.kinds import EMAIL
from booking.notifications.meeting import Meeting
from booking.notifications.messages import AddressInvalid, Composer
from booking.notifications.notices import Kind, Recipient
from booking.notifications.waiting_mail import compose_offer
from booking.ports import Gate, Mailer, PermanentFailure, Sent
from booking.wording.kept import Wordbook
from booking.wording.slots import BY_KEY, Slot
from booking.wording.words import Words
from teleconsult.clock import utcnow


class MailChannel:
    """Sends notices as mails: the channel `email`."""

    def __init__(
        self,
        mailer: Mailer,
        composer: Composer,
        wordbook: Wordbook | None = None,
        *,
        clock: Callable[[], datetime] = utcnow,
    ) -> None:
        self._mailer = mailer
        self._composer = composer
        self._wordbook = wordbook or Wordbook()
        self._clock = clock

    async def send(self, due: Due, gate: Gate) -> Sent:
        """Return once a mail server took the mail; raises TemporaryFailure, PermanentFailure."""
        notice, subject = due.notice, due.subject
        words = await self._words(due)
        try:
            if isinstance(subject, Meeting):
                recipient = Recipient(notice.recipient)
                address = subject.address_of(recipient)
                message = self._composer.compose(
                    subject,
                    kind=Kind(notice.kind),
                    recipient=recipient,
                    notice_id=notice.id,
                    earlier=due.earlier,
                    params=notice.params,
                    words=words,
                    now=self._clock(),
                )
            else:
                address = subject.email
                message = compose_offer(
                    self._composer, subject, notice_id=notice.id, words=words, now=self._clock()
                )
        except AddressInvalid as error:
            raise PermanentFailure(error.code) from error
        await self._mailer.send(message, recipient=address, gate=gate)
        return Sent()

    async def _words(self, due: Due) -> Words | None:
        slot = Slot(Kind(due.notice.kind), Recipient(due.notice.recipient), EMAIL)
        if slot.key not in BY_KEY:
            return None
        subject = due.subject
        if isinstance(subject, Meeting):
            language = subject.language_of(slot.recipient)
        else:
            language = "en" if subject.language.startswith("en") else "fr"
        return await self._wordbook.find(slot, language, subject.organisation_id)
