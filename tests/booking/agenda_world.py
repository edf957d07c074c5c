"""A world for pages: a house and agents that are always open, with appointments around this very moment."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

import booking.routes
import teleconsult.mail.routes
from booking.book import book
from booking.lifecycle import Actor, ActorKind, Outcome
from booking.models import Agent, AgentHours, Appointment, Kiosk, Organisation, Service, Site, SiteOpening
from booking.passes import issue_manage
from booking.progress import check_in, record_outcome, start_call
from booking.schemas import Citizen
from teleconsult.accounts.models import Account
from teleconsult.accounts.passwords import hash_password
from teleconsult.accounts.roles import Role
from teleconsult.database import transaction
from teleconsult.ground import make_ground
from teleconsult.settings import Settings
from teleconsult.web.events import EVENTS, Event
from teleconsult.web.tokens import SIGNER

Client = TestClient[web.Request, web.Application]

PASSWORD = "une phrase de passe"
DAY_MINUTES = 24 * 60
STEP = timedelta(minutes=30)
JEANNE = Citizen(given_name="Jeanne", family_name="Martin", email="jeanne@example.org", phone="+33612345678")
PAPERS = [{"fr": "Pièce d’identité", "en": "Identity document"}, {"fr": "Avis d’imposition", "en": "Tax notice"}]


@cache
def password_hash() -> str:
    """Return the hash of everybody's password: slow on purpose, so made once."""
    return hash_password(PASSWORD)


def noon_zone(now: datetime) -> str:
    """Return a zone in which it is about noon, so that no test straddles two days."""
    ahead = 12 - now.astimezone(UTC).hour
    # POSIX signs: Etc/GMT-3 is three hours ahead of UTC
    return f"Etc/GMT{-ahead:+d}" if ahead else "UTC"


def next_step(now: datetime) -> datetime:
    """Return the next start on the half-hour grid."""
    whole = now.replace(minute=0, second=0, microsecond=0)
    return next(start for number in range(4) if (start := whole + number * STEP) > now)


@dataclass
class World:
    """What was made, and the application that serves it."""

    app: web.Application
    now: datetime
    zone: str
    service: Service
    site: Site
    kiosk: Kiosk
    agent: Agent
    accounts: dict[str, Account]

    @property
    def next_start(self) -> datetime:
        return next_step(self.now)

    @property
    def near_start(self) -> datetime:
        """A start for which one may check in now, and might have two minutes ago."""
        before = self.next_start - STEP
        return before if self.now - before < timedelta(minutes=12) else self.next_start

    async def book(
        self, start: datetime, citizen: Citizen = JEANNE, *, at: datetime | None = None, **more: Any
    ) -> Appointment:
        """Book with the world's agent, two hours ago unless `at` says when."""
        done = await book(
            now=at or self.now - timedelta(hours=2), service_id=self.service.id, site_id=self.site.id, start=start,
            citizen=citizen, actor=Actor(ActorKind.CITIZEN), channel="kiosk", **({"agent_id": self.agent.id} | more),
        )  # fmt: skip
        return done.appointment

    async def arrive(self, appointment: Appointment, at: datetime) -> None:
        """Check the citizen in."""
        await check_in(
            now=at, appointment_id=appointment.id, kiosk_id=appointment.kiosk_id, actor=Actor(ActorKind.CITIZEN)
        )

    async def call(self, appointment: Appointment, at: datetime) -> None:
        """Begin the conversation."""
        await start_call(now=at, appointment_id=appointment.id, actor=self.actor)

    async def close(
        self, appointment: Appointment, outcome: Outcome, note: str = "", *, at: datetime | None = None
    ) -> None:
        """Note an outcome."""
        await record_outcome(
            now=at or self.now, appointment_id=appointment.id, outcome=outcome, note=note, actor=self.actor
        )

    @property
    def actor(self) -> Actor:
        return Actor(ActorKind.AGENT, self.agent.id)

    @staticmethod
    def instant(text: str) -> datetime:
        """Return the instant that a form's value stands for."""
        return datetime.fromisoformat(unescape(text))

    def manage_url(self, appointment: Appointment) -> str:
        """Return the citizen's own link."""
        token = issue_manage(self.app[SIGNER], appointment_id=appointment.id, ends_at=appointment.ends_at)
        return f"/rdv/{token}"


def local_day_of(world: World, when: datetime) -> date:
    """Return the day of an instant where the world is."""
    return when.astimezone(ZoneInfo(world.zone)).date()


async def make_world(app: web.Application, now: datetime) -> World:
    """Fill an open, empty database."""
    zone = noon_zone(now)
    accounts = {
        name: await Account.create(
            email=f"{name}@example.org", name=full_name, password_hash=password_hash(), roles=roles
        )
        for name, full_name, roles in (
            ("claire", "Claire Fontaine", [Role.AGENT]),
            ("other", "Paul Durand", [Role.AGENT]),
            ("staff", "Samia Benali", [Role.STAFF]),
            ("admin", "Adèle Petit", [Role.ADMINISTRATOR]),
            ("unlinked", "Nadia Sans-Agenda", [Role.AGENT]),
        )
    }
    organisation = await Organisation.create(slug="ddt-45", name="DDT du Loiret", departments=["45"])
    service = await Service.create(
        organisation=organisation, slug="logement", name="Aides au logement", name_en="Housing aid",
        notice_minutes=5, buffer_after_minutes=0, documents=PAPERS, meets_needs=["sign_language", "interpreter"],
    )  # fmt: skip
    site = await Site.create(
        name="France services Briare", commune="Briare", department="45", address="1 place de la République",
        postcode="45250", latitude=47.64, longitude=2.74, timezone=zone, phone="02 38 00 00 00",
        open_on_holidays=True,  # the tests run on any day
    )  # fmt: skip
    kiosk = await Kiosk.create(site=site, name="Borne 1", equipment=["wheelchair"])
    agents = [await _make_agent(organisation, service, accounts[name], zone) for name in ("claire", "other")]
    for weekday in range(7):
        await SiteOpening.create(site=site, weekday=weekday, start_minute=0, end_minute=DAY_MINUTES)
    return World(app, now, zone, service, site, kiosk, agents[0], accounts)


async def _make_agent(organisation: Organisation, service: Service, account: Account, zone: str) -> Agent:
    agent = await Agent.create(
        organisation=organisation, account=account, name=account.name, email=account.email, timezone=zone,
        works_on_holidays=True,
    )  # fmt: skip
    await agent.services.add(service)
    for weekday in range(7):
        await AgentHours.create(agent=agent, weekday=weekday, start_minute=0, end_minute=DAY_MINUTES)
    return agent


def make_booking_app(database_url: str, folder: Path) -> web.Application:
    """Return the ground with mails (into a maildir) and booking on it."""
    app = make_ground(Settings(data_dir=folder, database_url=database_url, demo=True))
    teleconsult.mail.routes.setup(app)
    booking.routes.setup(app)
    return app


@asynccontextmanager
async def served_world(database_url: str, folder: Path) -> AsyncIterator[tuple[World, TestServer]]:
    """Serve a filled world on a free port."""
    app = make_booking_app(database_url, folder)
    async with TestServer(app) as server:
        async with transaction():
            world = await make_world(app, datetime.now(UTC))
        yield world, server


async def sign_in(client: Client, name: str) -> None:
    """Sign in as one of the world's people; the client keeps the cookie."""
    form = {"email": f"{name}@example.org", "password": PASSWORD}
    answer = await client.post("/sign-in", data=form, allow_redirects=False)
    assert answer.status == 303, await answer.text()
    assert urlsplit(answer.headers["Location"]).path != "/sign-in"


def heard(world: World, *kinds: type[Event]) -> list[Event]:
    """Collect what the application publishes from now on."""
    events: list[Event] = []

    async def keep(event: Event) -> None:
        events.append(event)

    for kind in kinds:
        world.app[EVENTS].subscribe(kind, keep)
    return events


async def page(client: Client, path: str, status: int = 200) -> str:
    """Return the HTML at a path, after checking its status."""
    answer = await client.get(path)
    text = await answer.text()
    assert answer.status == status, text
    return text


def url(appointment: Appointment) -> str:
    """Return the address of the agent's page of an appointment."""
    return f"/agent/appointments/{appointment.id}"
