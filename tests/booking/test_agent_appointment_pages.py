"""An appointment's page as its agent sees it: cancelling, outcome, follow-up, and every way in which they refuse."""

import re
from datetime import timedelta

import pytest

from booking.change import cancel
from booking.events import AppointmentBooked, AppointmentCancelled, AppointmentClosed
from booking.lifecycle import Outcome
from booking.models import Appointment, Notice
from booking.schemas import Citizen
from tests.booking.agenda_world import JEANNE, STEP, Client, World, heard, page, sign_in, url

NBSP = "\u00a0"
TWO_HOURS = timedelta(hours=2)
YESTERDAY = timedelta(days=1)


async def test_appointment_shows_who_what_where_and_its_history(client: Client, world: World) -> None:
    appointment = await world.book(world.next_start, needs=("sign_language",))
    await world.arrive(appointment, world.now)
    await sign_in(client, "claire")
    html = await page(client, url(appointment))
    for text in (
        "Jeanne Martin", "jeanne@example.org", "+33612345678", "Aides au logement", "France services Briare",
        "1 place de la République, 45250 Briare", "Borne 1", "Langue des signes", "Pièce d’identité",
        f"{appointment.reference[:3]}-{appointment.reference[3:]}", "Attend à la borne",
    ):  # fmt: skip
        assert text in html
    steps = re.findall(r'class="history__what">([^<]+)<', html)
    assert steps == ["Réservé", "Arrivé à la borne"]


async def test_outcomes_are_offered_only_when_they_can_be_true(client: Client, world: World) -> None:
    booked = await world.book(world.next_start)
    waiting = await world.book(world.next_start - STEP, at=world.now - YESTERDAY)
    await sign_in(client, "claire")
    assert 'name="outcome"' not in await page(client, url(booked))
    html = await page(client, url(waiting))
    assert re.findall(r'name="outcome" value="(\w+)"', html) == ["no_show", "technical_failure"]
    await world.arrive(waiting, waiting.starts_at)
    await world.call(waiting, waiting.starts_at)
    html = await page(client, url(waiting))
    assert "no_show" not in re.findall(r'name="outcome" value="(\w+)"', html)
    assert len(re.findall(r'name="outcome" value="(\w+)"', html)) == 4


# Cancel


async def test_cancelling_needs_a_reason_and_asks_first(client: Client, world: World) -> None:
    appointment = await world.book(world.next_start)
    await sign_in(client, "claire")
    assert '<dialog class="fr-modal" id="cancel"' in await page(client, url(appointment))
    asked = await page(client, f"{url(appointment)}?ask=cancel")
    assert re.search(r'<dialog class="fr-modal fr-modal--opened"[^>]* open>', asked)
    answer = await client.post(f"{url(appointment)}/cancel", data={"reason": "   "})
    html = await answer.text()
    assert answer.status == 422
    assert re.search(r'<dialog class="fr-modal fr-modal--opened"[^>]* open>.*Ce champ est obligatoire', html, re.DOTALL)
    assert (await Appointment.get(id=appointment.id)).status == "booked"


async def test_cancel_frees_the_slot_and_tells_everybody(client: Client, world: World) -> None:
    appointment = await world.book(world.next_start)
    events = heard(world, AppointmentCancelled)
    await sign_in(client, "claire")
    answer = await client.post(f"{url(appointment)}/cancel", data={"reason": "Réunion imprévue"})
    html = await answer.text()
    assert str(answer.url.relative()) == f"{url(appointment)}?done=cancelled"
    assert "Le rendez-vous est annulé" in html
    assert "Réunion imprévue" in html
    assert "Annuler le rendez-vous" not in html
    stored = await Appointment.get(id=appointment.id)
    assert (stored.status, stored.cancel_reason, stored.sequence) == ("cancelled", "Réunion imprévue", 1)
    assert [event.appointment_id for event in events if isinstance(event, AppointmentCancelled)] == [appointment.id]
    planned = await Notice.filter(appointment_id=appointment.id, kind="cancellation").values_list(
        "recipient", flat=True
    )
    assert sorted(map(str, planned)) == ["agent", "citizen"]
    again = await world.book(world.next_start, Citizen(given_name="Rose", family_name="Noir"))
    assert again.starts_at == appointment.starts_at


async def test_cancelling_twice_changes_nothing_more(client: Client, world: World) -> None:
    appointment = await world.book(world.next_start)
    await sign_in(client, "claire")
    for reason in ("Première", "Seconde"):
        assert (await client.post(f"{url(appointment)}/cancel", data={"reason": reason})).status == 200
    assert (await Appointment.get(id=appointment.id)).cancel_reason == "Première"


async def test_call_that_runs_cannot_be_cancelled(client: Client, world: World) -> None:
    appointment = await world.book(world.next_start)
    await world.arrive(appointment, world.now)
    await world.call(appointment, world.now)
    await sign_in(client, "claire")
    answer = await client.post(f"{url(appointment)}/cancel", data={"reason": "Trop tard"})
    assert answer.status == 409
    assert "ne peut plus être annulé" in await answer.text()


async def test_citizen_without_an_address_must_be_told_by_somebody(client: Client, world: World) -> None:
    appointment = await world.book(world.next_start, Citizen(given_name="Rose", family_name="Noir"))
    await sign_in(client, "claire")
    answer = await client.post(f"{url(appointment)}/cancel", data={"reason": "Absent"})
    assert "n’a pas donné d’adresse électronique" in await answer.text()


# Outcome


async def called(world: World) -> Appointment:
    appointment = await world.book(world.next_start)
    await world.arrive(appointment, world.now)
    await world.call(appointment, world.now)
    return appointment


async def test_outcome_is_noted_and_corrected(client: Client, world: World) -> None:
    appointment = await called(world)
    events = heard(world, AppointmentClosed)
    await sign_in(client, "claire")
    answer = await client.post(f"{url(appointment)}/outcome", data={"outcome": "solved", "note": "Dossier <complet>."})
    html = await answer.text()
    assert "L’issue est enregistrée" in html
    assert f"Issue{NBSP}: Demande résolue" in html
    assert "Dossier &lt;complet&gt;." in html
    answer = await client.post(f"{url(appointment)}/outcome", data={"outcome": "redirected"}, allow_redirects=False)
    assert answer.status == 303
    stored = await Appointment.get(id=appointment.id)
    assert (stored.status, stored.outcome, stored.outcome_note) == ("completed", "redirected", "")
    assert [event.outcome for event in events if isinstance(event, AppointmentClosed)] == ["solved", "redirected"]


@pytest.mark.parametrize(
    "data", [{}, {"outcome": ""}, {"outcome": "splendid"}, {"outcome": "solved", "note": "x" * 2001}]
)
async def test_outcome_form_says_what_is_wrong_and_keeps_what_was_typed(
    client: Client, world: World, data: dict[str, str]
) -> None:
    appointment = await called(world)
    await sign_in(client, "claire")
    answer = await client.post(f"{url(appointment)}/outcome", data={"note": "Dossier complet"} | data)
    html = await answer.text()
    assert answer.status == 422
    assert "fr-error-text" in html
    assert ("x" * 2001 if "note" in data else "Dossier complet") in html
    assert (await Appointment.get(id=appointment.id)).status == "in_call"


async def test_outcome_that_contradicts_what_happened_is_refused(client: Client, world: World) -> None:
    seen, ahead = await called(world), await world.book(world.next_start + TWO_HOURS)
    await sign_in(client, "claire")
    for appointment, outcome in ((seen, "no_show"), (ahead, "solved"), (ahead, "no_show")):
        answer = await client.post(f"{url(appointment)}/outcome", data={"outcome": outcome})
        assert answer.status == 409
        assert "ne correspond pas" in await answer.text()


async def test_cancelled_appointment_has_no_outcome(client: Client, world: World) -> None:
    appointment = await world.book(world.next_start)
    await cancel(now=world.now, appointment_id=appointment.id, actor=world.actor)
    await sign_in(client, "claire")
    answer = await client.post(f"{url(appointment)}/outcome", data={"outcome": "solved"})
    assert answer.status == 409
    assert 'name="outcome"' not in await answer.text()


# Follow-up


async def test_follow_up_is_booked_on_the_spot(client: Client, world: World) -> None:
    appointment = await called(world)
    events = heard(world, AppointmentBooked)
    await sign_in(client, "claire")
    answer = await client.post(f"{url(appointment)}/outcome", data={"outcome": "follow_up"}, allow_redirects=False)
    assert answer.headers["Location"].endswith("?done=outcome#slots")
    html = await page(client, url(appointment))
    starts = re.findall(r'name="start" id="[^"]+" value="([^"]+)"', html)
    answer = await client.post(f"{url(appointment)}/follow-up", data={"start": starts[3]})
    html = await answer.text()
    new = await Appointment.get(follow_up_of_id=appointment.id)
    assert str(answer.url.relative()) == f"{url(new)}?done=follow-up"
    assert "Le rendez-vous de suivi est réservé" in html
    assert "Fait suite à" in html
    assert new.starts_at == world.instant(starts[3])
    assert (new.given_name, new.family_name, new.email, new.phone) == (
        JEANNE.given_name, JEANNE.family_name, JEANNE.email, JEANNE.phone,
    )  # fmt: skip
    assert (new.agent_id, new.site_id, new.service_id, new.channel) == (
        world.agent.id, world.site.id, world.service.id, "agent",
    )  # fmt: skip
    assert len(events) == 1
    assert f'href="{url(new)}"' in await page(client, url(appointment))


async def test_follow_up_offers_only_what_this_agent_can_take_and_goes_on(client: Client, world: World) -> None:
    appointment = await called(world)
    taken = world.next_start + TWO_HOURS
    await world.book(taken)
    await sign_in(client, "claire")
    html = await page(client, url(appointment))
    starts = re.findall(r'name="start" id="[^"]+" value="([^"]+)"', html)
    assert starts == sorted(starts)
    assert not [start for start in starts if world.instant(start) == taken]
    later = re.search(r'href="(\?from=[\d-]+#slots)"', html)
    assert later is not None
    further = await page(client, url(appointment) + later[1].removesuffix("#slots"))
    assert not set(starts) & set(re.findall(r'name="start" id="[^"]+" value="([^"]+)"', further))
    assert "Revenir aux premiers créneaux" in further


async def test_follow_up_on_a_taken_slot_is_refused_with_the_rest(client: Client, world: World) -> None:
    appointment = await called(world)
    taken = await world.book(world.next_start + TWO_HOURS)
    await sign_in(client, "claire")
    answer = await client.post(f"{url(appointment)}/follow-up", data={"start": taken.starts_at.isoformat()})
    html = await answer.text()
    assert answer.status == 409
    assert "vient d’être pris" in html
    assert 'name="start"' in html
    assert await Appointment.filter(follow_up_of_id=appointment.id).count() == 0


@pytest.mark.parametrize(
    ("start", "said"),
    [
        ("", "obligatoire"),
        ("demain", "date"),
        ("2020-01-01T10:00:00+01:00", "passée"),
        ("2026-01-01T10:00:00", "+01:00"),
    ],
)
async def test_follow_up_at_no_time_is_refused(client: Client, world: World, start: str, said: str) -> None:
    appointment = await called(world)
    await sign_in(client, "claire")
    answer = await client.post(f"{url(appointment)}/follow-up", data={"start": start})
    assert answer.status == 422
    assert said in await answer.text()


async def test_nothing_to_follow_up_before_it_took_place(client: Client, world: World) -> None:
    appointment = await world.book(world.next_start)
    await sign_in(client, "claire")
    assert "Réserver la suite" not in await page(client, url(appointment))


async def test_follow_up_of_a_retired_service_is_not_offered(client: Client, world: World) -> None:
    appointment = await called(world)
    await world.close(appointment, Outcome.FOLLOW_UP)
    world.service.retired_at = world.now
    await world.service.save()
    await sign_in(client, "claire")
    assert "aucun créneau libre" in await page(client, url(appointment))
