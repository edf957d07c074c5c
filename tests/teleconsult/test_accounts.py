"""Signing in, roles, and sessions that end."""

from datetime import timedelta

import pytest
from yarl import URL

from teleconsult.accounts.models import Account, Session
from teleconsult.accounts.register import EmailTaken, PasswordTooShort, register
from teleconsult.accounts.sessions import account_of, drop_expired, sign_in
from teleconsult.clock import utcnow
from tests.teleconsult.conftest import Client

PASSWORD = "correct horse battery"


@pytest.fixture
async def agent(client: Client) -> Account:
    return await register("Ada@Example.org", "Ada", PASSWORD, ["agent"])


async def _sign_in(client: Client, password: str = PASSWORD, path: str = "/sign-in") -> tuple[int, str]:
    form = {"email": "ada@example.org ", "password": password}
    answer = await client.post(path, data=form, allow_redirects=False)
    return answer.status, answer.headers.get("Location", "")


@pytest.mark.usefixtures("agent")
async def test_an_agent_signs_in_and_out(client: Client) -> None:
    answer = await client.get("/agents", allow_redirects=False)
    assert answer.headers["Location"] == "/sign-in?next=/agents"
    assert (await client.get("/sign-in", params={"next": "/agents"})).status == 200
    assert await _sign_in(client, path="/sign-in?next=/agents") == (303, "/agents")
    assert await (await client.get("/agents")).text() == "Ada"
    await client.post("/sign-out")
    assert (await client.get("/api/agents")).status == 401


@pytest.mark.usefixtures("agent")
async def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(client: Client) -> None:
    form = {"email": "ada@example.org", "password": PASSWORD}
    answer = await client.post("/sign-in", data=form, allow_redirects=False)
    cookie = answer.cookies["session"]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert not await Session.filter(token_hash=cookie.value).exists()


@pytest.mark.usefixtures("agent")
async def test_signing_in_again_ends_the_session_before(client: Client) -> None:
    await _sign_in(client)
    before = client.session.cookie_jar.filter_cookies(client.make_url("/"))["session"].value
    await _sign_in(client)
    after = client.session.cookie_jar.filter_cookies(client.make_url("/"))["session"].value
    assert after != before
    assert await account_of(before, utcnow()) is None
    assert await account_of(after, utcnow()) is not None


@pytest.mark.usefixtures("agent")
async def test_a_session_that_somebody_planted_is_not_taken_up(client: Client) -> None:
    client.session.cookie_jar.update_cookies({"session": "planted"}, client.make_url("/"))
    await _sign_in(client)
    assert await account_of("planted", utcnow()) is None


@pytest.mark.usefixtures("agent")
@pytest.mark.parametrize("path", ["/\t/evil.example", "/\r\n/evil.example", "/\r\nSet-Cookie: a=b", "/.//evil.example"])
async def test_where_signing_in_leads_to_cannot_be_broken_out_of(client: Client, path: str) -> None:
    answer = await client.post(
        "/sign-in",
        params={"next": path},
        data={"email": "ada@example.org", "password": PASSWORD},
        allow_redirects=False,
    )
    assert answer.url.join(URL(answer.headers["Location"])).host == answer.url.host
    assert not {"\t", "\r", "\n"} & set(answer.headers["Location"])
    assert list(answer.cookies) == ["session"]


@pytest.mark.parametrize("path", ["//evil.example", "https://evil.example", "/\\evil.example"])
@pytest.mark.usefixtures("agent")
async def test_signing_in_never_leads_to_another_site(client: Client, path: str) -> None:
    answer = await client.post(
        "/sign-in",
        params={"next": path},
        data={"email": "ada@example.org", "password": PASSWORD},
        allow_redirects=False,
    )
    assert answer.headers["Location"] == "/agent"


async def test_wrong_credentials_say_the_same_whatever_is_wrong(client: Client, agent: Account) -> None:
    texts = []
    for email, password in (("ada@example.org", "wrong"), ("nobody@example.org", PASSWORD)):
        answer = await client.post("/sign-in", data={"email": email, "password": password})
        assert answer.status == 401
        texts.append((await answer.text()).replace(email, "").replace(str(answer.url), ""))
    agent.active = False
    await agent.save()
    assert (await _sign_in(client))[0] == 401


async def test_an_empty_form_keeps_what_was_typed(client: Client) -> None:
    answer = await client.post("/sign-in", data={"email": "ada@example.org"})
    assert answer.status == 422
    assert "ada@example.org" in await answer.text()


async def test_guessing_is_slowed_down(client: Client) -> None:
    statuses = [(await client.post("/sign-in", data={"email": "a@b.fr"})).status for _ in range(11)]
    assert statuses[-1] == 429


async def test_who_guesses_locks_out_nobody_else_of_the_same_network(client: Client, agent: Account) -> None:
    for _ in range(11):
        last = await client.post("/sign-in", data={"email": "somebody@example.org"})
    assert last.status == 429
    assert (await _sign_in(client))[0] == 303


async def test_another_role_is_refused(client: Client) -> None:
    await register("ada@example.org", "Ada", PASSWORD, ["staff"])
    await _sign_in(client)
    assert (await client.get("/agents")).status == 403
    assert (await client.post("/api/agents")).status == 403


async def test_a_session_ends_by_itself(client: Client, agent: Account) -> None:
    now = utcnow()
    account, token = await sign_in(agent.email, PASSWORD, now)
    assert account.id == agent.id
    assert await account_of(token, now + timedelta(hours=11)) is not None
    assert await account_of(token, now + timedelta(hours=12)) is None
    assert await account_of("another", now) is None
    assert await drop_expired(now + timedelta(hours=12)) == 1


async def test_an_address_has_one_account(client: Client, agent: Account) -> None:
    with pytest.raises(EmailTaken):
        await register("ADA@example.org", "Another", PASSWORD, ["agent"])
    with pytest.raises(PasswordTooShort):
        await register("b@example.org", "B", "short", ["agent"])
