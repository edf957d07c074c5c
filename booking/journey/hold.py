"""The one slot that a browser keeps while its citizen types."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from booking import holds
from booking.engine.offer import KIOSK
from booking.holds import Held, owner_hash
from booking.journey.choices import Wanted
from booking.lifecycle import Actor, ActorKind
from booking.models import Hold

CITIZEN = Actor(ActorKind.CITIZEN)
# Below this, opening the page again has it kept longer.
SHORT = timedelta(seconds=60)
# A page that was left may be on its way back: a reload, another language.
AFTER_LEAVING = timedelta(seconds=20)


@dataclass(frozen=True, slots=True)
class Kept:
    """A slot that is kept until `expires_at`, which is in `seconds_left`."""

    id: str
    expires_at: datetime
    seconds_left: int


async def take(*, now: datetime, wanted: Wanted, owner: str, needs: Iterable[str] = (), actor: Actor = CITIZEN) -> Kept:
    """Hold what was chosen, instead of what this owner held before. Raises what `booking.holds.hold` does."""
    if wanted.start is None or wanted.place is None:
        raise ValueError("nothing was chosen")
    mode = wanted.mode or KIOSK
    slot = (wanted.service, wanted.place, wanted.start, mode)
    own = await Hold.filter(owner=owner_hash(owner), expires_at__gt=now)
    others = [each.id for each in own if (each.service_id, each.site_id, each.starts_at, each.mode) != slot]
    held = await holds.hold(
        now=now, service_id=wanted.service, site_id=wanted.place, start=wanted.start, owner=owner, mode=mode,
        needs=needs, instead_of=others[0] if others and len(others) == len(own) else None, actor=actor,
    )  # fmt: skip
    for other in others:
        await holds.release(now=now, hold_id=other, owner=owner)
    return _kept(held, now)


async def own_hold(*, now: datetime, owner: str) -> str | None:
    """Return the id of what an owner holds, so that their own page still offers it; None if it is nothing."""
    row = await Hold.filter(owner=owner_hash(owner), expires_at__gt=now).first() if owner else None
    return row.id if row else None


async def kept(*, now: datetime, wanted: Wanted, owner: str) -> Kept | None:
    """Return the hold that this owner has on what was chosen, None if there is none (any more)."""
    row = await Hold.filter(
        owner=owner_hash(owner), service_id=wanted.service, site_id=wanted.place, starts_at=wanted.start,
        mode=wanted.mode or KIOSK, expires_at__gt=now,
    ).first()  # fmt: skip
    held = await holds.held(now=now, hold_id=row.id, owner=owner) if row else None
    return _kept(held, now) if held else None


async def keep(*, now: datetime, held: Kept, owner: str, longer: bool) -> Kept:
    """Keep a slot longer when that is asked for, or when it would lapse in a minute. Raises HoldExpired."""
    if not longer and held.expires_at - now > SHORT:
        return held
    return _kept(await holds.extend(now=now, hold_id=held.id, owner=owner), now)


async def leave(*, now: datetime, owner: str) -> None:
    """Let what an owner keeps lapse soon: in time for a page that is only loading anew."""
    soon = now + AFTER_LEAVING
    await Hold.filter(owner=owner_hash(owner), expires_at__gt=soon).update(expires_at=soon)


def _kept(held: Held, now: datetime) -> Kept:
    return Kept(held.id, held.expires_at, max(0, round((held.expires_at - now).total_seconds())))
