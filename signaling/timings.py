"""How long the signaling server waits for what. Seconds."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Timings:
    """The waits of docs/protocol.md, in one place so that a test can shorten them."""

    join: float = 10.0
    ping_after: float = 20.0
    dead_after: float = 45.0
    send: float = 10.0
    sweep: float = 1.0
