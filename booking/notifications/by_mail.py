"""Notices by e-mail: composed, and handed to the mailer."""

from collections.abc import Callable
from datetime import datetime

from booking.notifications.due import Due
from booking.notifications.meeting import Meeting
from booking.notifications.messages import AddressInvalid, Composer
from booking.notifications.notices import Kind, Recipient
from booking.notifications.waiting_mail import compose_offer
from booking.ports import Gate, Mailer, PermanentFailure, Sent
from teleconsult.clock import utcnow


class MailChannel:
    """Sends notices as mails: the channel `email`."""

    def __init__(self, mailer: Mailer, composer: Composer, *, clock: Callable[[], datetime] = utcnow) -> None:
        self._mailer = mailer
        self._composer = composer
        self._clock = clock

    async def send(self, due: Due, gate: Gate) -> Sent:
        """Return once a mail server took the mail; raises TemporaryFailure, PermanentFailure."""
        notice, subject = due.notice, due.subject
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
                    now=self._clock(),
                )
            else:
                address = subject.email
                message = compose_offer(self._composer, subject, notice_id=notice.id, now=self._clock())
        except AddressInvalid as error:
            raise PermanentFailure(error.code) from error
        await self._mailer.send(message, recipient=address, gate=gate)
        return Sent()
