"""Signing in and out. The browser holds a random token, the database its hash."""

import hashlib
import secrets
from collections.abc import Collection
from datetime import datetime, timedelta

from teleconsult.accounts.models import Account, Session
from teleconsult.accounts.passwords import NOBODY, verify_password
from teleconsult.errors import Unauthenticated

COOKIE = "session"
SESSION_HOURS = 12


class WrongCredentials(Unauthenticated):
    code = "wrong_credentials"


def _hash(token: str) -> str:
    # a cookie may be any bytes
    return hashlib.sha256(token.encode(errors="surrogateescape")).hexdigest()


async def sign_in(email: str, password: str, now: datetime) -> tuple[Account, str]:
    """Return the account and the session's token for the cookie.

    Raises WrongCredentials alike for an unknown address, a wrong password and a closed account.
    """
    account = await Account.get_or_none(email=email.strip().lower())
    right = await verify_password(account.password_hash if account else NOBODY, password)
    if account is None or not right or not account.active:
        raise WrongCredentials
    token = secrets.token_urlsafe(32)
    await Session.create(
        token_hash=_hash(token), account=account, created_at=now, expires_at=now + timedelta(hours=SESSION_HOURS)
    )
    return account, token


async def account_of(token: str, now: datetime) -> Account | None:
    """Return the active account of a session's token, None when there is none or it has expired."""
    session = await Session.get_or_none(token_hash=_hash(token), expires_at__gt=now).select_related("account")
    return session.account if session and session.account.active else None


async def signed_in_among(account_ids: Collection[str], now: datetime) -> set[str]:
    """Return which of these accounts have a session that has not expired."""
    sessions = Session.filter(account_id__in=list(account_ids), expires_at__gt=now, account__active=True)
    return {str(account_id) for account_id in await sessions.values_list("account_id", flat=True)}


async def sign_out(token: str) -> None:
    """End a session; unknown ones are ended already."""
    await Session.filter(token_hash=_hash(token)).delete()


async def drop_expired(now: datetime) -> int:
    """Delete the sessions that have expired and return how many."""
    return await Session.filter(expires_at__lte=now).delete()
