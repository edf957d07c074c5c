"""Networks of a test's own: namespaces with cables between them, behind address translation, losing packets.

Nothing of them is seen outside, so that tests at the same time may use the same addresses.
"""

import os
import secrets
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

from tests.support.enclosed import need

PATH = "/usr/sbin:/sbin:/usr/bin:/bin"


class Host:
    """A network namespace: a machine, or a router between two of them. `remove` it at the end."""

    def __init__(self, name: str) -> None:
        self.name = f"tc{secrets.token_hex(4)}-{name}"
        self._ip = need("ip", "iproute2")
        self.within: tuple[str, ...] = (self._ip, "netns", "exec", self.name)
        _run(self._ip, "netns", "add", self.name)
        self.run("ip", "link", "set", "lo", "up")

    def run(self, *command: str) -> None:
        """Run a command in the namespace; RuntimeError with what it wrote when it fails."""
        _run(*self.within, *command)

    def connect(self, other: "Host", cable: str, *addresses: tuple[str, str]) -> None:
        """Lay a cable to another host: its name at both ends, and (here, there) addresses with their networks."""
        peer = ("peer", "name", cable, "netns", other.name)
        _run(self._ip, "link", "add", cable, "netns", self.name, "type", "veth", *peer)
        for host, index in ((self, 0), (other, 1)):
            host.run("ip", "link", "set", cable, "up")
            for pair in addresses:
                host.add_address(pair[index], cable)

    def add_address(self, address: str, cable: str) -> None:
        """Give this end of a cable an address, of use at once."""
        now = ("nodad",) if ":" in address else ()
        self.run("ip", "address", "add", address, "dev", cable, *now)

    def drop_address(self, address: str, cable: str) -> None:
        """Take an address away, and with it the routes over it."""
        self.run("ip", "address", "delete", address, "dev", cable)

    def go_by(self, router: str) -> None:
        """Send what is meant for others to a router."""
        self.run("ip", "route", "replace", "default", "via", router)

    def forward(self) -> None:
        """Be a router."""
        self.run("sysctl", "-qw", "net.ipv4.ip_forward=1")

    def hide(self, cable: str) -> None:
        """Translate addresses as an office does: out by one address with other ports each time, in only answers."""
        self.forward()
        table = (need("iptables", "iptables"), "-w")
        self.run(*table, "-t", "nat", "-A", "POSTROUTING", "-o", cable, "-j", "MASQUERADE", "--random-fully")
        answers = ("-m", "conntrack", "--ctstate", "ESTABLISHED,RELATED")
        self.run(*table, "-A", "FORWARD", "-i", cable, *answers, "-j", "ACCEPT")
        self.run(*table, "-A", "FORWARD", "-i", cable, "-j", "DROP")

    def stand_for(self, public: str, private: str, cable: str) -> None:
        """Translate one public address to one private one and back, as a hosting provider does."""
        self.forward()
        table = (need("iptables", "iptables"), "-w", "-t", "nat", "-A")
        self.run(*table, "PREROUTING", "-i", cable, "-d", public, "-j", "DNAT", "--to-destination", private)
        self.run(*table, "POSTROUTING", "-o", cable, "-s", private, "-j", "SNAT", "--to-source", public)

    def bridge(self, *cables: str) -> None:
        """Be a switch between these cables."""
        self.run("ip", "link", "add", "bridge", "type", "bridge")
        self.run("ip", "link", "set", "bridge", "up")
        for cable in cables:
            self.run("ip", "link", "set", cable, "master", "bridge")

    def lose(self, share: float) -> None:
        """Lose this share (0 to 1) of all packets that pass through, in each direction; netem is rare in containers."""
        table = (need("iptables", "iptables"), "-w", "-t", "mangle")
        self.run(*table, "-F", "FORWARD")
        if share:
            chance = ("-m", "statistic", "--mode", "random", "--probability", str(share))
            self.run(*table, "-A", "FORWARD", *chance, "-j", "DROP")

    def remove(self) -> None:
        """Take the namespace away, with its cables."""
        subprocess.run([self._ip, "netns", "delete", self.name], check=False, capture_output=True)


def _run(*command: str) -> None:
    done = subprocess.run(command, check=False, capture_output=True, text=True, env={**os.environ, "PATH": PATH})
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr or done.stdout}")


@contextmanager
def hosts(*names: str) -> Iterator[list[Host]]:
    """Yield a namespace for each name, and take them away at the end, whatever happened."""
    made: list[Host] = []
    try:
        for name in names:
            made.append(Host(name))
        yield made
    finally:
        for host in made:
            host.remove()
