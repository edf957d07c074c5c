"""From the outbox to the operator and back: a reminder by text message, its link, its price and its receipt."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from aiohttp.test_utils import TestClient, TestServer

from booking.models import Appointment, Notice, Site
from booking.notifications.delivery import DELIVERY
from booking.office.messages import months
from booking.wording.gsm7 import decode
from teleconsult.app import make_app
from teleconsult.clock import utcnow
from teleconsult.settings import Settings
from tests.kiosks.house import appointment_at, build_world
from tests.support.sms_gateway import running_sms_gateway
from tests.support.smsc import receipt, running_smsc

SECRET = "0123456789abcdef"
PHONE = "+33612345678"


@pytest.fixture
async def stack() -> AsyncIterator[AsyncExitStack]:
    async with AsyncExitStack() as stack:
        yield stack


async def reminded(client: TestClient, now: datetime) -> Notice:  # type: ignore[type-arg]
    """Owe a reminder by text message that is due now, and send what is due."""
    appointment = await appointment_at(await build_world(), now + timedelta(hours=2))
    # a place where it is day, whenever the test runs: nobody is texted at night
    day = next(
        zone for zone in ("UTC", "Asia/Tokyo", "America/Los_Angeles") if 9 <= now.astimezone(ZoneInfo(zone)).hour < 21
    )
    await Site.filter(id=appointment.site_id).update(timezone=day)
    await Appointment.filter(id=appointment.id).update(phone=PHONE, email="jeanne@example.org")
    await Notice.all().delete()
    notice = await Notice.create(
        appointment_id=appointment.id, kind="reminder", recipient="citizen", channel="sms",
        sequence=appointment.sequence, starts_at=appointment.starts_at, ends_at=appointment.ends_at, due_at=now,
        deadline_at=appointment.starts_at,
    )  # fmt: skip
    assert client.app is not None
    await client.app[DELIVERY].deliver_due()
    await notice.refresh_from_db()
    assert (notice.state, notice.parts) == ("sent", 1), notice.last_error
    return notice


async def received(notice: Notice, verdict: str) -> None:
    async with asyncio.timeout(20):
        while notice.receipt != verdict:
            await asyncio.sleep(0.02)
            await notice.refresh_from_db()


def settings_of(url: str, folder: Path, sms_url: str) -> Settings:
    return Settings(
        database_url=url, data_dir=folder, deliver=False, sms_url=sms_url, sms_sender="FranceServ", sms_price=0.045,
        sms_message_id="/messages/0/id", sms_receipt_secret=SECRET,
    )  # fmt: skip


async def test_http_gateway(sqlite_url: str, tmp_path: Path, stack: AsyncExitStack) -> None:
    gateway = await stack.enter_async_context(running_sms_gateway())
    app = make_app(settings_of(sqlite_url, tmp_path, gateway.url))
    client = await stack.enter_async_context(TestClient(TestServer(app)))
    now = utcnow()
    notice = await reminded(client, now)
    [(_, body)] = gateway.requests
    assert (body["to"], body["from"], body["reference"]) == (PHONE, "FranceServ", notice.id)
    [path] = re.findall(r"http://localhost:\d+(/s/\S{31})$", body["text"])
    page = await client.get(path)
    assert page.status == 200
    assert str(page.url.path).startswith("/rdv/")
    said = {"id": "op-1", "status": "undelivered"}
    assert (await client.post(f"/sms/receipts?token={SECRET}", json=said)).status == 204
    await received(notice, "failed")
    assert (notice.state, notice.last_error) == ("failed", "sms_undelivered")
    other = await Notice.get(channel="email", kind="reminder")
    assert (other.state, other.appointment_id) == ("pending", notice.appointment_id)
    assert (await client.post(f"/sms/receipts?token={SECRET}", json=said)).status == 204
    assert await Notice.filter(channel="email").count() == 1
    [month, *_] = await months(now, price=0.045)
    assert (month.messages, month.parts, month.cost) == (1, 1, 0.045)


async def test_smpp(sqlite_url: str, tmp_path: Path, stack: AsyncExitStack) -> None:
    smsc = await stack.enter_async_context(running_smsc())
    app = make_app(settings_of(sqlite_url, tmp_path, smsc.url))
    client = await stack.enter_async_context(TestClient(TestServer(app)))
    notice = await reminded(client, utcnow())
    [one] = smsc.submitted
    assert decode(one.octets).startswith("Rappel")
    assert one.destination == (1, 1, PHONE[1:])
    # named in hexadecimal when it was taken, in decimal when it was delivered
    await smsc.tell(receipt(str(int(one.message_id, 16)), "DELIVRD"))
    await received(notice, "delivered")
