"""A PostgreSQL server of the tests' own: made in a temporary folder, gone at the end."""

import os
import pwd
import re
import shutil
import signal
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.ports import free_port

INSTALL = "PostgreSQL is missing: `apt-get install postgresql` (or `make test`, which does it)"
START_SECONDS = 30
OPTIONS = (
    # Durability costs time and buys nothing for a database that lives a minute.
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "max_connections=200",
    # A zone that nobody here lives in: what relies on the server's zone fails.
    "timezone=Pacific/Auckland",
)


@dataclass(frozen=True)
class PostgresServer:
    """Where the server listens, and how to make databases on it."""

    port: int
    sockets: Path
    binaries: Path

    @property
    def pid(self) -> int:
        """The process that listens, parent of one for each connection."""
        return int((self.sockets / "data" / "postmaster.pid").read_text().split()[0])

    @property
    def log(self) -> Path:
        """What it writes."""
        return self.sockets / "log"

    def url(self, name: str) -> str:
        """Return the address of a database as TELECONSULT_DATABASE_URL takes it."""
        return f"postgres://postgres@127.0.0.1:{self.port}/{name}"

    def create(self, template: str = "template0") -> str:
        """Make a database as a copy of another and return its name."""
        name = f"test_{uuid.uuid4().hex[:12]}"
        self._run("createdb", "--template", template, name)
        return name

    def drop(self, name: str) -> None:
        """Remove a database, cutting the connections that are still open to it."""
        self._run("dropdb", "--force", "--if-exists", name)

    def _run(self, command: str, *arguments: str) -> None:
        subprocess.run(
            [self.binaries / command, "-h", self.sockets, "-p", str(self.port), "-U", "postgres", *arguments],
            check=True,
            capture_output=True,
            text=True,
        )


def find_binaries() -> Path:
    """Return the folder that holds initdb and postgres; FileNotFoundError names the command that installs them."""
    debian = Path("/usr/lib/postgresql").glob("*/bin/initdb")
    versions = sorted(debian, key=lambda path: int(re.sub(r"\D", "", path.parts[-3]) or 0))
    if versions:
        return versions[-1].parent
    found = shutil.which("initdb")
    if found is None:
        raise FileNotFoundError(INSTALL)
    return Path(found).resolve().parent


def _unprivileged_user() -> dict[str, Any]:
    """PostgreSQL refuses to run as root: say to subprocess who shall run it instead."""
    if os.geteuid() != 0:
        return {}
    account = pwd.getpwnam("postgres")
    return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}


@contextmanager
def running_postgres(options: Sequence[str] = OPTIONS) -> Iterator[PostgresServer]:
    """Start a server in a temporary folder and stop it at the end."""
    binaries = find_binaries()
    identity = _unprivileged_user()
    folder = Path(tempfile.mkdtemp(prefix="teleconsult-pg-"))
    try:
        if identity:
            os.chown(folder, identity["user"], identity["group"])
        data = folder / "data"
        subprocess.run(
            [
                binaries / "initdb",
                "-D",
                data,
                "-U",
                "postgres",
                "-A",
                "trust",
                "-E",
                "UTF8",
                "--locale=C.UTF-8",
                "--no-sync",
            ],
            check=True,
            capture_output=True,
            cwd=folder,
            **identity,
        )
        server = PostgresServer(free_port(), folder, binaries)
        command: list[str | Path] = [
            binaries / "postgres",
            "-D",
            data,
            "-k",
            folder,
            "-p",
            str(server.port),
            "-c",
            "listen_addresses=127.0.0.1",
        ]
        for option in options:
            command += ["-c", option]
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(command, stdout=log, stderr=log, cwd=folder, **identity)
        try:
            _wait_until_ready(server, process, folder / "log")
            yield server
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(START_SECONDS)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _wait_until_ready(server: PostgresServer, process: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    probe: list[str | Path] = [server.binaries / "pg_isready", "-q", "-h", server.sockets, "-p", str(server.port)]
    while subprocess.run(probe, check=False).returncode != 0:
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"PostgreSQL did not start: {log.read_text(errors='replace')}")
        time.sleep(0.05)
