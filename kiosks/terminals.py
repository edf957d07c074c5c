"""The screens of kiosks: which browser is which kiosk's, and whether it is still there."""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from aiohttp import web

from booking.engine.queries import run
from booking.errors import KioskUnknown
from booking.models import Kiosk
from kiosks.errors import EnrolmentCodeRefused, TerminalUnknown
from kiosks.events import KioskChanged
from kiosks.houses import House
from kiosks.models import EnrolmentCode, Terminal, Visit
from teleconsult.database import transaction

COOKIE = "terminal"
COOKIE_SECONDS = 400 * 86400  # the longest that browsers keep one (RFC 6265bis 5.5)
CODE_LENGTH = 8
CODE_LIFETIME = timedelta(minutes=15)
CODE_ALPHABET = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"  # nothing that can be taken for something else
OFFLINE_AFTER = timedelta(seconds=60)  # three heartbeats


@dataclass(frozen=True, kw_only=True)
class TerminalView:
    """The enrolled screen that asks: of which kiosk, at which house."""

    id: str
    kiosk_id: str
    kiosk_name: str
    house: House

    @property
    def site_id(self) -> str:
        """The house's id."""
        return self.house.id


@dataclass(frozen=True, kw_only=True)
class Enrolled:
    """A new terminal: `token` is for its cookie and is kept nowhere else."""

    token: str
    terminal_id: str
    events: Sequence[KioskChanged]


TERMINAL: web.RequestKey[TerminalView | None] = web.RequestKey("terminal", object)  # type: ignore[arg-type]


def _hash(secret: str) -> str:
    # a cookie may be any bytes
    return hashlib.sha256(secret.encode(errors="surrogateescape")).hexdigest()


_FOUND = """
    SELECT t.id, k.id, k.name, s.id, s.name, s.department, s.latitude, s.longitude, s.timezone
    FROM terminal t JOIN kiosk k ON k.id = t.kiosk_id JOIN site s ON s.id = k.site_id
    WHERE t.token_hash = $1 AND t.revoked_at IS NULL
"""


async def find(token: str) -> TerminalView | None:
    """Return the terminal that a cookie belongs to, None if it is unknown or revoked."""
    # by hand: every screen asks three times a minute
    rows = await run(_FOUND, _hash(token))
    if not rows:
        return None
    ((terminal_id, kiosk_id, kiosk_name, *house),) = rows
    site_id, name, department, latitude, longitude, timezone = house
    return TerminalView(
        id=terminal_id,
        kiosk_id=kiosk_id,
        kiosk_name=kiosk_name,
        house=House(
            id=site_id, name=name, department=department, latitude=latitude, longitude=longitude, timezone=timezone
        ),
    )


async def current_or_none(request: web.Request) -> TerminalView | None:
    """Return the terminal that asks, None for any other browser."""
    if TERMINAL not in request:
        token = request.cookies.get(COOKIE)
        request[TERMINAL] = await find(token) if token else None
    return request[TERMINAL]


async def current(request: web.Request) -> TerminalView:
    """Return the terminal that asks. Raises TerminalUnknown for any other browser."""
    terminal = await current_or_none(request)
    if terminal is None:
        raise TerminalUnknown
    return terminal


def remember(response: web.StreamResponse, token: str, *, secure: bool) -> None:
    """Give a browser the cookie that makes it a terminal."""
    response.set_cookie(COOKIE, token, max_age=COOKIE_SECONDS, httponly=True, samesite="Lax", secure=secure, path="/")


async def _create(kiosk_id: str, now: datetime) -> tuple[str, Terminal]:
    token = secrets.token_urlsafe(32)
    terminal = await Terminal.create(kiosk_id=kiosk_id, token_hash=_hash(token), enrolled_at=now, last_seen_at=now)
    return token, terminal


async def enrol_demo(*, now: datetime, kiosk_id: str | None) -> Enrolled:
    """Make a browser a terminal without any code: for the demo only. Without a kiosk, the first house's first one.

    Other terminals of the kiosk stay, so that several may look at the demo. Raises KioskUnknown.
    """
    async with transaction():
        wanted = Kiosk.filter(id=kiosk_id) if kiosk_id else Kiosk.filter(in_service=True, site__active=True)
        kiosk = await wanted.order_by("site__name", "name", "id").first()
        if kiosk is None:
            raise KioskUnknown
        token, terminal = await _create(kiosk.id, now)
    changed = KioskChanged(site_id=kiosk.site_id, kiosk_id=kiosk.id)  # type: ignore[attr-defined]
    return Enrolled(token=token, terminal_id=terminal.id, events=[changed])


async def issue_code(*, now: datetime, site_id: str, kiosk_id: str) -> str:
    """Return a code, to be typed within 15 minutes, that enrols one device at one of a house's kiosks.

    Raises KioskUnknown for a kiosk of another house.
    """
    async with transaction():
        if not await Kiosk.exists(id=kiosk_id, site_id=site_id):
            raise KioskUnknown
        await EnrolmentCode.filter(kiosk_id=kiosk_id).delete()
        code = "".join(secrets.choice(CODE_ALPHABET) for _ in range(CODE_LENGTH))
        await EnrolmentCode.create(kiosk_id=kiosk_id, code_hash=_hash(code), expires_at=now + CODE_LIFETIME)
    return code


async def redeem(*, now: datetime, code: str) -> Enrolled:
    """Enrol the device on which `code` was typed (any case, with or without dashes), in place of the former one.

    Raises EnrolmentCodeRefused.
    """
    bare = code.upper().replace("-", "").replace(" ", "")
    async with transaction():
        unused = EnrolmentCode.filter(code_hash=_hash(bare), used_at=None, expires_at__gt=now)
        if await unused.update(used_at=now) != 1:
            raise EnrolmentCodeRefused
        row = await EnrolmentCode.get(code_hash=_hash(bare)).select_related("kiosk")
        former = await Terminal.filter(kiosk_id=row.kiosk_id, revoked_at=None).values_list("id", flat=True)
        await Visit.filter(terminal_id__in=list(former)).delete()
        await Terminal.filter(id__in=list(former)).update(revoked_at=now, online=False)
        token, terminal = await _create(row.kiosk_id, now)
    changed = KioskChanged(site_id=row.kiosk.site_id, kiosk_id=row.kiosk_id)  # type: ignore[attr-defined]
    return Enrolled(token=token, terminal_id=terminal.id, events=[changed])


async def revoke(*, now: datetime, site_id: str, kiosk_id: str) -> Sequence[KioskChanged]:
    """Take the screens of a kiosk out of use; a second time changes nothing. Raises KioskUnknown."""
    async with transaction():
        if not await Kiosk.exists(id=kiosk_id, site_id=site_id):
            raise KioskUnknown
        ids = await Terminal.filter(kiosk_id=kiosk_id, revoked_at=None).values_list("id", flat=True)
        await Visit.filter(terminal_id__in=list(ids)).delete()
        await EnrolmentCode.filter(kiosk_id=kiosk_id).delete()
        await Terminal.filter(id__in=list(ids)).update(revoked_at=now, online=False)
    return [KioskChanged(site_id=site_id, kiosk_id=kiosk_id)]


async def seen(*, now: datetime, terminal: TerminalView) -> Sequence[KioskChanged]:
    """Note that a terminal is there; returns an event if it had been given up for lost."""
    if await Terminal.filter(id=terminal.id, online=True).update(last_seen_at=now):
        return []
    if await Terminal.filter(id=terminal.id, online=False).update(online=True, last_seen_at=now):
        return [KioskChanged(site_id=terminal.site_id, kiosk_id=terminal.kiosk_id)]
    return []


async def mark_offline(*, now: datetime) -> Sequence[KioskChanged]:
    """Give up for lost the terminals that have been silent for a minute; returns an event for each."""
    silent = Terminal.filter(online=True, revoked_at=None, last_seen_at__lt=now - OFFLINE_AFTER)
    events = []
    for terminal in await silent.select_related("kiosk"):
        if await Terminal.filter(id=terminal.id, online=True, last_seen_at=terminal.last_seen_at).update(online=False):
            site_id: str = terminal.kiosk.site_id  # type: ignore[attr-defined]
            events.append(KioskChanged(site_id=site_id, kiosk_id=terminal.kiosk_id))
    return events
