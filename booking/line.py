"""The queue of people without an appointment as it stands: who comes before, how long it may take, who is free to come.

Reads only. What it says of time is an estimate: it supposes that everybody keeps to their planned time.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from math import ceil

from tortoise.expressions import Q
from tortoise.queryset import QuerySet

from booking.engine.availability import (
    DAY,
    MINUTE,
    Interval,
    ZoneSpans,
    contains,
    instant,
    intersect,
    merge,
    moment,
    possible_starts,
    subtract,
)
from booking.engine.free import prepare
from booking.engine.offer import (
    KIOSK,
    ServiceRules,
    SitePlace,
    agent_resource,
    kiosk_resource,
    service_rules,
    site_place,
)
from booking.engine.quick import worked
from booking.engine.searching import NEARBY, Search, Taken
from booking.engine.turns import Turn, turns_begin
from booking.errors import WalkInUnknown
from booking.lifecycle import Status
from booking.models import Agent, Appointment, Kiosk, Service, WalkIn, WalkInPause
from booking.needs import equipment_for

# Nobody waits longer than that for somebody who is on duty today.
REACH = DAY // 2
# A call that lasts longer than planned is supposed to end after so long.
OVERRUN = 5 * MINUTE
STEP_MINUTES = 5
MOST_AHEAD = 50
AT_MOST_TOLD = 500
# What was never closed is no call any more after so long.
LONGEST_CALL = timedelta(hours=4)


class NowState(StrEnum):
    """Whether somebody can be received at a kiosk now, and if not, why."""

    OPEN = "open"
    CLOSED = "closed"  # the house is, or will be before the appointment could end
    KIOSK_TAKEN = "kiosk_taken"  # it is booked too soon, or does not work
    NOBODY = "nobody"  # no agent who provides the service is on duty


@dataclass(frozen=True, slots=True, kw_only=True)
class NowOffer:
    """What can be said before somebody joins: how many wait for the service, and an estimate (None: unknown).

    `booked_at`: when the kiosk is booked next, if that is what stands in the way; `kiosks`: those of the house that
    would do instead (ids).
    """

    state: NowState
    ahead: int = 0
    wait_minutes: int | None = None
    booked_at: datetime | None = None
    kiosks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class InLine:
    """Somebody's place as they are shown it."""

    id: str
    state: str
    reason: str
    service_id: str
    service: str
    service_en: str
    kiosk_id: str
    ahead: int
    wait_minutes: int | None
    appointment_id: str | None
    language: str

    def called(self, language: str) -> str:
        """Return the service's name in a language, French when it has none in that one."""
        return (self.service_en if language == "en" else "") or self.service


@dataclass(frozen=True, slots=True, kw_only=True)
class Waits:
    """Somebody who waits, as the house's advisers and the agent who is rung see them. Instants are UTC."""

    id: str
    state: str
    joined_at: datetime
    rung_at: datetime | None
    given_name: str
    family_name: str
    language: str
    needs: tuple[str, ...]
    service: str
    service_en: str
    minutes: int
    kiosk_id: str
    kiosk: str
    site: str
    commune: str
    agent: str

    @property
    def citizen(self) -> str:
        """The citizen's name as the agent and the house see it."""
        return f"{self.given_name} {self.family_name}"

    def called(self, language: str) -> str:
        """Return the service's name in a language, French when it has none in that one."""
        return (self.service_en if language == "en" else "") or self.service


@dataclass(frozen=True, slots=True)
class _Asked:
    """What somebody waits for."""

    service_id: str
    site_id: str
    kiosk_id: str
    needs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Duty:
    """Who could receive people for a service at a house today: when each works, who is rung at all, what is taken."""

    rules: ServiceRules
    site: SitePlace
    search: Search
    taken: Taken
    open: tuple[Interval, ...]
    agents: Mapping[str, Sequence[Interval]]
    ready: frozenset[str]

    def turn(self, kiosk_id: str, now: int, *, unbooked: bool = False) -> Turn:
        """Return a turn at a kiosk; it must be over before somebody else is expected there (`unbooked`: nobody is)."""
        kiosk = next((each for each in self.site.kiosks_with(self.search.equipment) if each.id == kiosk_id), None)
        works = subtract(self.open, kiosk.outages) if kiosk is not None else []
        taken = [] if unbooked else self.taken.get(kiosk_resource(kiosk_id), ())
        expected = [low - self.rules.slots.buffer_after for low, _ in taken if low > now]
        return Turn(
            rules=self.rules.slots,
            agents={agent: when for agent, when in self.agents.items() if agent in self.ready},
            house=intersect(works, [(now, expected[0])]) if expected else works,
            kiosk=[(low, high) for low, high in taken if low <= now],
        )

    def next_booking(self, kiosk_id: str, now: int) -> datetime | None:
        """Return when somebody is expected at a kiosk next."""
        later = [low for low, _ in self.taken.get(kiosk_resource(kiosk_id), ()) if low > now]
        return moment(later[0] + self.rules.slots.buffer_before) if later else None

    @property
    def somebody_works(self) -> bool:
        """Whether anybody is on duty for long enough before the house closes."""
        return any(possible_starts(self.rules.slots, intersect(when, self.open), ()) for when in self.agents.values())


async def now_at(*, now: datetime, service_id: str, kiosk_id: str, needs: Collection[str] = ()) -> NowOffer | None:
    """Return whether a service's next free agent can be waited for at a kiosk; None if it takes nobody unannounced.

    Raises nothing for what is unknown: that is None, too.
    """
    service = await Service.get_or_none(id=service_id, walk_in=True, retired_at=None)
    kiosk = await Kiosk.get_or_none(id=kiosk_id, site__active=True)
    if service is None or kiosk is None or KIOSK not in service.modes:
        return None
    site_id: str = kiosk.site_id  # type: ignore[attr-defined]
    asked = _Asked(service_id, site_id, kiosk_id, tuple(needs))
    duty = await _duty(asked, now)
    if not duty.rules.offered_in(duty.site.department):
        return None
    if not possible_starts(duty.rules.slots, duty.open, ()):
        return NowOffer(state=NowState.CLOSED)
    if not duty.somebody_works:
        return NowOffer(state=NowState.NOBODY)
    ahead = await _open(None)
    line = _Line(now, [*ahead, asked], {_key(asked): duty})
    await line.read()
    count = sum(each.service_id == service_id for each in ahead)
    return _offer(line, duty, kiosk_id, count, instant(now))


def _offer(line: "_Line", duty: _Duty, kiosk_id: str, ahead: int, now: int) -> NowOffer:
    begins = line.last(duty.turn(kiosk_id, now))
    if begins is not None:
        return NowOffer(state=NowState.OPEN, ahead=ahead, wait_minutes=_minutes(begins - now))
    here = duty.turn(kiosk_id, now)
    if line.last(duty.turn(kiosk_id, now, unbooked=True)) is None and possible_starts(here.rules, here.house, ()):
        return NowOffer(state=NowState.OPEN, ahead=ahead)  # they are all taken: nobody can tell for how long
    others = [each.id for each in duty.site.kiosks_with(duty.search.equipment) if each.id != kiosk_id]
    return NowOffer(
        state=NowState.KIOSK_TAKEN,
        ahead=ahead,
        booked_at=duty.next_booking(kiosk_id, now),
        kiosks=tuple(each for each in others if line.last(duty.turn(each, now)) is not None),
    )


async def place_in_line(*, now: datetime, walk_in_id: str) -> InLine:
    """Return somebody's place. Raises WalkInUnknown."""
    entry = await WalkIn.get_or_none(id=walk_in_id).select_related("service", "kiosk")
    if entry is None:
        raise WalkInUnknown
    ahead: list[_Asked] = []
    begins: int | None = None
    if entry.open_kiosk:
        ahead = await _open(entry)
        line = _Line(now, [*ahead, _asked(entry)], {})
        await line.read()
        begins = line.last()
    return InLine(
        id=entry.id, state=entry.state, reason=entry.reason, service_id=entry.service_id, service=entry.service.name,
        service_en=entry.service.name_en, kiosk_id=entry.kiosk_id, appointment_id=entry.appointment_id,
        ahead=sum(each.service_id == entry.service_id for each in ahead),
        wait_minutes=None if begins is None else _minutes(begins - instant(now)), language=entry.language,
    )  # fmt: skip


async def waiting_at(site_id: str) -> list[Waits]:
    """Return who waits at a house's kiosks, in order."""
    return await _waits(WalkIn.filter(open_kiosk__not_isnull=True, kiosk__site_id=site_id))


async def rings_at(agent_id: str) -> list[Waits]:
    """Return whom an agent is asked to receive now: nobody, or one person."""
    return await _waits(WalkIn.filter(open_agent=agent_id))


async def open_kiosks() -> list[str]:
    """Return the kiosks where somebody waits."""
    open_ = WalkIn.filter(open_kiosk__not_isnull=True).limit(AT_MOST_TOLD)
    return [str(each) for each in await open_.values_list("open_kiosk", flat=True)]


async def is_paused(agent_id: str) -> bool:
    """Tell whether an agent asked not to be rung."""
    return await WalkInPause.exists(agent_id=agent_id)


async def may_be_rung(agent_id: str) -> bool:
    """Tell whether an agent provides a service that takes people without an appointment."""
    return await Agent.exists(id=agent_id, services__walk_in=True, services__retired_at=None)


async def ready_agents(agent_ids: Collection[str], *, now: datetime) -> frozenset[str]:
    """Return which of some agents can be rung: they can sign in, did not ask to be left alone, and are in no call.

    Nor does anybody wait for them whose time has come.
    """
    return frozenset(await _answering(agent_ids)) - await _in_call(agent_ids, now)


async def _answering(agent_ids: Collection[str]) -> set[str]:
    paused = WalkInPause.filter(agent_id__in=list(agent_ids)).values_list("agent_id", flat=True)
    able = Agent.filter(id__in=list(agent_ids), active=True, account__active=True).values_list("id", flat=True)
    return {str(each) for each in await able} - {str(each) for each in await paused}


async def _in_call(agent_ids: Collection[str], now: datetime) -> set[str]:
    here = Q(status=Status.IN_CALL) | Q(status=Status.CHECKED_IN, starts_at__lte=now)
    recent = Appointment.filter(here, agent_id__in=list(agent_ids), starts_at__gt=now - LONGEST_CALL)
    return {str(each) for each in await recent.values_list("agent_id", flat=True)}


async def _waits(query: QuerySet[WalkIn]) -> list[Waits]:
    rows = await query.order_by("joined_at", "id").values(
        "id", "state", "joined_at", "rung_at", "given_name", "family_name", "language", "needs", "kiosk_id",
        service="service__name", service_en="service__name_en", minutes="service__duration_minutes",
        kiosk="kiosk__name", site="kiosk__site__name", commune="kiosk__site__commune", agent="agent__name",
    )  # fmt: skip
    return [Waits(**row | {"needs": tuple(row["needs"]), "agent": row["agent"] or ""}) for row in rows]


async def _open(before: WalkIn | None) -> list[_Asked]:
    """Return who waits, in order: all, or those who came before somebody."""
    waiting = WalkIn.filter(open_kiosk__not_isnull=True)
    if before is not None:
        waiting = waiting.filter(Q(joined_at__lt=before.joined_at) | Q(joined_at=before.joined_at, id__lt=before.id))
    return [
        _asked(each) for each in await waiting.order_by("joined_at", "id").limit(MOST_AHEAD).select_related("kiosk")
    ]


def _asked(entry: WalkIn) -> _Asked:
    site_id: str = entry.kiosk.site_id  # type: ignore[attr-defined]
    return _Asked(entry.service_id, site_id, entry.kiosk_id, tuple(entry.needs))


_Key = tuple[str, str, frozenset[str]]


def _key(asked: _Asked) -> _Key:
    return asked.service_id, asked.site_id, equipment_for(asked.needs)


class _Line:
    """Some people in order, and who is on duty for each."""

    def __init__(self, now: datetime, people: Sequence[_Asked], known: dict[_Key, _Duty]) -> None:
        self._now, self._people, self._duties = now, people, known
        self._busy: dict[str, list[Interval]] = {}

    async def read(self) -> None:
        """Read who is on duty for them, and until when each is taken."""
        for asked in self._people:
            if _key(asked) not in self._duties:
                self._duties[_key(asked)] = await _duty(asked, self._now)
        for duty in self._duties.values():
            self._busy |= {agent: list(duty.taken[agent_resource(agent)]) for agent in duty.agents}
        at = instant(self._now)
        for agent in await _in_call(list(self._busy), self._now):
            self._busy[agent] = merge([*self._busy[agent], (at, at + OVERRUN)])

    def last(self, instead: Turn | None = None) -> int | None:
        """Return when the last one's turn begins, or would if it were another one."""
        at = instant(self._now)
        turns = [self._duties[_key(asked)].turn(asked.kiosk_id, at) for asked in self._people]
        if instead is not None:
            turns[-1] = instead
        return turns_begin(at, turns, self._busy)[-1]


async def _duty(asked: _Asked, now: datetime) -> _Duty:
    """Read who is on duty for a service at a house, from now until it closes next."""
    rules = await service_rules(asked.service_id)
    at = instant(now)
    low, high = at - NEARBY, at + NEARBY
    site = await site_place(asked.site_id, low, high, kept=rules.kept)
    search = await prepare(rules, low, high, now=now, equipment=equipment_for(asked.needs))
    spans = ZoneSpans(low, high)
    open_ = [(at, min(end, at + REACH)) for begin, end in site.open_within(spans) if begin <= at < end]
    taken = await search.taken([site], at, at + REACH)
    agents = {
        agent.id: intersect(worked(search, agent, site.id, spans), open_)
        for agent in search.agents
        if not contains(search.clerk(agent, site.id, spans, taken).full, at)
    }
    able = await Agent.filter(id__in=list(agents), account__active=True).values_list("id", flat=True)
    agents = {str(each): agents[str(each)] for each in able}
    ready = frozenset(await _answering(list(agents)))
    return _Duty(rules, site, search, taken, tuple(open_), agents, ready)


def _minutes(seconds: int) -> int:
    """Return a wait in steps of five minutes, rounded up; 0 for none."""
    return ceil(seconds / MINUTE / STEP_MINUTES) * STEP_MINUTES
