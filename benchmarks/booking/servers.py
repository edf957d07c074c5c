"""The program as it is deployed: several processes on one PostgreSQL, and what they and it cost."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from tests.support.server import Server

# Nobody is throttled, since the load comes from one address; another process would send the mails. Everything else is
# as a deployer gets it.
SETTINGS = {
    "secret_key": "benchmark" * 4,
    "api_reads_per_minute": "100000000",
    "api_bookings_per_hour": "100000000",
    "deliver": "false",
}


@dataclass(frozen=True)
class Cpu:
    """Processor seconds used so far."""

    servers: float
    database: float

    def since(self, before: "Cpu") -> "Cpu":
        """Return what was used since `before`."""
        return Cpu(self.servers - before.servers, self.database - before.database)


class Fleet:
    """Processes that serve one database."""

    def __init__(self, servers: list[Server], database: psutil.Process) -> None:
        self._servers = [psutil.Process(server.pid) for server in servers]
        self._database = database
        self._gone: dict[int, float] = {}
        self.ports = [server.port for server in servers]

    def cpu(self) -> Cpu:
        """Return what servers and database have used so far (its connections must stay open meanwhile)."""
        backends = [self._database, *self._database.children()]
        return Cpu(sum(map(_seconds, self._servers)), sum(map(_seconds, backends)))


def _seconds(process: psutil.Process) -> float:
    try:
        used = process.cpu_times()
    except psutil.NoSuchProcess:
        return 0.0
    return float(used.user + used.system)


@contextmanager
def running_fleet(url: str, processes: int, database: psutil.Process) -> Iterator[Fleet]:
    """Start so many processes on a migrated database and stop them at the end."""
    with tempfile.TemporaryDirectory(prefix="teleconsult-bench-") as folder:
        servers = [
            Server(Path(folder) / str(number), command="serve", database_url=url, **SETTINGS)
            for number in range(processes)
        ]
        try:
            for server in servers:
                server.start()
            yield Fleet(servers, database)
        finally:
            for server in servers:
                server.kill()
