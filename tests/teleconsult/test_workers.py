"""Several processes on one port: one that dies is replaced, all stop together, and calls can be waited for."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from tests.support.redis import RedisServer
from tests.support.server import ROOT, Server

SOON = 60.0


def eventually(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SOON
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def health(server: Server) -> dict[str, object]:
    with urllib.request.urlopen(f"{server.url}/healthz", timeout=10) as answer:
        return dict(json.loads(answer.read()))


def test_workers_share_a_port_and_are_replaced(tmp_path: Path, postgres_url: str, redis: RedisServer) -> None:
    server = Server(
        tmp_path / "data", command="serve", options=("--workers", "2"), database_url=postgres_url, redis_url=redis.url
    )
    server.start()
    try:
        parent = psutil.Process(server.pid)
        eventually(lambda: server.log.count("node_joins") == 2)
        eventually(lambda: server.log.count("loop=uvloop") == 2)
        first, second = (child.pid for child in parent.children())
        os.kill(first, signal.SIGKILL)
        eventually(lambda: server.log.count("node_joins") == 3)
        assert {child.pid for child in parent.children()} > {second}
        assert len(parent.children()) == 2
        redis.stop()
        eventually(lambda: health(server) == {"status": "ok", "degraded": ["redis"]})
        redis.start()
        eventually(lambda: health(server) == {"status": "ok"})
        assert server.stop() == 0
    finally:
        server.kill()
    assert not parent.is_running()


def test_workers_stop_when_their_parent_was_killed(tmp_path: Path, postgres_url: str, redis: RedisServer) -> None:
    server = Server(
        tmp_path / "data", command="serve", options=("--workers", "2"), database_url=postgres_url, redis_url=redis.url
    )
    server.start()
    try:
        eventually(lambda: server.log.count("] serving") == 2)
        workers = psutil.Process(server.pid).children()
        assert len(workers) == 2
    finally:
        server.kill()
    eventually(lambda: not any(worker.is_running() for worker in workers))
    assert server.log.count("] stopping") == 2, "as they are told to: calls go elsewhere, and the lease ends at once"


@pytest.mark.parametrize(
    ("settings", "told"),
    [({}, "TELECONSULT_REDIS_URL"), ({"redis_url": "redis://127.0.0.1:1/0"}, "TELECONSULT_DATABASE_URL")],
)
def test_workers_say_what_they_need(tmp_path: Path, settings: dict[str, str], told: str) -> None:
    server = Server(tmp_path / "data", command="serve", options=("--workers", "2"), **settings)
    with pytest.raises(RuntimeError, match=told):
        server.start()


@pytest.mark.parametrize(("before", "loop"), [("", "uvloop"), ("sys.modules['uvloop'] = None;", "asyncio.runners")])
def test_where_uvloop_does_not_install_the_standard_loop_serves(before: str, loop: str) -> None:
    code = f"import sys; {before} import teleconsult.serve; print(teleconsult.serve.run.__module__)"
    answer = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == loop
