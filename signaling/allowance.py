"""How many messages a participant may send."""

import time

from signaling.errors import Flooding

MESSAGES_A_SECOND = 40
BURST = 200


class Allowance:
    """Lets MESSAGES_A_SECOND through on the whole, and BURST at once."""

    def __init__(self) -> None:
        self._left = float(BURST)
        self._counted_at = time.monotonic()

    def take(self) -> None:
        """Count one message. Raises Flooding."""
        now = time.monotonic()
        self._left = min(BURST, self._left + (now - self._counted_at) * MESSAGES_A_SECOND) - 1
        self._counted_at = now
        if self._left < 0:
            raise Flooding(retry_after=1)
