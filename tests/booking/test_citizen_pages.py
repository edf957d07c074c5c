"""The citizen's own link: it opens one appointment and nothing else, to see, move, cancel, print and note down."""

import re
from datetime import timedelta

import pytest
from icalendar import Calendar

from booking.change import cancel
from booking.events import AppointmentCancelled, AppointmentRescheduled
from booking.models import Appointment, Kiosk, Notice, Site, SiteOpening, Transition
from booking.passes import issue_calendar, issue_manage, issue_pass
from booking.schemas import Citizen
from teleconsult.web.tokens import SIGNER
from tests.booking.agenda_world import DAY_MINUTES, STEP, Client, World, heard, page

TWO_HOURS = timedelta(hours=2)
YESTERDAY = timedelta(days=1)
ROSE = Citizen(given_name="Rose", family_name="Noir")


def starts(html: str) -> list[str]:
    return re.findall(r'name="start" id="[^"]+" value="([^"]+)"', html)


def calendar_url(world: World, appointment: Appointment) -> str:
    signer = world.app[SIGNER]
    return f"/calendar/{issue_calendar(signer, appointment_id=appointment.id, ends_at=appointment.ends_at)}.ics"


# The link


async def test_link_shows_the_appointment(client: Client, world: World) -> None:
    appointment = await world.book(world.next_start + TWO_HOURS)
    html = await page(client, world.manage_url(appointment))
    for text in (
        "Votre rendez-vous", "Aides au logement", "France services Briare", "1 place de la République, 45250 Briare",
        "Borne 1", "Claire Fontaine", "DDT du Loiret", "Pièce d’identité", "02 38 00 00 00", "30 minutes",
        f"{appointment.reference[:3]}-{appointment.reference[3:]}", "Imprimer le pass", "Déplacer",
    ):  # fmt: skip
        assert text in html
    assert "jeanne@example.org" not in html
    assert "Mon agenda" not in html


async def test_link_speaks_english(client: Client, world: World) -> None:
    appointment = await world.book(world.next_start + TWO_HOURS)
    html = await page(client, world.manage_url(appointment) + "?lang=en")
    assert "Your appointment" in html
    assert "Housing aid" in html
    assert "Identity document" in html


@pytest.mark.parametrize("rest", ["", "/move", "/pass"])
async def test_no_other_token_opens_it(client: Client, world: World, rest: str) -> None:
    appointment = await world.book(world.next_start + TWO_HOURS)
    signer, end = world.app[SIGNER], appointment.ends_at
    good = issue_manage(signer, appointment_id=appointment.id, ends_at=end)
    wrong = [
        "nonsense",
        # not the last character, some of whose bits mean nothing
        good[:-5] + ("A" if good[-5] != "A" else "B") + good[-4:],
        issue_calendar(signer, appointment_id=appointment.id, ends_at=end),
        issue_pass(signer, appointment_id=appointment.id, ends_at=end).removeprefix("TC1:"),
    ]
    for token in wrong:
        html = await page(client, f"/rdv/{token}{rest}", 403)
        assert "Martin" not in html
        assert "Ce lien n’est pas valable" in html
    expired = issue_manage(signer, appointment_id=appointment.id, ends_at=end - timedelta(days=60))
    assert "sa durée est dépassée" in await page(client, f"/rdv/{expired}{rest}", 410)
    unknown = issue_manage(signer, appointment_id="0" * 32, ends_at=end)
    await page(client, f"/rdv/{unknown}{rest}", 404)


@pytest.mark.parametrize("action", ["cancel", "move"])
async def test_nobody_posts_without_the_link(client: Client, world: World, action: str) -> None:
    appointment = await world.book(world.next_start + TWO_HOURS)
    token = issue_calendar(world.app[SIGNER], appointment_id=appointment.id, ends_at=appointment.ends_at)
    answer = await client.post(f"/rdv/{token}/{action}", data={"start": (world.next_start + STEP).isoformat()})
    assert answer.status == 403
    stored = await Appointment.get(id=appointment.id)
    assert (stored.status, stored.starts_at) == ("booked", appointment.starts_at)


async def test_other_site_cannot_post(client: Client, world: World) -> None:
    appointment = await world.book(world.next_start + TWO_HOURS)
    headers = {"Sec-Fetch-Site": "cross-site"}
    assert (await client.post(world.manage_url(appointment) + "/cancel", headers=headers)).status == 403
    assert (await Appointment.get(id=appointment.id)).status == "booked"


async def test_what_is_over_can_no_longer_be_changed(client: Client, world: World) -> None:
    appointment = await world.book(world.next_start)
    await world.arrive(appointment, world.now)
    own = world.manage_url(appointment)
    html = await page(client, own)
    assert "l’agent vous reçoit à la borne" in html
    assert "Déplacer" not in html
    answer = await client.get(f"{own}/move", allow_redirects=False)
    assert (answer.status, answer.headers["Location"]) == (303, own)
    await world.call(appointment, world.now)
    answer = await client.post(f"{own}/cancel")
    assert answer.status == 409
    assert "ne peut plus être annulé" in await answer.text()


async def test_after_the_start_only_the_house_can_help(client: Client, world: World) -> None:
    appointment = await world.book(world.next_start - STEP, at=world.now - YESTERDAY)
    own = world.manage_url(appointment)
    assert "Déplacer" not in await page(client, own)
    answer = await client.post(f"{own}/cancel")
    assert answer.status == 409
    answer = await client.post(f"{own}/move", data={"start": (world.next_start + STEP).isoformat()})
    assert answer.status == 409
    assert "ne peut plus être déplacé" in await answer.text()


# Cancel


async def test_cancel_asks_first_and_works_with_or_without_a_reason(client: Client, world: World) -> None:
    events = heard(world, AppointmentCancelled)
    for reason, start in (("Malade", world.next_start + TWO_HOURS), ("", world.next_start + TWO_HOURS + STEP)):
        appointment = await world.book(start)
        own = world.manage_url(appointment)
        assert re.search(
            r'<dialog class="fr-modal fr-modal--opened"[^>]* open>', await page(client, f"{own}?ask=cancel")
        )
        answer = await client.post(f"{own}/cancel", data={"reason": reason})
        html = await answer.text()
        assert str(answer.url.relative()) == f"{own}?done=cancelled"
        assert "Votre rendez-vous est annulé" in html
        assert "Imprimer le pass" not in html
        stored = await Appointment.get(id=appointment.id)
        assert (stored.status, stored.cancel_reason) == ("cancelled", reason)
        assert await Notice.filter(appointment_id=appointment.id, kind="cancellation").count() == 2
        last = await Transition.filter(appointment_id=appointment.id, to_status="cancelled").get()
        assert (last.actor_kind, last.actor_id) == ("citizen", "")
    assert len(events) == 2


async def test_cancelling_again_changes_nothing_more(client: Client, world: World) -> None:
    appointment = await world.book(world.next_start + TWO_HOURS)
    own = world.manage_url(appointment)
    for reason in ("Première", "Seconde"):
        assert (await client.post(f"{own}/cancel", data={"reason": reason})).status == 200
    assert (await Appointment.get(id=appointment.id)).cancel_reason == "Première"


async def test_reason_that_is_too_long_is_kept_and_refused(client: Client, world: World) -> None:
    appointment = await world.book(world.next_start + TWO_HOURS)
    answer = await client.post(world.manage_url(appointment) + "/cancel", data={"reason": "x" * 301})
    html = await answer.text()
    assert answer.status == 422
    assert "C’est trop long" in html
    assert "x" * 301 in html
    assert (await Appointment.get(id=appointment.id)).status == "booked"


async def test_cancelled_one_says_why_and_has_no_pass(client: Client, world: World) -> None:
    appointment = await world.book(world.next_start + TWO_HOURS)
    await cancel(now=world.now, appointment_id=appointment.id, actor=world.actor, reason="Agent malade")
    own = world.manage_url(appointment)
    html = await page(client, own)
    assert "Agent malade" in html
    assert "Pour reprendre rendez-vous" in html
    assert "Imprimer le pass" not in html
    answer = await client.get(f"{own}/pass", allow_redirects=False)
    assert (answer.status, answer.headers["Location"]) == (303, own)


# Move


async def test_move_takes_the_new_slot_and_frees_the_old_one(client: Client, world: World) -> None:
    appointment = await world.book(world.next_start + TWO_HOURS)
    events = heard(world, AppointmentRescheduled)
    own = world.manage_url(appointment)
    offered = starts(await page(client, f"{own}/move"))
    assert world.next_start + TWO_HOURS not in [world.instant(start) for start in offered]
    wanted = offered[5]
    answer = await client.post(f"{own}/move", data={"start": wanted})
    assert str(answer.url.relative()) == f"{own}?done=moved"
    assert "Votre rendez-vous est déplacé" in await answer.text()
    stored = await Appointment.get(id=appointment.id)
    assert (stored.starts_at, stored.sequence, stored.status) == (world.instant(wanted), 1, "booked")
    assert len(events) == 1
    assert await Notice.filter(appointment_id=appointment.id, kind="change").count() == 2
    assert (await world.book(appointment.starts_at, ROSE)).starts_at == appointment.starts_at


async def test_move_can_look_at_later_days(client: Client, world: World) -> None:
    appointment = await world.book(world.next_start + TWO_HOURS)
    own = world.manage_url(appointment)
    html = await page(client, f"{own}/move")
    later = re.search(rf'href="({re.escape(own)}/move\?from=[\d-]+)#slots"', html)
    assert later is not None
    assert min(starts(await page(client, later[1]))) > max(starts(html))
    assert starts(await page(client, f"{own}/move?from=9999-12-31")) == starts(html)


async def test_taken_slot_is_answered_with_the_next_ones_here_and_near(client: Client, world: World) -> None:
    near = await Site.create(
        name="France services Gien",
        commune="Gien",
        department="45",
        latitude=47.69,
        longitude=2.63,
        timezone=world.zone,
        open_on_holidays=True,
    )
    await Kiosk.create(site=near, name="Borne 1")
    for weekday in range(7):
        await SiteOpening.create(site=near, weekday=weekday, start_minute=0, end_minute=DAY_MINUTES)
    appointment = await world.book(world.next_start + TWO_HOURS)
    taken = await world.book(world.next_start + TWO_HOURS + STEP, ROSE)
    own = world.manage_url(appointment)
    answer = await client.post(f"{own}/move", data={"start": taken.starts_at.isoformat()})
    html = await answer.text()
    assert answer.status == 409
    assert "vient d’être pris" in html
    assert "France services Gien, Gien (à 10 km)" in html
    assert (await Appointment.get(id=appointment.id)).starts_at == appointment.starts_at
    there = [value for value in starts(html) if value.endswith(f"@{near.id}")]
    answer = await client.post(f"{own}/move", data={"start": there[0]})
    assert "France services Gien" in await answer.text()
    stored = await Appointment.get(id=appointment.id)
    assert (stored.site_id, stored.starts_at) == (near.id, world.instant(there[0].partition("@")[0]))


@pytest.mark.parametrize(
    ("start", "status", "said"),
    [
        ("", 422, "obligatoire"),
        ("bientôt", 422, "date"),
        ("2026-11-23T10:00:00", 422, "+01:00"),
        ("2020-01-01T10:00:00+01:00", 422, "passée"),
        ("2020-01-01T10:00:00+01:00@" + "0" * 32, 404, "n’existe pas"),
        ("2020-01-01T10:00:00+01:00@" + "0" * 65, 422, "trop long"),
    ],
)
async def test_move_to_no_time_or_place_is_refused(
    client: Client, world: World, start: str, status: int, said: str
) -> None:
    appointment = await world.book(world.next_start + TWO_HOURS)
    answer = await client.post(world.manage_url(appointment) + "/move", data={"start": start})
    html = await answer.text()
    assert answer.status == status
    assert said in html
    assert "Pour l’instant" in html
    assert (await Appointment.get(id=appointment.id)).starts_at == appointment.starts_at


async def test_nothing_else_free_leaves_it_as_it_is(client: Client, world: World) -> None:
    appointment = await world.book(world.next_start + TWO_HOURS)
    world.service.retired_at = world.now
    await world.service.save()
    assert "Aucun autre créneau libre" in await page(client, world.manage_url(appointment) + "/move")


# Pass and calendar


async def test_pass_shows_what_is_needed_at_the_kiosk(client: Client, world: World) -> None:
    appointment = await world.book(world.next_start + TWO_HOURS)
    html = await page(client, world.manage_url(appointment) + "/pass")
    assert "<svg" in html
    assert f"{appointment.reference[:3]}-{appointment.reference[3:]}" in html
    assert "Avis d’imposition" in html


async def test_calendar_file_is_the_appointment(client: Client, world: World) -> None:
    appointment = await world.book(world.next_start + TWO_HOURS)
    html = await page(client, world.manage_url(appointment))
    link = re.search(r'href="(/calendar/[^"]+\.ics)"', html)
    assert link is not None
    answer = await client.get(link[1])
    assert answer.headers["Content-Type"] == "text/calendar; charset=utf-8"
    calendar = Calendar.from_ical(await answer.read())
    event = calendar.walk("VEVENT")[0]
    assert (event.start, event.end) == (appointment.starts_at, appointment.ends_at)
    assert (calendar["METHOD"], event["STATUS"], event["SEQUENCE"]) == ("PUBLISH", "CONFIRMED", 0)
    assert "ATTENDEE" not in event
    own = str(event["URL"])
    assert "Votre rendez-vous" in await page(client, "/rdv/" + own.rpartition("/rdv/")[2])


async def test_calendar_file_of_a_cancelled_one_says_so(client: Client, world: World) -> None:
    appointment = await world.book(world.next_start + TWO_HOURS)
    await cancel(now=world.now, appointment_id=appointment.id, actor=world.actor)
    answer = await client.get(calendar_url(world, appointment))
    event = Calendar.from_ical(await answer.read()).walk("VEVENT")[0]
    assert (event["STATUS"], event["SEQUENCE"]) == ("CANCELLED", 1)


async def test_calendar_file_needs_its_own_token(client: Client, world: World) -> None:
    appointment = await world.book(world.next_start + TWO_HOURS)
    manage = world.manage_url(appointment).rpartition("/")[2]
    for token in (manage, "nonsense", appointment.id):
        assert (await client.get(f"/calendar/{token}.ics")).status == 403
    unknown = issue_calendar(world.app[SIGNER], appointment_id="0" * 32, ends_at=appointment.ends_at)
    assert (await client.get(f"/calendar/{unknown}.ics")).status == 404
