"""Who calls the API: anybody, a partner with its key, or the holder of an appointment's own link."""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from aiohttp import web

from booking.api.partners import BOOKING_SCOPE, PartnerFound, find_partner
from booking.errors import ApiKeyUnknown, NotYours, ScopeMissing
from booking.lifecycle import Actor, ActorKind
from booking.passes import read_manage
from booking.record import require_access
from teleconsult.errors import Unauthenticated
from teleconsult.web.keys import SETTINGS
from teleconsult.web.throttle import client_network, throttle
from teleconsult.web.tokens import SIGNER, TokenInvalid


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls: a partner, or nobody in particular."""

    partner: PartnerFound | None
    network: str

    @property
    def actor(self) -> Actor:
        return Actor(ActorKind.PARTNER, self.partner.id) if self.partner else Actor(ActorKind.CITIZEN)

    @property
    def channel(self) -> str:
        return "partner" if self.partner else "web"

    @property
    def scope(self) -> str:
        """Whose idempotency keys these are: no address is kept, only a hash of it."""
        if self.partner:
            return f"partner:{self.partner.id}"
        return f"network:{hashlib.sha256(self.network.encode()).hexdigest()[:32]}"


async def reader(request: web.Request) -> Caller:
    """Return who reads the offer. Raises ApiKeyUnknown, TooManyRequests."""
    return await _caller(request, "api-read", request.app[SETTINGS].api_reads_per_minute, 60)


async def booker(request: web.Request) -> Caller:
    """Return who books. Raises ApiKeyUnknown, ScopeMissing, TooManyRequests."""
    caller = await _caller(request, "api-book", request.app[SETTINGS].api_bookings_per_hour, 3600)
    if caller.partner and BOOKING_SCOPE not in caller.partner.scopes:
        raise ScopeMissing(scope=BOOKING_SCOPE)
    return caller


async def holder(request: web.Request, appointment_id: str, now: datetime) -> Actor:
    """Return who reads or changes an appointment: who has its link's token, or the partner that booked it.

    Raises Unauthenticated, ApiKeyUnknown, TokenExpired, NotYours, ScopeMissing, AppointmentUnknown, TooManyRequests.
    """
    token = bearer(request)
    if token is None:
        raise Unauthenticated
    partner = await find_partner(token)
    if partner is not None:
        if BOOKING_SCOPE not in partner.scopes:
            raise ScopeMissing(scope=BOOKING_SCOPE)
        actor = Actor(ActorKind.PARTNER, partner.id)
        await require_access(appointment_id, actor)
        return actor
    throttle(request, "api-hold", request.app[SETTINGS].api_reads_per_minute, 60)
    try:
        held = read_manage(request.app[SIGNER], token, now)
    except TokenInvalid:
        raise ApiKeyUnknown from None
    if held != appointment_id:
        raise NotYours
    return Actor(ActorKind.CITIZEN)


def bearer(request: web.Request) -> str | None:
    """Return the token of `Authorization: Bearer` (RFC 6750 2.1), if there is one."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() or None if scheme.lower() == "bearer" else None


async def _caller(request: web.Request, bucket: str, limit: int, seconds: float) -> Caller:
    token = bearer(request)
    network = client_network(request)
    if token is None:
        throttle(request, bucket, limit, seconds)
        return Caller(None, network)
    partner = await find_partner(token)
    if partner is None:
        throttle(request, "api-key", limit, seconds)
        raise ApiKeyUnknown
    if partner.throttled:
        throttle(request, bucket, limit, seconds, who=partner.id)
    return Caller(partner, network)
