"""How many messages a participant may send."""

import time
from types import MappingProxyType

from signaling.errors import Flooding

MESSAGES_A_SECOND = 40
BURST = 200
# by how many more an expensive one counts: a description is read, a connection is made
COSTS = MappingProxyType({"answer": 9, "renegotiate": 9})


class Allowance:
    """Lets so many through each second on the whole, and BURST at once."""

    def __init__(self, a_second: float = MESSAGES_A_SECOND) -> None:
        self._a_second = a_second
        self._left = float(BURST)
        self._counted_at = time.monotonic()

    def take(self, messages: int = 1) -> None:
        """Count so many messages. Raises Flooding."""
        now = time.monotonic()
        self._left = min(BURST, self._left + (now - self._counted_at) * self._a_second) - messages
        self._counted_at = now
        if self._left < 0:
            raise Flooding(retry_after=1)
