"""What is compared: each in a process of its own, in a network namespace behind a veth pair."""

import asyncio
import os
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import psutil

from benchmarks.relay import janus
from benchmarks.relay.clip import Clip
from benchmarks.relay.load import LineClient, drive
from benchmarks.relay.ours import PORT

START_SECONDS = 30.0


class Namespace:
    """A network namespace with an address of its own; use it as a context manager."""

    def __init__(self) -> None:
        # what differs from process to process, so that two runs do not meet
        number = os.getpid() % 250
        self.name = f"tcbench{os.getpid()}"
        self.outside, self.inside = f"10.203.{number}.1", f"10.203.{number}.2"
        self._link = f"tcb{os.getpid()}"

    def __enter__(self) -> "Namespace":
        for line in (
            f"netns add {self.name}",
            f"link add {self._link} type veth peer name eth0 netns {self.name}",
            f"addr add {self.outside}/24 dev {self._link}",
            f"link set {self._link} up",
            f"-n {self.name} addr add {self.inside}/24 dev eth0",
            f"-n {self.name} link set eth0 up",
            f"-n {self.name} link set lo up",
        ):
            subprocess.run(["ip", *line.split()], check=True)
        return self

    def __exit__(self, *exc: object) -> None:
        subprocess.run(["ip", "netns", "delete", self.name], check=True)

    def within(self, command: list[str]) -> list[str]:
        """Return the command that runs another one in the namespace."""
        return ["ip", "netns", "exec", self.name, *command]


@asynccontextmanager
async def _process(command: list[str], address: str, port: int) -> AsyncIterator[psutil.Process]:
    with tempfile.TemporaryFile() as log:
        # `ip netns exec` becomes the command: the process id is the relay's
        process = subprocess.Popen(command, stdout=log, stderr=log)  # noqa: ASYNC220 (its end is not awaited)
        try:
            async with asyncio.timeout(START_SECONDS):
                while True:
                    try:
                        _, writer = await asyncio.open_connection(address, port)
                    except OSError:
                        if process.poll() is not None:
                            log.seek(0)
                            raise SystemExit(log.read().decode(errors="replace")) from None
                        await asyncio.sleep(0.1)
                    else:
                        writer.close()
                        break
            yield psutil.Process(process.pid)
        finally:
            process.kill()
            process.wait()


@asynccontextmanager
async def ours(namespace: Namespace) -> AsyncIterator[tuple[psutil.Process, Any]]:
    """Our relay."""
    async with _lines(namespace, "benchmarks.relay.ours") as found:
        yield found


@asynccontextmanager
async def media_relay(namespace: Namespace) -> AsyncIterator[tuple[psutil.Process, Any]]:
    """aiortc's MediaRelay."""
    async with _lines(namespace, "benchmarks.relay.media_relay") as found:
        yield found


@asynccontextmanager
async def _lines(namespace: Namespace, module: str) -> AsyncIterator[tuple[psutil.Process, Any]]:
    command = namespace.within([sys.executable, "-m", module, namespace.inside])
    async with (
        _process(command, namespace.inside, PORT) as process,
        LineClient(namespace.inside, namespace.outside) as client,
    ):
        yield process, client


@asynccontextmanager
async def janus_videoroom(namespace: Namespace) -> AsyncIterator[tuple[psutil.Process, Any]]:
    """Janus."""
    with tempfile.TemporaryDirectory(prefix="teleconsult-janus-") as folder:
        command = namespace.within(janus.command(Path(folder), namespace.inside))
        async with (
            _process(command, namespace.inside, janus.PORT) as process,
            aiohttp.ClientSession() as http,
            janus.Janus(http, namespace.inside, namespace.outside) as client,
        ):
            yield process, client


SYSTEMS = {"ours": ours, "janus": janus_videoroom, "media_relay": media_relay}


async def measure(
    namespace: Namespace, system: str, clip: Clip, *, rooms: int, people: int, seconds: float
) -> dict[str, Any]:
    """Return the figures of one system at one size. CPU is that of its process, in user and system time."""
    decodes = system == "media_relay"
    async with SYSTEMS[system](namespace) as (process, client):
        before = process.memory_info().rss
        cpu: list[float] = []
        stolen: list[float] = []
        memory: list[int] = []

        def measuring(begins: bool) -> None:
            used = process.cpu_times()
            cpu.append(used.user + used.system)
            stolen.append(psutil.cpu_times().steal)
            memory.append(process.memory_info().rss)

        outcome = await drive(
            client.open_room, clip, rooms=rooms, people=people, seconds=seconds, stamp=not decodes, measuring=measuring
        )
    used = cpu[1] - cpu[0]
    # what MediaRelay sends are packets of its own making: only those that it was sent can be compared
    forwarded = outcome.due if decodes else outcome.received
    return {
        "system": system, "rooms": rooms, "people": people, "packets/s": round(forwarded / outcome.seconds),
        "CPU us/packet": round(1e6 * used / max(1, forwarded), 1), "core %": round(100 * used / outcome.seconds, 1),
        "lost %": "-" if decodes else round(100 * (1 - outcome.received / outcome.due), 3),
        "p50 ms": "-" if decodes else round(outcome.delay(0.5), 2),
        "p99 ms": "-" if decodes else round(outcome.delay(0.99), 2),
        "MB/room": round((memory[1] - before) / rooms / 2**20, 2), "twice": outcome.twice,
        "generator core %": round(100 * outcome.generator_cpu / outcome.seconds, 1),
        # by the neighbours of a virtual machine: what a delay's p99 measures when it is more than nothing
        "stolen core %": round(100 * (stolen[1] - stolen[0]) / outcome.seconds, 1),
    }  # fmt: skip
