"""Opening, changing and closing accounts, and choosing a password by invitation. None is ever removed."""

import asyncio
import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from tortoise.exceptions import IntegrityError

from teleconsult.accounts.models import Account, Session
from teleconsult.accounts.passwords import NOBODY, hash_password
from teleconsult.accounts.register import PASSWORD_MINIMUM, EmailTaken, PasswordTooShort
from teleconsult.accounts.roles import Role
from teleconsult.database import transaction
from teleconsult.people.errors import AccountUnknown, InvitationUsed, LastAdministrator, OwnAccount
from teleconsult.web.events import Event
from teleconsult.web.tokens import Signer

INVITATION = "invitation"
INVITED_FOR = timedelta(days=7)


@dataclass(frozen=True, kw_only=True)
class AccountChanged(Event):
    """An account was opened, changed, closed, reopened, invited or given a password. Ids; `actor_id` may be empty."""

    account_id: str
    action: str
    actor_id: str = ""


@dataclass(frozen=True, kw_only=True)
class AccountView:
    """An account as administrators see it. `invited`: no password was ever chosen."""

    id: str
    name: str
    email: str
    roles: tuple[Role, ...]
    language: str
    active: bool
    invited: bool
    created_at: datetime


def _view(account: Account) -> AccountView:
    return AccountView(
        id=account.id, name=account.name, email=account.email, roles=tuple(Role(each) for each in account.roles),
        language=account.language, active=account.active, invited=account.password_hash == NOBODY,
        created_at=account.created_at,
    )  # fmt: skip


async def all_accounts() -> list[AccountView]:
    """Return everybody's account, the open ones first, by name."""
    return [_view(each) for each in await Account.all().order_by("-active", "name", "id")]


async def account_view(account_id: str) -> AccountView:
    """Return an account. Raises AccountUnknown."""
    return _view(await _account(account_id))


async def open_account(*, name: str, email: str, roles: Collection[Role], language: str, by: str) -> AccountChanged:
    """Open an account into which nobody gets until a password is chosen by invitation. Raises EmailTaken."""
    try:
        async with transaction():
            account = await Account.create(
                email=email.strip().lower(), name=name, password_hash=NOBODY, language=language,
                roles=[role.value for role in Role if role in roles],
            )  # fmt: skip
    except IntegrityError:
        raise EmailTaken from None
    return AccountChanged(account_id=account.id, action="opened", actor_id=by)


async def change_account(
    *, account_id: str, name: str, roles: Collection[Role], language: str, by: str
) -> AccountChanged:
    """Change a name, roles or the language. Raises AccountUnknown, OwnAccount, LastAdministrator."""
    async with transaction():
        account = await _locked(account_id)
        if Role.ADMINISTRATOR in account.roles and Role.ADMINISTRATOR not in roles:
            await _require_another_administrator(account_id, by)
        after = {"name": name, "roles": [role.value for role in Role if role in roles], "language": language}
        await account.update_from_dict(after).save(update_fields=list(after))
    return AccountChanged(account_id=account_id, action="changed", actor_id=by)


async def close_account(*, account_id: str, by: str) -> Sequence[AccountChanged]:
    """Let nobody in by this account any more, at once; again: nothing more happens.

    Raises AccountUnknown, OwnAccount, LastAdministrator.
    """
    async with transaction():
        account = await _locked(account_id)
        if not account.active:
            return []
        await _require_another_administrator(account_id, by, role=Role.ADMINISTRATOR in account.roles)
        await Account.filter(id=account_id).update(active=False)
        await Session.filter(account_id=account_id).delete()
    return [AccountChanged(account_id=account_id, action="closed", actor_id=by)]


async def reopen_account(*, account_id: str, by: str) -> Sequence[AccountChanged]:
    """Let somebody in again, with the password that they had; again: nothing more happens. Raises AccountUnknown."""
    await _account(account_id)
    if not await Account.filter(id=account_id, active=False).update(active=True):
        return []
    return [AccountChanged(account_id=account_id, action="reopened", actor_id=by)]


async def invite(*, signer: Signer, account_id: str, now: datetime) -> str:
    """Return the token by which a password is chosen, once, within a week. Raises AccountUnknown."""
    return signer.issue(INVITATION, _subject(await _account(account_id)), now + INVITED_FOR)


async def invited(*, signer: Signer, token: str, now: datetime) -> AccountView:
    """Return whose invitation this is. Raises TokenInvalid, TokenExpired, InvitationUsed."""
    return _view(await _invited(signer, token, now))


async def choose_password(*, signer: Signer, token: str, password: str, now: datetime) -> AccountChanged:
    """Set a password by invitation, which is used up, and end the account's sessions.

    Raises TokenInvalid, TokenExpired, InvitationUsed, PasswordTooShort (`minimum` in characters).
    """
    account = await _invited(signer, token, now)
    if len(password) < PASSWORD_MINIMUM:
        raise PasswordTooShort(minimum=PASSWORD_MINIMUM)
    hashed = await asyncio.to_thread(hash_password, password)  # slow on purpose
    async with transaction():
        unused = Account.filter(id=account.id, password_hash=account.password_hash, active=True)
        if not await unused.update(password_hash=hashed):
            raise InvitationUsed
        await Session.filter(account_id=account.id).delete()
    return AccountChanged(account_id=account.id, action="password_chosen")


def _subject(account: Account) -> str:
    """Name an account and its present password: with another one, the invitation is for nobody."""
    return f"{account.id}:{hashlib.sha256(account.password_hash.encode()).hexdigest()[:32]}"


async def _invited(signer: Signer, token: str, now: datetime) -> Account:
    subject = signer.read(INVITATION, token, now)
    account = await Account.get_or_none(id=subject.partition(":")[0], active=True)
    if account is None or _subject(account) != subject:
        raise InvitationUsed
    return account


async def _account(account_id: str) -> Account:
    account = await Account.get_or_none(id=account_id)
    if account is None:
        raise AccountUnknown
    return account


async def _locked(account_id: str) -> Account:
    account = await Account.filter(id=account_id).select_for_update().first()
    if account is None:
        raise AccountUnknown
    return account


async def _require_another_administrator(account_id: str, by: str, *, role: bool = True) -> None:
    """Raise OwnAccount, or LastAdministrator if nobody else could open accounts. Locks those who could."""
    if account_id == by:
        raise OwnAccount
    others = await Account.filter(active=True).exclude(id=account_id).select_for_update().order_by("id")
    if role and not any(Role.ADMINISTRATOR in other.roles for other in others):
        raise LastAdministrator
