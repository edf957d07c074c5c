"""Text messages through an operator's HTTP interface, as the settings describe it."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from booking.ports import PermanentFailure, Sent, TemporaryFailure
from teleconsult.settings import Settings
from teleconsult.sms.http import HttpSmsSender, filled, pointed, read_gateway
from tests.support.ports import free_port
from tests.support.sms_gateway import SmsGateway, running_sms_gateway

TO, REFERENCE = "+33612345678", "0" * 32
BODY = '{"messages": [{"to": ["{to}"], "text": "{text}", "sender": "{sender}"}], "ref": "{reference}", "flash": false}'
FLAT = '{"to": "{to}", "msg": "{text}"}'


@pytest.fixture
async def gateway() -> AsyncIterator[SmsGateway]:
    async with running_sms_gateway() as running:
        yield running


def sender_of(gateway: SmsGateway, **more: Any) -> HttpSmsSender:
    facts: dict[str, Any] = {
        "sms_url": gateway.url, "sms_sender": "FranceServ", "sms_body": BODY, "sms_message_id": "/messages/0/id",
    }  # fmt: skip
    settings = Settings(data_dir=Path("unused"), **facts | more)
    return HttpSmsSender(read_gateway(settings), sender=settings.sms_sender)


async def test_message_goes_out_as_described_and_its_name_is_kept(gateway: SmsGateway) -> None:
    async with sender_of(gateway, sms_auth="bearer t0ken") as sender:
        sent = await sender.send(TO, 'Rappel "14 h 30" {to}', reference=REFERENCE)
    assert sent == Sent(message_ref="op-1", parts=1)
    [(headers, body)] = gateway.requests
    text = {"to": [TO], "text": 'Rappel "14 h 30" {to}', "sender": "FranceServ"}
    assert body == {"messages": [text], "ref": REFERENCE, "flash": False}
    assert headers["Authorization"] == "Bearer t0ken"


@pytest.mark.parametrize(
    ("auth", "name", "value"),
    [
        ("basic rdv:pa:ss", "Authorization", "Basic cmR2OnBhOnNz"),
        ("header X-Api-Key: k3y", "X-Api-Key", "k3y"),
        ("bearer abc", "Authorization", "Bearer abc"),
    ],
)
async def test_each_kind_of_credentials(gateway: SmsGateway, auth: str, name: str, value: str) -> None:
    async with sender_of(gateway, sms_auth=auth) as sender:
        await sender.send(TO, "Bonjour", reference=REFERENCE)
    assert gateway.requests[0][0][name] == value


@pytest.mark.parametrize(("method", "form"), [("GET", "json"), ("POST", "form"), ("PUT", "json")])
async def test_each_way_of_asking(gateway: SmsGateway, method: str, form: str) -> None:
    async with sender_of(gateway, sms_method=method, sms_format=form, sms_body=FLAT) as sender:
        await sender.send(TO, "à & b = c", reference=REFERENCE)
    assert gateway.requests[0][1] == {"to": TO, "msg": "à & b = c"}


async def test_long_message_says_what_it_costs(gateway: SmsGateway) -> None:
    async with sender_of(gateway) as sender:
        assert (await sender.send(TO, "ب" * 71, reference=REFERENCE)).parts == 2


@pytest.mark.parametrize("status", [302, 401, 403, 408, 429, 500, 502, 503])
async def test_what_is_not_the_recipients_fault_is_tried_again(gateway: SmsGateway, status: int) -> None:
    gateway.status = status
    async with sender_of(gateway) as sender:
        with pytest.raises(TemporaryFailure, match=f"http_{status}"):
            await sender.send(TO, "Bonjour", reference=REFERENCE)
    assert len(gateway.requests) == 1


@pytest.mark.parametrize("status", [400, 410, 422])
async def test_a_number_that_is_refused_is_refused_for_good(gateway: SmsGateway, status: int) -> None:
    gateway.status = status
    async with sender_of(gateway) as sender:
        with pytest.raises(PermanentFailure, match=f"http_{status}"):
            await sender.send(TO, "Bonjour", reference=REFERENCE)


@pytest.mark.parametrize("answer", [{"error": "bad number"}, {"messages": []}, "", [], {"messages": [{"id": True}]}])
async def test_an_answer_without_a_name_is_not_tried_again(gateway: SmsGateway, answer: Any) -> None:
    gateway.answer = answer
    async with sender_of(gateway) as sender:
        with pytest.raises(PermanentFailure, match="no_message_id"):
            await sender.send(TO, "Bonjour", reference=REFERENCE)


async def test_an_operator_that_names_nothing(gateway: SmsGateway) -> None:
    gateway.answer = "queued"
    async with sender_of(gateway, sms_message_id="-") as sender:
        assert await sender.send(TO, "Bonjour", reference=REFERENCE) == Sent(parts=1)


async def test_a_gateway_that_hangs_up_or_is_not_there(gateway: SmsGateway) -> None:
    gateway.hangs_up = True
    async with sender_of(gateway) as sender:
        await sender.check()
        with pytest.raises(TemporaryFailure):
            await sender.send(TO, "Bonjour", reference=REFERENCE)
    async with sender_of(gateway, sms_url=f"http://127.0.0.1:{free_port()}/v1") as sender:
        for attempt in (sender.check(), sender.send(TO, "Bonjour", reference=REFERENCE)):
            with pytest.raises(TemporaryFailure):
                await attempt


async def test_nothing_is_given_out_before_the_gate_opens(gateway: SmsGateway) -> None:
    async def shut() -> None:
        raise PermissionError

    async with sender_of(gateway) as sender:
        with pytest.raises(PermissionError):
            await sender.send(TO, "Bonjour", reference=REFERENCE, gate=shut)
    assert gateway.requests == []


@given(st.text(), st.text())
def test_what_is_filled_in_is_never_read_again(to: str, text: str) -> None:
    values = {"to": to, "text": text}
    assert filled(["{to}|{text}", {"{to}": 1}], values) == [f"{to}|{text}", {"{to}": 1}]


@pytest.mark.parametrize(
    ("pointer", "found"),
    [("/a/0", "x"), ("/a/1/b", "7"), ("/c~1d", "e"), ("/m~0n", "o"), ("/a/2", ""), ("/a/x", ""), ("/t", ""), ("", "")],
)
def test_pointers(pointer: str, found: str) -> None:
    assert pointed({"a": ["x", {"b": 7}], "c/d": "e", "m~n": "o", "t": True}, pointer) == found


@pytest.mark.parametrize(
    "wrong",
    [
        {"sms_url": "ftp://x"}, {"sms_url": "smpp://host:2775", "sms_sender": "Rdv"}, {"sms_url": "smpp://u:p@host"},
        {"sms_sender": "much too long a name"}, {"sms_sender": "Éa"}, {"sms_body": "{to} {text}"},
        {"sms_body": '{"to": "{to}"}'}, {"sms_auth": "digest x"}, {"sms_auth": "basic nobody"},
        {"sms_accepts": "2xx"}, {"sms_message_id": "id"}, {"sms_countries": "France"}, {"sms_price": -1},
        {"sms_receipt_secret": "short"}, {"sms_receipt_proof": "cookie:x"},
    ],
)  # fmt: skip
def test_settings_that_make_no_sense_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Settings(**wrong)
