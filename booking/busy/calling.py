"""Calling a calendar's server over HTTP on an agent's word: a server that is not trusted, within bounds."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

from aiohttp import ClientError, ClientResponse, ClientSession, ClientTimeout, TCPConnector, encode_basic_auth

from booking.busy.errors import (
    CalendarAddressRefused,
    CalendarMissing,
    CalendarSignInRefused,
    CalendarSilent,
    CalendarTooLarge,
    NotACalendar,
)
from booking.busy.guard import AddressRefused, Network, guarded_sockets

MOST_BYTES = 5 * 1024 * 1024
SECONDS = 20
MOST_REDIRECTS = 3
CHUNK = 64 * 1024
REDIRECTS = frozenset({301, 302, 303, 307, 308})
# Compressed answers are not asked for, and not taken: a small one could unfold to anything.
HEADERS = {"Accept-Encoding": "identity", "User-Agent": "teleconsult-busy-time"}


@dataclass(frozen=True, slots=True)
class Source:
    """Where a calendar is and how to sign in. `kind`: ics or caldav."""

    kind: str
    url: str
    username: str = ""
    password: str = ""


@asynccontextmanager
async def calling(allowed: Sequence[Network]) -> AsyncIterator[ClientSession]:
    """Open a session that connects to public addresses and allowed networks only. Raises CalendarUnreadable's kinds."""
    connector = TCPConnector(socket_factory=guarded_sockets(allowed), force_close=True)
    try:
        async with ClientSession(
            connector=connector, timeout=ClientTimeout(total=SECONDS), auto_decompress=False, headers=HEADERS
        ) as session:
            yield session
    except AddressRefused:
        raise CalendarAddressRefused from None
    except (ClientError, OSError, TimeoutError, ValueError) as error:
        if _refused(error):
            raise CalendarAddressRefused from None
        raise CalendarSilent from None


def _refused(error: BaseException | None) -> bool:
    """Tell whether the guard is what lies below an error of the client's."""
    if error is None or isinstance(error, AddressRefused):
        return error is not None
    nested: tuple[BaseException, ...] = error.exceptions if isinstance(error, BaseExceptionGroup) else ()
    below = (getattr(error, "os_error", None), error.__cause__, error.__context__, *nested)
    return any(_refused(each) for each in below if each is not error)


@asynccontextmanager
async def asked(
    session: ClientSession,
    method: str,
    source: Source,
    headers: Mapping[str, str],
    body: str | bytes | None = None,
    *,
    url: str = "",
) -> AsyncIterator[ClientResponse]:
    """Ask at the source's address (or at `url`), following a few redirects by hand.

    The password goes to the origin that it was given for, no further.
    """
    url = url or source.url
    for _ in range(MOST_REDIRECTS + 1):
        if urlsplit(url).scheme not in ("http", "https"):
            raise CalendarAddressRefused
        own = {"Authorization": encode_basic_auth(source.username, source.password, "utf-8")} if source.username else {}
        sent = {**headers, **own} if origin(url) == origin(source.url) else headers
        async with session.request(method, url, headers=sent, data=body, allow_redirects=False) as answer:
            if answer.status not in REDIRECTS:
                yield answer
                return
            url = urljoin(url, answer.headers.get("Location", ""))
    raise CalendarMissing


def origin(url: str) -> tuple[str, str | None, int | None]:
    """Return what a password was given for: scheme, host and port."""
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port


def require(answer: ClientResponse, status: int) -> None:
    """Raise what another answer than the one hoped for means."""
    if answer.status in (401, 403):
        raise CalendarSignInRefused
    if answer.status != status:
        raise CalendarMissing
    if answer.headers.get("Content-Encoding", "identity") != "identity":
        raise NotACalendar


async def read_body(answer: ClientResponse) -> bytes:
    """Return an answer's body. Raises CalendarTooLarge."""
    found = bytearray()
    async for chunk in answer.content.iter_chunked(CHUNK):
        found += chunk
        if len(found) > MOST_BYTES:
            raise CalendarTooLarge
    return bytes(found)
