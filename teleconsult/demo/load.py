"""Loading the demonstration: once, all or nothing; again changes nothing but to plan the days ahead."""

from collections.abc import Iterable
from datetime import datetime

from booking.api.partners import BOOKING_SCOPE, key_hash
from booking.models import Agent, AgentHours, Appointment, Kiosk, Organisation, Partner, Service, Site, SiteStaff
from teleconsult.accounts.models import Account
from teleconsult.accounts.passwords import hash_password
from teleconsult.accounts.roles import Role
from teleconsult.database import transaction
from teleconsult.demo.counter import keep_open
from teleconsult.demo.houses import HOUSES, import_houses
from teleconsult.demo.offer import BODIES, BUFFER_AFTER_MINUTES, DEPARTMENTS, REASONS, STEP_MINUTES
from teleconsult.demo.past import write_past
from teleconsult.demo.people import OFFICERS, OTHERS, PARTNER_KEY, PARTNER_NAME, PASSWORD
from teleconsult.demo.ready import keep_ready
from teleconsult.demo.upcoming import plan_days_ahead


class DatabaseInUse(Exception):
    """The database holds data that is not the demonstration's: known passwords must not be added to it."""


async def load_demo(now: datetime) -> None:
    """Load the demonstration into a migrated, open database; raises DatabaseInUse if others' data is in it.

    Loaded once: what was changed since stays as it is. Each time, the demonstration's agent gets appointments for the
    week that begins at `now`, and one that is ready at once.
    """
    if not await _is_loaded():
        await _refuse_foreign_data()
        password_hash = hash_password(PASSWORD)
        async with transaction():
            await import_houses()
            await _write_kiosks()
            await _write_offer()
            await _write_people(password_hash)
            await Partner.create(
                name=PARTNER_NAME, key_hash=key_hash(PARTNER_KEY), scopes=[BOOKING_SCOPE], throttled=False
            )
            await write_past(now)
    await plan_days_ahead(now)
    await keep_open(now)
    await keep_ready(now)


async def _is_loaded() -> bool:
    return await Partner.filter(key_hash=key_hash(PARTNER_KEY)).exists()


async def _refuse_foreign_data() -> None:
    ours = [house.external_id for house in HOUSES]
    foreign = [
        await Account.all().exists(),
        await Organisation.all().exists(),
        await Agent.all().exists(),
        await Appointment.all().exists(),
        await Site.all().count() > await Site.filter(external_id__in=ours).count(),
    ]
    if any(foreign):
        raise DatabaseInUse


async def _write_kiosks() -> None:
    sites = {site.external_id: site for site in await Site.all()}
    for house in HOUSES:
        for number, equipment in enumerate(house.kiosks, start=1):
            await Kiosk.create(site=sites[house.external_id], name=f"Borne {number}", equipment=list(equipment))


async def _write_offer() -> None:
    bodies = {}
    for body in BODIES:
        bodies[body.slug] = await Organisation.create(
            slug=body.slug,
            name=body.name,
            name_en=body.name_en,
            departments=list(DEPARTMENTS),
            offices=body.office_rows,
        )
    for reason in REASONS:
        await Service.create(
            slug=reason.slug,
            organisation=bodies[reason.body],
            name=reason.name,
            name_en=reason.name_en,
            summary=reason.summary,
            summary_en=reason.summary_en,
            duration_minutes=reason.minutes,
            step_minutes=STEP_MINUTES,
            buffer_after_minutes=BUFFER_AFTER_MINUTES,
            keywords=list(reason.keywords),
            modes=reason.modes,
            documents=[{"fr": french, "en": english} for french, english in reason.documents],
            meets_needs=["sign_language", "interpreter"],
            walk_in=reason.walk_in,
        )


async def _write_people(password_hash: str) -> None:
    for officer in OFFICERS:
        account = await _account(officer.email, officer.name, Role.AGENT, password_hash)
        organisation = await Organisation.get(slug=officer.organisation)
        agent = await Agent.create(account=account, organisation=organisation, name=officer.name, email=officer.email)
        await agent.services.add(*await Service.filter(slug__in=officer.services))
        await AgentHours.bulk_create(_hours(agent, officer.hours))
    for person in OTHERS:
        account = await _account(person.email, person.name, person.role, password_hash)
        for site in await Site.filter(external_id__in=person.houses):
            await SiteStaff.create(site=site, account=account)


async def _account(email: str, name: str, role: Role, password_hash: str) -> Account:
    return await Account.create(email=email, name=name, password_hash=password_hash, roles=[role.value])


def _hours(agent: Agent, hours: Iterable[tuple[int, int, int]]) -> list[AgentHours]:
    return [AgentHours(agent=agent, weekday=day, start_minute=start, end_minute=end) for day, start, end in hours]
