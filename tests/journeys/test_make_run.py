"""`make run` as a newcomer types it: it serves, keeps its data, and says what is wrong in a sentence."""

import os
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.ports import free_port
from tests.support.server import ROOT, STOP_SECONDS

# When pyproject.toml or constraints.txt have changed, it installs first.
INSTALL_SECONDS = 300


def make_run(data: Path, port: int) -> "subprocess.Popen[str]":
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("TELECONSULT_", "MAKE"))}
    environment["TELECONSULT_DATA_DIR"] = str(data)
    return subprocess.Popen(
        ["make", "run", f"PORT={port}"],
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


@contextmanager
def running(data: Path, port: int) -> Iterator[str]:
    """Run it, yield what it printed until it served, and stop it as Ctrl+C does."""
    process = make_run(data, port)
    assert process.stdout is not None
    printed: list[str] = []
    deadline = time.monotonic() + INSTALL_SECONDS
    try:
        while "Ctrl+C" not in (line := process.stdout.readline()):
            assert line, f"it ended: {printed}"
            assert time.monotonic() < deadline
            printed.append(line)
        yield "".join(printed)
    finally:
        os.killpg(process.pid, signal.SIGINT)
        process.communicate(timeout=STOP_SECONDS)


def kiosk_screen(port: int) -> str:
    with urllib.request.build_opener(urllib.request.HTTPCookieProcessor()).open(
        f"http://localhost:{port}/kiosk"
    ) as page:
        return str(page.read().decode())


def reference_on(screen: str) -> str:
    return screen.partition('id="demo-reference">')[2].partition("<")[0]


def test_it_says_who_goes_where_and_keeps_its_data_over_a_restart(tmp_path: Path) -> None:
    port = free_port()
    with running(tmp_path, port) as guide:
        for place in ("/kiosk", "/agent", "/desk", "/admin", "/demo/mailbox", "agent@demo.example"):
            assert place in guide
        first = reference_on(kiosk_screen(port))
        assert len(first) == 7
    with running(tmp_path, port):
        assert reference_on(kiosk_screen(port)) == first


def test_a_port_that_is_taken_is_a_sentence_and_not_a_stack_trace(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        process = make_run(tmp_path, other.getsockname()[1])
        printed, _ = process.communicate(timeout=INSTALL_SECONDS)
    assert process.returncode != 0
    assert "is taken by another program" in printed
    assert "Traceback" not in printed
