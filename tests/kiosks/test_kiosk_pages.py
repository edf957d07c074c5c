"""The kiosk's pages as a browser sees them, over HTTP."""

import asyncio
import re
from datetime import timedelta
from io import BytesIO

import pytest
import segno
from PIL import Image

from booking.book import book
from booking.lifecycle import Actor, ActorKind, Status
from booking.models import Appointment, Hold
from booking.passes import issue_pass, shown_reference
from booking.schemas import Citizen
from kiosks.arrival_pages import TRIES
from kiosks.models import HelpRequest, Visit
from kiosks.scan import MAX_BYTES
from teleconsult.clock import utcnow
from teleconsult.web.tokens import SIGNER
from tests.kiosks.conftest import Client, make_terminal
from tests.kiosks.house import World, appointment_at

PERSON = {"given_name": "Zoé", "family_name": "L’Hôte", "email": "zoe@example.fr", "phone": "", "language": "fr"}


async def text_of(client: Client, path: str) -> str:
    answer = await client.get(path)
    assert answer.status == 200, path
    return await answer.text()


async def visit_id() -> str:
    return (await Visit.get()).id


async def begin(client: Client, world: World) -> str:
    """Choose a service; return the page of times."""
    await client.post("/kiosk/booking/start")
    answer = await client.post("/kiosk/booking/service", data={"visit": await visit_id(), "service": world.housing.id})
    return await answer.text()


async def choose_time(client: Client, times: str) -> str:
    first = re.search(r'name="time" value="([^"]+)"', times)
    assert first
    answer = await client.post("/kiosk/booking/slot", data={"visit": await visit_id(), "time": first[1]})
    return await answer.text()


async def to_check(client: Client, world: World) -> str:
    await choose_time(client, await begin(client, world))
    answer = await client.post("/kiosk/booking/person", data=PERSON | {"visit": await visit_id()})
    return await answer.text()


async def test_from_the_first_screen_to_the_pass(kiosk: tuple[Client, World]) -> None:
    client, world = kiosk
    assert "Prendre rendez-vous" in await text_of(client, "/kiosk")
    check = await to_check(client, world)
    assert "Zoé L’Hôte" in check
    answer = await client.post("/kiosk/booking/check", data={"visit": await visit_id()})
    done = await answer.text()
    appointment = await Appointment.get()
    assert shown_reference(appointment.reference) in done
    assert "<svg" in done
    assert "Une pièce d’identité" in done
    assert (appointment.given_name, appointment.email, appointment.channel) == ("Zoé", "zoe@example.fr", "kiosk")
    assert (await client.get("/kiosk/booking/person", allow_redirects=False)).headers["Location"].endswith("/done")


async def test_confirming_twice_at_once_books_once(kiosk: tuple[Client, World]) -> None:
    client, world = kiosk
    await to_check(client, world)
    form = {"visit": await visit_id()}
    answers = await asyncio.gather(*(client.post("/kiosk/booking/check", data=form) for _ in range(4)))
    texts = [await answer.text() for answer in answers]
    assert await Appointment.all().count() == 1
    reference = shown_reference((await Appointment.get()).reference)
    assert all(reference in text for text in texts)


async def test_going_back_and_reloading_lose_nothing(kiosk: tuple[Client, World]) -> None:
    client, world = kiosk
    await choose_time(client, await begin(client, world))
    half = {"visit": await visit_id(), "given_name": "Zo", "family_name": "", "phone": "06", "needs": "companion"}
    assert (await client.post("/kiosk/booking/person/keep", data=half)).status == 204
    page = await text_of(client, "/kiosk/booking/person")
    assert 'value="Zo"' in page
    assert re.search(r'value="companion" checked', page)
    back = await client.post("/kiosk/booking/person", data=half | {"given_name": "Zoé", "back": "1"})
    assert back.url.path == "/kiosk/booking/slot"
    assert 'value="Zoé"' in await text_of(client, "/kiosk/booking/person")
    assert "La reprendre" in await text_of(client, "/kiosk")


async def test_what_is_wrong_is_said_beside_the_field_and_kept(kiosk: tuple[Client, World]) -> None:
    client, world = kiosk
    await choose_time(client, await begin(client, world))
    wrong = PERSON | {"visit": await visit_id(), "family_name": " ", "email": "zoe@", "phone": "12"}
    page = await (await client.post("/kiosk/booking/person", data=wrong)).text()
    for name in ("family_name", "email", "phone"):
        assert f'id="{name}-error"' in page
    assert 'value="zoe@"' in page
    assert (await client.get("/kiosk/booking/check")).url.path == "/kiosk/booking/person"


async def test_a_time_taken_meanwhile_leads_to_others_with_nothing_lost(kiosk: tuple[Client, World]) -> None:
    client, world = kiosk
    await to_check(client, world)
    wanted = (await Visit.get()).starts_at
    assert wanted
    await Hold.all().update(expires_at=utcnow() - timedelta(seconds=1))
    for _ in range(2):
        await book(
            now=utcnow(), service_id=world.housing.id, site_id=world.here.id, start=wanted,
            citizen=Citizen(given_name="A", family_name="B"), actor=Actor(ActorKind.CITIZEN), channel="web",
        )  # fmt: skip
    answer = await client.post("/kiosk/booking/check", data={"visit": await visit_id()})
    page = await answer.text()
    assert "Cet horaire vient d’être pris" in page
    check = await choose_time(client, page)
    assert "Zoé L’Hôte" in check
    await client.post("/kiosk/booking/check", data={"visit": await visit_id()})
    mine = await Appointment.get(given_name="Zoé")
    assert mine.starts_at != wanted or mine.site_id != world.here.id


async def test_another_house_is_offered_with_its_distance(kiosk: tuple[Client, World]) -> None:
    client, world = kiosk
    times = await begin(client, world)
    assert world.there.name in times
    assert re.search(r"à 1\d km", times)
    there = await text_of(client, f"/kiosk/booking/slot?place={world.there.id}")
    assert f'value="{world.there.id}|' in there


@pytest.mark.parametrize("time", ["", "x", "x|2026-11-23T10:00:00+01:00", "|", "x|never"])
async def test_a_made_up_time_changes_nothing(kiosk: tuple[Client, World], time: str) -> None:
    client, world = kiosk
    await begin(client, world)
    answer = await client.post("/kiosk/booking/slot", data={"visit": await visit_id(), "time": time})
    assert answer.url.path == "/kiosk/booking/slot"
    assert (await Visit.get()).starts_at is None


async def test_a_step_too_far_leads_to_where_one_stands(kiosk: tuple[Client, World]) -> None:
    client, world = kiosk
    assert (await client.get("/kiosk/booking/check")).url.path == "/kiosk"
    await client.post("/kiosk/booking/start")
    assert (await client.get("/kiosk/booking/check")).url.path == "/kiosk/booking/service"
    await begin(client, world)
    assert (await client.get("/kiosk/booking/check")).url.path == "/kiosk/booking/slot"


async def test_wiping_leaves_nothing_for_the_back_button(kiosk: tuple[Client, World]) -> None:
    client, world = kiosk
    await to_check(client, world)
    late = PERSON | {"visit": await visit_id()}
    assert (await client.post("/kiosk/wipe", headers={"Accept": "application/json"})).status == 204
    for path in ("person", "check", "slot", "done"):
        assert (await client.get(f"/kiosk/booking/{path}")).url.path == "/kiosk"
    await client.post("/kiosk/booking/person/keep", data=late)
    assert await Visit.all().count() == 0
    assert "La reprendre" not in await text_of(client, "/kiosk")


async def test_goodbye_wipes_and_forgets_the_language(kiosk: tuple[Client, World]) -> None:
    client, world = kiosk
    await begin(client, world)
    assert "Welcome" in await text_of(client, "/kiosk?lang=en")
    answer = await client.get("/kiosk/goodbye")
    assert "Thank you" in await answer.text()
    assert await Visit.all().count() == 0
    assert "Bonjour" in await text_of(client, "/kiosk")


async def test_no_screen_is_ever_kept_by_the_browser(kiosk: tuple[Client, World]) -> None:
    client, world = kiosk
    await to_check(client, world)
    for path in ("", "/arrival", "/booking/service", "/booking/slot", "/booking/person", "/booking/check"):
        assert (await client.get(f"/kiosk{path}")).headers["Cache-Control"] == "no-store"


async def test_a_browser_that_is_no_kiosk_is_asked_for_a_code(served: tuple[Client, World]) -> None:
    client, world = served
    assert "Code d’installation" in await text_of(client, "/kiosk")
    assert (await client.get("/kiosk/booking/person")).url.path == "/kiosk"
    assert (await client.post("/kiosk/booking/start")).status == 403
    refused = await client.post("/kiosk/enrol", data={"code": "AAAA-BBBB"})
    assert refused.status == 410
    assert "Ce code n’est pas valable" in await refused.text()
    await make_terminal(client, world)
    assert world.here.name in await text_of(client, "/kiosk")
    cookie = next(cookie for cookie in client.session.cookie_jar if cookie.key == "terminal")
    assert cookie["httponly"]


async def test_enrolment_codes_cannot_be_guessed_fast(served: tuple[Client, World]) -> None:
    client, _ = served
    statuses = [(await client.post("/kiosk/enrol", data={"code": "AAAABBBB"})).status for _ in range(12)]
    assert statuses[0] == 410
    assert statuses[-1] == 429


async def answer_to(client: Client, code: str) -> str:
    """Type a code; return the machine's name of the answer shown."""
    answer = await client.post("/kiosk/arrival", data={"code": code})
    assert answer.url.path == "/kiosk/arrival/answer"
    found = re.search(r'data-code="(\w+)"', await answer.text())
    assert found
    return found[1]


async def test_each_refusal_has_its_own_friendly_answer(kiosk: tuple[Client, World]) -> None:
    client, world = kiosk
    now = utcnow()
    early = await appointment_at(world, now + timedelta(hours=3), kiosk=world.kiosk)
    late = await appointment_at(world, now - timedelta(minutes=25), kiosk=world.kiosk)
    elsewhere = await appointment_at(world, now + timedelta(minutes=8), site=world.there)
    gone = await appointment_at(world, now + timedelta(minutes=9), kiosk=world.kiosk)
    await Appointment.filter(id=gone.id).update(status=Status.CANCELLED)
    assert await answer_to(client, early.reference) == "too_early"
    assert await answer_to(client, late.reference) == "too_late"
    assert await answer_to(client, elsewhere.reference) == "wrong_site"
    assert world.there.name in await text_of(client, "/kiosk/arrival/answer")
    assert await answer_to(client, gone.reference) == "appointment_cancelled"
    assert await answer_to(client, "ACD-347") == "reference_unknown"
    for language in ("fr", "en"):
        assert "kiosk-answer" in await text_of(client, f"/kiosk/arrival/answer?lang={language}")


async def test_checking_in_leads_to_the_call_and_the_first_screen_leads_back_to_it(
    kiosk: tuple[Client, World], another_client: Client
) -> None:
    client, world = kiosk
    appointment = await appointment_at(world, utcnow() + timedelta(minutes=5), kiosk=world.kiosk)
    answer = await client.post("/kiosk/arrival", data={"code": appointment.reference}, allow_redirects=False)
    assert answer.headers["Location"].startswith(f"/call/{appointment.id}")
    again = await client.get("/kiosk", allow_redirects=False)
    assert again.headers["Location"].startswith(f"/call/{appointment.id}")
    await make_terminal(another_client, world, world.second_kiosk.id)
    assert await answer_to(another_client, appointment.reference) == "already_checked_in"
    await Appointment.filter(id=appointment.id).update(status=Status.COMPLETED)
    assert "Bonjour" in await text_of(client, "/kiosk")
    assert await Visit.filter(appointment_id=appointment.id).count() == 0


async def test_a_scanner_that_types_checks_in(kiosk: tuple[Client, World]) -> None:
    client, world = kiosk
    appointment = await appointment_at(world, utcnow() + timedelta(minutes=5), kiosk=world.kiosk)
    code = issue_pass(client.app[SIGNER], appointment_id=appointment.id, ends_at=appointment.ends_at)
    answer = await client.post("/kiosk/arrival", data={"code": code}, allow_redirects=False)
    assert answer.headers["Location"].startswith(f"/call/{appointment.id}")


async def test_guessing_is_slowed_down_but_never_locks_the_kiosk(
    kiosk: tuple[Client, World], another_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, world = kiosk
    appointment = await appointment_at(world, utcnow() + timedelta(minutes=5), kiosk=world.kiosk)
    answers = [await answer_to(client, "ACD-347") for _ in range(TRIES + 1)]
    assert answers[:TRIES] == ["reference_unknown"] * TRIES
    assert answers[-1] == "too_many_requests"
    assert await answer_to(client, appointment.reference) == "too_many_requests"
    await make_terminal(another_client, world, world.second_kiosk.id)
    assert await answer_to(another_client, "ACD-347") == "reference_unknown"
    from teleconsult.web import throttle

    now = throttle.time.monotonic()
    monkeypatch.setattr(throttle.time, "monotonic", lambda: now + 11)
    answer = await client.post("/kiosk/arrival", data={"code": appointment.reference}, allow_redirects=False)
    assert answer.headers["Location"].startswith(f"/call/{appointment.id}")


def picture_of(text: str) -> bytes:
    """Return a photograph, more or less, of a QR code: small, grey, a little turned, as JPEG."""
    drawn = BytesIO()
    segno.make(text, error="m", micro=False).save(drawn, kind="png", scale=6, border=4)
    with Image.open(drawn) as image:
        turned = image.convert("L").rotate(7, expand=True, fillcolor=200)
        photo = Image.new("L", (960, 720), 120)
        photo.paste(turned, (180, 120))
    taken = BytesIO()
    photo.save(taken, "JPEG", quality=75)
    return taken.getvalue()


async def scan(client: Client, picture: bytes) -> tuple[int, dict[str, str]]:
    headers = {"Content-Type": "image/jpeg", "Accept": "application/json"}
    answer = await client.post("/kiosk/scan", data=picture, headers=headers)
    return answer.status, await answer.json()


async def test_a_pass_shown_to_the_camera_checks_in(kiosk: tuple[Client, World]) -> None:
    client, world = kiosk
    appointment = await appointment_at(world, utcnow() + timedelta(minutes=5), kiosk=world.kiosk)
    code = issue_pass(client.app[SIGNER], appointment_id=appointment.id, ends_at=appointment.ends_at)
    status, found = await scan(client, picture_of(code))
    assert status == 200
    assert found["next"].startswith(f"/call/{appointment.id}")
    assert (await Appointment.get(id=appointment.id)).status == Status.CHECKED_IN


async def test_other_codes_and_other_pictures_are_passed_over(kiosk: tuple[Client, World]) -> None:
    client, _ = kiosk
    assert await scan(client, picture_of("https://example.org")) == (200, {})
    status, found = await scan(client, picture_of("TC1:forged"))
    assert (status, found) == (200, {"next": "/kiosk/arrival/answer"})
    assert (await scan(client, b"not a picture"))[0] == 409
    assert (await scan(client, b"\xff" * (MAX_BYTES + 1)))[0] == 409
    huge = BytesIO()
    Image.new("1", (20_000, 20_000)).save(huge, "PNG")
    assert len(huge.getvalue()) < MAX_BYTES
    assert (await scan(client, huge.getvalue()))[0] == 409


async def test_help_is_asked_once_and_taken_back(kiosk: tuple[Client, World]) -> None:
    client, world = kiosk
    for _ in range(3):
        assert (await client.post("/kiosk/help", headers={"Accept": "application/json"})).status == 204
    assert await HelpRequest.filter(open_kiosk=world.kiosk.id).count() == 1
    assert "Un conseiller est prévenu." in await text_of(client, "/kiosk")
    assert (await client.post("/kiosk/help/cancel")).status == 200
    assert await HelpRequest.filter(open_kiosk=world.kiosk.id).count() == 0


async def test_another_site_cannot_press_the_buttons(kiosk: tuple[Client, World]) -> None:
    client, world = kiosk
    await begin(client, world)
    for path in ("/kiosk/wipe", "/kiosk/help", "/kiosk/booking/start", "/kiosk/booking/check"):
        answer = await client.post(path, headers={"Sec-Fetch-Site": "cross-site"})
        assert answer.status == 403, path
    assert (await Visit.get()).service_id == world.housing.id


async def test_no_personal_data_in_any_address(kiosk: tuple[Client, World]) -> None:
    client, world = kiosk
    await to_check(client, world)
    answer = await client.post("/kiosk/booking/check", data={"visit": await visit_id()})
    seen = [str(each.url) for each in (*answer.history, answer)]
    assert not any("Zo" in url or "example.fr" in url or "visit" in url for url in seen)
