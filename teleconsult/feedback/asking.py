"""Asking citizens by mail how it was: what the outbox needs of feedback."""

from datetime import datetime

from teleconsult.feedback.answer import question
from teleconsult.feedback.links import mail_url
from teleconsult.web.tokens import Signer


class MailedFeedback:
    """Implements `booking.ports.Feedback`."""

    def __init__(self, signer: Signer) -> None:
        self._signer = signer

    async def answered(self, appointment_id: str) -> bool:
        """Whether the citizen has answered, or there is nothing to answer about."""
        asked = await question(appointment_id)
        return asked.given is not None or not asked.open

    def path(self, appointment_id: str, now: datetime) -> str:
        """Return the path of the question for a link in a mail of `now`."""
        return mail_url(self._signer, appointment_id, now)
