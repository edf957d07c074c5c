"""Nodes as processes that a test can stop, kill and put to sleep."""

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from tests.support.ports import free_port
from tests.support.server import ROOT

LOOPBACK = "127.0.0.1"
SECRET = "only-for-these-tests-" * 3
START_SECONDS = 90
STOP_SECONDS = 20


class Node:
    """One process of the service, on loopback; or on every address of the namespace `within` which it runs."""

    def __init__(
        self, folder: Path, database_url: str, redis_url: str = "", *, within: tuple[str, ...] = (), **settings: str
    ) -> None:
        self.port = free_port()
        self._log = folder / f"node-{self.port}.log"
        environment = {name: value for name, value in os.environ.items() if not name.startswith("TELECONSULT_")}
        environment |= {
            "TELECONSULT_DATA_DIR": str(folder),
            "TELECONSULT_DATABASE_URL": database_url,
            "TELECONSULT_REDIS_URL": redis_url,
            "TELECONSULT_SECRET_KEY": SECRET,
        }
        environment |= {f"TELECONSULT_{name.upper()}": value for name, value in settings.items()}
        address = () if within else (LOOPBACK,)
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [*within, sys.executable, "-m", "tests.signaling.node", str(self.port), *address],
                cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            )  # fmt: skip

    @property
    def log(self) -> str:
        return self._log.read_text(errors="replace")

    def signal(self, number: int) -> None:
        """Send it a signal."""
        self._process.send_signal(number)

    def kill(self) -> None:
        """End it without warning."""
        self._process.kill()
        self._process.wait(STOP_SECONDS)


async def until(condition: Callable[[], bool]) -> None:
    """Wait for something that another process does."""
    async with asyncio.timeout(START_SECONDS):
        while not condition():  # noqa: ASYNC110 (another process makes no events here)
            await asyncio.sleep(0.05)


@asynccontextmanager
async def running_nodes(
    count: int, folder: Path, database_url: str, redis_url: str, **settings: str
) -> AsyncIterator[list[Node]]:
    """Start so many nodes, wait until they know of each other, and kill those that are left at the end."""
    nodes = [Node(folder, database_url, redis_url, **settings) for _ in range(count)]
    try:
        await until(lambda: all("bus_connected" in node.log and "serving" in node.log for node in nodes))
        yield nodes
    finally:
        for node in nodes:
            node.kill()
