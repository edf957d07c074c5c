"""Keeps the record of a room's calls and tells the rest of the product, in order, one thing after the other."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any

import structlog

from signaling import events, invitations
from signaling.models import CallParticipation, CallRecord
from signaling.record.failures import Failure, failure_of
from signaling.rooms import handover
from signaling.rooms.facts import Admitted, Fact, Gone, Over, Revoked, Started, Told, Waiting
from signaling.rooms.roles import Role
from teleconsult.web.events import Event

log = structlog.get_logger(__name__)

Publish = Callable[[list[Event]], Awaitable[None]]
# participant -> columns of their participation
Kept = Mapping[str, Mapping[str, Any]]
SIDES = (Role.CITIZEN, Role.AGENT)


class Silence:
    """The journal of a room that is there to test: nothing is recorded, nobody is told."""

    call: str | None = None

    def note(self, fact: Fact) -> None:
        """Forget it."""

    def keep(self, columns: Kept) -> None:
        """Forget it."""

    async def close(self) -> None:
        """There is nothing to wait for."""


class Journal:
    """Owns one task, which is there while something is to be written and told; `close` waits for it."""

    def __init__(self, room: str, opened_at: datetime, publish: Publish) -> None:
        self._room = room
        self._opened_at = opened_at
        self._publish = publish
        self._call: CallRecord | None = None
        self._present: dict[str, CallParticipation] = {}
        self._failed: dict[str, Failure] = {}
        self._facts: list[Fact | Kept] = []
        self._task: asyncio.Task[None] | None = None

    @property
    def call(self) -> str | None:
        """The id of the call's record, once there is one."""
        return self._call.id if self._call else None

    def note(self, fact: Fact) -> None:
        """Record and tell a fact, soon."""
        self._add(fact)

    def keep(self, columns: Kept) -> None:
        """Write how the lines of those present are, soon; nobody is told. Before the fact that one of them is gone."""
        self._add(columns)

    async def close(self) -> None:
        """Wait until everything noted is recorded and told."""
        if self._task is not None:
            await self._task

    def _add(self, fact: Fact | Kept) -> None:
        self._facts.append(fact)
        if self._task is None:
            self._task = asyncio.create_task(self._run())

    async def _run(self) -> None:
        try:
            while self._facts:
                await self._take(self._facts.pop(0))
        finally:
            self._task = None

    async def _take(self, fact: Fact | Kept) -> None:
        try:
            if isinstance(fact, Mapping):
                await self._write(fact)
            elif isinstance(fact, Revoked):
                await invitations.revoke(self._room, fact.invitation, fact.at)
            else:
                await self._record(fact)
        except Exception:
            # a database that is away must not end a call that runs
            log.exception("call_record_failed")
        if not isinstance(fact, Mapping | Revoked):
            await self._publish([self._event(fact)])

    async def _write(self, columns: Kept) -> None:
        present = [(self._present[who], values) for who, values in columns.items() if who in self._present]
        for participation, values in present:
            participation.update_from_dict(dict(values))
        if present:
            await CallParticipation.bulk_update([each for each, _ in present], fields=sorted(present[0][1]))

    async def _record(self, fact: Told) -> None:
        if self._call is None:
            self._call = await CallRecord.create(room=self._room, opened_at=self._opened_at)
        if isinstance(fact, Started):
            self._call.started_at = fact.at
            await self._call.save(update_fields=["started_at"])
        elif isinstance(fact, Admitted):
            self._failed.pop(fact.participant, None)
            self._present[fact.participant] = await CallParticipation.create(
                call=self._call, role=fact.role.value, joined_at=fact.at
            )
        elif isinstance(fact, Gone):
            await self._record_leaving(fact)
        elif isinstance(fact, Over):
            self._call.ended_at = fact.at
            self._call.end_reason = fact.reason
            self._call.failure = next(iter(self._failed.values()), "")
            await self._call.save(update_fields=["ended_at", "end_reason", "failure"])
            if fact.reason == "hung_up":
                await invitations.end(self._room, fact.at)

    async def _record_leaving(self, fact: Gone) -> None:
        participation = self._present.pop(fact.participant, None)
        if participation is not None:
            participation.left_at = fact.at
            participation.reconnections = fact.reconnections
            participation.leave_reason = fact.reason
            failure = failure_of(fact, joined_at=participation.joined_at, media_seconds=participation.media_seconds)
            participation.failure = failure or ""
            if failure is not None and Role(participation.role) in SIDES:
                self._failed[fact.participant] = failure
            await participation.save(update_fields=["left_at", "reconnections", "leave_reason", "failure"])

    def _event(self, fact: Told) -> Event:
        if isinstance(fact, Waiting):
            return events.ParticipantWaiting(room=self._room, participant=fact.participant, role=fact.role)
        if isinstance(fact, Admitted):
            return events.ParticipantJoined(room=self._room, participant=fact.participant, role=fact.role)
        if isinstance(fact, Gone):
            return events.ParticipantLeft(room=self._room, participant=fact.participant, role=fact.role)
        if isinstance(fact, handover.ColleagueRung):
            return events.ColleagueRung(room=self._room, participant=fact.by, colleague=fact.colleague)
        if isinstance(fact, handover.HandoverAccepted):
            return events.HandoverAccepted(room=self._room, participant=fact.by, colleague=fact.colleague)
        if isinstance(fact, handover.HandoverSettled):
            return events.HandoverSettled(
                room=self._room, participant=fact.by, colleague=fact.colleague, state=fact.state
            )
        if isinstance(fact, Started):
            return events.CallStarted(room=self._room, at=fact.at)
        return events.CallEnded(room=self._room, started_at=fact.started_at, ended_at=fact.at, reason=fact.reason)
