"""As what somebody takes part in a call."""

from enum import StrEnum


class Role(StrEnum):
    """The agent is the host: admits from the lobby and ends the call. The citizen waits in the lobby until then.

    A colleague is an agent of the same service: asked to take over, or one who has passed the citizen on and stays.
    """

    CITIZEN = "citizen"
    AGENT = "agent"
    ADVISER = "adviser"
    COLLEAGUE = "colleague"

    @property
    def waits(self) -> bool:
        """Whether this role must be admitted from the lobby."""
        return self is Role.CITIZEN

    @property
    def hosts(self) -> bool:
        """Whether this role admits others and may end the call for everyone."""
        return self is Role.AGENT
