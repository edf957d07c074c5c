"""The outbox's channel `caldav`: an agent's appointments as events in their own calendar.

What stands there is the agent's as much as ours. Every write is on the condition that nobody else wrote meanwhile; what
the agent put into the event is kept; an event that they took out is put back once, and then left to them.
"""

from collections.abc import Callable
from datetime import datetime
from urllib.parse import quote, urljoin

from aiohttp import ClientSession
from tortoise.expressions import Q

from booking.busy.calendars import Reading
from booking.busy.calling import Source, calling
from booking.busy.errors import CalendarMissing, CalendarSilent, CalendarUnreadable
from booking.lifecycle import Status
from booking.models import Appointment, BusyCalendar, Notice, PushedEvent
from booking.notifications.due import Due
from booking.notifications.invitations import Method, event_uid, invitation
from booking.notifications.kinds import CALDAV, EMAIL, Kind, NoticeState, Recipient
from booking.notifications.meeting import Meeting
from booking.notifications.messages import Composer
from booking.ports import Gate, PermanentFailure, Sent, TemporaryFailure
from booking.push.caldav import (
    ChangedMeanwhile,
    ElsewhereAlready,
    delete_object,
    find_object,
    read_object,
    write_object,
)
from booking.push.objects import NotTheEvent, merge, sequence_of, stored_object
from teleconsult.clock import utcnow

# How often a write that lost against somebody else's is tried again at once.
TRIES = 4
# How often a server that does not answer is asked (with the outbox's pauses, about half an hour) before mail is used.
PATIENCE = 6


class TakenOut(Exception):
    """The agent has taken the event out again: it is left to them, and the news goes by mail."""


class NewerThere(Exception):
    """The calendar has a later version already."""


class CalendarChannel:
    """Writes notices for agents into their calendars. What cannot be written raises PermanentFailure: mail is next."""

    def __init__(self, reading: Reading, composer: Composer, *, clock: Callable[[], datetime] = utcnow) -> None:
        self._reading = reading
        self._composer = composer
        self._clock = clock

    async def send(self, due: Due, gate: Gate) -> Sent:
        """Return once the calendar shows what the notice says; raises TemporaryFailure, PermanentFailure.

        A second time changes nothing, so `gate` is not waited for.
        """
        if not isinstance(due.subject, Meeting):
            raise PermanentFailure("not_for_calendars")
        event = await _event_of(due.notice)
        if due.notice.kind == Kind.CANCELLATION:
            return await self._withdraw(due.notice, event)
        calendar = event.calendar if event else await _calendar_of(due.notice)
        if calendar is None:
            raise PermanentFailure("no_calendar")
        if event is not None and event.left_at is not None:
            raise PermanentFailure("taken_out")
        try:
            await self._write(due.notice, due.subject, calendar, event)
        except NewerThere:
            return Sent()
        except TakenOut:
            await PushedEvent.filter(appointment_id=due.notice.appointment_id, calendar_id=calendar.id).update(
                left_at=self._clock()
            )
            raise PermanentFailure("taken_out") from None
        except CalendarUnreadable as error:
            raise await self._failure(error, due.notice, calendar) from error
        await self._note_success(calendar)
        return Sent()

    async def _withdraw(self, notice: Notice, event: PushedEvent | None) -> Sent:
        if event is None or event.left_at is not None:
            # Whoever was told by mail is told this by mail as well; who was told of nothing needs no news.
            if event is not None or await _told_by_mail(notice):
                raise PermanentFailure("not_in_the_calendar")
            return Sent()
        try:
            await self._take_out(event)
        except CalendarUnreadable as error:
            raise await self._failure(error, notice, event.calendar) from error
        await self._note_success(event.calendar)
        return Sent()

    async def _take_out(self, event: PushedEvent) -> None:
        async with calling(self._reading.allowed) as session:
            await delete_object(session, self._source(event.calendar), event.href)
        await PushedEvent.filter(id=event.id).delete()

    async def _write(self, notice: Notice, meeting: Meeting, calendar: BusyCalendar, event: PushedEvent | None) -> None:
        source = self._source(calendar)
        object_ = stored_object(self._invitation(meeting))
        async with calling(self._reading.allowed) as session:
            writing = _Writing(session, source, meeting, object_, event, self._clock())
            href, etag = await writing.run()
        restored = writing.restored_at
        written = await _note_written(notice, calendar, href=href, etag=etag, now=self._clock(), restored_at=restored)
        if not await _is_still_theirs(notice):
            # It was cancelled, or went to a colleague, while we wrote: whoever withdraws it may have come before.
            await self._take_out(written)

    def _invitation(self, meeting: Meeting) -> bytes:
        return invitation(
            meeting, recipient=Recipient.AGENT, method=Method.REQUEST, organizer=self._composer.sender,
            links=self._composer.links(meeting, Recipient.AGENT), now=self._clock(),
            _=self._composer.gettext_for(meeting.language_of(Recipient.AGENT)),
        )  # fmt: skip

    def _source(self, calendar: BusyCalendar) -> Source:
        seal = self._reading.seal
        return Source(CALDAV, seal.open(calendar.url), calendar.username, seal.open(calendar.sealed_password))

    async def _failure(
        self, error: CalendarUnreadable, notice: Notice, calendar: BusyCalendar
    ) -> TemporaryFailure | PermanentFailure:
        """Note that a calendar could not be written to, and return what that means for the notice."""
        if isinstance(error, CalendarSilent) and notice.attempts < PATIENCE:
            return TemporaryFailure(error.code)
        own = BusyCalendar.filter(id=calendar.id)
        await own.filter(write_failing_since=None).update(write_failing_since=self._clock())
        await own.update(write_error=error.code)
        return PermanentFailure(error.code)

    async def _note_success(self, calendar: BusyCalendar) -> None:
        await BusyCalendar.filter(id=calendar.id).update(
            wrote_at=self._clock(), write_failing_since=None, write_told_at=None, write_error=""
        )


class _Writing:
    """One event on its way into a calendar: tried until nobody else writes in between."""

    def __init__(
        self, session: ClientSession, source: Source, meeting: Meeting, text: bytes, event: PushedEvent | None,
        now: datetime,
    ) -> None:  # fmt: skip
        self._session, self._source, self._text, self._event = session, source, text, event
        self._uid, self._sequence = event_uid(meeting.appointment_id), meeting.sequence
        self._href = event.href if event else urljoin(_folder(source.url), f"{quote(self._uid)}.ics")
        self._now = now
        self.restored_at = event.restored_at if event else None

    async def run(self) -> tuple[str, str]:
        """Return where the event is and its ETag.

        Raises TakenOut, NewerThere, CalendarUnreadable's kinds; CalendarSilent when others are always faster.
        """
        for _ in range(TRIES):
            try:
                return self._href, await self._once()
            except ChangedMeanwhile:
                continue
            except ElsewhereAlready as conflict:
                found = conflict.href or await find_object(self._session, self._source, self._uid)
                if not found or found == self._href:
                    raise CalendarMissing from None
                self._href = found
        raise CalendarSilent

    async def _once(self) -> str:
        kept = await read_object(self._session, self._source, self._href)
        if kept is None:
            self._require_room()
            return await write_object(self._session, self._source, self._href, self._text)
        try:
            if sequence_of(kept.text) > self._sequence:
                raise NewerThere
        except NotTheEvent:
            text = self._text
        else:
            text = merge(self._text, kept.text)
        return await write_object(self._session, self._source, self._href, text, etag=kept.etag)

    def _require_room(self) -> None:
        """Put an event back that was there and is not any more, once. Raises TakenOut."""
        if self._event is None:
            return
        if self._event.restored_at is not None:
            raise TakenOut
        self.restored_at = self._now


def _folder(url: str) -> str:
    return url if url.endswith("/") else f"{url}/"


async def _event_of(notice: Notice) -> PushedEvent | None:
    """Return where a notice's appointment stands in a calendar of its agent's, what was left to them last."""
    events = PushedEvent.filter(appointment_id=notice.appointment_id, calendar__agent_id=notice.agent_id)
    found = await events.select_related("calendar")
    return next((each for each in found if each.left_at is None), found[0] if found else None)


async def _calendar_of(notice: Notice) -> BusyCalendar | None:
    return await BusyCalendar.filter(agent_id=notice.agent_id, kind=CALDAV, writes=True).order_by("id").first()


async def _told_by_mail(notice: Notice) -> bool:
    told = Notice.filter(appointment_id=notice.appointment_id, agent_id=notice.agent_id, channel=EMAIL)
    return await told.filter(Q(state=NoticeState.SENT) | Q(state=NoticeState.PENDING)).exists()


async def _is_still_theirs(notice: Notice) -> bool:
    return await Appointment.filter(
        id=notice.appointment_id, agent_id=notice.agent_id, status__not=Status.CANCELLED
    ).exists()


async def _note_written(
    notice: Notice, calendar: BusyCalendar, *, href: str, etag: str, now: datetime, restored_at: datetime | None
) -> PushedEvent:
    written, _ = await PushedEvent.update_or_create(
        {"href": href, "etag": etag, "sequence": notice.sequence, "written_at": now, "restored_at": restored_at},
        appointment_id=notice.appointment_id,
        calendar_id=calendar.id,
    )
    return written
