"""Mails that carry notices and invitations: MIME as Outlook, Gmail, Thunderbird and phones read it; pure.

multipart/mixed of (multipart/alternative of text, HTML, text/calendar) and invite.ics, all base64: Outlook reads the
inline calendar part, others the attachment, and quoted-printable breaks Outlook (RFC 6047 2.4, and experience).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from email.errors import MessageError
from email.header import Header
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from functools import lru_cache
from typing import Any

from booking.interpreters import issue_interpreter
from booking.notifications.invitations import Links, Method, invitation, one_line
from booking.notifications.letters import NOTHING, Action, Letter, write_letter
from booking.notifications.meeting import Meeting
from booking.notifications.notices import Kind, Recipient
from booking.notifications.refusals import issue_refusal
from booking.passes import issue_manage
from booking.wording.values import mail_values
from booking.wording.words import Words, reworded
from teleconsult.errors import Invalid
from teleconsult.web.i18n import Gettext
from teleconsult.web.tokens import Signer

TEMPLATE = "booking/mail/notice.jinja"
METHODS = {
    Kind.INVITATION: Method.REQUEST,
    Kind.CHANGE: Method.REQUEST,
    Kind.REPLACEMENT: Method.REQUEST,
    Kind.CANCELLATION: Method.CANCEL,
}


class _AsWritten:
    """A header factory that leaves values as they are."""

    max_count = None

    def __call__(self, name: str, value: str) -> str:
        return str(value)

    def __getitem__(self, name: str) -> "_AsWritten":
        return self


# Headers are written here whole and folded: the library's parsing and folding them again takes most of a mail's time.
AS_WRITTEN = SMTP.clone(header_factory=_AsWritten(), refold_source="none")


class AddressInvalid(Invalid):
    """An address that cannot stand in a mail's header; no retry will help."""

    code = "address_invalid"


def message_id(notice_id: str, sender: str) -> str:
    """Return the Message-ID of a notice (RFC 5322 3.6.4): sending it twice gives two copies of one message."""
    return f"<{notice_id}@{sender.rpartition('@')[2]}>"


def build_message(
    letter: Letter,
    html: str,
    *,
    calendar: bytes | None,
    method: Method | None,
    sender: str,
    sender_name: str,
    to: str,
    to_name: str,
    notice_id: str,
    earlier: Sequence[str] = (),
    now: datetime,
) -> EmailMessage:
    """Return the mail of a letter, with its invitation if there is one.

    `earlier` are the ids of the notices that this recipient got before about the same appointment, oldest first: the
    mail continues their thread. Raises AddressInvalid if `to` cannot be an address.
    """
    message = EmailMessage(policy=AS_WRITTEN)
    _set_address(message, "From", sender_name, sender)
    _set_address(message, "To", to_name, to)
    message.set_raw("Subject", _encoded(one_line(letter.subject), "Subject"))
    message["Date"] = format_datetime(now)
    message["Message-ID"] = message_id(notice_id, sender)
    if earlier:
        ids = [message_id(each, sender) for each in earlier]
        message["In-Reply-To"] = ids[-1]
        message.set_raw("References", "\n ".join(ids))
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834 5
    if letter.leave is not None:
        message["List-Unsubscribe"] = f"<{letter.leave.url}>"  # RFC 2369 3.2
        if letter.leave.url.startswith("https://"):
            message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"  # RFC 8058 3.1
    message.set_content(letter.as_text(), cte="base64")
    message.add_alternative(html, subtype="html", cte="base64")
    if calendar is not None and method is not None:
        message.add_alternative(
            calendar.decode(), subtype="calendar", cte="base64", params={"method": method.value, "component": "VEVENT"}
        )
        message.add_attachment(calendar, maintype="application", subtype="ics", filename="invite.ics", cte="base64")
    message["Content-Language"] = letter.language
    return message


def _set_address(message: EmailMessage, header: str, name: str, email: str) -> None:
    address = _address(name, email)
    if address.display_name.isascii():
        message[header] = str(address)
    else:
        message.set_raw(header, f"{_encoded(address.display_name, header)}\n <{email}>")


def _address(name: str, email: str) -> Address:
    try:
        return Address(one_line(name), addr_spec=email)
    except (MessageError, ValueError, IndexError) as error:
        raise AddressInvalid from error


@lru_cache(maxsize=64)
def _encoded(text: str, header: str) -> str:
    """Return a text for a header, in encoded words (RFC 2047) on folded lines if it needs them.

    Not left to EmailMessage: on Python 3.11 it loses spaces between encoded words where it folds a line.
    """
    return text if text.isascii() else Header(text, "utf-8", header_name=header).encode()


@dataclass(frozen=True)
class Composer:
    """Makes the mail of a notice, with all that it needs from the application.

    `sender` is the service's own address, `origin` the public address without a final slash, `gettext_for` gives the
    translator of a language, `render` the text of a template in a language.
    """

    sender: str
    origin: str
    signer: Signer
    gettext_for: Callable[[str], Gettext]
    render: Callable[[str, str, dict[str, Any]], str]

    def links(self, meeting: Meeting, recipient: Recipient) -> Links:
        """Return where a recipient finds the appointment; the citizen's link is signed and opens nothing else.

        So is the interpreter's. A room has no page: it does not sign in.
        """
        if recipient is Recipient.AGENT:
            return Links(
                page=f"{self.origin}/agent/appointments/{meeting.appointment_id}",
                call=f"{self.origin}/call/{meeting.appointment_id}?as=agent&admit=1",
            )
        if recipient is Recipient.ADVISER:
            return Links(page=f"{self.origin}/desk/{meeting.site_id}/appointments/{meeting.appointment_id}")
        if recipient is Recipient.INTERPRETER:
            return self._interpreters(meeting)
        if recipient is not Recipient.CITIZEN:
            return Links()
        token = issue_manage(self.signer, appointment_id=meeting.appointment_id, ends_at=meeting.ends_at)
        page = f"{self.origin}/rdv/{token}"
        return Links(page, f"{page}/join" if meeting.at_home else "")

    def _interpreters(self, meeting: Meeting) -> Links:
        token = issue_interpreter(
            self.signer, appointment_id=meeting.appointment_id, email=meeting.guest_email, ends_at=meeting.ends_at
        )
        page = f"{self.origin}/interpret/{token}"
        return Links(page, page)

    def compose(
        self,
        meeting: Meeting,
        *,
        kind: Kind,
        recipient: Recipient,
        notice_id: str,
        earlier: Sequence[str] = (),
        params: Mapping[str, Any] = NOTHING,
        words: Words | None = None,
        now: datetime,
    ) -> EmailMessage:
        """Return the mail of a notice about `meeting`, `params` being the notice's own; raises AddressInvalid.

        `words` are an administrator's, in place of the built-in ones.
        """
        _address(meeting.name_of(recipient), meeting.address_of(recipient))
        _ = self.gettext_for(meeting.language_of(recipient))
        links = self.links(meeting, recipient)
        letter = write_letter(kind, meeting, recipient=recipient, links=links, params=params, _=_)
        if words is not None:
            letter = reworded(letter, words, mail_values(kind, meeting, recipient, params, _))
        if kind is Kind.REMINDER and recipient is Recipient.CITIZEN:
            letter = self.with_leave(letter, kind, meeting.appointment_id, meeting.ends_at)
        method = METHODS.get(kind)
        calendar = None
        if method is not None:
            calendar = invitation(
                meeting, recipient=recipient, method=method, organizer=self.sender, links=links, now=now, _=_
            )
        return build_message(
            letter,
            self.render(TEMPLATE, letter.language, {"letter": letter}),
            calendar=calendar,
            method=method,
            sender=self.sender,
            sender_name=_("Téléconsultation"),
            to=meeting.address_of(recipient),
            to_name=meeting.name_of(recipient),
            notice_id=notice_id,
            earlier=earlier,
            now=now,
        )

    def with_leave(self, letter: Letter, kind: Kind, subject_id: str, until: datetime) -> Letter:
        """Return a letter with the link by which its reader is sent no more of its kind, good until 30 days after."""
        token = issue_refusal(self.signer, kind=kind, subject_id=subject_id, until=until)
        label = self.gettext_for(letter.language)("Ne plus recevoir ces messages")
        return replace(letter, leave=Action(label, f"{self.origin}/rdv/mails/{token}"))

    def mail_of(
        self, letter: Letter, *, to: str, to_name: str, notice_id: str, earlier: Sequence[str] = (), now: datetime
    ) -> EmailMessage:
        """Return the mail of a letter without an invitation; raises AddressInvalid."""
        return build_message(
            letter,
            self.render(TEMPLATE, letter.language, {"letter": letter}),
            calendar=None,
            method=None,
            sender=self.sender,
            sender_name=self.gettext_for(letter.language)("Téléconsultation"),
            to=to,
            to_name=to_name,
            notice_id=notice_id,
            earlier=earlier,
            now=now,
        )
