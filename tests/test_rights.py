"""Who gets where: every route of the application, asked by everyone who must not.

A new route belongs in ROUTES, under who may use it; until then `test_every_route_is_listed` fails.
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

Client = TestClient[web.Request, web.Application]

ROUTES = {
    "everyone": """
        GET /
        GET /healthz
        GET /sign-in
        POST /sign-in
        POST /sign-out
        GET /api/v1/availability
        GET /api/v1/openapi.json
        GET /api/v1/services
        GET /api/v1/sites
        GET /api/v1/slots
        POST /api/v1/appointments
        GET /rdv
        GET /rdv/book/person
        GET /rdv/book/slots
        POST /rdv/book/away
        POST /rdv/book/hold
        POST /rdv/book/keep
        POST /rdv/book/person
        GET /rdv/waiting
        POST /rdv/waiting
        GET /kiosk
        POST /kiosk/enrol
    """,
    # in the demonstration alone
    "demonstration": """
        GET /demo/mailbox
        GET /demo/texts
        GET /demo/mailbox/{key}
        GET /demo/mailbox/{key}/html
        GET /demo/mailbox/{key}/invite.ics
        GET /demo/mailbox/{key}/message.eml
    """,
    # who holds a signed link for this very purpose
    "manage link": """
        GET /rdv/{token}
        GET /rdv/{token}/move
        GET /rdv/{token}/pass
        GET /rdv/{token}/join
        POST /rdv/{token}/cancel
        POST /rdv/{token}/earlier
        POST /rdv/{token}/join
        POST /rdv/{token}/move
    """,
    "short link": "GET /s/{code}",
    "calendar link": "GET /calendar/{token}.ics",
    # who knows the secret address (tests/booking/test_feeds.py)
    "feed": "GET /calendar/feed-{token}.ics",
    "waiting link": """
        GET /rdv/offer/{token}
        POST /rdv/offer/{token}/accept
        POST /rdv/offer/{token}/decline
        POST /rdv/offer/{token}/leave
    """,
    # who was sent a mail, to be sent no more of its kind (tests/booking/test_refusals.py)
    "mails link": """
        GET /rdv/mails/{token}
        POST /rdv/mails/{token}
    """,
    # whoever was invited to choose a password, until they have (tests/people/test_accounts.py)
    "invitation link": """
        GET /account/{token}
        POST /account/{token}
    """,
    "feedback link": """
        GET /feedback/{token}
        GET /feedback/{token}/thanks
        POST /feedback/{token}
    """,
    # the operator of the SMS gateway, with its secret (tests/sms/test_receipts.py)
    "receipt secret": """
        GET /sms/receipts
        POST /sms/receipts
    """,
    # who holds the appointment's link, or the partner that booked it, by Authorization
    "bearer": """
        GET /api/v1/appointments/{id}
        POST /api/v1/appointments/{id}/cancel
        POST /api/v1/appointments/{id}/reschedule
    """,
    # the terminal where its citizen checked in, its agent, an adviser of its house
    "call": """
        GET /call/{room}
        GET /call/{room}/colleagues
        POST /call/{room}/adviser
        POST /call/{room}/invitations
        POST /call/{room}/ticket
    """,
    # anybody may knock: a ticket opens (tests/signaling/test_sockets.py)
    "socket": "GET /signaling/rooms/{room}",
    "terminal": """
        GET /kiosk/arrival
        GET /kiosk/check
        POST /kiosk/check/report
        GET /kiosk/arrival/answer
        GET /kiosk/booking/check
        GET /kiosk/booking/done
        GET /kiosk/booking/person
        GET /kiosk/booking/service
        GET /kiosk/booking/slot
        GET /kiosk/goodbye
        GET /kiosk/live
        GET /kiosk/walk-in
        POST /kiosk/arrival
        POST /kiosk/booking/check
        POST /kiosk/booking/keep
        POST /kiosk/booking/now
        GET /kiosk/booking/waiting
        GET /kiosk/booking/waiting/done
        POST /kiosk/booking/waiting
        POST /kiosk/booking/earlier
        POST /kiosk/walk-in/leave
        POST /kiosk/booking/person
        POST /kiosk/booking/person/keep
        POST /kiosk/booking/service
        POST /kiosk/booking/slot
        POST /kiosk/booking/start
        POST /kiosk/heartbeat
        POST /kiosk/help
        POST /kiosk/help/cancel
        POST /kiosk/scan
        POST /kiosk/wipe
    """,
    # any agent: what is shown is their own
    "agent": """
        GET /agent
        GET /agent/check
        GET /agent/calendar
        GET /agent/calendar/absences/new
        GET /agent/calendar/calendars/new
        GET /agent/calendar/feed
        GET /agent/live
        GET /agent/trouble
        POST /agent/calendar/absences/new
        POST /agent/calendar/absences/{entry}/delete
        POST /agent/calendar/calendars/new
        POST /agent/calendar/feed
        POST /agent/calendar/feed/close
        POST /agent/calendar/calendars/{entry}/delete
        GET /agent/calendar/calendars/{entry}/choose
        POST /agent/calendar/calendars/{entry}/choose
        POST /agent/calendar/calendars/{entry}/stop
        POST /agent/calendar/calendars/{entry}/write
        POST /agent/trouble/absence
        POST /agent/trouble/late
        POST /agent/walk-ins/pause
        POST /agent/walk-ins/{id}/accept
        POST /agent/walk-ins/{id}/pass
    """,
    # the appointment's own agent, or an administrator
    "appointment": """
        GET /agent/appointments/{id}
        POST /agent/appointments/{id}/cancel
        POST /agent/appointments/{id}/follow-up
        POST /agent/appointments/{id}/outcome
    """,
    "adviser": """
        GET /desk
        GET /desk/check
    """,
    # enrolled screens, people who signed in, and monitoring with its key
    "known": "POST /check/ticket",
    # an adviser of this house
    "house": """
        GET /desk/{site}
        GET /desk/{site}/appointments/{appointment}
        GET /desk/{site}/appointments/{appointment}/slip
        GET /desk/{site}/board
        GET /desk/{site}/booking/check
        GET /desk/{site}/booking/done
        GET /desk/{site}/booking/person
        GET /desk/{site}/booking/service
        GET /desk/{site}/booking/slot
        GET /desk/{site}/calendar
        GET /desk/{site}/kiosks
        GET /desk/{site}/live
        POST /desk/{site}/appointments/{appointment}/cancel
        POST /desk/{site}/appointments/{appointment}/check-in
        POST /desk/{site}/appointments/{appointment}/move
        POST /desk/{site}/booking/check
        POST /desk/{site}/booking/keep
        POST /desk/{site}/booking/now
        GET /desk/{site}/booking/waiting
        GET /desk/{site}/booking/waiting/done
        POST /desk/{site}/booking/waiting
        POST /desk/{site}/booking/earlier
        POST /desk/{site}/appointments/{appointment}/earlier
        GET /desk/{site}/walk-ins/{walk_in}/remove
        POST /desk/{site}/walk-ins/{walk_in}/remove
        POST /desk/{site}/untold/{notice}
        POST /desk/{site}/booking/person
        POST /desk/{site}/booking/person/keep
        POST /desk/{site}/booking/service
        POST /desk/{site}/booking/slot
        POST /desk/{site}/booking/start
        POST /desk/{site}/calendar
        POST /desk/{site}/calendar/close
        POST /desk/{site}/help/{kiosk}
        POST /desk/{site}/kiosks/{kiosk}/code
        POST /desk/{site}/kiosks/{kiosk}/outage
        POST /desk/{site}/kiosks/{kiosk}/repair
        POST /desk/{site}/kiosks/{kiosk}/revoke
    """,
    "administrator": """
        GET /admin
        GET /admin/tables/{grouping}.csv
        GET /admin/accounts
        GET /admin/accounts/new
        GET /admin/accounts/{account}
        POST /admin/accounts/new
        POST /admin/accounts/{account}
        POST /admin/accounts/{account}/close
        POST /admin/accounts/{account}/invite
        POST /admin/accounts/{account}/reopen
        GET /admin/agents
        GET /admin/agents/new
        GET /admin/agents/{agent}
        GET /admin/agents/{agent}/absences/new
        GET /admin/agents/{agent}/assignments/new
        GET /admin/agents/{agent}/edit
        GET /admin/agents/{agent}/hours/new
        GET /admin/agents/{agent}/hours/{entry}
        GET /admin/agents/{agent}/rules/new
        POST /admin/agents/new
        POST /admin/agents/{agent}/absences/new
        POST /admin/agents/{agent}/absences/{entry}/delete
        POST /admin/agents/{agent}/assignments/new
        POST /admin/agents/{agent}/assignments/{entry}/delete
        POST /admin/agents/{agent}/edit
        POST /admin/agents/{agent}/hours/new
        POST /admin/agents/{agent}/hours/{entry}
        POST /admin/agents/{agent}/hours/{entry}/delete
        POST /admin/agents/{agent}/rules/new
        POST /admin/agents/{agent}/rules/{entry}/delete
        GET /admin/feeds
        GET /admin/messages
        GET /admin/messages.csv
        GET /admin/messages/board
        GET /admin/messages/{notice}
        POST /admin/messages/{notice}/again
        GET /admin/words
        GET /admin/words/{organisation}/{slot}/{language}
        GET /admin/words/{organisation}/{slot}/{language}/preview
        POST /admin/words/{organisation}/{slot}/{language}
        POST /admin/words/{organisation}/{slot}/{language}/check
        POST /admin/words/{organisation}/{slot}/{language}/preview
        POST /admin/words/{organisation}/{slot}/{language}/reset
        POST /admin/words/{organisation}/{slot}/{language}/test
        GET /admin/houses
        POST /admin/feeds/{kind}/{owner}
        POST /admin/feeds/{kind}/{owner}/close
        GET /admin/houses/new
        GET /admin/houses/{site}
        GET /admin/houses/{site}/closures/new
        GET /admin/houses/{site}/edit
        GET /admin/houses/{site}/hours
        GET /admin/houses/{site}/kiosks/new
        GET /admin/houses/{site}/kiosks/{kiosk}
        GET /admin/houses/{site}/kiosks/{kiosk}/outages/new
        GET /admin/houses/{site}/staff/new
        POST /admin/houses/new
        POST /admin/houses/{site}/closures/new
        POST /admin/houses/{site}/closures/{entry}/delete
        POST /admin/houses/{site}/edit
        POST /admin/houses/{site}/hours
        POST /admin/houses/{site}/kiosks/new
        POST /admin/houses/{site}/kiosks/{kiosk}
        POST /admin/houses/{site}/kiosks/{kiosk}/outages/new
        POST /admin/houses/{site}/outages/{entry}/end
        POST /admin/houses/{site}/staff/new
        POST /admin/houses/{site}/staff/{entry}/delete
        GET /admin/offer
        GET /admin/offer/organisations/new
        GET /admin/offer/organisations/{organisation}
        GET /admin/offer/organisations/{organisation}/edit
        GET /admin/offer/organisations/{organisation}/workplaces/new
        GET /admin/offer/organisations/{organisation}/workplaces/{workplace}
        GET /admin/offer/organisations/{organisation}/workplaces/{workplace}/rooms/new
        GET /admin/offer/organisations/{organisation}/workplaces/{workplace}/rooms/{room}
        GET /admin/offer/services/new
        GET /admin/offer/services/{service}
        POST /admin/offer/organisations/new
        POST /admin/offer/organisations/{organisation}/edit
        POST /admin/offer/organisations/{organisation}/workplaces/new
        POST /admin/offer/organisations/{organisation}/workplaces/{workplace}
        POST /admin/offer/organisations/{organisation}/workplaces/{workplace}/rooms/new
        POST /admin/offer/organisations/{organisation}/workplaces/{workplace}/rooms/{room}
        POST /admin/offer/services/new
        POST /admin/offer/services/{service}
        POST /admin/offer/services/{service}/restore
        POST /admin/offer/services/{service}/retire
    """,
}

ELSEWHERE: tuple[dict[str, str], ...] = (
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
)
NOBODY = ("anonymous", "terminal")
# what each wrong person gets; who has no account is led to the sign-in page (GET) or gets 401
SIGN_IN = object()
TO_KIOSK = object()
WRONG: dict[str, dict[str, object]] = {
    "administrator": dict.fromkeys(NOBODY, SIGN_IN) | dict.fromkeys(("agent", "other agent", "adviser"), 403),
    "agent": dict.fromkeys(NOBODY, SIGN_IN) | dict.fromkeys(("adviser", "administrator"), 403),
    "appointment": dict.fromkeys(NOBODY, SIGN_IN) | {"other agent": 404, "adviser": 403},
    "adviser": dict.fromkeys(NOBODY, SIGN_IN) | dict.fromkeys(("agent", "administrator"), 403),
    "house": dict.fromkeys(NOBODY, SIGN_IN) | {"agent": 403, "administrator": 403, "other adviser": 404},
    "terminal": dict.fromkeys(("anonymous", "agent", "adviser", "administrator"), TO_KIOSK),
    "known": {"anonymous": 403},
    "call": dict.fromkeys(("anonymous", "terminal", "other agent", "other adviser", "administrator"), 403),
}
RIGHT = {
    "administrator": "administrator",
    "agent": "agent",
    "appointment": "agent",
    "adviser": "adviser",
    "house": "adviser",
    "call": "agent",
    "known": "terminal",
    "terminal": "terminal",
}


def listed() -> dict[tuple[str, str], str]:
    """Return who may use each route: {(method, address): policy}."""
    lines = [(policy, line.split()) for policy, text in ROUTES.items() for line in text.strip().splitlines()]
    return {(method, path): policy for policy, (method, path) in lines}


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
        ("invitation link", INVITATION),
    ],
)
async def test_a_link_opens_its_one_thing_until_its_end(town: Town, policy: str, purpose: str) -> None:
    subject = {"feedback": f"desktop:{town.appointment.id}"}.get(purpose, town.appointment.id)
    good = town.token(purpose, subject)
    others = [
        name
        for name in (MANAGE, CALENDAR, PASS, GUEST, WAITING, INVITATION, "feedback", "signaling", "proof")
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
