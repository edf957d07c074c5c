"""Notices by e-mail: composed, and handed to the mailer."""

from collections.abc import Callable
from datetime import datetime
from email.message import EmailMessage

from booking.models import Notice
from booking.notifications.agenda_mail import compose_agenda
from booking.notifications.asking_mail import compose_asking
from booking.notifications.due import Due
from booking.notifications.kinds import EMAIL, Kind, Recipient
from booking.notifications.meeting import Meeting
from booking.notifications.messages import AddressInvalid, Composer
from booking.notifications.mornings import Day
from booking.notifications.refusals import is_refused
from booking.notifications.waiting_mail import compose_offer
from booking.ports import Feedback, Gate, Mailer, NothingToSay, PermanentFailure, Sent
from booking.wording.kept import Wordbook
from booking.wording.slots import Slot
from booking.wording.words import Words
from teleconsult.clock import utcnow


class MailChannel:
    """Sends notices as mails, in an administrator's words where there are any: the channel `email`.

    Without `feedback` nobody is asked how it was.
    """

    def __init__(
        self,
        mailer: Mailer,
        composer: Composer,
        wordbook: Wordbook | None = None,
        *,
        feedback: Feedback | None = None,
        clock: Callable[[], datetime] = utcnow,
    ) -> None:
        self._mailer = mailer
        self._composer = composer
        self._wordbook = wordbook or Wordbook()
        self._feedback = feedback
        self._clock = clock

    async def send(self, due: Due, gate: Gate) -> Sent:
        """Return once a mail server took the mail; raises TemporaryFailure, PermanentFailure, NothingToSay."""
        try:
            address, message = await self._compose(due)
        except AddressInvalid as error:
            raise PermanentFailure(error.code) from error
        await self._mailer.send(message, recipient=address, gate=gate)
        return Sent()

    async def _compose(self, due: Due) -> tuple[str, EmailMessage]:
        """Return the address and the mail. Raises AddressInvalid, NothingToSay."""
        notice, subject, now = due.notice, due.subject, self._clock()
        if isinstance(subject, Meeting) and await self._refused(notice, subject):
            raise NothingToSay
        if isinstance(subject, Day):
            return subject.email, compose_agenda(self._composer, subject, notice_id=notice.id, now=now)
        if not isinstance(subject, Meeting):
            words = await self._words(Kind.OFFER, Recipient.CITIZEN, subject.language, subject.organisation_id)
            return subject.email, compose_offer(self._composer, subject, notice_id=notice.id, words=words, now=now)
        if notice.kind == Kind.SATISFACTION:
            return subject.email, await self._ask(due, subject, now)
        recipient, kind = Recipient(notice.recipient), Kind(notice.kind)
        message = self._composer.compose(
            subject,
            kind=kind,
            recipient=recipient,
            notice_id=notice.id,
            earlier=due.earlier,
            params=notice.params,
            words=await self._words(kind, recipient, subject.language_of(recipient), subject.organisation_id),
            now=now,
        )
        return subject.address_of(recipient), message

    async def _refused(self, notice: Notice, meeting: Meeting) -> bool:
        kind, to = Kind(notice.kind), meeting.address_of(Recipient(notice.recipient))
        return notice.recipient == Recipient.CITIZEN and await is_refused(self._composer.signer, kind=kind, email=to)

    async def _words(self, kind: Kind, recipient: Recipient, language: str, organisation_id: str) -> Words | None:
        """Return an administrator's words for a mail, or None: the built-in ones."""
        reader = "en" if language.startswith("en") else "fr"
        return await self._wordbook.find(Slot(kind, recipient, EMAIL), reader, organisation_id)

    async def _ask(self, due: Due, meeting: Meeting, now: datetime) -> EmailMessage:
        if self._feedback is None or await self._feedback.answered(meeting.appointment_id):
            raise NothingToSay
        link = self._feedback.path(meeting.appointment_id, now)
        return compose_asking(self._composer, meeting, link=link, notice_id=due.notice.id, earlier=due.earlier, now=now)
