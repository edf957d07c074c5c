"""Delivery receipts of an HTTP gateway: who may send them, in which forms, and what becomes of the notice."""

import asyncio
import hashlib
import hmac
from base64 import b64encode
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from booking.models import Notice
from booking.notifications.receipts import take_receipt, take_receipt_soon
from teleconsult.app import make_app
from teleconsult.clock import utcnow
from teleconsult.database import Database
from teleconsult.settings import Settings

SECRET = "0123456789abcdef"
Client = TestClient[web.Request, web.Application]


async def text_message(ref: str = "op-1", **more: Any) -> Notice:
    now = utcnow()
    facts: dict[str, Any] = {
        "kind": "reminder", "recipient": "citizen", "channel": "sms", "sequence": 0, "starts_at": now, "ends_at": now,
        "due_at": now, "deadline_at": now, "state": "sent", "sent_at": now, "message_ref": ref, "parts": 1,
    }  # fmt: skip
    return await Notice.create(**facts | more)


@pytest.fixture
async def proof(request: pytest.FixtureRequest) -> str:
    return str(getattr(request, "param", "query:token"))


@pytest.fixture
async def client(sqlite_url: str, tmp_path: Path, proof: str) -> AsyncIterator[Client]:
    settings = Settings(
        database_url=sqlite_url, data_dir=tmp_path / "data", sms_receipt_secret=SECRET, sms_receipt_proof=proof
    )
    async with TestClient(TestServer(make_app(settings))) as client:
        yield client


async def receipt_of(notice: Notice) -> str:
    await notice.refresh_from_db()
    return str(notice.receipt)


@pytest.mark.parametrize(("word", "receipt"), [("DELIVRD", "delivered"), ("Undelivered", "failed"), ("accepted", "")])
async def test_what_the_operator_says_is_written_down(client: Client, word: str, receipt: str) -> None:
    notice = await text_message()
    answer = await client.post(f"/sms/receipts?token={SECRET}", json={"id": "op-1", "status": word})
    assert answer.status == 204
    assert await receipt_of(notice) == receipt
    assert (notice.receipt_at is not None) == bool(receipt)
    assert notice.state == ("failed" if receipt == "failed" else "sent")


async def test_operators_that_send_forms_or_ask_by_get(client: Client) -> None:
    one, two = await text_message("7"), await text_message("8")
    form = {"id": "7", "status": "delivered"}
    assert (await client.post(f"/sms/receipts?token={SECRET}", data=form)).status == 204
    query = {"token": SECRET, "id": "8", "status": "failed"}
    assert (await client.get("/sms/receipts", params=query)).status == 204
    assert (await receipt_of(one), await receipt_of(two)) == ("delivered", "failed")


@pytest.mark.parametrize("query", ["", "?token=", "?token=0123456789abcdeg", "?token=é", "?Token=0123456789abcdef"])
async def test_who_has_not_the_secret_is_refused(client: Client, query: str) -> None:
    notice = await text_message()
    answer = await client.post(f"/sms/receipts{query}", json={"id": "op-1", "status": "delivered"})
    assert answer.status == 403
    assert await receipt_of(notice) == ""


async def test_who_guesses_has_to_wait(client: Client) -> None:
    statuses = [(await client.post("/sms/receipts?token=x")).status for _ in range(22)]
    assert statuses == [403] * 20 + [429] * 2


@pytest.mark.parametrize("proof", ["signature:X-Signature"], indirect=True)
@pytest.mark.parametrize("style", ["hex", "prefixed", "base64"])
async def test_signature_covers_the_body(client: Client, style: str) -> None:
    notice, body = await text_message(), b'{"id": "op-1", "status": "delivered"}'
    digest = hmac.new(SECRET.encode(), body, hashlib.sha256)
    styles = {"hex": digest.hexdigest(), "prefixed": f"sha256={digest.hexdigest()}"}
    headers = {"X-Signature": styles.get(style, b64encode(digest.digest()).decode())}
    other = body.replace(b"op-1", b"op-2")
    assert (await client.post("/sms/receipts", data=other, headers=headers)).status == 403
    assert (await client.post("/sms/receipts", data=b"", headers=headers)).status == 403
    assert (await client.post("/sms/receipts", data=body, headers=headers)).status == 204
    assert await receipt_of(notice) == "delivered"


@pytest.mark.parametrize("proof", ["header:X-Api-Key"], indirect=True)
async def test_header_shows_the_secret(client: Client) -> None:
    body = {"id": "op-1", "status": "delivered"}
    await text_message()
    assert (await client.post("/sms/receipts", json=body, headers={"X-Api-Key": "no"})).status == 403
    assert (await client.post("/sms/receipts", json=body, headers={"X-Api-Key": SECRET})).status == 204


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'{"id": "op-1"}', b"\xff\xfe", b'{"id": {}, "status": "x"}'])
async def test_what_says_nothing_is_refused(client: Client, body: bytes) -> None:
    headers = {"Content-Type": "text/plain"}
    answer = await client.post(f"/sms/receipts?token={SECRET}", data=body, headers=headers)
    assert answer.status == 422


async def test_without_a_secret_nobody_may(sqlite_url: str, tmp_path: Path) -> None:
    app = make_app(Settings(database_url=sqlite_url, data_dir=tmp_path / "data"))
    async with TestClient(TestServer(app)) as client:
        assert (await client.post("/sms/receipts?token=", json={"id": "1", "status": "delivered"})).status == 403


async def test_receipt_that_overtakes_the_writing_down_waits(database: Database) -> None:
    taking = asyncio.create_task(take_receipt_soon(["late"], delivered=True, now=utcnow(), pause=0.2))
    await asyncio.sleep(0)
    notice = await text_message("late")
    assert await taking
    assert await receipt_of(notice) == "delivered"
    assert not await take_receipt_soon(["never"], delivered=True, now=utcnow(), pause=0)


async def test_newest_message_of_a_name_is_meant_and_delivered_stays_so(database: Database) -> None:
    now = utcnow()
    old = await text_message(sent_at=now - timedelta(days=2))
    new = await text_message()
    await text_message("elsewhere", channel="email")
    assert await take_receipt(["op-1", "OP-1"], delivered=True, now=now)
    assert await take_receipt(["op-1"], delivered=False, now=now)
    assert (await receipt_of(old), await receipt_of(new)) == ("", "delivered")
    assert new.state == "sent"
    assert not await take_receipt(["elsewhere"], delivered=True, now=now)
    await Notice.filter(id__in=[old.id, new.id]).update(sent_at=now - timedelta(days=30))
    assert not await take_receipt(["op-1"], delivered=True, now=now)
