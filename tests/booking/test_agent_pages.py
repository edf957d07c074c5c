"""The agent's agenda and appointment pages: what they show, to whom, and every way in which they refuse."""

import re
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from booking.change import cancel
from booking.models import Appointment, Transition
from booking.schemas import Citizen
from teleconsult.web.live import LIVE
from tests.booking.agenda_world import STEP, Client, World, local_day_of, page, sign_in, url

NBSP = "\u00a0"
TWO_HOURS = timedelta(hours=2)
YESTERDAY = timedelta(days=1)


def names(html: str) -> list[str]:
    """Return the names in the day's list, in order."""
    return re.findall(r'class="day__name"><a [^>]*>([^<]+)<', html)


# Rights


@pytest.mark.parametrize("path", ["/agent", "/agent?day=2026-11-23", "/agent/appointments/" + "0" * 32])
async def test_nobody_is_led_to_the_sign_in_page_and_back(client: Client, path: str) -> None:
    answer = await client.get(path, allow_redirects=False)
    assert answer.status == 303
    led = urlsplit(answer.headers["Location"])
    assert (led.path, parse_qs(led.query)) == ("/sign-in", {"next": [path]})


@pytest.mark.parametrize("action", ["cancel", "outcome", "follow-up"])
async def test_nobody_can_post(client: Client, world: World, action: str) -> None:
    appointment = await world.book(world.next_start)
    answer = await client.post(f"{url(appointment)}/{action}", data={"reason": "x"})
    assert answer.status == 401
    assert (await Appointment.get(id=appointment.id)).status == "booked"


@pytest.mark.parametrize("who", ["staff", "admin"])
async def test_agenda_is_for_agents(client: Client, who: str) -> None:
    await sign_in(client, who)
    for path in ("/agent", "/agent/live"):
        assert (await client.get(path)).status == 403


async def test_account_without_agenda_is_told_so(client: Client) -> None:
    await sign_in(client, "unlinked")
    assert "relié à aucun agenda" in await page(client, "/agent", 404)


@pytest.mark.parametrize(("who", "status"), [("other", 404), ("unlinked", 404), ("staff", 403)])
async def test_appointment_of_somebody_else_is_not_there(client: Client, world: World, who: str, status: int) -> None:
    appointment = await world.book(world.next_start)
    await sign_in(client, who)
    html = await page(client, url(appointment), status)
    assert "Martin" not in html
    for action in ("cancel", "outcome", "follow-up"):
        assert (await client.post(f"{url(appointment)}/{action}", data={"reason": "x"})).status == status
    assert (await Appointment.get(id=appointment.id)).status == "booked"


async def test_unknown_appointment_is_not_there(client: Client) -> None:
    await sign_in(client, "claire")
    await page(client, "/agent/appointments/" + "0" * 32, 404)
    await page(client, "/agent/appointments/nonsense", 404)


async def test_administrator_sees_and_cancels(client: Client, world: World) -> None:
    appointment = await world.book(world.next_start)
    await sign_in(client, "admin")
    assert "Claire Fontaine" in await page(client, url(appointment))
    answer = await client.post(f"{url(appointment)}/cancel", data={"reason": "Agent malade"}, allow_redirects=False)
    assert answer.status == 303
    last = await Transition.filter(appointment_id=appointment.id, to_status="cancelled").first()
    assert last is not None
    assert (last.actor_kind, last.actor_id) == ("staff", world.accounts["admin"].id)


# The agenda


async def test_day_is_in_order_with_the_next_one_first(client: Client, world: World) -> None:
    start = world.next_start
    later = await world.book(start + TWO_HOURS, Citizen(given_name="Rose", family_name="Noir"))
    await world.book(start, Citizen(given_name="Jean", family_name="Petit"), needs=("wheelchair", "interpreter:ar"))
    gone = await world.book(start + STEP, Citizen(given_name="Henri", family_name="Blanc"))
    await cancel(now=world.now, appointment_id=gone.id, actor=world.actor, reason="Absent")
    await world.book(start + YESTERDAY, Citizen(given_name="Demain", family_name="Matin"))
    await sign_in(client, "claire")
    html = await page(client, "/agent")
    assert names(html) == ["Jean Petit", "Henri Blanc", "Rose Noir"]
    assert re.search(r"Prochain rendez-vous.*Jean Petit.*Interprète \(arabe\).*class=\"day\"", html, re.DOTALL)
    assert "Fauteuil roulant" in html
    assert html.count("Un usager vous attend") == 0
    assert "day__item--cancelled" in html
    assert f'href="{url(later)}"' in html
    today = local_day_of(world, start)
    assert re.search(rf'href="/agent\?day={today}"[^>]*aria-current="date".*?2 rendez-vous', html, re.DOTALL)


async def test_other_days_are_reached_and_nonsense_means_today(client: Client, world: World) -> None:
    tomorrow = world.next_start + YESTERDAY
    await world.book(tomorrow)
    await sign_in(client, "claire")
    html = await page(client, f"/agent?day={local_day_of(world, tomorrow)}")
    assert names(html) == ["Jeanne Martin"]
    assert "Prochain rendez-vous" not in html
    for nonsense in ("hier", "9999-12-31", "0001-01-01", "2026-02-30"):
        assert names(await page(client, f"/agent?day={nonsense}")) == []


async def test_empty_day_says_what_to_do(client: Client, world: World) -> None:
    await sign_in(client, "claire")
    html = await page(client, "/agent")
    assert "Aucun rendez-vous ce jour" in html
    assert "Voir le prochain jour" not in html
    in_three_days = world.next_start + timedelta(days=3)
    await world.book(in_three_days)
    html = await page(client, "/agent")
    assert f'href="/agent?day={local_day_of(world, in_three_days)}" data-key="busy"' in html


async def test_who_waits_is_on_top_of_every_day(client: Client, world: World) -> None:
    first = await world.book(world.near_start, at=world.now - YESTERDAY)
    await world.arrive(first, world.now - timedelta(minutes=2, seconds=5))
    second = await world.book(world.near_start + STEP, Citizen(given_name="Rose", family_name="Noir"))
    await world.arrive(second, second.starts_at)
    await sign_in(client, "claire")
    for path in ("/agent", f"/agent?day={local_day_of(world, world.now + timedelta(days=40))}"):
        html = await page(client, path)
        assert "2 usagers vous attendent" in html
        assert re.findall(r'data-waiting="(\w+)"', html) == [first.id, second.id]
        assert "attend depuis 2 min" in html
        assert "vient d’arriver" in html
        assert f'href="/call/{first.id}?as=agent&amp;admit=1"' in html


async def test_running_call_can_be_rejoined(client: Client, world: World) -> None:
    appointment = await world.book(world.next_start)
    await world.arrive(appointment, world.now)
    await world.call(appointment, world.now)
    await sign_in(client, "claire")
    for path in ("/agent", url(appointment)):
        html = await page(client, path)
        assert "Reprendre l’entretien" in html
        assert f'href="/call/{appointment.id}?as=agent&amp;admit=1"' in html


async def test_agenda_speaks_english(client: Client, world: World) -> None:
    await world.book(world.next_start)
    await sign_in(client, "claire")
    html = await page(client, "/agent?lang=en")
    assert "Next appointment" in html
    assert "Housing aid" in html
    assert '<html lang="en"' in html
    assert 'href="/agent?lang=fr"' in html


async def test_names_are_text_not_markup(client: Client, world: World) -> None:
    appointment = await world.book(world.next_start, Citizen(given_name="<b>Bold</b>", family_name="O'Neil & fils"))
    await sign_in(client, "claire")
    for path in ("/agent", url(appointment)):
        html = await page(client, path)
        assert "<b>Bold" not in html
        assert "&lt;b&gt;Bold&lt;/b&gt; O&#39;Neil &amp; fils" in html


async def test_stream_tells_this_agent_and_no_other(client: Client, world: World) -> None:
    await sign_in(client, "claire")
    async with client.get("/agent/live") as stream:
        assert stream.headers["Content-Type"] == "text/event-stream"
        while not world.app[LIVE].listeners(f"agent:{world.agent.id}"):
            await stream.content.readline()
        world.app[LIVE].publish("agent:somebody-else", "agenda", {"appointment": "x"})
        world.app[LIVE].publish(f"agent:{world.agent.id}", "agenda", {"appointment": "y", "status": "checked_in"})
        lines = [line async for line in _until_data(stream.content)]
    assert lines[-2:] == ["event: agenda", 'data: {"appointment": "y", "status": "checked_in"}']


async def _until_data(content):  # type: ignore[no-untyped-def]
    async for raw in content:
        line = raw.decode().strip()
        yield line
        if line.startswith("data:"):
            return
