"""The service's mailbox over IMAP (RFC 9051, RFC 3501): what is new, reading it, and putting it away.

The standard library's client, in a thread: `aioimaplib` is under the GPL, which this program is not, and has no
STARTTLS. A session lasts one poll and every step of it has a time limit.
"""

import imaplib
import re
import ssl
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, unquote, urlsplit

from booking.answers.mails import MOST_BYTES

TIMEOUT_SECONDS = 30
PORTS = {"imap": 143, "imaps": 993}
INBOX = "INBOX"
UNHANDLED = "UNFLAGGED UNDELETED"
SIZE = re.compile(rb"RFC822\.SIZE (\d+)")


class MailboxFailure(Exception):
    """The mailbox cannot be read now. `reason` is for operators: a class or a step, never an address."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class MailboxAddress:
    """Where the mailbox is. `starttls`: True is required, False never, None if offered.

    `done` is the folder for what was handled; without one it is marked as read where it is.
    """

    host: str
    port: int
    tls: bool
    starttls: bool | None
    username: str
    password: str
    folder: str
    done: str


def read_address(url: str) -> MailboxAddress:
    """Read TELECONSULT_IMAP_URL, which the settings have checked; its parts may be percent-encoded."""
    parts = urlsplit(url)
    asked = parse_qs(parts.query)
    tls = parts.scheme == "imaps"
    return MailboxAddress(
        host=parts.hostname or "localhost",
        port=parts.port or PORTS[parts.scheme],
        tls=tls,
        starttls=False if tls else {"1": True, "0": False}.get(asked.get("starttls", [""])[0]),
        username=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        folder=unquote(parts.path.strip("/")) or INBOX,
        done=asked.get("done", [""])[0],
    )


class Mailbox:
    """A session with the mailbox, as a context manager. Every method blocks: call them in a thread, one after another.

    Each raises MailboxFailure.
    """

    def __init__(self, address: MailboxAddress) -> None:
        self._address = address
        self._client: imaplib.IMAP4 | None = None
        self._can: frozenset[str] = frozenset()

    def __enter__(self) -> Self:
        address = self._address
        try:
            context = ssl.create_default_context()
            if address.tls:
                self._client = imaplib.IMAP4_SSL(
                    address.host, address.port, ssl_context=context, timeout=TIMEOUT_SECONDS
                )
            else:
                self._client = imaplib.IMAP4(address.host, address.port, timeout=TIMEOUT_SECONDS)
                self._encrypt(self._client, context)
            self._require("sign_in", self._client.login(_quoted(address.username), address.password))
            # not those from before the sign-in, which is all that the client looks at itself
            able = self._require("capability", self._client.capability())
            self._can = frozenset(able[-1].decode("ascii", "replace").upper().split())
            self._require("select", self._client.select(_quoted(address.folder)))
        except BaseException as error:
            self._close()
            raise _failure(error, "sign_in") from error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()

    def _encrypt(self, client: imaplib.IMAP4, context: ssl.SSLContext) -> None:
        offered = "STARTTLS" in client.capabilities
        if self._address.starttls is True and not offered:
            raise MailboxFailure("no_starttls")
        if offered and self._address.starttls is not False:
            client.starttls(context)

    def _close(self) -> None:
        if self._client is not None:
            try:
                self._client.logout()
            except (imaplib.IMAP4.error, OSError):
                self._client.shutdown()
            self._client = None

    def new(self) -> list[str]:
        """Return what has not been handled, oldest first, as UIDs.

        Where handled mails are put into a folder, also those that a person has opened meanwhile.
        """
        criteria = UNHANDLED if self._address.done else f"UNSEEN {UNHANDLED}"
        found = self._ask("search", "SEARCH", criteria)
        return sorted((each.decode() for line in found if line for each in line.split()), key=int)

    def read(self, uid: str) -> bytes | None:
        """Return a mail without marking it; None if it is too large or not there any more."""
        sized = self._ask("size", "FETCH", uid, "(RFC822.SIZE)")
        size = SIZE.search(b" ".join(each for each in sized if isinstance(each, bytes)))
        if size is None or int(size.group(1)) > MOST_BYTES:
            return None
        # Partial (RFC 9051 6.4.5): a server that says one size and sends another sends no more than this.
        fetched = self._ask("fetch", "FETCH", uid, f"(BODY.PEEK[]<0.{MOST_BYTES}>)")
        return next((each[1] for each in fetched if isinstance(each, tuple)), None)

    def put_away(self, uid: str) -> None:
        """Mark a mail as read, and move it to the folder for what is done, if there is one."""
        self._ask("store", "STORE", uid, "+FLAGS.SILENT", "(\\Seen)")
        if not self._address.done:
            return
        folder = _quoted(self._address.done)
        if "MOVE" in self._can:
            self._in_folder("MOVE", uid, folder)
            return
        self._in_folder("COPY", uid, folder)
        self._ask("store", "STORE", uid, "+FLAGS.SILENT", "(\\Deleted)")
        if "UIDPLUS" in self._can:  # without it everybody's deleted mails would go
            self._ask("expunge", "EXPUNGE", uid)

    def leave_to_people(self, uid: str) -> None:
        """Flag a mail that a person must read, so that it stays unread and is not looked at again."""
        self._ask("store", "STORE", uid, "+FLAGS.SILENT", "(\\Flagged)")

    def _in_folder(self, command: str, uid: str, folder: str) -> None:
        try:
            self._ask("move", command, uid, folder)
        except MailboxFailure:
            self._client_now().create(folder)
            self._ask("move", command, uid, folder)

    def _client_now(self) -> imaplib.IMAP4:
        if self._client is None:
            raise MailboxFailure("closed")
        return self._client

    def _ask(self, step: str, command: str, *arguments: str) -> list[Any]:
        try:
            return self._require(step, self._client_now().uid(command, *arguments))
        except (imaplib.IMAP4.error, OSError, ValueError) as error:
            raise _failure(error, step) from error

    @staticmethod
    def _require(step: str, answered: tuple[str, list[Any]]) -> list[Any]:
        if answered[0] != "OK":
            raise MailboxFailure(step)
        return answered[1]


def _quoted(text: str) -> str:
    """Return a quoted string (RFC 9051 4.3)."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _failure(error: BaseException, step: str) -> BaseException:
    """Return an error as a MailboxFailure without the server's words, which may name people."""
    if isinstance(error, imaplib.IMAP4.error):
        return MailboxFailure(step)
    if isinstance(error, (OSError, ValueError)):
        return MailboxFailure(type(error).__name__)
    return error
