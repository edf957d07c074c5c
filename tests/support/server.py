"""The program started as a user starts it: a process of its own, on a free port, with a data folder of its own."""

import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

from tests.support.ports import free_port

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 60
STOP_SECONDS = 30


class Server:
    """`teleconsult demo` (or another command that serves) in a process that a test can stop and start again.

    `settings` are TELECONSULT_* without the prefix. The data folder and the port stay the same over a restart.
    """

    def __init__(
        self,
        data: Path,
        *,
        command: str = "demo",
        port: int | None = None,
        options: tuple[str, ...] = (),
        **settings: str,
    ) -> None:
        self.data = data
        self.port = port or free_port()
        self._command = command
        self._options = options
        self._settings = settings
        self._log = data / "server.log"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """The address at which browsers reach the server, without a final slash."""
        return f"http://localhost:{self.port}"

    @property
    def log(self) -> str:
        """Everything that the program has written so far, over all its starts."""
        return self._log.read_text(errors="replace")

    @property
    def pid(self) -> int:
        """The process that runs."""
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Start the program and wait until it serves; RuntimeError with what it wrote when it does not."""
        self.data.mkdir(parents=True, exist_ok=True)
        environment = {name: value for name, value in os.environ.items() if not name.startswith("TELECONSULT_")}
        environment["TELECONSULT_DATA_DIR"] = str(self.data)
        environment |= {f"TELECONSULT_{name.upper()}": value for name, value in self._settings.items()}
        command = [sys.executable, "-m", "teleconsult", self._command, "--port", str(self.port), *self._options]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                command, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        deadline = time.monotonic() + START_SECONDS
        while not self._healthy():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                raise RuntimeError(f"the server did not start:\n{self.log}")
            time.sleep(0.1)

    def _healthy(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/healthz", timeout=5) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            return False

    def stop(self) -> int:
        """Ask the program to stop, as an init system does, and return its exit status."""
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)
        status = self._process.wait(STOP_SECONDS)
        self._process = None
        return status

    def kill(self) -> None:
        """End the program without warning, if it runs."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(STOP_SECONDS)
            self._process = None
