"""The agents' calendars, and slots with all they obey, against an oracle that looks at the clock minute by minute."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from dateutil.rrule import rrulestr
from hypothesis import event, given
from hypothesis import strategies as st

from booking.engine.availability import (
    DAY,
    MINUTE,
    Clerk,
    Interval,
    Seat,
    SlotRules,
    WeeklyRange,
    ZoneSpans,
    full_days,
    instant,
    merge,
    slot_starts,
    subtract,
)
from booking.engine.public_holidays import public_holidays
from booking.engine.working_time import AgentTime, CalendarRule, WorkingHours, rule_days
from booking.errors import RuleUnreadable

# Around both Sundays, and public holidays: Easter Monday and Good Friday, 11 November, Christmas, Réunion's 20 December
DAYS = [
    date(2026, 3, 28),
    date(2026, 10, 24),
    date(2026, 4, 3),
    date(2026, 11, 10),
    date(2026, 12, 19),
    date(2026, 12, 25),
]
ZONES = ["Europe/Paris", "America/Miquelon", "Indian/Reunion", "Australia/Lord_Howe", "America/Asuncion"]
DEPARTMENTS = ["", "45", "67", "974", "988"]
WORKPLACES = [None, "north", "south"]
SITES = ["here", "there"]
RRULES = [
    "",
    "FREQ=DAILY",
    "FREQ=DAILY;INTERVAL=3",
    "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,TH,SA",
    "FREQ=WEEKLY;BYDAY=FR;UNTIL=20261115T000000Z",
    "FREQ=MONTHLY;BYDAY=-1SA",
    "FREQ=MONTHLY;BYMONTHDAY=25;COUNT=6",
    "FREQ=YEARLY",
]

fives = st.integers(0, 24 * 12).map(lambda number: number * 5)
days = st.sampled_from(DAYS).flatmap(lambda day: st.integers(-1, 2).map(lambda more: day + timedelta(days=more)))
pairs = st.tuples(fives, fives).map(sorted)
hours = st.lists(
    st.builds(
        lambda weekday, pair, since, until, workplace, sites: WorkingHours(
            WeeklyRange(weekday, pair[0], pair[1], since, until), workplace, frozenset(sites)
        ),
        st.integers(0, 6),
        pairs,
        st.none() | days,
        st.none() | days,
        st.sampled_from(WORKPLACES),
        st.sets(st.sampled_from(SITES), max_size=1),
    ),
    max_size=8,
)
all_week = st.sampled_from(WORKPLACES).map(
    lambda workplace: [WorkingHours(WeeklyRange(weekday, 0, 24 * 60), workplace) for weekday in range(7)]
)
# half of the agents work nearly always, so that there is something to take away from
week = st.one_of(hours.map(tuple), st.tuples(hours, all_week).map(lambda both: (*both[0], *both[1])))
rules = st.lists(
    st.builds(
        lambda works, day, ago, rrule, pair, workplace: CalendarRule(
            works, day - timedelta(days=ago) if rrule else day, rrule, pair[0], pair[1], workplace
        ),
        st.booleans(),
        days,
        st.integers(0, 900),
        st.sampled_from(RRULES),
        pairs,
        st.sampled_from(WORKPLACES),
    ),
    max_size=3,
).map(tuple)
windows = st.builds(
    lambda day, offset, minutes: (
        instant(datetime(day.year, day.month, day.day, tzinfo=UTC)) + offset * MINUTE,
        instant(datetime(day.year, day.month, day.day, tzinfo=UTC)) + (offset + minutes) * MINUTE,
    ),
    days,
    st.integers(0, 600),
    st.integers(1, 30 * 60),
)


@st.composite
def busy_within(draw: st.DrawFn, window: Interval, most: int = 3) -> list[Interval]:
    """Return a few intervals around a window."""
    found = []
    for _ in range(draw(st.integers(0, most))):
        start = window[0] - DAY + draw(st.integers(0, (window[1] - window[0] + DAY) // 300)) * 300
        found.append((start, start + draw(st.integers(1, 24)) * 300))
    return found


@st.composite
def calendars(draw: st.DrawFn, window: Interval) -> AgentTime:
    """Return an agent with hours, exceptions, absences, holidays and an assignment."""
    periods = st.lists(st.tuples(days, days).map(sorted).map(tuple), min_size=1, max_size=2).map(tuple)
    return AgentTime(
        id="agent",
        timezone=draw(st.sampled_from(ZONES)),
        hours=draw(week),
        rules=draw(rules),
        away=tuple(draw(busy_within(window))),
        department=draw(st.sampled_from(DEPARTMENTS)),
        works_on_holidays=draw(st.booleans()),
        daily_maximum=draw(st.none() | st.integers(1, 2)),
        assigned=draw(st.none() | st.none() | periods),  # type: ignore[arg-type]
    )


def wall(at: int, zone: str) -> tuple[date, int]:
    local = datetime.fromtimestamp(at, ZoneInfo(zone))
    return local.date(), local.hour * 60 + local.minute


def is_holiday(day: date, department: str) -> bool:
    return (day - date(1970, 1, 1)).days in public_holidays(department, instant_of(day) - DAY, instant_of(day) + DAY)


def instant_of(day: date) -> int:
    return instant(datetime(day.year, day.month, day.day, tzinfo=UTC))


def named_by(rule: CalendarRule, day: date) -> bool:
    """Ask dateutil for the whole recurrence, from its first day on."""
    if not rule.rrule:
        return day == rule.first_day
    naive = rule.rrule.replace("T000000Z", "")
    return datetime.combine(day, time()) in rrulestr(naive, dtstart=datetime.combine(rule.first_day, time()))


def at_work(agent: AgentTime, at: int, site: str | None) -> tuple[bool, str | None]:
    """Say whether an agent works at a minute, and where, as a clerk with a calendar and a clock would."""
    day, minute = wall(at, agent.timezone)
    if any(low <= at < high for low, high in agent.away):
        return False, None
    if agent.assigned is not None and not any(since <= day <= until for since, until in agent.assigned):  # type: ignore[operator]
        return False, None
    in_force = [each for each in agent.rules if each.start_minute <= minute < each.end_minute and named_by(each, day)]
    if any(not each.works for each in in_force):
        return False, None
    holiday = not agent.works_on_holidays and is_holiday(day, agent.department)
    for rule in in_force:
        if not rule.rrule or not holiday:
            return True, rule.workplace
    if holiday:
        return False, None
    reached = [each for each in agent.hours if site is None or not each.sites or site in each.sites]
    for workplace in dict.fromkeys(each.workplace for each in reached):
        for hours_ in (each.range for each in reached if each.workplace == workplace):
            begun = hours_.valid_from is None or hours_.valid_from <= day
            over = hours_.valid_until is not None and day > hours_.valid_until
            if (
                hours_.weekday == day.weekday()
                and hours_.start_minute <= minute < hours_.end_minute
                and begun
                and not over
            ):
                return True, workplace
    return False, None


@given(data=st.data(), window=windows, site=st.sampled_from([None, *SITES]))
def test_an_agent_works_when_the_clock_and_the_calendar_say_so(
    data: st.DataObject, window: Interval, site: str | None
) -> None:
    agent = data.draw(calendars(window))
    stays = agent.stays_within(ZoneSpans(*window), site)
    for at in range(*window, 5 * MINUTE):
        at -= at % (5 * MINUTE)
        if not window[0] <= at < window[1]:
            continue
        found = [workplace for workplace, worked in stays.items() if any(low <= at < high for low, high in worked)]
        works, workplace = at_work(agent, at, site)
        assert found == ([workplace] if works else [])


@given(
    data=st.data(),
    window=windows,
    rules=st.builds(
        lambda *minutes: SlotRules(*(each * MINUTE for each in minutes)),
        st.sampled_from([15, 30, 45]),
        st.sampled_from([0, 5, 10]),
        st.sampled_from([0, 5, 15]),
        st.sampled_from([15, 30]),
    ),
    zone=st.sampled_from(ZONES),
    at_home=st.booleans(),
    with_rooms=st.booleans(),
)
def test_slots_with_rooms_outages_and_daily_maxima_as_a_patient_clerk_would_find_them(
    data: st.DataObject, window: Interval, rules: SlotRules, zone: str, at_home: bool, with_rooms: bool
) -> None:
    """The clerk tries every start, and for each looks at every minute of the appointment and of its buffers."""
    start, end = window[0] - window[0] % (5 * MINUTE), min(window[1], window[0] + 12 * 3600)
    agents = [data.draw(calendars(window)) for _ in range(2)]
    busy = [merge(data.draw(busy_within(window))) for _ in agents]
    closed = merge(data.draw(busy_within(window)))
    site_open = subtract([(start, end)], closed)
    kiosks = [Seat(merge(data.draw(busy_within(window))), merge(data.draw(busy_within(window, 1)))) for _ in range(2)]
    rooms = {name: [Seat(merge(data.draw(busy_within(window))))] for name in ("north", "south")}
    around = ZoneSpans(start - 2 * DAY, end + 2 * DAY)
    found = slot_starts(
        rules,
        ZoneInfo(zone),
        site_open=None if at_home else site_open,
        kiosks=None if at_home else kiosks,
        clerks=[
            Clerk(
                agent.stays_within(around, None if at_home else "here"),
                taken,
                full_days(rules, around.of(agent.timezone), taken, agent.daily_maximum),
            )
            for agent, taken in zip(agents, busy, strict=True)
        ],
        rooms=rooms if with_rooms else None,
        start=start,
        end=end,
    )

    def minutes(at: int) -> range:
        return range(at, at + rules.duration, MINUTE)

    def clear(taken: Sequence[Interval], at: int) -> bool:
        low, high = at - rules.buffer_before, at + rules.duration + rules.buffer_after
        return not any(since < high and until > low for since, until in taken)

    def seat_free(seat: Seat, at: int) -> bool:
        out = any(low <= minute < high for low, high in seat.out for minute in minutes(at))
        return clear(seat.busy, at) and not out

    def has_had_enough(agent: AgentTime, taken: Sequence[Interval], at: int) -> bool:
        day = wall(at - rules.buffer_before, agent.timezone)[0]
        begun = sum(wall(low, agent.timezone)[0] == day for low, _ in taken)
        return agent.daily_maximum is not None and begun >= agent.daily_maximum

    def place_of(agent: AgentTime, at: int) -> set[tuple[bool, str | None]]:
        return {at_work(agent, minute, None if at_home else "here") for minute in minutes(at)}

    def remaining(at: int) -> int:
        places = [
            place_of(agent, at)
            for agent, taken in zip(agents, busy, strict=True)
            if clear(taken, at) and not has_had_enough(agent, taken, at)
        ]
        if with_rooms:
            served = sum(
                min(places.count({(True, name)}), sum(seat_free(seat, at) for seat in seats))
                for name, seats in rooms.items()
            )
        else:
            served = sum(all(works for works, _ in each) for each in places)
        return served if at_home else min(served, sum(seat_free(seat, at) for seat in kiosks))

    def house_open(at: int) -> bool:
        return at_home or any(low <= at and at + rules.duration <= high for low, high in site_open)

    expected = [
        (at, remaining(at))
        for at in range(start, end, 5 * MINUTE)
        if wall(at, zone)[1] % (rules.step // MINUTE) == 0 and house_open(at)
    ]
    event(f"some slots: {bool(found)}")
    assert found == [(at, left) for at, left in expected if left]


@given(days, st.integers(0, 4000), st.integers(0, 60), st.sampled_from([each for each in RRULES if each]))
def test_a_recurrence_names_the_same_days_however_long_ago_it_began(
    day: date, ago: int, length: int, rrule: str
) -> None:
    rule = CalendarRule(True, day - timedelta(days=ago), rrule, 0, 1440)
    expected = [each for each in (day + timedelta(days=more) for more in range(length + 1)) if named_by(rule, each)]
    assert rule_days(rrule, rule.first_day, day, day + timedelta(days=length)) == expected


@pytest.mark.parametrize(
    "rrule",
    [
        "FREQ=HOURLY",
        "FREQ=SECONDLY",
        "FREQ=DAILY;BYHOUR=3",
        "every monday",
        "FREQ=DAILY;INTERVAL=0",
        "FREQ=DAILY;INTERVAL=-1",
        "FREQ=WEEKLY;BYDAY=XX",
        "FREQ=DAILY;COUNT=many",
        "FREQ=DAILY;UNTIL=tomorrow",
        "FREQ=DAILY\nDTSTART:20200101",
        ";",
    ],
)
def test_what_is_no_recurrence_of_days_is_refused(rrule: str) -> None:
    with pytest.raises(RuleUnreadable):
        rule_days(rrule, date(2026, 1, 1), date(2026, 11, 1), date(2026, 11, 30))


def test_a_recurrence_that_never_comes_ends() -> None:
    never = "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30"
    for rrule in (never, f"{never};COUNT=3"):
        assert rule_days(rrule, date(2026, 1, 1), date(2026, 11, 1), date(2026, 11, 30)) == []


@pytest.mark.parametrize(
    ("day", "department", "kept"),
    [
        (date(2026, 7, 14), "45", True),
        (date(2026, 7, 14), "987", True),
        (date(2026, 4, 3), "67", True),  # Good Friday in Alsace-Moselle
        (date(2026, 4, 3), "57", True),
        (date(2026, 4, 3), "45", False),
        (date(2026, 12, 26), "68", True),  # Saint Stephen's
        (date(2026, 12, 26), "75", False),
        (date(2026, 12, 20), "974", True),  # the end of slavery, on a day of its own in each department
        (date(2026, 5, 27), "971", True),
        (date(2026, 5, 22), "972", True),
        (date(2026, 6, 10), "973", True),
        (date(2026, 4, 27), "976", True),
        (date(2026, 12, 20), "45", False),
        (date(2026, 11, 11), "", True),
        (date(2027, 1, 1), "45", True),  # asked for from the year before
    ],
)
def test_each_part_of_france_keeps_its_own_holidays(day: date, department: str, kept: bool) -> None:
    assert is_holiday(day, department) is kept
