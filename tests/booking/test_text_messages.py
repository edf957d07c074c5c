"""Notices by text message: what they say, that they fit, whom they go to, and where their short link leads."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from hypothesis import given
from hypothesis import strategies as st

from booking.keys import CHANNELS
from booking.models import Appointment, Notice
from booking.notifications.by_sms import SmsChannel, compose_text
from booking.notifications.due import Due
from booking.notifications.kinds import Kind
from booking.notifications.meeting import Meeting
from booking.ports import PermanentFailure, open_gate
from booking.waiting import Place
from booking.wording.gsm7 import Alphabet, measure
from booking.wording.kept import Wordbook
from booking.wording.short_links import MANAGE, WAITING, read_link, shorten_link
from booking.wording.texts import TEXTS, abbreviated, put_together
from teleconsult.app import make_app
from teleconsult.clock import utcnow
from teleconsult.settings import Settings
from teleconsult.sms.kept import KeptSmsSender, list_texts
from teleconsult.web.tokens import SIGNER, Signer, TokenInvalid
from tests.booking.meetings import NOW, ORIGIN, composer, make_meeting
from tests.kiosks.house import appointment_at, build_world

PHONE = "+33612345678"
PARAMS = {"minutes": 20, "trouble": "agent_absent", "alternatives": []}
LINK = ORIGIN + "/s/"


def place(**more: Any) -> Place:
    facts: dict[str, Any] = {
        "id": "f" * 32, "state": "offered", "ahead": 0, "service_id": "", "service": "Aides au logement",
        "service_en": "Housing aid", "site_id": "", "site": "France Services Patay", "timezone": "Europe/Paris",
        "not_after": NOW + timedelta(days=9), "given_name": "Zoé", "email": "z@mail.example", "language": "fr",
        "offers": 1, "offered_start": datetime(2026, 11, 23, 13, 30, tzinfo=UTC),
        "offered_until": datetime(2026, 11, 22, 17, 0, tzinfo=UTC), "appointment_id": None, "phone": PHONE,
    }  # fmt: skip
    return Place(**facts | more)


def said(kind: Kind, folder: Path, **more: Any) -> str:
    subject: Meeting | Place = make_meeting(phone=PHONE, **more)
    if kind is Kind.OFFER:
        subject = place(**{key: value for key, value in more.items() if key in ("language", "site", "service")})
    return compose_text(composer(folder), kind, subject, params=PARAMS, words=None)


def test_reminder_says_when_where_and_what_to_do(tmp_path: Path) -> None:
    text = said(Kind.REMINDER, tmp_path, site="MFS Patay")
    begin = "Rappel : rendez-vous lun. 23/11 à 10h00, MFS Patay. Réf. ACD-EFG. Modifier : " + LINK
    assert text.startswith(begin)
    assert len(text) == len(begin) + 31
    english = said(Kind.REMINDER, tmp_path, site="MFS Patay", language="en")
    assert english.startswith("Reminder: appointment Mon 23 Nov at 10:00, MFS Patay. Ref. ACD-EFG. Change it: " + LINK)


def test_time_is_that_of_the_house(tmp_path: Path) -> None:
    assert "lun. 23/11 à 13h00" in said(Kind.REMINDER, tmp_path, timezone="Indian/Reunion")


def test_late_says_how_late_and_when(tmp_path: Path) -> None:
    assert "20 min de retard. Vous serez reçu vers 10h20." in said(Kind.LATE, tmp_path).replace("recu", "reçu")


@pytest.mark.parametrize("kind", list(TEXTS))
@pytest.mark.parametrize("language", ["fr", "en", "ar"])
def test_every_text_fits_into_one_message_whatever_the_names(kind: Kind, language: str, tmp_path: Path) -> None:
    names = {"site": "Maison France services de Saint-Benoît-sur-Loire et ses environs", "service": "Être aidé " * 9}
    text = said(kind, tmp_path, language=language, **names)
    assert (measure(text).alphabet, measure(text).parts) == (Alphabet.GSM7, 1)
    assert "..." not in text
    assert text.count(LINK) == TEXTS[kind].count("{link}")


@given(template=st.text(max_size=300), site=st.text(max_size=120), when=st.text(max_size=30))
def test_putting_together_never_fails_and_fits(template: str, site: str, when: str) -> None:
    link = LINK + "m" * 31
    text = put_together(template + " {site} {when} {link}", {"site": site, "when": when, "link": link})
    size = measure(text)
    assert link in text
    assert size.parts <= (1 if size.alphabet is Alphabet.GSM7 else 3) or text.count("http") > 1


@given(st.text(max_size=80), st.integers(2, 40))
def test_abbreviations_are_no_longer_than_asked(text: str, length: int) -> None:
    assert len(abbreviated(text, length)) <= max(length, len(text) if len(text) <= length else 0)


@pytest.fixture
def channel(tmp_path: Path, sqlite_url: str) -> SmsChannel:
    return SmsChannel(
        KeptSmsSender(tmp_path / "sms"), composer(tmp_path), Wordbook(), countries=frozenset({"FR", "RE"})
    )


def due(kind: str = "reminder", **more: Any) -> Due:
    now = utcnow()
    notice = Notice(
        kind=kind, recipient="citizen", channel="sms", sequence=0, starts_at=now, ends_at=now, due_at=now,
        deadline_at=now, params=PARAMS,
    )  # fmt: skip
    return Due(notice=notice, subject=make_meeting(**{"phone": PHONE} | more))


@pytest.fixture
async def client(sqlite_url: str, tmp_path: Path) -> AsyncIterator[TestClient[web.Request, web.Application]]:
    settings = Settings(database_url=sqlite_url, data_dir=tmp_path, demo=True, deliver=False)
    async with TestClient(TestServer(make_app(settings))) as client:
        yield client


async def test_channel_hands_the_text_over_and_says_what_it_takes(
    channel: SmsChannel, client: TestClient[web.Request, web.Application], tmp_path: Path
) -> None:
    notice = due()
    sent = await channel.send(notice, open_gate)
    assert (sent.message_ref, sent.parts) == (notice.notice.id, 1)
    [text] = list_texts(tmp_path / "sms")
    assert (text.to, text.parts) == (PHONE, 1)
    assert text.text.startswith("Rappel")
    page = await (await client.get("/demo/texts")).text()
    assert "Rappel" in page
    assert PHONE in page


@pytest.mark.parametrize(
    ("phone", "kind", "reason"),
    [
        ("+33238123456", "reminder", "phone_not_mobile"), ("", "reminder", "phone_not_mobile"),
        ("+4915112345678", "reminder", "phone_not_mobile"), (PHONE, "agenda", "no_text_for_kind"),
    ],
)  # fmt: skip
async def test_who_cannot_be_texted_is_refused_for_good(
    channel: SmsChannel, tmp_path: Path, phone: str, kind: str, reason: str
) -> None:
    with pytest.raises(PermanentFailure, match=reason):
        await channel.send(due(kind, phone=phone), open_gate)
    assert list_texts(tmp_path / "sms") == []


async def test_short_link_leads_to_the_appointments_page(client: TestClient[web.Request, web.Application]) -> None:
    assert client.app is not None
    signer = client.app[SIGNER]
    appointment = await appointment_at(await build_world(), utcnow() + timedelta(hours=3))
    code = shorten_link(signer, MANAGE, appointment.id)
    answer = await client.get(f"/s/{code}")
    assert answer.status == 200
    assert "/rdv/" in str(answer.url)
    assert code not in str(answer.url)
    for wrong in (code[:-1] + ("A" if code[-1] != "A" else "B"), "w" + code[1:], "m", "", "é", code + "A", "a" * 999):
        if wrong:
            assert (await client.get(f"/s/{wrong}")).status == 403, wrong
    unknown = shorten_link(signer, MANAGE, "0" * 32)
    assert (await client.get(f"/s/{unknown}")).status == 404
    assert (await client.get(f"/s/{shorten_link(signer, WAITING, '0' * 32)}")).status == 404
    long_ago = utcnow() - timedelta(days=40)
    await Appointment.filter(id=appointment.id).update(starts_at=long_ago, ends_at=long_ago + timedelta(minutes=30))
    assert (await client.get(f"/s/{code}")).status == 410


async def test_application_sends_text_messages(client: TestClient[web.Request, web.Application]) -> None:
    assert client.app is not None
    assert isinstance(client.app[CHANNELS]["sms"], SmsChannel)


@given(st.uuids(), st.sampled_from([MANAGE, WAITING]))
def test_short_links_are_read_again_and_by_their_signer_alone(subject: Any, purpose: str) -> None:
    code = shorten_link(Signer("a" * 32), purpose, subject.hex)
    assert len(code) == 31
    assert read_link(Signer("a" * 32), code) == (purpose, subject.hex)
    with pytest.raises(TokenInvalid):
        read_link(Signer("b" * 32), code)


def test_meeting_and_place_are_told_apart(tmp_path: Path) -> None:
    with_place = replace(place(), language="en")
    text = compose_text(composer(tmp_path), Kind.OFFER, with_place, params={}, words=None)
    assert text.startswith(
        "A time is free Mon 23 Nov at 14:30, France Services Patay. Answer before Sun 22 Nov at 18:00"
    )
