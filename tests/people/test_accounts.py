"""Accounts as the administrator keeps them: the rules on both databases, the invitation from mail to sign-in."""

import asyncio
import mailbox
import re
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from playwright.async_api import Browser, expect
from structlog.testing import capture_logs

from teleconsult.accounts.models import Account, Session
from teleconsult.accounts.register import EmailTaken, PasswordTooShort, register
from teleconsult.accounts.roles import Role
from teleconsult.accounts.sessions import WrongCredentials, account_of, sign_in
from teleconsult.app import make_app
from teleconsult.clock import utcnow
from teleconsult.database import Database
from teleconsult.people.errors import AccountUnknown, InvitationUsed, LastAdministrator, OwnAccount
from teleconsult.people.keeping import (
    INVITED_FOR,
    account_view,
    all_accounts,
    change_account,
    choose_password,
    close_account,
    invite,
    open_account,
    reopen_account,
)
from teleconsult.settings import Settings
from teleconsult.web.tokens import SIGNER, Signer, TokenExpired
from tests.support.accessibility import assert_accessible

CHIEF = "chef@example.fr"
PASSWORD = "quatre mots bien choisis"
SECRET = Signer("k" * 32)

Client = TestClient[web.Request, web.Application]


async def chief() -> Account:
    return await register(CHIEF, "Alex Chef", PASSWORD, [Role.ADMINISTRATOR])


async def opened(by: str, email: str = "zoe@example.fr", roles: tuple[Role, ...] = (Role.AGENT,)) -> str:
    done = await open_account(name="Zoé Été", email=email, roles=roles, language="fr", by=by)
    return done.account_id


async def test_an_invitation_opens_an_account_once(database: Database) -> None:
    by = (await chief()).id
    account_id = await opened(by, " Zoe@Example.FR ")
    with pytest.raises(EmailTaken):
        await opened(by)
    assert (await account_view(account_id)).invited
    with pytest.raises(WrongCredentials):
        await sign_in("zoe@example.fr", "", utcnow())
    now = utcnow()
    token = await invite(signer=SECRET, account_id=account_id, now=now)
    with pytest.raises(PasswordTooShort):
        await choose_password(signer=SECRET, token=token, password="court", now=now)
    with pytest.raises(TokenExpired):
        await choose_password(signer=SECRET, token=token, password=PASSWORD, now=now + INVITED_FOR + timedelta(days=1))
    results = await asyncio.gather(
        *(choose_password(signer=SECRET, token=token, password=f"{PASSWORD} {each}", now=now) for each in range(3)),
        return_exceptions=True,
    )
    assert sum(isinstance(each, InvitationUsed) for each in results) == 2
    assert not (await account_view(account_id)).invited
    with pytest.raises(InvitationUsed):
        await choose_password(signer=SECRET, token=token, password=PASSWORD, now=now)


async def test_a_new_password_ends_every_session_and_the_old_one_holds_until_then(database: Database) -> None:
    account = await chief()
    _, session = await sign_in(CHIEF, PASSWORD, utcnow())
    token = await invite(signer=SECRET, account_id=account.id, now=utcnow())
    assert await account_of(session, utcnow()) is not None
    await choose_password(signer=SECRET, token=token, password="un autre mot de passe", now=utcnow())
    assert await account_of(session, utcnow()) is None
    with pytest.raises(WrongCredentials):
        await sign_in(CHIEF, PASSWORD, utcnow())
    await sign_in(CHIEF, "un autre mot de passe", utcnow())


async def test_a_closed_account_lets_nobody_in_and_can_be_reopened(database: Database) -> None:
    by = (await chief()).id
    account_id = await opened(by)
    token = await invite(signer=SECRET, account_id=account_id, now=utcnow())
    await choose_password(signer=SECRET, token=token, password=PASSWORD, now=utcnow())
    _, session = await sign_in("zoe@example.fr", PASSWORD, utcnow())
    later = await invite(signer=SECRET, account_id=account_id, now=utcnow())
    (closed,) = await close_account(account_id=account_id, by=by)
    assert (closed.action, closed.actor_id) == ("closed", by)
    assert await close_account(account_id=account_id, by=by) == []
    assert await Session.filter(account_id=account_id).count() == 0
    assert await account_of(session, utcnow()) is None
    with pytest.raises(WrongCredentials):
        await sign_in("zoe@example.fr", PASSWORD, utcnow())
    with pytest.raises(InvitationUsed):
        await choose_password(signer=SECRET, token=later, password=PASSWORD, now=utcnow())
    assert [each.active for each in await all_accounts()] == [True, False]
    await reopen_account(account_id=account_id, by=by)
    assert await reopen_account(account_id=account_id, by=by) == []
    await sign_in("zoe@example.fr", PASSWORD, utcnow())


async def test_an_administrator_always_stays(database: Database) -> None:
    by = (await chief()).id
    with pytest.raises(OwnAccount):
        await close_account(account_id=by, by=by)
    with pytest.raises(OwnAccount):
        await change_account(account_id=by, name="Alex", roles=[Role.AGENT], language="fr", by=by)
    other = await opened(by, "autre@example.fr", (Role.ADMINISTRATOR, Role.STAFF))
    # each takes the other's role away at once: one of the two stays
    results = await asyncio.gather(
        change_account(account_id=other, name="Autre", roles=[Role.STAFF], language="en", by=by),
        change_account(account_id=by, name="Alex", roles=[Role.AGENT], language="fr", by=other),
        return_exceptions=True,
    )
    assert sum(isinstance(each, LastAdministrator) for each in results) <= 1
    administrators = [each for each in await all_accounts() if Role.ADMINISTRATOR in each.roles]
    assert len(administrators) == 1
    with pytest.raises(LastAdministrator):
        await close_account(account_id=administrators[0].id, by="somebody else")
    with pytest.raises(AccountUnknown):
        await account_view("0" * 32)


@pytest.fixture
async def served(sqlite_url: str, tmp_path: Path) -> AsyncIterator[tuple[Client, Path]]:
    """The application with a mailbox folder, and its administrator signed in."""
    settings = Settings(database_url=sqlite_url, data_dir=tmp_path / "data", demo=True)
    async with TestClient(TestServer(make_app(settings))) as client:
        await chief()
        answer = await client.post("/sign-in", data={"email": CHIEF, "password": PASSWORD}, allow_redirects=False)
        assert answer.status == 303
        yield client, tmp_path / "data" / "mail"


def links_in(folder: Path) -> list[str]:
    """Return the paths of the links in all mails."""
    texts = [str(part.get_payload(decode=True)) for mail in mailbox.Maildir(folder) for part in mail.walk()]
    return re.findall(r"(/account/[\w.~-]+)", "".join(texts))


async def test_from_the_administrators_form_to_signing_in(served: tuple[Client, Path]) -> None:
    client, mails = served
    form = {"name": "Zoé Été", "email": "zoe@example.fr", "roles": "agent", "language": "fr", "tell": "mail"}
    refused = await client.post("/admin/accounts/new", data=form | {"roles": ""})
    assert refused.status == 422
    assert 'value="Zoé Été"' in await refused.text()
    with capture_logs() as lines:
        answer = await client.post("/admin/accounts/new", data=form, allow_redirects=False)
    assert answer.headers["Location"].endswith("?done=invited")
    audited = [line for line in lines if line["event"] == "account_changed"]
    assert [line["action"] for line in audited] == ["opened", "invited"]
    assert "Zoé" not in str(audited)
    assert "zoe" not in str(audited)
    assert "L’invitation est partie" in await (await client.get(answer.headers["Location"])).text()
    assert (await client.post("/admin/accounts/new", data=form)).status == 409
    link = links_in(mails)[0]
    page = await client.get(link)
    assert "zoe@example.fr" in await page.text()
    short = await client.post(link, data={"password": "court"})
    assert short.status == 422
    assert "au moins 12 caractères" in await short.text()
    chosen = await client.post(link, data={"password": PASSWORD}, allow_redirects=False)
    assert chosen.headers["Location"] == "/sign-in"
    assert (await client.get(link)).status == 410
    await sign_in("zoe@example.fr", PASSWORD, utcnow())


async def test_a_link_that_is_shown_once(served: tuple[Client, Path]) -> None:
    client, mails = served
    account_id = await opened((await Account.get(email=CHIEF)).id)
    own = f"/admin/accounts/{account_id}"
    shown = await client.post(f"{own}/invite", data={"tell": "show"})
    link = re.search(r'id="invitation-link">http://[^/]+([^<]+)<', await shown.text())
    assert link
    assert (await client.get(link[1])).status == 200
    assert "invitation-link" not in await (await client.get(own)).text()
    assert not links_in(mails)


async def test_closing_from_the_page_asks_and_the_own_account_stays(served: tuple[Client, Path]) -> None:
    client, _ = served
    me = (await Account.get(email=CHIEF)).id
    account_id = await opened(me)
    own = f"/admin/accounts/{account_id}"
    assert "Fermer ce compte" in await (await client.get(f"{own}?ask=close")).text()
    assert (await account_view(account_id)).active
    assert (await client.post(f"{own}/close", allow_redirects=False)).status == 303
    assert "Rouvrir ce compte" in await (await client.get(own)).text()
    assert "Fermé" in await (await client.get("/admin/accounts")).text()
    await client.post(f"{own}/reopen")
    assert (await account_view(account_id)).active
    refused = await client.post(f"/admin/accounts/{me}/close")
    assert refused.status == 409
    assert "C’est votre propre compte" in await refused.text()
    assert (await client.get(f"/admin/accounts/{'0' * 32}")).status == 404
    changed = {"name": "Zoé Hiver", "roles": "staff", "language": "en"}
    assert (await client.post(own, data=changed, allow_redirects=False)).status == 303
    view = await account_view(account_id)
    assert (view.name, view.roles, view.language) == ("Zoé Hiver", (Role.STAFF,), "en")


async def test_the_pages_are_accessible(served: tuple[Client, Path], browser: Browser) -> None:
    client, _ = served
    account_id = await opened((await Account.get(email=CHIEF)).id)
    app = client.server.app  # type: ignore[union-attr, attr-defined]
    token = await invite(signer=app[SIGNER], account_id=account_id, now=utcnow())
    base = str(client.make_url("/")).rstrip("/")
    page = await (await browser.new_context(locale="fr-FR")).new_page()
    await page.goto(f"{base}/account/{token}")
    await assert_accessible(page)
    await page.get_by_label("Mot de passe").fill(PASSWORD)
    await page.get_by_role("button", name="Choisir ce mot de passe").click()
    await expect(page.get_by_role("heading", name="Connexion")).to_be_visible()
    await page.locator("#email").fill(CHIEF)
    await page.locator("#password").fill(PASSWORD)
    await page.locator("#password").press("Enter")
    await page.wait_for_url("**/admin")
    for path in ("/admin/accounts", "/admin/accounts/new", f"/admin/accounts/{account_id}"):
        await page.goto(base + path)
        await assert_accessible(page)
