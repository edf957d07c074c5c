"""The visit under way at a screen: what was chosen and typed so far, and how it is forgotten."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from tortoise.exceptions import IntegrityError

from booking import holds, walk_in
from booking.events import WalkInEvent
from booking.walk_in import Over
from kiosks.events import KioskChanged
from kiosks.models import HelpRequest, Visit
from teleconsult.database import transaction

# A terminal that was switched off cannot wipe itself: the server forgets for it.
FORGET_DRAFT_AFTER = timedelta(minutes=15)
FORGET_VISIT_AFTER = timedelta(hours=4)


@dataclass(frozen=True, kw_only=True)
class Owner:
    """Whose visit: a terminal's (with its kiosk), or an adviser's account at a house."""

    site_id: str
    terminal_id: str | None = None
    kiosk_id: str | None = None
    account_id: str | None = None

    @property
    def key(self) -> dict[str, Any]:
        """The columns that find the visit."""
        if self.terminal_id:
            return {"terminal_id": self.terminal_id}
        return {"account_id": self.account_id, "site_id": self.site_id}

    @property
    def changed(self) -> Sequence[KioskChanged]:
        """What to publish when the visit begins or ends."""
        return [KioskChanged(site_id=self.site_id, kiosk_id=self.kiosk_id)] if self.kiosk_id else []


@dataclass(frozen=True, kw_only=True)
class Draft:
    """A visit as pages see it. `place_id` is the house chosen, `details` what was typed, as it was typed.

    `now_kiosk`: the kiosk at which the citizen wants to be received now; `walk_in_id`: their place in the queue.
    """

    id: str
    stage: str
    service_id: str | None
    place_id: str | None
    starts_at: datetime | None
    appointment_id: str | None
    now_kiosk: str = ""
    walk_in_id: str | None = None
    details: dict[str, Any] = field(default_factory=dict)
    refusal: dict[str, Any] = field(default_factory=dict)

    @property
    def is_empty(self) -> bool:
        """Whether nothing was chosen, typed or checked in yet."""
        return not (self.service_id or self.details or self.appointment_id)

    @property
    def has_when(self) -> bool:
        """Whether a time was chosen, or to be received now."""
        return self.starts_at is not None or bool(self.now_kiosk)


def hold_owner(visit_id: str) -> str:
    """Return the name under which a visit keeps a slot."""
    return f"visit:{visit_id}"


def _view(visit: Visit) -> Draft:
    return Draft(
        id=visit.id,
        stage=visit.stage,
        service_id=visit.service_id,
        place_id=visit.place_id,
        starts_at=visit.starts_at,
        appointment_id=visit.appointment_id,
        now_kiosk=visit.now_kiosk,
        walk_in_id=visit.walk_in_id,
        details=dict(visit.details),
        refusal=dict(visit.refusal),
    )


async def find(owner: Owner) -> Draft | None:
    """Return the visit under way, None if there is none."""
    visit = await Visit.get_or_none(**owner.key)
    return _view(visit) if visit else None


async def begin(*, now: datetime, owner: Owner) -> Draft:
    """Forget whatever was under way and begin a new visit. Of two that begin at once, both get the same one."""
    await _give_back(now, owner)
    try:
        async with transaction():
            await Visit.filter(**owner.key).delete()
            visit = await Visit.create(**owner.key | {"site_id": owner.site_id}, touched_at=now)
    except IntegrityError:
        visit = await Visit.get(**owner.key)
    return _view(visit)


async def keep(*, now: datetime, owner: Owner, visit_id: str, **chosen: Any) -> bool:
    """Keep what was chosen or typed (`service_id`, `place_id`, `starts_at`, `now_kiosk`, `details`, ...) in a draft.

    Returns False, and keeps nothing, if that visit is over: a page that comes too late must not bring it back.
    """
    kept = await Visit.filter(**owner.key, id=visit_id, stage="draft").update(**chosen, touched_at=now)
    return bool(kept)


async def wipe(*, now: datetime, owner: Owner) -> Sequence[KioskChanged | WalkInEvent]:
    """Forget the visit and close the answered calls for help; returns what to publish. Twice is as good as once.

    Who waited in the queue waits no longer.
    """
    await _give_back(now, owner)
    waited = await Visit.filter(**owner.key, stage="waiting").values_list("walk_in_id", flat=True)
    over = [event for each in waited if each for event in await walk_in.end(walk_in_id=str(each), why=Over.LEFT)]
    async with transaction():
        gone = await Visit.filter(**owner.key).delete()
        if owner.kiosk_id:
            answered = HelpRequest.filter(kiosk_id=owner.kiosk_id, open_kiosk=None, closed_at=None)
            gone += await answered.update(closed_at=now)
    return [*over, *(owner.changed if gone else [])]


async def _give_back(now: datetime, owner: Owner) -> None:
    """Free the slot that the visit keeps."""
    for visit_id in await Visit.filter(**owner.key, stage="draft").values_list("id", flat=True):
        await holds.release_all(now=now, owner=hold_owner(str(visit_id)))


async def forget_stale(*, now: datetime) -> Sequence[KioskChanged]:
    """Forget the visits of terminals that never came back to wipe themselves, and advisers' unfinished forms."""
    drafts = Visit.filter(stage="draft", touched_at__lt=now - FORGET_DRAFT_AFTER)
    others = Visit.filter(touched_at__lt=now - FORGET_VISIT_AFTER)
    events = []
    for visit in [*await drafts.select_related("terminal"), *await others.select_related("terminal")]:
        await Visit.filter(id=visit.id, touched_at=visit.touched_at).delete()
        await holds.release_all(now=now, owner=hold_owner(visit.id))
        if visit.terminal:
            events.append(KioskChanged(site_id=visit.site_id, kiosk_id=visit.terminal.kiosk_id))
    return events
