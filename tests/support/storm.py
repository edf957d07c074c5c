"""A storm over the outbox: many reminders due, workers that are killed, a mail server that refuses and goes away."""

import asyncio
import itertools
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from booking.models import Agent, Appointment, Notice, Organisation, Service, Site
from booking.notifications.kinds import Kind, NoticeState
from booking.notifications.messages import message_id
from booking.passes import ALPHABET, REFERENCE_LENGTH
from tests.support.ports import free_port

# Enough for a machine that does other things as well.
GIVE_UP_SECONDS = 900


@dataclass
class Outcome:
    """What was seen: mails taken by Message-ID, and what the outbox says of each notice."""

    kills: int
    seconds: float
    states: Counter[str] = field(default_factory=Counter)
    never: int = 0  # said to be sent, and never taken
    repeated: int = 0  # copies beyond the first
    strange: int = 0  # mails that are no notice's
    late: int = 0  # taken after the deadline
    attempts: int = 0


async def make_reminders(
    count: int, *, due: Sequence[datetime], deadlines: Sequence[datetime], kind: Kind = Kind.REMINDER
) -> None:
    """Owe so many notices about as many appointments; due instants and deadlines go round."""
    organisation = await Organisation.create(slug="storm", name="DDT du Loiret")
    service = await Service.create(organisation=organisation, slug="storm", name="Aides au logement")
    site = await Site.create(name="Orléans", commune="Orléans", department="45", latitude=47.9, longitude=1.9)
    agent = await Agent.create(organisation=organisation, name="Camille Roy", email="camille@ddt.example")
    start = datetime.now(UTC) + timedelta(days=2)
    codes = itertools.product(ALPHABET, repeat=REFERENCE_LENGTH)
    appointments, notices = [], []
    for number, code in zip(range(count), codes, strict=False):
        appointment = Appointment(
            reference="".join(code), service_id=service.id, site_id=site.id, agent_id=agent.id, mode="home",
            starts_at=start, ends_at=start + timedelta(minutes=30), given_name="Zoé", family_name=f"Roy {number}",
            email=f"zoe{number}@mail.example", booked_at=start - timedelta(days=9),
        )  # fmt: skip
        appointments.append(appointment)
        notices.append(
            Notice(
                appointment_id=appointment.id, kind=kind, recipient="citizen", sequence=0, starts_at=start,
                ends_at=appointment.ends_at, due_at=due[number % len(due)],
                deadline_at=deadlines[number % len(deadlines)],
            )
        )  # fmt: skip
    await Appointment.bulk_create(appointments, batch_size=1000)
    await Notice.bulk_create(notices, batch_size=1000)


def start(module: str, *arguments: object) -> subprocess.Popen[str]:
    """Start one of our processes; it is ready when this returns."""
    command = [sys.executable, "-m", module, *map(str, arguments)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    if process.stdout is None or process.stdout.readline().strip() != "ready":
        raise RuntimeError(f"{module} did not start")
    return process


class MailServer:
    """The mail server, which can go away and come back; `taken` reads what it took so far."""

    def __init__(self, folder: Path, refuse: float = 0) -> None:
        self._port, self._file, self._refuse = free_port(), folder / "taken", refuse
        self._file.touch()
        self._process: subprocess.Popen[str] | None = None

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self._port}"

    def come(self) -> None:
        self._process = start("tests.support.mail_server", self._port, self._file, "--refuse", self._refuse)

    def go(self) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGTERM)
            self._process.wait(30)
            self._process = None

    def taken(self) -> list[tuple[float, str]]:
        """Return when each mail was taken (seconds since 1970), and its Message-ID."""
        lines = (line.split(" ", 1) for line in self._file.read_text().splitlines())
        return [(float(when), name) for when, name in lines]


@contextmanager
def running_mail_server(folder: Path, refuse: float = 0) -> Iterator[MailServer]:
    """Run a mail server for as long as the block lasts."""
    server = MailServer(folder, refuse)
    server.come()
    try:
        yield server
    finally:
        server.go()


class Workers:
    """Worker processes, which are killed and replaced."""

    def __init__(self, count: int, database: str, smtp: str, folder: Path, pace: Sequence[object] = ()) -> None:
        self._arguments = (database, smtp, folder, *pace)
        self._running = [start("tests.support.outbox_worker", *self._arguments) for _ in range(count)]
        self.kills = 0

    @property
    def pids(self) -> list[int]:
        return [each.pid for each in self._running]

    def kill_one(self) -> None:
        """Kill a worker in the middle of whatever it does, and start another."""
        victim = self._running.pop(random.randrange(len(self._running)))
        victim.kill()
        victim.wait()
        self.kills += 1
        self._running.append(start("tests.support.outbox_worker", *self._arguments))

    def end(self) -> None:
        """Tell all to end, and kill what does not."""
        for each in self._running:
            each.send_signal(signal.SIGTERM)
        for each in self._running:
            try:
                each.wait(20)
            except subprocess.TimeoutExpired:
                each.kill()
                each.wait()


async def pending() -> int:
    """Return how many notices are still to be sent or dropped."""
    return await Notice.filter(state=NoticeState.PENDING).count()


async def storm(
    database: str, folder: Path, *, kills: int, away: float, workers: int, pace: Sequence[object], refuse: float = 1 / 3
) -> Outcome:
    """Send all that is due with workers that are killed while they send, and a server that goes away for a while.

    `away`: for how many seconds. The database is open here too, and the notices are in it.
    """
    began = time.monotonic()
    with running_mail_server(folder, refuse) as server:
        fleet = Workers(workers, database, server.url, folder, pace)
        try:
            for number in range(kills):
                await _wait_for_more(server, began)
                await asyncio.to_thread(fleet.kill_one)
                if number == kills // 2:
                    await asyncio.to_thread(server.go)
                    await asyncio.sleep(away)
                    await asyncio.to_thread(server.come)
            while await pending():
                _require_time(began)
                await asyncio.sleep(0.2)
        finally:
            await asyncio.to_thread(fleet.end)
        outcome = await judge(server.taken(), kills=fleet.kills)
    outcome.seconds = round(time.monotonic() - began, 1)
    return outcome


async def _wait_for_more(server: MailServer, began: float) -> None:
    """Wait until mails go out again, so that a kill hits a worker at work; or until there is nothing left to send."""
    before = len(server.taken())
    while len(server.taken()) < before + 5 and await pending():
        _require_time(began)
        await asyncio.sleep(0.05)
    await asyncio.sleep(random.random() / 2)


def _require_time(began: float) -> None:
    if time.monotonic() - began > GIVE_UP_SECONDS:
        raise TimeoutError("the outbox did not empty")


async def judge(taken: list[tuple[float, str]], *, kills: int) -> Outcome:
    """Compare what was taken with what the outbox says."""
    outcome = Outcome(kills=kills, seconds=0)
    times: dict[str, list[float]] = {}
    for when, name in taken:
        times.setdefault(name, []).append(when)
    for notice in await Notice.all():
        outcome.states[notice.state] += 1
        outcome.attempts += notice.attempts
        copies = times.pop(message_id(notice.id, "a@rdv.example"), [])
        outcome.never += notice.state == NoticeState.SENT and not copies
        outcome.repeated += max(0, len(copies) - 1)
        outcome.late += sum(when > notice.deadline_at.timestamp() for when in copies)
    outcome.strange = sum(map(len, times.values()))
    return outcome
