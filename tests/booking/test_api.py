"""The JSON calls, over HTTP against the whole application, on both databases."""

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient
from jsonschema import Draft202012Validator
from pytest_aiohttp import AiohttpClient

from booking.api.partners import key_hash
from booking.models import Appointment, IdempotencyKey, Occupancy, Partner, Service
from teleconsult.app import make_app
from teleconsult.settings import Settings
from tests.booking.offers import Offer, make_offer, make_site

KEY = "partner-key"
CITIZEN = {"given_name": "Jeanne", "family_name": "Martin", "email": "jeanne@mail.example", "phone": "06 12 34 56 78"}

Client = TestClient[web.Request, web.Application]


@dataclass
class Api:
    """The API and what it offers; every answer is checked against the description that it gives of itself."""

    client: Client
    offer: Offer
    description: dict[str, Any]

    async def call(self, method: str, path: str, *, key: str | None = None, **more: Any) -> tuple[int, Any]:
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        headers |= more.pop("headers", {})
        async with self.client.request(method, path, headers=headers, **more) as response:
            body = await response.json()
            self._check(method, response.url.path, response.status, response.content_type, body)
            return response.status, body

    def _check(self, method: str, path: str, status: int, content_type: str, body: Any) -> None:
        paths = self.description["paths"]
        template = next(each for each in paths if re.fullmatch(re.sub(r"{\w+}", "[^/]+", each), path))
        answer = paths[template][method.lower()]["responses"][str(status)]
        schema = answer["content"][content_type]["schema"] | {"components": self.description["components"]}
        Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER).validate(body)

    async def slots(self, **more: Any) -> list[Any]:
        query = {"service": self.offer.service.id, "site": self.offer.site.id, "days": "14"} | more
        status, body = await self.call("GET", "/api/v1/slots", params=query)
        assert status == 200
        return list(body["items"])

    async def book(self, start: str, key: str | None = None, **more: Any) -> tuple[int, Any]:
        wanted = {"service": self.offer.service.id, "site": self.offer.site.id, "start": start, "citizen": CITIZEN}
        return await self.call(
            "POST", "/api/v1/appointments", key=key, headers=more.pop("headers", {}), json=wanted | more
        )


def token(appointment: Any) -> str:
    return str(appointment["links"]["manage"].rsplit("/", 1)[1])


@pytest.fixture
async def api(settings: Settings, aiohttp_client: AiohttpClient) -> AsyncIterator[Api]:
    client = await aiohttp_client(make_app(settings))
    offer = await make_offer(documents=[{"fr": "Avis d’imposition", "en": "Tax notice"}])
    await Partner.create(name="CAF", key_hash=key_hash(KEY), scopes=["booking"], throttled=False)
    async with client.get("/api/v1/openapi.json") as response:
        yield Api(client, offer, await response.json())


async def test_every_route_is_described_and_every_description_is_served(api: Api) -> None:
    served = {
        (route.method, route.resource.canonical)
        for route in api.client.app.router.routes()
        if route.resource is not None and route.resource.canonical.startswith("/api/") and route.method != "HEAD"
    }
    described = {(method.upper(), path) for path, calls in api.description["paths"].items() for method in calls}
    assert served == described
    assert api.description["openapi"].startswith("3.1")
    for schema in api.description["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)


async def test_services(api: Api) -> None:
    _, body = await api.call("GET", "/api/v1/services", params={"department": "45"})
    assert body["next"] is None
    assert {key: body["items"][0][key] for key in ("id", "name", "organisation", "duration_minutes", "documents")} == {
        "id": api.offer.service.id,
        "name": "Aides au logement",
        "organisation": "DDT du Loiret",
        "duration_minutes": 30,
        "documents": ["Avis d’imposition"],
    }
    _, english = await api.call("GET", "/api/v1/services", headers={"Accept-Language": "en"})
    assert english["items"][0]["documents"] == ["Tax notice"]
    _, elsewhere = await api.call("GET", "/api/v1/services", params={"department": "75"})
    assert elsewhere["items"] == []


async def test_sites_nearest_first_page_by_page(api: Api) -> None:
    for name, latitude in (("Gien", 47.69), ("Olivet", 47.86), ("Pithiviers", 48.17)):
        await make_site(name, 2, latitude=latitude)
    names: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        params = {"near": "47.85,1.90", "department": "45", "limit": "3"} | cursor
        _, body = await api.call("GET", "/api/v1/sites", params=params)
        names += [each["name"] for each in body["items"]]
        if body["next"] is None:
            break
        cursor = {"cursor": body["next"]}
    assert names == ["Olivet", "Orléans", "Gien", "Pithiviers"]
    _, body = await api.call("GET", "/api/v1/sites", params={"near": "47.90,1.90", "limit": "1"})
    assert (body["items"][0]["distance_km"], body["items"][0]["kiosks"]) == (0.0, 1)
    status, problem = await api.call("GET", "/api/v1/sites", params={"near": "here"})
    assert (status, problem["code"], problem["errors"][0]["field"]) == (422, "invalid", "near")


async def test_book_read_move_cancel(api: Api) -> None:
    slots = await api.slots()
    assert slots == sorted(slots, key=lambda slot: slot["start"])
    first, other = slots[0], slots[5]
    assert datetime.fromisoformat(first["end"]) - datetime.fromisoformat(first["start"]) == timedelta(minutes=30)
    assert first["start"][-6:] in ("+01:00", "+02:00")
    status, booked = await api.book(first["start"])
    assert (status, booked["status"], booked["start"]) == (201, "booked", first["start"])
    assert re.fullmatch("[A-Z0-9]{6}", booked["reference"])
    assert (booked["kiosk"], booked["timezone"]) == (api.offer.kiosks[0].id, "Europe/Paris")
    assert all(link.startswith("http://localhost:8080/") for link in booked["links"].values())
    assert first not in await api.slots()

    own = f"/api/v1/appointments/{booked['id']}"
    assert booked["links"]["self"].endswith(own)
    status, same = await api.call("GET", own, key=token(booked))
    assert (status, same) == (200, booked)
    status, moved = await api.call("POST", f"{own}/reschedule", key=token(booked), json={"start": other["start"]})
    assert (status, moved["start"], moved["id"]) == (200, other["start"], booked["id"])
    assert first in await api.slots()

    for _ in range(2):
        status, cancelled = await api.call("POST", f"{own}/cancel", key=token(booked))
        assert (status, cancelled["status"]) == (200, "cancelled")
    assert await api.slots() == slots
    status, problem = await api.call("POST", f"{own}/reschedule", key=token(booked), json={"start": first["start"]})
    assert (status, problem["code"], problem["status"]) == (409, "not_reschedulable", 409)


async def test_slot_taken_offers_the_next_ones(api: Api) -> None:
    near, _ = await make_site("Olivet", 1, latitude=47.86)
    slots = await api.slots()
    await api.book(slots[0]["start"])
    status, problem = await api.book(slots[0]["start"])
    assert (status, problem["code"]) == (409, "slot_taken")
    offered = [(each["site"], each["start"]) for each in problem["alternatives"]]
    left = await api.slots()
    assert offered[:3] == [(api.offer.site.id, slot["start"]) for slot in left[:3]]
    assert [site for site, _ in offered[3:]] == [near.id]
    status, second = await api.book(left[0]["start"])
    assert status == 201
    taken = {"start": slots[0]["start"]}
    status, problem = await api.call(
        "POST", f"/api/v1/appointments/{second['id']}/reschedule", key=token(second), json=taken
    )
    assert (status, problem["code"]) == (409, "slot_taken")
    _, unmoved = await api.call("GET", f"/api/v1/appointments/{second['id']}", key=token(second))
    assert unmoved["start"] == left[0]["start"]


async def test_fifty_at_once_over_http(api: Api) -> None:
    start = (await api.slots())[0]["start"]
    answers = await asyncio.gather(*[api.book(start, key=KEY) for _ in range(50)])
    codes = [body.get("code", status) for status, body in answers]
    assert sorted(map(str, codes)) == ["201", *["slot_taken"] * 49]


@pytest.mark.parametrize(
    ("change", "field", "code"),
    [
        ({"citizen": CITIZEN | {"given_name": " "}}, "citizen.given_name", "string_too_short"),
        ({"citizen": CITIZEN | {"email": "jeanne@"}}, "citizen.email", "email"),
        ({"citizen": CITIZEN | {"phone": "12"}}, "citizen.phone", "phone"),
        ({"citizen": CITIZEN | {"family_name": "x\u0007"}}, "citizen.family_name", "name"),
        ({"citizen": CITIZEN | {"family_name": "x\u0000"}}, "", "json_invalid"),
        ({"start": "2026-11-23T09:00:00"}, "start", "timezone_aware"),
        ({"needs": ["wings"]}, "needs.0", "need"),
        ({"colour": "blue"}, "colour", "extra_forbidden"),
    ],
)
async def test_invalid_input_is_told_field_by_field(api: Api, change: Any, field: str, code: str) -> None:
    status, problem = await api.book(**({"start": "2026-11-23T09:00:00+01:00"} | change))
    assert (status, problem["code"]) == (422, "invalid")
    assert [(each["field"], each["code"]) for each in problem["errors"]] == [(field, code)]
    assert not re.search(r"[Vv]alue|[Ii]nput|[Ss]tring", problem["errors"][0]["message"])


async def test_what_nobody_can_book(api: Api) -> None:
    start = datetime.fromisoformat((await api.slots())[0]["start"])
    for wanted, code in (
        (start - timedelta(days=21), "start_in_the_past"),
        (start + timedelta(days=140), "beyond_horizon"),
        (start.replace(hour=3), "site_closed"),
        (start + timedelta(minutes=7), "start_not_offered"),
    ):
        status, problem = await api.book((wanted + timedelta(days=7)).isoformat())
        assert (status, problem["code"]) == (422, code)
    status, problem = await api.book(start.isoformat(), service="none")
    assert (status, problem["code"]) == (404, "service_unknown")
    status, problem = await api.call("POST", "/api/v1/appointments", data=b"{")
    assert (status, problem["code"]) == (422, "invalid")


async def test_only_its_holder_opens_an_appointment(api: Api) -> None:
    slots = await api.slots()
    _, one = await api.book(slots[0]["start"])
    _, other = await api.book(slots[2]["start"])
    own = f"/api/v1/appointments/{one['id']}"
    for key, expected in (
        (None, (401, "unauthenticated")),
        ("nonsense", (401, "api_key_unknown")),
        (token(other), (403, "not_yours")),
        (KEY, (403, "not_yours")),
        (one["links"]["calendar"].rsplit("/", 1)[1].removesuffix(".ics"), (401, "api_key_unknown")),
    ):
        for method, path in (("GET", own), ("POST", f"{own}/cancel")):
            status, problem = await api.call(method, path, key=key)
            assert (status, problem["code"]) == expected
    assert (await Appointment.get(id=one["id"])).status == "booked"


async def test_partner_holds_what_it_booked(api: Api) -> None:
    slots = await api.slots()
    _, booked = await api.book(slots[0]["start"], key=KEY)
    own = f"/api/v1/appointments/{booked['id']}"
    assert (await api.call("GET", own, key=KEY))[0] == 200
    await Partner.create(name="Autre", key_hash=key_hash("other"), scopes=["booking"])
    await Partner.create(name="Lecteur", key_hash=key_hash("reader"), scopes=[])
    assert (await api.call("GET", own, key="other"))[1]["code"] == "not_yours"
    assert (await api.book(slots[2]["start"], key="reader"))[1]["code"] == "scope_missing"
    assert (await api.call("POST", f"{own}/cancel", key=KEY, json={"reason": "Empêchée"}))[1]["status"] == "cancelled"
    await Partner.filter(key_hash=key_hash(KEY)).update(revoked_at=datetime.fromisoformat(slots[0]["start"]))
    assert (await api.call("GET", own, key=KEY))[0] == 401
    assert (await Appointment.get(id=booked["id"])).channel == "partner"


async def test_idempotency_key(api: Api) -> None:
    slots = await api.slots()
    headers = {"Idempotency-Key": "8e03978e-40d5-43e8-bc93-6894a57f9324"}
    answers = await asyncio.gather(*[api.book(slots[0]["start"], headers=headers) for _ in range(8)])
    assert {status for status, _ in answers} == {201}
    assert len({body["id"] for _, body in answers}) == 1
    assert await IdempotencyKey.all().count() == await Appointment.all().count() == 1
    status, problem = await api.book(slots[2]["start"], headers=headers)
    assert (status, problem["code"]) == (422, "idempotency_key_reused")
    status, booked = await api.book(slots[2]["start"], key=KEY, headers=headers)
    assert (status, booked["start"]) == (201, slots[2]["start"])


async def test_availability_nearest_first(api: Api) -> None:
    near, _ = await make_site("Olivet", 1, latitude=47.86)
    await make_site("Chartres", 1, latitude=48.44, department="28")
    closed, _ = await make_site("Fermée", 0, latitude=47.88)
    query = {"service": api.offer.service.id, "near": "47.85,1.90"}
    _, body = await api.call("GET", "/api/v1/availability", params=query)
    assert [each["site"]["id"] for each in body["items"]] == [near.id, closed.id, api.offer.site.id]
    assert [each["first_slot"] is None for each in body["items"]] == [False, True, False]
    assert body["items"][2]["first_slot"] == (await api.slots())[0]


async def test_anonymous_callers_are_throttled_and_a_trusted_partner_is_not(api: Api) -> None:
    limit = 60
    wanted = {"service": "none", "site": "none", "start": "2026-11-23T09:00:00+01:00"}
    codes = [(await api.book(**wanted))[1]["code"] for _ in range(limit + 1)]
    assert codes == ["service_unknown"] * limit + ["too_many_requests"]
    assert (await api.book(**wanted, key=KEY))[1]["code"] == "service_unknown"


async def test_from_home_as_at_a_kiosk(api: Api) -> None:
    _, services = await api.call("GET", "/api/v1/services")
    assert (services["items"][0]["modes"], services["items"][0]["walk_in"]) == (["kiosk"], False)
    assert await api.slots(mode="home") == []
    status, refused = await api.book((await api.slots())[0]["start"], mode="home")
    assert (status, refused["code"]) == (422, "mode_not_offered")
    await Service.filter(id=api.offer.service.id).update(modes=["kiosk", "home"], walk_in=True)
    _, services = await api.call("GET", "/api/v1/services")
    assert (services["items"][0]["modes"], services["items"][0]["walk_in"]) == (["kiosk", "home"], True)
    first = (await api.slots(mode="home"))[0]
    query = {"service": api.offer.service.id, "near": "47.9,1.9", "mode": "home"}
    _, near = await api.call("GET", "/api/v1/availability", params=query)
    assert near["items"][0]["first_slot"] == first
    status, booked = await api.book(first["start"], mode="home")
    assert (status, booked["mode"], booked["kiosk"]) == (201, "home", None)
    status, read = await api.call("GET", f"/api/v1/appointments/{booked['id']}", key=token(booked))
    assert (status, read["mode"], read["kiosk"]) == (200, "home", None)
    assert await Occupancy.filter(appointment_id=booked["id"]).count() == 1
    _, at_kiosk = await api.book((await api.slots())[1]["start"])
    assert (at_kiosk["mode"], at_kiosk["kiosk"]) == ("kiosk", api.offer.kiosks[0].id)
    query = {"service": api.offer.service.id, "site": api.offer.site.id, "mode": "moon"}
    status, _ = await api.call("GET", "/api/v1/slots", params=query)
    assert status == 422
