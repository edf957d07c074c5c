"""TURN credentials that a coturn with `use-auth-secret` believes (draft-uberti-behave-turn-rest)."""

import base64
import hashlib
import hmac
from datetime import datetime, timedelta

from signaling.relay.network import Network
from signaling.wire.replies import IceServer

LIFETIME = timedelta(minutes=10)


def ice_servers(network: Network, *, now: datetime, participant: str) -> tuple[IceServer, ...]:
    """Return the TURN servers for one peer connection, with credentials good for LIFETIME.

    The expiry is checked when the allocation is made and not after, so it says nothing about how long a call may last.
    """
    if not network.turn_urls:
        return ()
    username = f"{int((now + LIFETIME).timestamp())}:{participant}"
    digest = hmac.new(network.turn_secret.encode(), username.encode(), hashlib.sha1).digest()
    return (IceServer(urls=network.turn_urls, username=username, credential=base64.b64encode(digest).decode()),)
