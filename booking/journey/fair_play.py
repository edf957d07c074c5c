"""Limits on how many slots somebody may take in hand: gentle for a house that shares one address, dear for a robot.

Kiosks and front desks have limits of their own, by device: what comes from a house's network never closes its kiosk.
"""

import time

from aiohttp import web

from booking.journey.proof_of_work import LIFETIME, read_proof
from teleconsult.clock import utcnow
from teleconsult.errors import Forbidden, TooManyRequests
from teleconsult.web.throttle import THROTTLE, throttle
from teleconsult.web.tokens import SIGNER

SECONDS = 600
# One browser: a person who hesitates chooses a handful of slots.
FROM_A_DEVICE = 30
# One network: so many without a word, then each proves some work, then no more.
CALM_FROM_A_NETWORK = 20
MOST_FROM_A_NETWORK = 300


class ProofWanted(Forbidden):
    """A burst comes from this network: prove some work first."""

    code = "proof_wanted"


def require_fair(request: web.Request, device: str, proof: tuple[str, int] | None = None) -> None:
    """Let a browser (`device`: its cookie's hash) take a slot in hand.

    `proof` is a solved challenge: its token and number. Raises TooManyRequests with `retry_after`, ProofWanted,
    ProofWrong.
    """
    throttle(request, "hold-device", FROM_A_DEVICE, SECONDS, who=device)
    throttle(request, "hold-most", MOST_FROM_A_NETWORK, SECONDS)
    if proof is not None:
        _use(request, *proof)
        return
    try:
        throttle(request, "hold-calm", CALM_FROM_A_NETWORK, SECONDS)
    except TooManyRequests:
        raise ProofWanted from None


def _use(request: web.Request, token: str, number: int) -> None:
    salt = read_proof(request.app[SIGNER], token, number, utcnow())
    again = request.app[THROTTLE].take(f"proof:{salt}", 1, LIFETIME.total_seconds() * 2, time.monotonic())
    if again:
        raise ProofWanted
