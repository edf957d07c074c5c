"""A small proof of work for whoever comes in a burst: cheap for one person, dear for who wants every slot.

The idea is Hashcash's, in the form that ALTCHA gives it: find the number whose SHA-256 after a salt is the target.
Nothing is stored: the salt and the target are signed.
"""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from teleconsult.errors import Forbidden
from teleconsult.web.tokens import Signer, TokenExpired, TokenInvalid

PURPOSE = "proof"
LIFETIME = timedelta(minutes=10)
# Numbers to try at most; half of them on average: about a second on a telephone.
EFFORT = 120_000


class ProofWrong(Forbidden):
    """Not the number that was asked for, or too late, or used before."""

    code = "proof_wrong"


@dataclass(frozen=True, slots=True)
class Challenge:
    """What to solve: a number below `effort` such that SHA-256(salt + number) is `target`; `token` comes back."""

    salt: str
    target: str
    effort: int
    token: str


def new_challenge(signer: Signer, now: datetime, *, effort: int = EFFORT) -> Challenge:
    """Return a challenge that holds for ten minutes."""
    salt = secrets.token_hex(12)
    target = _digest(salt, secrets.randbelow(effort))
    return Challenge(salt, target, effort, signer.issue(PURPOSE, f"{salt}.{target}", now + LIFETIME))


def read_proof(signer: Signer, token: str, number: int, now: datetime) -> str:
    """Return the salt of a challenge that `number` solves, so that it is used once. Raises ProofWrong."""
    try:
        salt, _, target = signer.read(PURPOSE, token, now).partition(".")
    except (TokenInvalid, TokenExpired):
        raise ProofWrong from None
    if not hmac.compare_digest(_digest(salt, number), target):
        raise ProofWrong
    return salt


def _digest(salt: str, number: int) -> str:
    return hashlib.sha256(f"{salt}{number}".encode()).hexdigest()
