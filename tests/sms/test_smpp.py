"""Text messages by SMPP 3.4: the real bytes against an SMSC of our own, which throttles, drops and sends receipts."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from booking.ports import PermanentFailure, TemporaryFailure
from booking.wording.gsm7 import decode
from teleconsult.sms.pdus import Receipt, spellings
from teleconsult.sms.smpp import Pace, SmppSmsSender, Smsc, read_smsc
from tests.support import smsc as centre
from tests.support.smsc import deliver, receipt, running_smsc

TO, REFERENCE = "+33612345678", "0" * 32
QUICK = Pace(answer=5, silence=0.05, first_wait=0.01, longest_wait=0.05)


@pytest.fixture
async def smsc() -> AsyncIterator[centre.Smsc]:
    async with running_smsc() as running:
        yield running


@asynccontextmanager
async def bound(
    smsc: centre.Smsc, *, sender: str = "FranceServ", pace: Pace = QUICK
) -> AsyncIterator[tuple[SmppSmsSender, "asyncio.Queue[Receipt]"]]:
    receipts: asyncio.Queue[Receipt] = asyncio.Queue()
    async with SmppSmsSender(read_smsc(smsc.url), sender=sender, took=receipts.put, pace=pace) as running:
        yield running, receipts


async def test_message_goes_out_in_the_default_alphabet_and_asks_for_a_receipt(smsc: centre.Smsc) -> None:
    async with bound(smsc) as (sender, _):
        sent = await sender.send(TO, "Rappel à 14h30 : 5 € [été]", reference=REFERENCE)
    [one] = smsc.submitted
    assert (sent.message_ref, sent.parts) == (one.message_id, 1)
    assert smsc.binds == [("rdv", "s3cret")]
    assert decode(one.octets) == "Rappel à 14h30 : 5 € [été]"
    assert (one.data_coding, one.esm_class, one.registered) == (0, 0, 1)
    assert one.source == (5, 0, "FranceServ")
    assert one.destination == (1, 1, "33612345678")


@pytest.mark.parametrize(
    ("sender", "source"),
    [("38123", (3, 0, "38123")), ("+33612345678", (1, 1, "33612345678")), ("Rdv 45", (5, 0, "Rdv 45"))],
)
async def test_each_kind_of_sender(smsc: centre.Smsc, sender: str, source: tuple[int, int, str]) -> None:
    async with bound(smsc, sender=sender) as (running, _):
        await running.send(TO, "Bonjour", reference=REFERENCE)
    assert smsc.submitted[0].source == source


async def test_long_message_goes_out_in_parts_that_are_joined(smsc: centre.Smsc) -> None:
    text = "موعدك " * 20
    async with bound(smsc) as (sender, _):
        sent = await sender.send(TO, text, reference=REFERENCE)
    parts = smsc.submitted
    assert sent.parts == len(parts) == 2
    assert {part.data_coding for part in parts} == {8}
    assert {part.esm_class for part in parts} == {0x40}
    assert [part.octets[:3] for part in parts] == [b"\x05\x00\x03"] * 2
    assert [tuple(part.octets[4:6]) for part in parts] == [(2, 1), (2, 2)]
    assert len({part.octets[3] for part in parts}) == 1
    assert b"".join(part.octets[6:] for part in parts).decode("utf-16-be") == text
    assert all(len(part.octets) <= 140 for part in parts)
    assert sent.message_ref == parts[-1].message_id


@pytest.mark.parametrize("status", [centre.THROTTLED, 0x14, 0x08, 0x45, 0x64])
async def test_throttling_and_trouble_are_temporary(smsc: centre.Smsc, status: int) -> None:
    async with bound(smsc) as (sender, _):
        smsc.refuse = status
        with pytest.raises(TemporaryFailure, match=f"smpp_{status:#04x}"):
            await sender.send(TO, "Bonjour", reference=REFERENCE)
        smsc.refuse = centre.OK
        await sender.send(TO, "Bonjour", reference=REFERENCE)
    assert len(smsc.submitted) == 1
    assert len(smsc.binds) == 1


async def test_a_number_that_cannot_be_one_is_refused_for_good(smsc: centre.Smsc) -> None:
    async with bound(smsc) as (sender, _):
        smsc.refuse = centre.BAD_DESTINATION
        with pytest.raises(PermanentFailure, match="smpp_0x0b"):
            await sender.send(TO, "Bonjour", reference=REFERENCE)


@pytest.mark.parametrize(("state", "delivered"), [("DELIVRD", True), ("UNDELIV", False), ("ENROUTE", None)])
@pytest.mark.parametrize("tlv", [False, True])
async def test_receipts_are_taken_and_answered(
    smsc: centre.Smsc, state: str, delivered: bool | None, tlv: bool
) -> None:
    async with bound(smsc) as (sender, receipts):
        sent = await sender.send(TO, "Bonjour", reference=REFERENCE)
        await smsc.tell(receipt(sent.message_ref, state, tlv=tlv))
        assert await asyncio.wait_for(receipts.get(), 20) == Receipt(sent.message_ref, delivered)
        await smsc.until(lambda: (centre.DELIVER_SM | centre.ANSWER, 0, 1) in smsc.answers)


async def test_an_answer_of_a_citizen_is_acknowledged_and_changes_nothing(smsc: centre.Smsc) -> None:
    async with bound(smsc) as (sender, receipts):
        await sender.send(TO, "Bonjour", reference=REFERENCE)
        await smsc.tell(deliver(b"STOP id:a0 stat:DELIVRD"))
        await smsc.until(lambda: smsc.answers)
        assert receipts.empty()
        await sender.send(TO, "Bonjour", reference=REFERENCE)


async def test_connection_that_drops_is_made_again(smsc: centre.Smsc) -> None:
    async with bound(smsc) as (sender, _):
        await sender.send(TO, "Un", reference=REFERENCE)
        smsc.drop()
        await smsc.until(lambda: len(smsc.binds) == 2)
        await sender.send(TO, "Deux", reference=REFERENCE)
    assert [decode(each.octets) for each in smsc.submitted] == ["Un", "Deux"]


async def test_who_waits_for_an_answer_when_the_connection_drops_is_told(smsc: centre.Smsc) -> None:
    async with bound(smsc, pace=Pace(answer=20, silence=30, first_wait=0.01)) as (sender, _):
        await sender.check()
        smsc.mute = True
        sending = asyncio.create_task(sender.send(TO, "Bonjour", reference=REFERENCE))
        await asyncio.sleep(0)
        while not sender._session or not sender._session._waiting:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        smsc.drop()
        with pytest.raises(TemporaryFailure, match="smpp_dropped"):
            await sending


async def test_an_smsc_that_says_nothing_any_more_is_left(smsc: centre.Smsc) -> None:
    async with bound(smsc, pace=Pace(answer=0.2, silence=0.05, first_wait=0.01)) as (sender, _):
        await sender.check()
        smsc.mute = True
        await smsc.until(lambda: len(smsc.binds) >= 2)
        assert smsc.links >= 2


async def test_it_may_ask_us_whether_we_are_there_and_say_good_bye(smsc: centre.Smsc) -> None:
    async with bound(smsc, pace=Pace(silence=30, first_wait=0.01)) as (sender, _):
        await sender.check()
        await smsc.tell(b"", centre.ENQUIRE_LINK)
        await smsc.until(lambda: (centre.ENQUIRE_LINK | centre.ANSWER, 0, 1) in smsc.answers)
        await smsc.tell(b"", centre.UNBIND)
        await smsc.until(lambda: len(smsc.binds) == 2)
        assert (centre.UNBIND | centre.ANSWER, 0, 2) in smsc.answers


async def test_bytes_that_are_no_pdu_end_the_connection_and_nothing_else(smsc: centre.Smsc) -> None:
    async with bound(smsc) as (sender, _):
        await sender.check()
        for number, rubbish in enumerate((b"\xff" * 64, b"\0" * 16, centre.pdu(0x7777, 0, 1, b"x")), 2):
            await smsc.tell(b"")  # a body that is none
            smsc._writers[-1].write(rubbish)
            await smsc.until(lambda number=number: len(smsc.binds) >= number)
            await sender.send(TO, "Bonjour", reference=REFERENCE)


async def test_a_wrong_password_is_ours_to_mend(smsc: centre.Smsc) -> None:
    address = smsc.url
    smsc.password = "changed"
    pace = Pace(answer=0.2, first_wait=0.01, longest_wait=0.01)
    nobody: asyncio.Queue[Receipt] = asyncio.Queue()
    async with SmppSmsSender(read_smsc(address), sender="Rdv", took=nobody.put, pace=pace) as sender:
        await smsc.until(lambda: smsc.binds)
        with pytest.raises(TemporaryFailure, match="smpp_bind_0x0d"):
            await sender.send(TO, "Bonjour", reference=REFERENCE)


def test_address_of_an_smsc_is_read() -> None:
    assert read_smsc("smpps://a%40b:p%2Fw@sms.example?system_type=WWW") == Smsc(
        "sms.example", 3550, True, "a@b", "p/w", "WWW"
    )


@pytest.mark.parametrize(("ref", "other"), [("255", "ff"), ("ff", "255"), ("0000FF", "255"), ("abc-1", "ABC-1")])
def test_names_in_either_base_are_the_same(ref: str, other: str) -> None:
    assert other in spellings(ref)
