"""Each agent's day at seven, once, on days that have something, whatever the clock does."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from booking.change import cancel
from booking.models import Agent, Notice
from booking.notifications.by_mail import MailChannel
from booking.notifications.delivery import Delivery
from booking.notifications.kinds import Kind
from booking.notifications.mornings import morning, plan_agendas
from teleconsult.database import Database
from teleconsult.mail.smtp import SmtpMailer, read_server
from tests.booking.meetings import SENDER, composer
from tests.booking.offers import MONDAY_8, SYSTEM, make_offer, paris_monday
from tests.booking.test_notices import booked
from tests.support.smtp import SmtpServer

SUNDAY = paris_monday(10, day=22)
SEVEN = paris_monday(7)


@pytest.fixture
async def mailer(smtp_server: SmtpServer) -> AsyncIterator[SmtpMailer]:
    async with SmtpMailer(read_server(smtp_server.url), sender=SENDER) as mailer:
        yield mailer


@pytest.mark.parametrize(
    ("zone", "day", "utc_hour"),
    [
        ("Europe/Paris", date(2026, 10, 25), 6),  # an hour was won that night
        ("Europe/Paris", date(2026, 3, 29), 5),  # and one lost
        ("Europe/Paris", date(2026, 7, 1), 5),
        ("America/Guadeloupe", date(2026, 10, 25), 11),
        ("Indian/Reunion", date(2026, 10, 25), 3),
        ("America/Miquelon", date(2026, 3, 8), 9),
    ],
)
def test_seven_is_seven_by_the_clock(zone: str, day: date, utc_hour: int) -> None:
    due = datetime(day.year, day.month, day.day, utc_hour, tzinfo=UTC)
    found = morning(due, zone)
    assert found is not None
    assert (found.day, found.due_at) == (day, due)
    assert found.deadline_at == due + timedelta(hours=5)
    assert found.starts_at.astimezone(ZoneInfo(zone)).isoformat()[:19] == f"{day}T00:00:00"
    assert found.ends_at.astimezone(ZoneInfo(zone)).isoformat()[:19] == f"{day + timedelta(days=1)}T00:00:00"
    assert morning(due + timedelta(hours=5), zone) is None
    assert morning(due - timedelta(hours=1), zone) is None


async def test_agents_with_appointments_get_their_day_once(
    database: Database, mailer: SmtpMailer, smtp_server: SmtpServer, tmp_path: Path
) -> None:
    offer = await make_offer(agents=3, kiosks=3)
    early, late = [await booked(offer, paris_monday(hour), now=SUNDAY) for hour in (9, 14)]
    (idle,) = [agent for agent in offer.agents if agent.id not in {early.agent_id, late.agent_id}][:1]
    await Agent.filter(id=late.agent_id).update(daily_agenda=early.agent_id == late.agent_id)
    await Notice.all().delete()
    assert await plan_agendas(now=SEVEN - timedelta(hours=1)) == 0
    await asyncio.gather(*(plan_agendas(now=SEVEN - timedelta(minutes=10)) for _ in range(4)))
    assert await plan_agendas(now=SEVEN) == 0
    notices = await Notice.filter(kind=Kind.AGENDA)
    assert [(each.agent_id, each.key) for each in notices] == [(early.agent_id, f"agenda:{early.agent_id}:2026-11-23")]

    now = SEVEN - timedelta(seconds=1)
    delivery = Delivery({"email": MailChannel(mailer, composer(tmp_path), clock=lambda: now)}, clock=lambda: now)
    assert await delivery.deliver_due() == 0
    now = SEVEN
    assert await delivery.deliver_due() == 1
    (mail,) = smtp_server.to((await Agent.get(id=early.agent_id)).email)
    text = mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert "lundi 23 novembre 2026" in mail["Subject"]
    assert "9\u00a0h\u00a000" in text
    assert early.reference[:3] in text
    assert "Quatremère" not in text
    assert "Zoé" not in text
    # Booked after seven: told by its own mail, and nobody gets a late agenda.
    await booked(offer, paris_monday(16), now=MONDAY_8)
    assert await plan_agendas(now=MONDAY_8) == 0
    assert not smtp_server.to(idle.email)


async def test_day_that_has_become_empty_is_not_sent(
    database: Database, mailer: SmtpMailer, smtp_server: SmtpServer, tmp_path: Path
) -> None:
    appointment = await booked(await make_offer(), paris_monday(9), now=SUNDAY)
    assert await plan_agendas(now=SEVEN - timedelta(minutes=10)) == 1
    await cancel(now=SEVEN - timedelta(minutes=5), appointment_id=appointment.id, actor=SYSTEM)
    await Notice.exclude(kind=Kind.AGENDA).delete()
    delivery = Delivery({"email": MailChannel(mailer, composer(tmp_path))}, clock=lambda: SEVEN)
    assert await delivery.deliver_due() == 1
    assert smtp_server.received == []
    assert (await Notice.get()).state == "void"
