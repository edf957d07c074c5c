"""How much this server's relay has to do, and whether it takes another room. Pure."""

from dataclasses import dataclass

SMOOTHING_SECONDS = 20.0
EASED = 0.9


@dataclass(frozen=True)
class Limits:
    """From where on no new room is opened; 0 sets no limit. Calls that run are never touched.

    `cpu_percent` is of one core, which is all that a process of ours uses; `packets` are received ones a second.
    """

    rooms: int = 0
    packets: int = 0
    cpu_percent: int = 0


class LoadMeter:
    """Smooths what is measured, and keeps from opening and closing the door with every breath."""

    def __init__(self, limits: Limits) -> None:
        self.packets = 0.0
        self.cpu_percent = 0.0
        self._limits = limits
        self._before: tuple[float, float] | None = None
        self._busy = False

    def note(self, *, now: float, cpu_seconds: float, packets: float) -> None:
        """Note the process's CPU time so far and the packets a second that its rooms receive; `now` in seconds."""
        if self._before is not None and now > self._before[0]:
            elapsed = now - self._before[0]
            share = min(1.0, elapsed / SMOOTHING_SECONDS)
            self.cpu_percent += share * (100 * (cpu_seconds - self._before[1]) / elapsed - self.cpu_percent)
            self.packets += share * (packets - self.packets)
        self._before = (now, cpu_seconds)
        factor = EASED if self._busy else 1.0
        self._busy = any(
            limit and measured >= factor * limit
            for measured, limit in (
                (self.packets, self._limits.packets),
                (self.cpu_percent, self._limits.cpu_percent),
            )
        )

    def full(self, rooms: int) -> bool:
        """Whether no room is to be opened beside these."""
        return self._busy or bool(self._limits.rooms and rooms >= self._limits.rooms)
