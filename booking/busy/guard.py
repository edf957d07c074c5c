"""Whom this server may call on an agent's word: public addresses, and networks that the deployer names.

Checked on the address about to be connected to, not on the name: a name that resolves to something else the second
time, an address written in digits, and a redirect all come through here (OWASP, server-side request forgery).
"""

import socket
from collections.abc import Callable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any

Network = IPv4Network | IPv6Network
Address = IPv4Address | IPv6Address
# RFC 6052 2.1: an IPv4 address in the last 32 bits, for translators
TRANSLATED = IPv6Network("64:ff9b::/96")


class AddressRefused(OSError):
    """The address is not public, nor in a network that is allowed."""


def read_networks(text: str) -> tuple[Network, ...]:
    """Read networks in CIDR notation, separated by commas. Raises ValueError."""
    return tuple(ip_network(part.strip()) for part in text.split(",") if part.strip())


def may_call(address: str, allowed: Sequence[Network]) -> bool:
    """Tell whether an IP address is public, or in an allowed network; pure."""
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    every = [found, *_within(found)]
    if any(each.version == network.version and each in network for each in every for network in allowed):
        return True
    return all(each.is_global and not each.is_multicast for each in every)


def _within(address: Address) -> list[Address]:
    """Return the IPv4 addresses that an IPv6 address stands for: mapped, 6to4, Teredo, translated."""
    if isinstance(address, IPv4Address):
        return []
    found: list[Address | None] = [address.ipv4_mapped, address.sixtofour, *(address.teredo or ())]
    if address in TRANSLATED:
        found.append(IPv4Address(int(address) & 0xFFFFFFFF))
    return [each for each in found if each is not None]


def guarded_sockets(allowed: Sequence[Network]) -> Callable[[Any], socket.socket]:
    """Return a socket factory for aiohttp's connector that raises AddressRefused for who may not be called."""

    def make(about: tuple[int, int, int, str, tuple[Any, ...]]) -> socket.socket:
        family, kind, protocol, _, address = about
        if not may_call(str(address[0]), allowed):
            raise AddressRefused("address refused")
        made = socket.socket(family, kind, protocol)
        made.setblocking(False)
        return made

    return make
