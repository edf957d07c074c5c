"""When a notice is due and by which way: rules, for any appointment in any zone at any time."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from booking.notifications.kinds import BY_HAND, EMAIL, SMS, Kind, Recipient
from booking.notifications.timing import (
    JUST_TOLD,
    QUIET_UNTIL,
    Owed,
    Terms,
    after_quiet,
    before_quiet,
    is_quiet,
    owed_notices,
)

PARIS = "Europe/Paris"
ZONES = st.sampled_from(
    [PARIS, "America/Guadeloupe", "Indian/Reunion", "America/Miquelon", "Pacific/Noumea", "Pacific/Marquesas"]
)
# A year with both changes of hour, on either side of the equator.
INSTANTS = st.integers(0, 366 * 24 * 60).map(
    lambda minute: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minute)
)
MINUTES = st.integers(0, 72 * 60)
NEWS = st.sampled_from([Kind.INVITATION, Kind.CHANGE, Kind.REPLACEMENT, Kind.CANCELLATION])
WAYS = st.tuples(st.booleans(), st.booleans())


def terms(
    starts_at: datetime, *, zone: str = PARIS, ways: tuple[bool, bool] = (True, True), mail: int, text: int
) -> Terms:
    return Terms(
        starts_at=starts_at, timezone=zone, email=ways[0], mobile=ways[1], reminder_minutes=mail,
        sms_reminder_minutes=text,
    )  # fmt: skip


def paris(day: int, hour: int, minute: int = 0, month: int = 11) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=ZoneInfo(PARIS)).astimezone(UTC)


def to_citizen(owed: list[Owed]) -> list[tuple[Kind, str, datetime]]:
    return [(each.kind, each.channel, each.due_at) for each in owed if each.recipient is Recipient.CITIZEN]


@given(
    now=INSTANTS, ahead=st.timedeltas(timedelta(0), timedelta(days=90)), zone=ZONES, ways=WAYS, mail=MINUTES,
    text=MINUTES, kind=NEWS, asked=st.booleans(),
)  # fmt: skip
def test_nothing_is_late_early_or_at_night(
    now: datetime, ahead: timedelta, zone: str, ways: tuple[bool, bool], mail: int, text: int, kind: Kind, asked: bool
) -> None:
    start = now + ahead
    owed = owed_notices(kind, terms(start, zone=zone, ways=ways, mail=mail, text=text), now, asked=asked)
    assert len({(each.kind, each.recipient, each.channel) for each in owed}) == len(owed), "one row each"
    assert [each.recipient for each in owed].count(Recipient.AGENT) == 1
    for each in owed:
        assert now <= each.due_at < each.deadline_at <= max(start, now + timedelta(hours=1))
        assert each.channel != EMAIL or each.recipient is Recipient.AGENT or ways[0]
        if each.channel == SMS:
            assert ways[1]
            assert not is_quiet(each.due_at, zone)
        if each.kind is Kind.REMINDER:
            assert kind is not Kind.CANCELLATION
            assert each.deadline_at == start
            assert each.due_at - now >= JUST_TOLD
            minutes = mail if each.channel == EMAIL else text
            assert minutes > 0
            assert each.due_at <= start - timedelta(minutes=minutes), "never later than was asked for"
    if any(ways) and not is_quiet(now, zone):
        assert [each.due_at for each in owed if each.kind is kind and each.recipient is Recipient.CITIZEN] == [now]


@given(when=INSTANTS, zone=ZONES)
def test_quiet_hours_are_left_for_the_nearest_moment_outside_them(when: datetime, zone: str) -> None:
    before, after = before_quiet(when, zone), after_quiet(when, zone)
    assert before <= when <= after
    assert not is_quiet(before, zone)
    assert not is_quiet(after, zone)
    if is_quiet(when, zone):
        # The night is ten hours long by the clock, eleven or nine when the hour changes.
        assert after - before <= timedelta(hours=11, minutes=15)
        assert before.astimezone(ZoneInfo(zone)).time() == time(21, 45)
        assert after.astimezone(ZoneInfo(zone)).time() == QUIET_UNTIL
    else:
        assert before == when == after


@pytest.mark.parametrize(
    ("start", "due"),
    [
        (paris(24, 14), paris(24, 12)),
        (paris(24, 8), paris(23, 21, 45)),  # 6:00 is in the night
        (paris(24, 10), paris(24, 8)),  # the night is just over
        (paris(24, 9, 59), paris(23, 21, 45)),
        (paris(25, 0), paris(24, 21, 45)),  # 22:00 is in the night already
        (paris(24, 23, 59), paris(24, 21, 59)),
        # The nights in which the hour changes, an hour longer and an hour shorter
        (paris(25, 9, month=10), paris(24, 21, 45, month=10)),
        (paris(29, 9, month=3), paris(28, 21, 45, month=3)),
    ],
)
def test_reminder_by_text_comes_before_the_night(start: datetime, due: datetime) -> None:
    owed = owed_notices(Kind.INVITATION, terms(start, ways=(False, True), mail=0, text=120), due - timedelta(days=2))
    assert to_citizen(owed)[1:] == [(Kind.REMINDER, SMS, due)]


def test_reminder_that_would_have_been_due_last_evening_is_none() -> None:
    early = terms(paris(24, 8), ways=(True, True), mail=0, text=120)
    assert len(to_citizen(owed_notices(Kind.INVITATION, early, paris(23, 20, 45)))) == 2
    assert len(to_citizen(owed_notices(Kind.INVITATION, early, paris(23, 20, 46)))) == 1


@pytest.mark.parametrize("minutes", [60, 48 * 60])
def test_who_was_just_told_is_not_reminded(minutes: int) -> None:
    start = paris(24, 14)
    due = start - timedelta(minutes=minutes)
    for now, count in ((due - JUST_TOLD, 2), (due - JUST_TOLD + timedelta(minutes=1), 1), (due, 1)):
        found = to_citizen(owed_notices(Kind.INVITATION, terms(start, ways=(True, False), mail=minutes, text=0), now))
        assert len(found) == count


@pytest.mark.parametrize(
    ("ways", "kind", "asked", "channel"),
    [
        ((True, True), Kind.CANCELLATION, False, EMAIL),
        ((True, False), Kind.CANCELLATION, False, EMAIL),
        ((False, True), Kind.CANCELLATION, False, SMS),
        ((False, False), Kind.CANCELLATION, False, BY_HAND),
        ((False, False), Kind.CHANGE, False, BY_HAND),
        ((False, False), Kind.CANCELLATION, True, None),
        ((False, False), Kind.INVITATION, False, None),
    ],
)
def test_everybody_is_told_by_the_way_that_they_have(
    ways: tuple[bool, bool], kind: Kind, asked: bool, channel: str | None
) -> None:
    known = terms(paris(24, 14), ways=ways, mail=0, text=0)
    found = to_citizen(owed_notices(kind, known, paris(23, 14), asked=asked))
    assert [each[1] for each in found] == ([channel] if channel else [])


def test_news_of_the_night_waits_for_the_morning_or_for_the_staff() -> None:
    night = paris(23, 23)
    later, sooner = (terms(paris(24, hour), ways=(False, True), mail=0, text=0) for hour in (9, 7))
    assert to_citizen(owed_notices(Kind.CANCELLATION, later, night)) == [(Kind.CANCELLATION, SMS, paris(24, 8))]
    assert to_citizen(owed_notices(Kind.CANCELLATION, sooner, night)) == [(Kind.CANCELLATION, BY_HAND, night)]
