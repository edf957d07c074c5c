"""Opening accounts."""

from collections.abc import Iterable

from tortoise.exceptions import IntegrityError

from teleconsult.accounts.models import Account
from teleconsult.accounts.passwords import hash_password
from teleconsult.accounts.roles import Role
from teleconsult.errors import Conflict, Invalid

PASSWORD_MINIMUM = 12


class EmailTaken(Conflict):
    code = "email_taken"


class PasswordTooShort(Invalid):
    code = "password_too_short"


async def register(email: str, name: str, password: str, roles: Iterable[str], language: str = "fr") -> Account:
    """Create an account. Raises EmailTaken, PasswordTooShort (`minimum` in characters)."""
    if len(password) < PASSWORD_MINIMUM:
        raise PasswordTooShort(minimum=PASSWORD_MINIMUM)
    try:
        return await Account.create(
            email=email.strip().lower(),
            name=name.strip(),
            password_hash=hash_password(password),
            roles=[Role(role).value for role in roles],
            language=language,
        )
    except IntegrityError:
        raise EmailTaken from None
