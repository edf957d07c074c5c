"""The room as one participant may see it. Pure."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Literal

from signaling.rooms.looking import shown_to
from signaling.rooms.participants import Participant
from signaling.rooms.room import Room
from signaling.rooms.shown import Shown
from signaling.wire.replies import HandoverInfo, ParticipantInfo, ShownInfo, Snapshot

STATES: Mapping[str, Literal["lobby", "rung", "in_call"]] = MappingProxyType(
    {"waiting": "lobby", "rung": "rung", "admitted": "in_call"}
)


def snapshot_of(room: Room, now: datetime, viewer: str) -> Snapshot:
    """Return what a participant is told of the room."""
    you = room.participants[viewer]
    shown = shown_to(room, viewer)
    others = tuple(
        _info(room, now, p, shown)
        for p in room.participants.values()
        if p.id != viewer and _sees(you, p) and room.tells(viewer, p.id)
    )
    return Snapshot(
        state=STATES[you.standing],
        you=_info(room, now, you, shown),
        others=others,
        host_present=any(p.role.hosts and p.connected for p in room.participants.values()),
        call_seconds=_seconds(now - room.started_at) if room.started_at else None,
        shown=ShownInfo(by=shown.by, place=shown.place) if shown else None,
        aside=room.aside,
        handover=_handover(room, viewer),
    )


def _handover(room: Room, viewer: str) -> HandoverInfo | None:
    handover = room.handover
    if handover is None or viewer not in (handover.by, handover.to):
        return None
    return HandoverInfo(
        by=handover.by,
        colleague=handover.to,
        state=handover.state,
        reason=handover.reason,
        stays=handover.stays,
    )


def _info(room: Room, now: datetime, who: Participant, shown: Shown | None) -> ParticipantInfo:
    waiting = who.standing == "waiting"
    place = 1 + [p.id for p in room.waiting()].index(who.id) if waiting else None
    return ParticipantInfo(
        participant=who.id,
        role=who.role,
        name=who.name,
        standing=who.standing,
        connected=who.connected,
        waiting_seconds=_seconds(now - who.since) if waiting else None,
        place=place,
        microphone=who.microphone,
        camera=who.camera,
        hand=who.hand,
        pictures=who.pictures,
        screen=shown is not None and shown.place is None and shown.by == who.id,
    )


def _sees(viewer: Participant, other: Participant) -> bool:
    if viewer.standing != "admitted" or other.standing == "rung":
        return False
    return other.standing == "admitted" or not viewer.role.waits


def _seconds(duration: timedelta) -> int:
    return max(0, int(duration.total_seconds()))
