"""Keep a slot for somebody for a few minutes: the same agent, kiosk and room as a booking, under the same constraint.

A hold that has lapsed is in nobody's way: searches do not see it, and whoever wants its time removes it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from booking.engine.offer import KIOSK
from booking.engine.placement import Placement, Wish, place, slot_taken
from booking.engine.seating import Outrun, take
from booking.errors import HoldExpired, TooManyHolds
from booking.lifecycle import Actor
from booking.models import Hold
from booking.record import again_after_deadlock
from teleconsult.database import new_id, transaction

HOLD_SECONDS = 300
# Someone may ask for more time, but does not keep a slot from others for longer than this.
LONGEST = timedelta(minutes=30)
# enough for a series of three
MOST_AT_ONCE = 3


@dataclass(frozen=True, slots=True)
class Held:
    """A slot that is kept until `expires_at`. Instants are UTC; `kiosk_id` is None at home."""

    id: str
    service_id: str
    site_id: str
    agent_id: str
    kiosk_id: str | None
    room_id: str | None
    mode: str
    starts_at: datetime
    ends_at: datetime
    created_at: datetime
    expires_at: datetime


async def hold(
    *,
    now: datetime,
    service_id: str,
    site_id: str,
    start: datetime,
    owner: str,
    mode: str = KIOSK,
    needs: Iterable[str] = (),
    agent_id: str | None = None,
    seconds: int = HOLD_SECONDS,
    instead_of: str | None = None,
    actor: Actor | None = None,
) -> Held:
    """Keep a start (aware) of a service at a house for `seconds`.

    `owner`: any secret text of who keeps it; only its SHA-256 is stored. Again for the same slot by the same owner:
    the same hold, its time set anew. `instead_of`: a hold of the same owner that is given up if this one is had.
    With an `actor`, the service must be theirs to book.

    Raises SlotTaken with alternatives, a NotBookable that says why, ServiceUnknown, SiteUnknown, TooManyHolds.
    """
    start = start.astimezone(UTC)  # SQLite compares instants as texts
    mine = Hold.filter(owner=owner_hash(owner), expires_at__gt=now)
    same = await mine.filter(service_id=service_id, site_id=site_id, starts_at=start, mode=mode).first()
    if same is not None and agent_id in (None, same.agent_id) and not tuple(needs):
        return await extend(now=now, hold_id=same.id, owner=owner, seconds=seconds)
    former = await mine.get_or_none(id=instead_of) if instead_of else same
    given_up = former.id if former is not None else None
    if await mine.exclude(id=given_up or "").count() >= MOST_AT_ONCE:
        raise TooManyHolds(limit=MOST_AT_ONCE)
    wish = Wish(service_id, site_id, start, tuple(needs), only_agent=agent_id, mode=mode, holding=given_up)
    kept = Hold(
        id=new_id(), service_id=service_id, site_id=site_id, mode=mode, owner=owner_hash(owner), created_at=now,
        expires_at=now + timedelta(seconds=seconds),
    )  # fmt: skip
    placement = await place(wish, now=now, tie=kept.id, actor=actor)
    try:
        await again_after_deadlock(lambda: _write(kept, placement, now))
    except Outrun:
        raise await slot_taken(wish, now) from None
    return _view(kept)


async def held(*, now: datetime, hold_id: str, owner: str) -> Held | None:
    """Return a hold, or None if it lapsed, was given up or is somebody else's."""
    found = await Hold.get_or_none(id=hold_id, owner=owner_hash(owner), expires_at__gt=now)
    return _view(found) if found is not None else None


async def extend(*, now: datetime, hold_id: str, owner: str, seconds: int = HOLD_SECONDS) -> Held:
    """Keep a slot for `seconds` from now on; never for less than before, nor past 30 minutes after it was first kept.

    Raises HoldExpired if it is not kept any more.
    """
    async with transaction():
        kept = await _locked(hold_id, owner)
        if kept is None or kept.expires_at <= now:
            raise HoldExpired
        longest = max(kept.expires_at, kept.created_at + LONGEST)
        kept.expires_at = min(max(kept.expires_at, now + timedelta(seconds=seconds)), longest)
        await kept.save(update_fields=["expires_at"])
    return _view(kept)


async def release(*, now: datetime, hold_id: str, owner: str) -> Held | None:
    """Give a slot back and return what was freed; None if it was not kept any more."""
    async with transaction():
        kept = await _locked(hold_id, owner)
        if kept is None:
            return None
        await Hold.filter(id=kept.id).delete()
    return _view(kept) if kept.expires_at > now else None


async def release_all(*, now: datetime, owner: str) -> list[Held]:
    """Give back everything that an owner keeps and return what was freed."""
    ids = await Hold.filter(owner=owner_hash(owner)).values_list("id", flat=True)
    freed = [await release(now=now, hold_id=str(each), owner=owner) for each in ids]
    return [each for each in freed if each is not None]


async def drop_expired(*, now: datetime) -> list[Held]:
    """Remove the holds that have lapsed and return them."""
    dropped = []
    for kept in await Hold.filter(expires_at__lte=now).order_by("expires_at"):
        if await Hold.filter(id=kept.id, expires_at__lte=now).delete():
            dropped.append(_view(kept))
    return dropped


def owner_hash(owner: str) -> str:
    """Return what is stored of an owner."""
    return sha256(owner.encode()).hexdigest()


async def own_hold(hold_id: str | None, owner: str | None) -> Hold | None:
    """Return a hold that has not been removed, locked until the transaction's end, if it is this owner's."""
    return await _locked(hold_id, owner) if hold_id is not None and owner is not None else None


async def _locked(hold_id: str, owner: str) -> Hold | None:
    return await Hold.filter(id=hold_id, owner=owner_hash(owner)).select_for_update().first()


async def _write(kept: Hold, placement: Placement, now: datetime) -> None:
    kept.starts_at, kept.ends_at = placement.starts_at, placement.ends_at
    kept.agent_id = placement.agents[0]
    async with transaction():
        if placement.wish.holding:
            await Hold.filter(id=placement.wish.holding, owner=kept.owner).delete()
        await kept.save(force_create=True)
        seated = await take(placement, hold_id=kept.id, now=now)
        kept.agent_id, kept.kiosk_id, kept.room_id = seated
        await kept.save(update_fields=["agent_id", "kiosk_id", "room_id"])


def _view(kept: Hold) -> Held:
    return Held(
        id=kept.id,
        service_id=kept.service_id,
        site_id=kept.site_id,
        agent_id=kept.agent_id,
        kiosk_id=kept.kiosk_id,
        room_id=kept.room_id,
        mode=kept.mode,
        starts_at=kept.starts_at,
        ends_at=kept.ends_at,
        created_at=kept.created_at,
        expires_at=kept.expires_at,
    )
