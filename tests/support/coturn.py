"""A coturn of the tests' own, which a test can kill and start again on the same ports."""

import shutil
import socket
import subprocess
import time
from pathlib import Path

from tests.support.authority import Certificate
from tests.support.ports import free_port

SECRET = "shared-with-coturn"
INSTALL = "coturn is missing: `apt-get install coturn` (or `make test`, which does it)"
START_SECONDS = 20


class Coturn:
    """A TURN server on loopback that shares SECRET with the service; with a certificate it speaks TLS as well.

    `within` is what the command is run by: `ip netns exec NAME`, for instance.
    """

    def __init__(
        self,
        folder: Path,
        certificate: Certificate | None = None,
        *,
        address: str = "127.0.0.1",
        within: tuple[str, ...] = (),
    ) -> None:
        program = shutil.which("turnserver")
        if program is None:
            raise FileNotFoundError(INSTALL)
        self.port = free_port()
        self.tls_port = free_port()
        self._folder = folder
        self._address = address
        self._log = folder / "coturn.log"
        self._process: subprocess.Popen[bytes] | None = None
        self._command = [
            *within, program,
            *("-n", "--no-cli", "--no-dtls", "--use-auth-secret", f"--static-auth-secret={SECRET}"),
            *("--realm=test", f"--listening-ip={address}", f"--relay-ip={address}"),
            *(f"--listening-port={self.port}", f"--tls-listening-port={self.tls_port}", "--allow-loopback-peers"),
            *("--log-file=stdout", "--simple-log", f"--pidfile={folder / 'turn.pid'}"),
            *(f"--userdb={folder / 'turn.db'}",),
        ]  # fmt: skip
        if certificate is None:
            self._command.append("--no-tls")
        else:
            self._command += [f"--cert={certificate.certificate}", f"--pkey={certificate.key}"]

    @property
    def log(self) -> str:
        """Everything that it wrote so far."""
        return self._log.read_text(errors="replace")

    def start(self) -> None:
        """Start it and wait until it listens; RuntimeError with what it wrote when it does not."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(self._command, cwd=self._folder, stdout=log, stderr=log)
        deadline = time.monotonic() + START_SECONDS
        while not self._listens():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                raise RuntimeError(self.log)
            time.sleep(0.05)

    def kill(self) -> None:
        """End it without warning, if it runs: its allocations are gone."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(START_SECONDS)
            self._process = None

    def _listens(self) -> bool:
        try:
            socket.create_connection((self._address, self.port), timeout=1).close()
        except OSError:
            return False
        return True
