"""Where the relay's UDP sockets are, and what it tells participants about them."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Network:
    """How media reaches the relay. Ports are UDP; `ports` None lets the system choose."""

    loopback: bool = False
    ports: tuple[int, int] | None = None
    public_address: str | None = None
    addresses: tuple[str, ...] | None = None
    turn_urls: tuple[str, ...] = ()
    turn_secret: str = ""
