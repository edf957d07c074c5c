"""Who gets where: every route of the application, asked by everyone who must not.

A new route belongs in tests/rights.py, under who may use it; until then `test_every_route_is_listed` fails.
"""

import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from yarl import URL

from booking.api.partners import BOOKING_SCOPE, key_hash
from booking.interpreters import PURPOSE as INTERPRETER
from booking.models import Agent, Appointment, Partner, SiteStaff
from booking.notifications.waiting_mail import WAITING
from booking.passes import CALENDAR, GUEST, MANAGE, PASS
from kiosks import terminals
from teleconsult.accounts.models import Account
from teleconsult.accounts.roles import Role
from teleconsult.app import make_app
from teleconsult.clock import utcnow
from teleconsult.people.keeping import INVITATION
from teleconsult.settings import Settings
from teleconsult.web.tokens import SIGNER
from tests.kiosks.house import PASSWORD, World, appointment_at, build_world
from tests.rights import RIGHT, SIGN_IN, TO_KIOSK, WRONG, listed

Client = TestClient[web.Request, web.Application]

ELSEWHERE: tuple[dict[str, str], ...] = (
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
)


def served(app: web.Application) -> set[tuple[str, str]]:
    """Return the routes of an application, static files and HEAD (which answers as GET does) left out."""
    routes = ((route.method, route.resource.canonical) for route in app.router.routes() if route.resource)
    return {(method, path) for method, path in routes if method != "HEAD" and not path.startswith("/static/")}


@dataclass
class Town:
    """The application served, its world, and a client for each person."""

    app: web.Application
    world: World
    appointment: Appointment
    clients: dict[str, Client]
    names: dict[str, str] = field(default_factory=dict)

    def address(self, path: str, **changes: str) -> str:
        """Return a route's address with real identifiers of the first house and agent in it."""
        return re.sub(r"\{(\w+)\}", lambda part: {**self.names, **changes}[part[1]], path)

    def token(self, purpose: str, subject: str = "", *, hours: int = 1) -> str:
        """Return a token of ours."""
        until = utcnow() + timedelta(hours=hours)
        return self.app[SIGNER].issue(purpose, subject or self.appointment.id, until)

    async def ask(self, who: str, method: str, address: str, **more: str) -> tuple[int, str]:
        """Return the status and the Location that somebody gets for an empty request."""
        async with self.clients[who].request(
            method, URL(address, encoded=True), allow_redirects=False, headers=more
        ) as answer:
            return answer.status, answer.headers.get("Location", "")


@pytest.fixture
def app(sqlite_url: str, tmp_path: Path) -> web.Application:
    return make_app(Settings(database_url=sqlite_url, data_dir=tmp_path / "data", demo=True))


@pytest.fixture
async def town(app: web.Application) -> AsyncIterator[Town]:
    async with AsyncExitStack() as stack:
        server = TestServer(app)
        await stack.enter_async_context(server)
        world = await build_world()
        await Agent.filter(id__in=[agent.id for agent in world.agents[1:]]).delete()
        world.agents = world.agents[:1]
        appointment = await appointment_at(world, utcnow() + timedelta(minutes=10))
        other = await account("autre@example.fr", Role.AGENT)
        await Agent.create(
            organisation_id=(await Agent.get(id=world.agents[0].id).values())["organisation_id"],
            name="Autre Agent", email="autre@example.fr", account=other,
        )  # fmt: skip
        people = {
            "anonymous": "",
            "terminal": "",
            "agent": world.agent_account.email,
            "other agent": other.email,
            "adviser": world.adviser.email,
            "other adviser": world.stranger.email,
            "administrator": (await account("chef@example.fr", Role.ADMINISTRATOR)).email,
        }
        clients: dict[str, Client] = {}
        for name in people:
            clients[name] = await stack.enter_async_context(TestClient(server))
        for name, email in people.items():
            if email:
                form = {"email": email, "password": PASSWORD}
                assert (await clients[name].post("/sign-in", data=form, allow_redirects=False)).status == 303
        screen = await terminals.enrol_demo(now=utcnow(), kiosk_id=world.kiosk.id)
        clients["terminal"].session.cookie_jar.update_cookies({terminals.COOKIE: screen.token}, server.make_url("/"))
        found = Town(app, world, appointment, clients)
        nothing = dict.fromkeys(("entry", "workplace", "room", "walk_in", "notice"), "0" * 32)
        nothing |= {"key": "0", "grouping": "month", "slot": "reminder-citizen-sms", "language": "fr"}
        nothing |= {"kind": "agent", "owner": world.agents[0].id, "token": "x" * 43}
        found.names = nothing | {
            "site": world.here.id,
            "account": world.stranger.id,
            "kiosk": world.kiosk.id,
            "appointment": appointment.id,
            "id": appointment.id,
            "agent": world.agents[0].id,
            "service": world.housing.id,
            "organisation": (await Agent.get(id=world.agents[0].id).values())["organisation_id"],
            "token": "forged",
            "code": "forged",
            "transfer": "0" * 32,
        }
        yield found


async def account(email: str, role: Role) -> Account:
    """Make an account with everybody's password."""
    model = await Account.first()
    assert model is not None
    return await Account.create(email=email, name=email, password_hash=model.password_hash, roles=[role.value])


def test_every_route_is_listed(app: web.Application) -> None:
    assert served(app) == set(listed())


def test_the_demonstrations_routes_are_nowhere_else(sqlite_url: str, tmp_path: Path) -> None:
    app = make_app(Settings(database_url=sqlite_url, data_dir=tmp_path / "data"))
    assert served(app) == {route for route, policy in listed().items() if policy != "demonstration"}


def expected(method: str, answer: object) -> tuple[int, str]:
    """Return the status, and how the Location begins, that a refusal has."""
    if answer is SIGN_IN:
        return (303, "/sign-in?next=") if method == "GET" else (401, "")
    if answer is TO_KIOSK:
        return (303, "/kiosk") if method == "GET" else (403, "")
    assert isinstance(answer, int)
    return answer, ""


async def test_nobody_gets_where_they_must_not(town: Town) -> None:
    town.names["room"] = town.appointment.id
    wrong = []
    for (method, path), policy in listed().items():
        for who, answer in WRONG.get(policy, {}).items():
            status, location = expected(method, answer)
            got = await town.ask(who, method, town.address(path))
            if got[0] != status or not got[1].startswith(location):
                wrong.append((who, method, path, got))
    assert not wrong


async def test_the_right_ones_get_through(town: Town) -> None:
    town.names["room"] = town.appointment.id
    wrong = []
    # what changes something comes after what shows it, and a kiosk is asked before its house revokes it
    routes = sorted(listed().items(), key=lambda route: (route[0][0], route[1] == "house", route[0][1]))
    for (method, path), policy in routes:
        if policy in RIGHT:
            status, location = await town.ask(RIGHT[policy], method, town.address(path))
            if status in (401, 403) or status >= 500 or location.startswith("/sign-in"):
                wrong.append((RIGHT[policy], method, path, status, location))
    assert not wrong


async def test_what_is_for_everyone_fails_for_nobody(town: Town) -> None:
    for (method, path), policy in listed().items():
        if policy in ("everyone", "demonstration"):
            for who in ("anonymous", "terminal", "agent"):
                status, _ = await town.ask(who, method, town.address(path))
                assert status < 500, (who, method, path)
                assert status != 401 or path == "/sign-in", (who, method, path)


@pytest.mark.parametrize(
    ("policy", "purpose"),
    [
        ("manage link", MANAGE),
        ("calendar link", CALENDAR),
        ("feedback link", "feedback"),
        ("waiting link", WAITING),
        ("interpreter link", INTERPRETER),
        ("invitation link", INVITATION),
    ],
)
async def test_a_link_opens_its_one_thing_until_its_end(town: Town, policy: str, purpose: str) -> None:
    subject = {"feedback": f"desktop:{town.appointment.id}"}.get(purpose, town.appointment.id)
    good = town.token(purpose, subject)
    others = [
        name
        for name in (MANAGE, CALENDAR, PASS, GUEST, WAITING, INTERPRETER, INVITATION, "feedback", "signaling", "proof")
        if name != purpose
    ]
    forged = [town.token(name, subject) for name in others]
    forged += [good[:-9] + ("A" if good[-9] != "A" else "B") + good[-8:], f"x{good}", "a" * 5000, quote("é"), "0" * 32]
    for (method, path), listed_policy in sorted(listed().items()):
        if listed_policy != policy:
            continue
        for token in forged:
            status, _ = await town.ask("anonymous", method, town.address(path, token=token))
            assert status == 403, (method, path, token[:30])
        expired = town.token(purpose, subject, hours=-1)
        assert (await town.ask("anonymous", method, town.address(path, token=expired)))[0] == 410, path
        gone = town.token(purpose, subject[:-32] + "0" * 32)
        assert (await town.ask("anonymous", method, town.address(path, token=gone)))[0] < 500, path
        assert (await town.ask("anonymous", method, town.address(path, token=good)))[0] < 500, path


async def test_rights_that_are_taken_away_are_gone_at_once(town: Town) -> None:
    call, desk = f"/call/{town.appointment.id}", f"/desk/{town.world.here.id}"
    for who in ("agent", "adviser"):
        assert (await town.ask(who, "GET", call))[0] == 200
    await SiteStaff.filter(account_id=town.world.adviser.id).delete()
    assert (await town.ask("adviser", "GET", desk))[0] == 404
    assert (await town.ask("adviser", "GET", call))[0] == 403
    await Account.filter(id=town.world.agent_account.id).update(roles=[Role.STAFF.value])
    assert (await town.ask("agent", "GET", "/agent"))[0] == 403
    assert (await town.ask("agent", "GET", call))[0] == 403
    await Account.filter(id=town.world.agent_account.id).update(roles=[Role.AGENT.value], active=False)
    assert (await town.ask("agent", "GET", "/agent"))[0] == 303
    assert (await town.ask("agent", "GET", call))[0] == 403
    await terminals.revoke(now=utcnow(), site_id=town.world.here.id, kiosk_id=town.world.kiosk.id)
    assert (await town.ask("terminal", "POST", "/kiosk/heartbeat"))[0] == 403


async def test_the_interface_shows_an_appointment_to_its_holder_alone(town: Town) -> None:
    keys = {scopes: f"key-{scopes}" for scopes in ("all", "none")}
    for name, key in keys.items():
        scopes = [BOOKING_SCOPE] if name == "all" else []
        await Partner.create(name=name, key_hash=key_hash(key), scopes=scopes, throttled=False)
    another = town.token(MANAGE, "0" * 32)
    bearers = {
        "": 401,
        "Bearer ": 401,
        "Basic YTpi": 401,
        "Bearer unknown": 401,
        "Bearer é\udcff": 401,
        f"Bearer {town.token(PASS)}": 401,
        f"Bearer {keys['none']}": 403,
        f"Bearer {another}": 403,
        f"Bearer {town.token(MANAGE, hours=-1)}": 410,
    }
    for (method, path), policy in listed().items():
        if policy != "bearer":
            continue
        for bearer, status in bearers.items():
            for who in ("anonymous", "agent", "administrator"):
                headers = {"Authorization": bearer} if bearer else {}
                assert (await town.ask(who, method, town.address(path), **headers))[0] == status, (method, path, bearer)
        stranger = await town.ask("anonymous", method, town.address(path), Authorization=f"Bearer {keys['all']}")
        assert stranger[0] in (403, 404), "a partner that did not book it"
    held = await town.ask(
        "anonymous", "GET", town.address("/api/v1/appointments/{id}"), Authorization=f"Bearer {town.token(MANAGE)}"
    )
    assert held[0] == 200


@pytest.mark.parametrize("odd", ["a" * 60, "\U0001f986\0", "../../etc/passwd", "\r\nSet-Cookie: a=b"], ids=ascii)
async def test_an_address_that_names_nothing_is_unknown_and_no_failure(town: Town, odd: str) -> None:
    wrong = []
    for (method, path), policy in listed().items():
        for name in re.findall(r"\{(\w+)\}", path):
            address = town.address(path, **{name: quote(odd, safe="")})
            status, location = await town.ask(RIGHT.get(policy, "anonymous"), method, address)
            if status >= 500 or status == 200:
                wrong.append((method, address, status, location))
    assert not wrong


async def test_another_house_is_another_world(town: Town) -> None:
    """An adviser of one house reaches nothing of another one through their own house's address."""
    there, here = town.world.there, town.world.here
    kiosk = town.world.other_kiosk.id
    wrong = []
    theirs = await appointment_at(town.world, utcnow() + timedelta(hours=3), site=there)
    for (method, path), policy in sorted(listed().items()):
        if policy == "house" and ("{kiosk}" in path or "{appointment}" in path):
            address = town.address(path, site=here.id, kiosk=kiosk, appointment=theirs.id)
            status, location = await town.ask("adviser", method, address)
            # who answers a kiosk that did not call is led back to their own board
            if status != 404 and (status, location) != (303, f"/desk/{here.id}"):
                wrong.append((method, path, status, location))
    assert not wrong
    assert (await Appointment.get(id=theirs.id)).status == theirs.status


async def test_what_other_sites_send_is_refused_everywhere(town: Town) -> None:
    for method, path in listed():
        if method == "GET":
            continue
        for headers in ELSEWHERE:
            for who in ("anonymous", "agent", "administrator"):
                status, _ = await town.ask(who, method, town.address(path), **headers)
                assert status == 403, (method, path, headers)


async def test_cookies_and_headers_of_every_page(town: Town) -> None:
    for (method, path), policy in listed().items():
        if method != "GET" or policy == "socket" or path.endswith("/live"):
            continue
        async with town.clients["anonymous"].get(town.address(path), allow_redirects=False) as answer:
            assert answer.headers["X-Content-Type-Options"] == "nosniff", path
            assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"] or path.endswith("/html"), path
            assert answer.headers["Cache-Control"] == "no-store", path
            for cookie in filter(lambda cookie: cookie.value, answer.cookies.values()):
                assert cookie["httponly"], (path, cookie.key)
                assert cookie["samesite"] == "Lax", (path, cookie.key)
