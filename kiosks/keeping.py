"""The slot that a visit keeps while its citizen says who they are."""

from datetime import datetime

from booking import holds
from booking.engine.offer import KIOSK
from booking.journey import hold as journey_hold
from booking.journey.choices import Wanted
from booking.journey.hold import Kept
from booking.lifecycle import Actor
from kiosks.visits import Draft, hold_owner


async def take(*, now: datetime, draft: Draft, actor: Actor) -> Kept | None:
    """Keep what a draft has chosen, instead of what it kept before; None while nothing is chosen.

    Raises what `booking.holds.hold` does.
    """
    wanted = _wanted(draft)
    if wanted is None:
        return None
    needs = draft.details.get("needs", [])
    return await journey_hold.take(now=now, wanted=wanted, owner=hold_owner(draft.id), needs=needs, actor=actor)


async def kept(*, now: datetime, draft: Draft) -> Kept | None:
    """Return what is kept of what a draft has chosen, None if it is no longer kept."""
    wanted = _wanted(draft)
    return await journey_hold.kept(now=now, wanted=wanted, owner=hold_owner(draft.id)) if wanted else None


async def keep(*, now: datetime, draft: Draft, actor: Actor, longer: bool) -> Kept | None:
    """Keep it longer if asked or if it would lapse; again, if it did. Raises what `booking.holds.hold` does."""
    held = await kept(now=now, draft=draft)
    if held is None:
        return await take(now=now, draft=draft, actor=actor)
    return await journey_hold.keep(now=now, held=held, owner=hold_owner(draft.id), longer=longer)


async def give_back(*, now: datetime, visit_id: str) -> None:
    """Free what a visit keeps."""
    await holds.release_all(now=now, owner=hold_owner(visit_id))


def _wanted(draft: Draft) -> Wanted | None:
    if draft.service_id is None or draft.place_id is None or draft.starts_at is None:
        return None
    return Wanted(service=draft.service_id, mode=KIOSK, place=draft.place_id, start=draft.starts_at)
