"""Passwords: argon2id (RFC 9106) with the library's recommended parameters."""

import asyncio

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

HASHER = PasswordHasher()
# Verified when there is no such account, so that the answer takes as long as with one.
NOBODY = "$argon2id$v=19$m=65536,t=3,p=4$Cg7vWAGQ5IHn+WeoUd7nog$AWVinyt0bhngu8Y7gNus5hJQJDGfkZqdViOB1FaLI40"


def hash_password(password: str) -> str:
    """Return the hash to store."""
    return HASHER.hash(password)


async def verify_password(stored: str, password: str) -> bool:
    """Whether `password` is the one whose hash is stored. Runs in a thread: it is slow on purpose."""
    return await asyncio.to_thread(_verify, stored, password)


def _verify(stored: str, password: str) -> bool:
    try:
        return HASHER.verify(stored, password)
    except (VerificationError, InvalidHashError):
        return False
