"""The waiting list: whose turn it is, what is kept for them and for how long, and what an answer does."""

import asyncio
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from booking import waiting
from booking.change import cancel
from booking.errors import (
    AddressMissing,
    AlreadyWaiting,
    EntryUnknown,
    NoWaitingList,
    OfferOver,
    ServiceUnknown,
    SiteUnknown,
    SlotTaken,
    TooManyAppointments,
)
from booking.lifecycle import Status
from booking.models import Appointment, Hold, Notice, Occupancy, Service, WaitingEntry
from booking.notifications import outbox
from booking.notifications.by_mail import MailChannel
from booking.notifications.delivery import Delivery
from booking.notifications.fallback import fail
from booking.notifications.notices import NoticeState
from booking.schemas import Citizen
from teleconsult.database import Database
from teleconsult.mail.smtp import SmtpMailer, read_server
from tests.booking.meetings import ORIGIN, SENDER, composer
from tests.booking.offers import ANYBODY, MONDAY_8, Offer, make_offer, paris_monday
from tests.booking.test_notices import booked
from tests.support.smtp import SmtpServer

KEY = "a secret of the service"
TEN = paris_monday(10)
OFFER = timedelta(minutes=30)
NINE, TWELVE = paris_monday(9), paris_monday(12)


def person(number: int, email: str = "") -> Citizen:
    return Citizen(given_name="Ana", family_name="ABCDEFG"[number], email=email or f"ana{number}@mail.example")


async def full_morning(**service: int) -> tuple[Offer, list[Appointment]]:
    """Return an offer whose only agent is taken from nine to noon."""
    offer = await make_offer(buffer_after_minutes=0, **service)
    starts = [NINE + timedelta(minutes=30 * number) for number in range(6)]
    return offer, [await booked(offer, start, now=MONDAY_8) for start in starts]


async def join(offer: Offer, number: int, at: datetime = MONDAY_8, until: datetime = TWELVE) -> str:
    return await waiting.join(
        now=at + timedelta(seconds=number), service_id=offer.service.id, site_id=offer.site.id, citizen=person(number),
        until=until,
    )  # fmt: skip


async def free(appointment: Appointment) -> None:
    await cancel(now=MONDAY_8, appointment_id=appointment.id, actor=ANYBODY)


async def states(ids: list[str]) -> list[str]:
    return [(await waiting.place_of(each)).state for each in ids]


@pytest.mark.parametrize(
    ("phone", "ways"), [("+33612345678", {"email": "failed", "sms": "pending"}), (None, {"email": "failed"})]
)
async def test_offer_goes_out_by_text_when_the_mail_is_refused(
    database: Database, phone: str | None, ways: dict[str, str]
) -> None:
    offer, taken = await full_morning()
    who = person(0).model_copy(update={"phone": phone})
    await waiting.join(
        now=MONDAY_8, service_id=offer.service.id, site_id=offer.site.id, citizen=who, until=TWELVE,
    )  # fmt: skip
    await free(taken[3])
    await waiting.offer_all(now=MONDAY_8)
    mail = next(each for each in await outbox.claim(now=MONDAY_8, limit=50) if each.waiting_id)
    await fail(mail, reason="no such mailbox", now=MONDAY_8)
    assert not await fail(mail, reason="a bounce of the same", now=MONDAY_8)
    notices = await Notice.filter(waiting_id=mail.waiting_id)
    assert {each.channel: each.state for each in notices} == ways
    assert {each.deadline_at for each in notices} == {mail.deadline_at}


async def test_places_are_in_the_order_of_coming_and_said(database: Database) -> None:
    offer, _ = await full_morning()
    ids = [await join(offer, number) for number in range(3)]
    assert [(await waiting.place_of(each)).ahead for each in ids] == [0, 1, 2]
    await waiting.leave(now=MONDAY_8, entry_id=ids[0])
    await waiting.leave(now=MONDAY_8, entry_id=ids[0])
    assert [(await waiting.place_of(each)).ahead for each in ids[1:]] == [0, 1]
    assert await waiting.offer_all(now=MONDAY_8) == 0
    assert not await Hold.all().exists()


async def test_freed_slot_is_kept_for_the_first_then_for_the_next(database: Database) -> None:
    offer, appointments = await full_morning()
    ids = [await join(offer, number) for number in range(2)]
    await free(appointments[2])
    assert await waiting.offer_all(now=MONDAY_8) == 1
    assert await waiting.offer_all(now=MONDAY_8) == 0
    first = await waiting.place_of(ids[0])
    assert (first.state, first.offered_start, first.offered_until) == ("offered", TEN, MONDAY_8 + OFFER)
    assert await states(ids) == ["offered", "waiting"]
    # nobody else gets it meanwhile
    with pytest.raises(SlotTaken):
        await booked(offer, TEN)
    late = MONDAY_8 + OFFER
    assert await waiting.offer_all(now=late) == 1
    assert await states(ids) == ["waiting", "offered"]
    assert (await waiting.place_of(ids[1])).offered_start == TEN
    # who did not answer is at the end of the line, and not offered the same again
    assert (await waiting.place_of(ids[0])).ahead == 1
    with pytest.raises(OfferOver):
        await waiting.accept(key=KEY, now=late, entry_id=ids[0])


async def test_accepting_turns_what_was_kept_into_an_appointment_once(database: Database) -> None:
    offer, appointments = await full_morning()
    entry_id = await join(offer, 0)
    await free(appointments[2])
    await waiting.offer_all(now=MONDAY_8)
    done = await waiting.accept(key=KEY, now=MONDAY_8, entry_id=entry_id)
    again = await waiting.accept(key=KEY, now=MONDAY_8, entry_id=entry_id)
    assert (done.appointment.id, len(done.events), again.events) == (again.appointment.id, 1, ())
    stored = await Appointment.get(id=done.appointment.id)
    assert (stored.starts_at, stored.status, stored.family_name) == (TEN, Status.BOOKED, "A")
    assert not await Hold.all().exists()
    assert await Occupancy.filter(appointment_id=stored.id).count() == 2
    assert await states([entry_id]) == ["accepted"]


async def test_two_clicks_at_once_make_one_appointment(database: Database) -> None:
    offer, appointments = await full_morning()
    entry_id = await join(offer, 0)
    await free(appointments[2])
    await waiting.offer_all(now=MONDAY_8)
    results = await asyncio.gather(
        *[waiting.accept(key=KEY, now=MONDAY_8, entry_id=entry_id) for _ in range(3)], return_exceptions=True
    )
    ids = {result.appointment.id for result in results if not isinstance(result, BaseException)}
    assert len(ids) == 1
    assert await Appointment.filter(starts_at=TEN, status=Status.BOOKED).count() == 1


async def test_many_processes_offer_a_slot_to_one(database: Database) -> None:
    offer, appointments = await full_morning()
    ids = [await join(offer, number) for number in range(3)]
    await free(appointments[2])
    await asyncio.gather(*[waiting.offer_all(now=MONDAY_8) for _ in range(4)])
    assert await states(ids) == ["offered", "waiting", "waiting"]
    assert await Hold.all().count() == 1
    assert await Notice.filter(kind="offer", state=NoticeState.PENDING).count() == 1
    assert (await waiting.accept(key=KEY, now=MONDAY_8, entry_id=ids[0])).appointment.starts_at == TEN


async def test_declining_lets_it_go_to_the_next_and_keeps_the_place(database: Database) -> None:
    offer, appointments = await full_morning()
    ids = [await join(offer, number) for number in range(2)]
    await free(appointments[2])
    await waiting.offer_all(now=MONDAY_8)
    await waiting.decline(now=MONDAY_8, entry_id=ids[0])
    await waiting.offer_all(now=MONDAY_8)
    assert await states(ids) == ["waiting", "offered"]
    assert (await waiting.place_of(ids[0])).ahead == 0
    with pytest.raises(OfferOver):
        await waiting.decline(now=MONDAY_8, entry_id=ids[0])


async def test_leaving_gives_the_offer_back(database: Database) -> None:
    offer, appointments = await full_morning()
    entry_id = await join(offer, 0)
    await free(appointments[2])
    await waiting.offer_all(now=MONDAY_8)
    await waiting.leave(now=MONDAY_8, entry_id=entry_id)
    assert await states([entry_id]) == ["left"]
    assert (await booked(offer, TEN)).starts_at == TEN


async def test_who_never_answers_does_not_wait_for_ever(database: Database) -> None:
    offer, appointments = await full_morning(offer_minutes=5)
    entry_id = await join(offer, 0)
    for each in appointments[2:]:
        await free(each)
    now = MONDAY_8
    for _ in range(waiting.MOST_OFFERS):
        assert await waiting.offer_all(now=now) == 1
        now += timedelta(minutes=5)
    assert await waiting.offer_all(now=now) == 0
    assert await states([entry_id]) == ["lapsed"]
    assert not await Hold.filter(expires_at__gt=now).exists()


async def test_who_has_an_appointment_is_moved_to_an_earlier_one_only(database: Database) -> None:
    offer, appointments = await full_morning()
    mine = appointments[3]
    entry_id = await waiting.join(
        now=MONDAY_8, service_id=offer.service.id, site_id=offer.site.id, citizen=person(0), until=mine.starts_at,
        appointment_id=mine.id,
    )  # fmt: skip
    await free(appointments[5])
    assert await waiting.offer_all(now=MONDAY_8) == 0
    await free(appointments[1])
    assert await waiting.offer_all(now=MONDAY_8) == 1
    done = await waiting.accept(key=KEY, now=MONDAY_8, entry_id=entry_id)
    assert (done.appointment.id, done.appointment.starts_at) == (mine.id, appointments[1].starts_at)
    assert not await Hold.all().exists()
    assert (await booked(offer, mine.starts_at)).starts_at == mine.starts_at


async def test_waiting_is_no_way_round_the_limit_of_appointments_to_come(database: Database) -> None:
    offer, appointments = await full_morning(future_limit=1)
    ids = [await join(offer, 0)]
    await free(appointments[1])
    await waiting.offer_all(now=MONDAY_8)
    await waiting.accept(key=KEY, now=MONDAY_8, entry_id=ids[0])
    ids.append(await join(offer, 0))
    await free(appointments[2])
    await waiting.offer_all(now=MONDAY_8)
    with pytest.raises(TooManyAppointments):
        await waiting.accept(key=KEY, now=MONDAY_8, entry_id=ids[1])
    assert await states(ids) == ["accepted", "offered"]


async def test_only_what_fits_is_offered(database: Database) -> None:
    offer, appointments = await full_morning()
    soon = await join(offer, 0, until=TEN)
    later = await join(offer, 1)
    await free(appointments[4])
    await waiting.offer_all(now=MONDAY_8)
    assert await states([soon, later]) == ["waiting", "offered"]
    assert await waiting.offer_all(now=TEN) == 0
    assert (await states([soon]))[0] == "lapsed"


async def test_what_a_list_refuses(database: Database) -> None:
    offer, _ = await full_morning()
    wanted = {"service_id": offer.service.id, "site_id": offer.site.id}
    nobody = Citizen(given_name="Ana", family_name="B")
    with pytest.raises(AddressMissing):
        await waiting.join(now=MONDAY_8, citizen=nobody, until=TWELVE, **wanted)
    with pytest.raises(ServiceUnknown):
        await waiting.join(now=MONDAY_8, citizen=person(0), until=TWELVE, **wanted | {"service_id": "none"})
    with pytest.raises(SiteUnknown):
        await waiting.join(now=MONDAY_8, citizen=person(0), until=TWELVE, **wanted | {"site_id": "none"})
    await join(offer, 0)
    with pytest.raises(AlreadyWaiting):
        await join(offer, 0)
    await Service.filter(id=offer.service.id).update(waiting_list=False)
    with pytest.raises(NoWaitingList):
        await join(offer, 1)
    await Service.filter(id=offer.service.id).update(waiting_list=True, audiences=["partner"])
    with pytest.raises(NoWaitingList):
        await join(offer, 1)
    for verb in (waiting.decline, waiting.leave):
        with pytest.raises(EntryUnknown):
            await verb(now=MONDAY_8, entry_id="none")
    with pytest.raises(EntryUnknown):
        await waiting.accept(key=KEY, now=MONDAY_8, entry_id="none")
    assert await WaitingEntry.all().count() == 1


async def test_offer_goes_out_by_mail_and_not_once_it_is_over(
    database: Database, smtp_server: SmtpServer, tmp_path: Path
) -> None:
    offer, appointments = await full_morning()
    ids = [await join(offer, number) for number in range(2)]
    await free(appointments[2])
    await waiting.offer_all(now=MONDAY_8)
    await waiting.decline(now=MONDAY_8, entry_id=ids[0])
    await waiting.offer_all(now=MONDAY_8)
    async with SmtpMailer(read_server(smtp_server.url), sender=SENDER) as mailer:
        channel = MailChannel(mailer, composer(tmp_path), clock=lambda: MONDAY_8)
        await Delivery({"email": channel}, clock=lambda: MONDAY_8).deliver_due()
    (mail,) = smtp_server.to("ana1@mail.example")
    assert smtp_server.to("ana0@mail.example") == []
    assert mail["Subject"].startswith("Une place s’est libérée")
    body = mail.get_body(("plain",))
    assert body is not None
    assert f"{ORIGIN}/rdv/offer/" in body.get_content()
    assert not [each for each in mail.walk() if each.get_content_type() == "text/calendar"]
