"""What pages are shown of appointments."""

from datetime import date, timedelta

import pytest

from booking.agenda import agent_day, agent_of, appointment_view, site_day
from booking.book import book
from booking.change import cancel, reschedule
from booking.errors import AgentUnknown, AppointmentUnknown, SiteUnknown
from booking.lifecycle import ActorKind, Status
from booking.schemas import Citizen
from teleconsult.accounts.models import Account
from teleconsult.database import Database
from tests.booking.offers import ANYBODY, MONDAY_8, SYSTEM, make_offer, paris_monday

CITIZEN = Citizen(given_name="Jeanne", family_name="Martin", email="jeanne@mail.example", phone="06 12 34 56 78")


async def test_agent_and_site_day_in_order(database: Database) -> None:
    offer = await make_offer(name_en="Housing aid")
    for start in (paris_monday(11), paris_monday(9), paris_monday(10, day=24)):
        await book(
            now=MONDAY_8, service_id=offer.service.id, site_id=offer.site.id, start=start, citizen=CITIZEN,
            actor=ANYBODY, channel="kiosk", needs=["large_print"],
        )  # fmt: skip
    items = await agent_day(offer.agents[0].id, date(2026, 11, 23))
    assert [item.starts_at for item in items] == [paris_monday(9), paris_monday(11)]
    assert items == await site_day(offer.site.id, date(2026, 11, 23))
    first = items[0]
    assert (first.citizen, first.service, first.kiosk, first.minutes) == (
        "Jeanne Martin",
        "Aides au logement",
        "Borne 1",
        30,
    )
    assert (first.needs, first.status, first.timezone) == (("large_print",), Status.BOOKED, "Europe/Paris")
    assert (await site_day(offer.site.id, date(2026, 11, 23), "en"))[0].service == "Housing aid"
    with pytest.raises(AgentUnknown):
        await agent_day("nobody", date(2026, 11, 23))
    with pytest.raises(SiteUnknown):
        await site_day("nowhere", date(2026, 11, 23))


async def test_view_tells_the_history_and_what_follows(database: Database) -> None:
    papers = [{"fr": "Avis d’imposition", "en": "Tax notice"}, {"fr": "RIB"}]
    offer = await make_offer(documents=papers)
    done = await book(
        now=MONDAY_8, service_id=offer.service.id, site_id=offer.site.id, start=paris_monday(9), citizen=CITIZEN,
        actor=ANYBODY, channel="kiosk",
    )  # fmt: skip
    first = done.appointment.id
    follow_up = await book(
        now=MONDAY_8, service_id=offer.service.id, site_id=offer.site.id, start=paris_monday(11), citizen=CITIZEN,
        actor=SYSTEM, channel="agent", follow_up_of=first,
    )  # fmt: skip
    later = MONDAY_8 + timedelta(minutes=1)
    await reschedule(now=later, appointment_id=first, start=paris_monday(10), actor=ANYBODY)
    await cancel(now=later + timedelta(minutes=1), appointment_id=first, actor=ANYBODY, reason="Empêchée")
    view = await appointment_view(first, "en")
    assert [(step.before, step.after, step.actor_kind) for step in view.history] == [
        (None, Status.BOOKED, ActorKind.CITIZEN),
        (Status.BOOKED, Status.BOOKED, ActorKind.CITIZEN),
        (Status.BOOKED, Status.CANCELLED, ActorKind.CITIZEN),
    ]
    assert (view.cancel_reason, view.sequence, view.phone) == ("Empêchée", 2, "+33612345678")
    assert view.papers == ("Tax notice", "RIB")
    assert [each.id for each in view.follow_ups] == [follow_up.appointment.id]
    followed = (await appointment_view(follow_up.appointment.id)).follow_up_of
    assert followed is not None
    assert (followed.id, followed.status) == (first, Status.CANCELLED)
    with pytest.raises(AppointmentUnknown):
        await appointment_view("0" * 32)


async def test_agent_of_an_account(database: Database) -> None:
    offer = await make_offer()
    account = await Account.create(email="agent@ddt.example", name="Agent", password_hash="x", roles=["agent"])
    assert await agent_of(account_id=account.id) is None
    offer.agents[0].account = account
    await offer.agents[0].save()
    found = await agent_of(account_id=account.id)
    assert found is not None
    assert found.id == offer.agents[0].id
