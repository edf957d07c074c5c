"""A small world for kiosks: two houses, three kiosks, two services, agents at any hour, an adviser."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache

from booking.book import book
from booking.engine.occupancies import Range, claim, release
from booking.engine.offer import agent_resource, kiosk_resource
from booking.lifecycle import Actor, ActorKind
from booking.models import (
    Agent,
    AgentHours,
    Appointment,
    Kiosk,
    Notice,
    Occupancy,
    Organisation,
    Service,
    Site,
    SiteOpening,
    SiteStaff,
)
from booking.schemas import Citizen
from teleconsult.accounts.models import Account
from teleconsult.accounts.passwords import hash_password
from teleconsult.accounts.roles import Role
from teleconsult.database import transaction

PASSWORD = "correct horse battery"
DAY_MINUTES = 24 * 60


@dataclass
class World:
    """What tests speak of."""

    here: Site
    there: Site
    kiosk: Kiosk
    second_kiosk: Kiosk
    other_kiosk: Kiosk
    housing: Service
    taxes: Service
    agents: list[Agent]
    adviser: Account
    stranger: Account
    agent_account: Account


async def _site(name: str, commune: str, latitude: float, longitude: float) -> Site:
    site = await Site.create(
        name=name, commune=commune, department="45", address="1 place de la Mairie", postcode="45000",
        latitude=latitude, longitude=longitude, open_on_holidays=True,  # the tests run on any day
    )  # fmt: skip
    await SiteOpening.bulk_create(
        SiteOpening(site=site, weekday=weekday, start_minute=0, end_minute=DAY_MINUTES) for weekday in range(7)
    )
    return site


@cache
def _password_hash() -> str:
    return hash_password(PASSWORD)  # slow on purpose, the same for all


async def _account(email: str, name: str, role: Role) -> Account:
    return await Account.create(email=email, name=name, password_hash=_password_hash(), roles=[role.value])


async def _agent(organisation: Organisation, name: str, services: list[Service], account: Account | None) -> Agent:
    agent = await Agent.create(
        organisation=organisation, name=name, email=f"{name.split()[0].lower()}@example.fr", account=account,
        works_on_holidays=True,
    )  # fmt: skip
    await agent.services.add(*services)
    await AgentHours.bulk_create(
        AgentHours(agent=agent, weekday=weekday, start_minute=0, end_minute=DAY_MINUTES) for weekday in range(7)
    )
    return agent


async def build_world() -> World:
    """Write the world into the open database."""
    organisation = await Organisation.create(slug="ddt-45", name="Direction départementale des territoires")
    housing = await Service.create(
        slug="logement", organisation=organisation, name="Aide pour mon logement", name_en="Help with housing",
        summary="Rénovation, adaptation, impayés de loyer", summary_en="Renovation, adaptation, unpaid rent",
        duration_minutes=30, step_minutes=30, notice_minutes=0,
        documents=[
            {"fr": "Une pièce d’identité", "en": "An identity document"},
            {"fr": "Le dernier avis d’imposition", "en": "The last tax notice"},
        ],
    )  # fmt: skip
    taxes = await Service.create(
        slug="impots", organisation=organisation, name="Mes impôts", name_en="My taxes",
        summary="Déclaration, paiement, taxe foncière", duration_minutes=30, step_minutes=30, notice_minutes=0,
    )  # fmt: skip
    here = await _site("France services de Bellegarde", "Bellegarde", 47.99, 2.44)
    there = await _site("France services de Lorris", "Lorris", 47.89, 2.51)
    agent_account = await _account("agent@example.fr", "Alice Agent", Role.AGENT)
    adviser = await _account("conseil@example.fr", "Camille Conseil", Role.STAFF)
    await SiteStaff.create(site=here, account=adviser)
    return World(
        here=here,
        there=there,
        kiosk=await Kiosk.create(site=here, name="Borne 1", equipment=["printer"]),
        second_kiosk=await Kiosk.create(site=here, name="Borne 2"),
        other_kiosk=await Kiosk.create(site=there, name="Borne unique"),
        housing=housing,
        taxes=taxes,
        agents=[
            await _agent(organisation, "Alice Agent", [housing, taxes], agent_account),
            await _agent(organisation, "Bruno Bureau", [housing], None),
        ],
        adviser=adviser,
        stranger=await _account("ailleurs@example.fr", "Elsa Ailleurs", Role.STAFF),
        agent_account=agent_account,
    )


async def appointment_at(
    world: World, starts_at: datetime, *, site: Site | None = None, kiosk: Kiosk | None = None
) -> Appointment:
    """Book through booking, then move it to any instant, past or future, as only a test can."""
    now = datetime.now(UTC)
    place = site or world.here
    bookable = (now + timedelta(hours=30)).replace(minute=0, second=0, microsecond=0)
    done = await book(
        now=now, service_id=world.housing.id, site_id=place.id, start=bookable,
        citizen=Citizen(given_name="Jeanne", family_name="Durand"),
        actor=Actor(ActorKind.CITIZEN), channel="kiosk",
    )  # fmt: skip
    appointment = done.appointment
    if kiosk is not None:
        appointment.kiosk_id = kiosk.id
    appointment.starts_at = starts_at.astimezone(UTC)
    appointment.ends_at = appointment.starts_at + timedelta(minutes=30)
    taken = Range(appointment.starts_at, appointment.ends_at)
    async with transaction():
        await release(appointment.id)
        free = [each.id for each in world.agents if await claim(agent_resource(each.id), taken, appointment.id)]
        await Occupancy.filter(appointment_id=appointment.id, resource__not=agent_resource(free[0])).delete()
        assert await claim(kiosk_resource(appointment.kiosk_id), taken, appointment.id)
        appointment.agent_id = free[0]
        await appointment.save()
        await Notice.filter(appointment_id=appointment.id, recipient="agent").update(agent_id=free[0])
    assert await Occupancy.filter(appointment_id=appointment.id).count() == 2
    return appointment
