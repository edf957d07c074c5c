"""A burst proves some work; a robot does not get far; nobody else is in its way."""

import hashlib
import re
import time
from datetime import timedelta
from html import unescape
from typing import Any

import pytest

from booking.journey.fair_play import CALM_FROM_A_NETWORK, MOST_FROM_A_NETWORK, SECONDS
from booking.journey.proof_of_work import LIFETIME, ProofWrong, new_challenge, read_proof
from booking.models import Hold, Service
from teleconsult.clock import utcnow
from teleconsult.web.throttle import THROTTLE
from teleconsult.web.tokens import Signer
from tests.booking.agenda_world import Client, World

SIGNER = Signer("a secret of more than thirty-two characters")


def solve(salt: str, target: str, effort: int) -> int:
    return next(n for n in range(effort) if hashlib.sha256(f"{salt}{n}".encode()).hexdigest() == target)


# The proof


def test_the_right_number_in_time_is_a_proof() -> None:
    now = utcnow()
    challenge = new_challenge(SIGNER, now, effort=500)
    number = solve(challenge.salt, challenge.target, challenge.effort)
    assert read_proof(SIGNER, challenge.token, number, now) == challenge.salt
    for token, tried, when in (
        (challenge.token, number + 1, now),
        (challenge.token, -1, now),
        (challenge.token[:-2], number, now),
        (challenge.token, number, now + LIFETIME),
        (Signer("another secret of thirty-two characters").issue("proof", "a.b", now + LIFETIME), number, now),
        (SIGNER.issue("manage", f"{challenge.salt}.{challenge.target}", now + LIFETIME), number, now),
    ):
        with pytest.raises(ProofWrong):
            read_proof(SIGNER, token, tried, when)


# The burst


async def burst(client: Client, world: World, number: int) -> list[int]:
    """Take slots in hand from one network, each time as a new browser; returns the statuses."""
    return [(await press(client, world, cookie=f"robot-{n}")).status for n in range(number)]


async def press(client: Client, world: World, *, cookie: str = "", **more: Any) -> Any:
    start = (world.next_start + timedelta(hours=2)).isoformat()
    form = {"service": world.service.id, "mode": "kiosk", "slot": f"{start}@{world.site.id}"} | more
    return await client.post("/rdv/book/hold", data=form, cookies={"rdv": cookie}, allow_redirects=False)


async def proof_asked(answer: Any) -> dict[str, str]:
    html = await answer.text()
    data = dict(re.findall(r'data-(salt|target|effort)="([^"]+)"', html))
    number = solve(data["salt"], data["target"], int(data["effort"]))
    fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', html))
    return {name: unescape(value) for name, value in fields.items()} | {"proof_number": str(number)}


async def test_a_burst_is_asked_for_a_proof_and_goes_on_with_it(client: Client, world: World) -> None:
    statuses = await burst(client, world, CALM_FROM_A_NETWORK + 1)
    assert 403 not in statuses[:-1]
    assert statuses[-1] == 403
    asked = await press(client, world, cookie="neighbour")
    assert "petit calcul" in await asked.text()
    fields = await proof_asked(asked)
    await Hold.all().delete()
    answer = await client.post("/rdv/book/hold", data=fields, cookies={"rdv": "neighbour"}, allow_redirects=False)
    assert answer.status == 303, await answer.text()
    # a proof serves once
    answer = await client.post("/rdv/book/hold", data=fields, cookies={"rdv": "robot"}, allow_redirects=False)
    assert answer.status == 403
    wrong = fields | {"proof_number": "1"}
    answer = await client.post("/rdv/book/hold", data=wrong, cookies={"rdv": "robot"}, allow_redirects=False)
    assert answer.status == 403


async def test_proofs_do_not_open_the_door_for_ever(client: Client, world: World) -> None:
    for _ in range(MOST_FROM_A_NETWORK):
        world.app[THROTTLE].take("hold-most:127.0.0.1", MOST_FROM_A_NETWORK, SECONDS, time.monotonic())
    assert (await press(client, world, cookie="robot")).status == 429


# Who has many appointments to come


async def test_the_api_counts_a_citizens_appointments_as_the_pages_do(client: Client, world: World) -> None:
    await Service.filter(id=world.service.id).update(future_limit=1)
    form = {
        "service": world.service.id, "site": world.site.id,
        "citizen": {"given_name": "Rose", "family_name": "Noir", "email": "rose@example.org"},
    }  # fmt: skip
    starts = [(world.next_start + timedelta(hours=hours)).isoformat() for hours in (2, 3)]
    first = await client.post("/api/v1/appointments", json=form | {"start": starts[0]})
    assert first.status == 201, await first.text()
    second = await client.post("/api/v1/appointments", json=form | {"start": starts[1]})
    assert (second.status, (await second.json())["code"]) == (409, "too_many_appointments")
