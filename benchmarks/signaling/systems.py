"""What is compared, each a process of its own: the program as it is deployed, and PeerJS's server."""

import asyncio
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import psutil

from scripts.javascript import use_node
from tests.support.ports import free_port
from tests.support.server import ROOT, Server

PEER = ROOT / "node_modules" / "peer"
INSTALL = "The PeerJS server is missing: `python scripts/javascript.py tools` (or `make test`, which does it)"
SECRET = "benchmark" * 4
START_SECONDS = 30
ANSWER_SECONDS = 600
REST_PATIENCE_SECONDS = 60
RESTS = 0.05  # of a core, in a second


class Measured:
    """A process that serves on a port, and what it uses."""

    def __init__(self, port: int, pid: int) -> None:
        self.port = port
        self._process = psutil.Process(pid)

    @property
    def cpu(self) -> float:
        """Processor seconds used so far, user and system."""
        times = self._process.cpu_times()
        return float(times.user + times.system)

    @property
    def memory(self) -> int:
        """Resident bytes."""
        return int(self._process.memory_info().rss)

    def wait_for_rest(self) -> None:
        """Wait until what a start brings with it is done: the offer of 3,000 houses is read and kept, for seconds."""
        until = time.monotonic() + REST_PATIENCE_SECONDS
        before, now = -1.0, self.cpu
        while now - before > RESTS and time.monotonic() < until:
            before = now
            time.sleep(1)
            now = self.cpu


@contextmanager
def ours(url: str) -> Iterator[Measured]:
    """One process of the service, as a deployer gets it; another one would send the mails."""
    with tempfile.TemporaryDirectory(prefix="teleconsult-bench-") as folder:
        server = Server(Path(folder), command="serve", database_url=url, secret_key=SECRET, deliver="false")
        server.start()
        try:
            measured = Measured(server.port, server.pid)
            measured.wait_for_rest()
            yield measured
        finally:
            server.kill()


@contextmanager
def peerjs() -> Iterator[Measured]:
    """PeerJS's server, as its command starts it."""
    if not PEER.is_dir():
        raise SystemExit(INSTALL)
    use_node()
    port = free_port()
    with tempfile.TemporaryFile() as log:
        command = ["node", str(PEER / "dist" / "bin" / "peerjs.js"), "--port", str(port), "--host", "127.0.0.1"]
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            deadline = time.monotonic() + START_SECONDS
            while b"Started" not in _written(log):
                if process.poll() is not None or time.monotonic() > deadline:
                    raise SystemExit(_written(log).decode(errors="replace"))
                time.sleep(0.1)
            yield Measured(port, process.pid)
        finally:
            process.kill()
            process.wait()


def _written(log: Any) -> bytes:
    log.seek(0)
    return bytes(log.read())


class Generator:
    """The load's process."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def do(self, what: str, **values: Any) -> dict[str, Any]:
        """Have it do something and return what it says about it."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"do": what, **values}).encode() + b"\n")
        await self._process.stdin.drain()
        async with asyncio.timeout(ANSWER_SECONDS):
            answer = await self._process.stdout.readline()
        if not answer:
            raise SystemExit("the load generator died")
        return dict(json.loads(answer))


@asynccontextmanager
async def generating(port: int) -> AsyncIterator[Generator]:
    """Yield the generator of load for the server on a port."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "benchmarks.signaling.load", str(port),
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT, limit=1 << 24,
    )  # fmt: skip
    try:
        yield Generator(process)
    finally:
        process.kill()
        await process.wait()
