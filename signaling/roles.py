"""As what somebody takes part in a call, and what each may do there: one table. Pure."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class Act(StrEnum):
    """What not everybody in a call may do."""

    ADMIT = "admit"  # let people in from the lobby
    END = "end"  # end the call for everyone
    HAND_OVER = "hand_over"  # pass the citizen to a colleague
    ASIDE = "aside"  # talk in private with colleagues and advisers
    CALL_ADVISER = "call_adviser"  # ask for somebody of the house
    RAISE_HAND = "raise_hand"  # ask for the floor


class Role(StrEnum):
    """The agent is the host: admits from the lobby and ends the call. The citizen waits in the lobby until then.

    A colleague is an agent of the same service: asked to take over, or one who has passed the citizen on and stays.
    """

    CITIZEN = "citizen"
    AGENT = "agent"
    ADVISER = "adviser"
    COLLEAGUE = "colleague"

    def may(self, act: Act) -> bool:
        """Whether this role may do that."""
        return act in MAY[self]

    @property
    def waits(self) -> bool:
        """Whether this role must be admitted from the lobby."""
        return self is Role.CITIZEN

    @property
    def hosts(self) -> bool:
        """Whether this role admits others and may end the call for everyone."""
        return self.may(Act.ADMIT)


MAY: Mapping[Role, frozenset[Act]] = MappingProxyType(
    {
        Role.CITIZEN: frozenset({Act.CALL_ADVISER, Act.RAISE_HAND}),
        Role.AGENT: frozenset({Act.ADMIT, Act.END, Act.HAND_OVER, Act.ASIDE, Act.CALL_ADVISER}),
        Role.ADVISER: frozenset({Act.RAISE_HAND}),
        Role.COLLEAGUE: frozenset({Act.RAISE_HAND}),
    }
)
