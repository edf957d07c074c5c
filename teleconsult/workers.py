"""Several processes on one port, each with its own event loop: `serve --workers N`."""

import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from types import FrameType

import structlog

# A worker that dies at once, again and again, must not be started in a tight loop.
RESTART_SECONDS = 1.0
PARENT_SECONDS = 1.0
UNTOLD = -1

log = structlog.get_logger(__name__)


class Workers:
    """Starts `count` copies of this process, and starts anew those that die, until it is told to stop.

    Nothing that belongs to an event loop or a thread may exist yet: the copies are made by fork(2).
    """

    def __init__(self, count: int, work: Callable[[], int]) -> None:
        self._count = count
        self._work = work
        self._running: set[int] = set()
        self._signal = UNTOLD

    def run(self) -> int:
        """Return 0 once all workers have stopped because this process was told to; 1 if they cannot begin."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._pass_on)
        for _ in range(self._count):
            self._start()
        status = 0
        while self._running:
            try:
                pid, ended = os.wait()
            except InterruptedError:
                continue
            if pid not in self._running:
                continue
            self._running.discard(pid)
            if self._signal != UNTOLD:
                status = max(status, os.waitstatus_to_exitcode(ended) > 0)
            else:
                log.warning("worker_died", status=os.waitstatus_to_exitcode(ended))
                time.sleep(RESTART_SECONDS)
                if self._signal == UNTOLD:
                    self._start()
        return status

    def _start(self) -> None:
        parent = os.getpid()
        pid = os.fork()
        if pid:
            self._running.add(pid)
            if self._signal != UNTOLD:  # told to stop while it was being born
                os.kill(pid, self._signal)
            return
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_DFL)
        threading.Thread(target=_stop_without, args=(parent,), name="parent", daemon=True).start()
        status = 1
        try:
            status = self._work()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(status)

    def _pass_on(self, number: int, _frame: FrameType | None) -> None:
        self._signal = number
        for pid in self._running:
            os.kill(pid, number)


def _stop_without(parent: int) -> None:
    """Stop this worker when its parent was killed: nobody would replace or stop it, and it holds the port."""
    while os.getppid() == parent:
        time.sleep(PARENT_SECONDS)
    os.kill(os.getpid(), signal.SIGTERM)
