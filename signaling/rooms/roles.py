"""As what somebody takes part in a call, and what each may do there: one table. Pure."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

# what the ids of participants begin with who came by an invitation
INVITED = "invited:"


class Act(StrEnum):
    """What not everybody in a call may do."""

    ADMIT = "admit"  # let people in from the lobby
    END = "end"  # end the call for everyone
    HAND_OVER = "hand_over"  # pass the citizen to a colleague
    ASIDE = "aside"  # talk in private with colleagues and advisers
    CALL_ADVISER = "call_adviser"  # ask for somebody of the house
    RAISE_HAND = "raise_hand"  # ask for the floor
    INVITE = "invite"  # give out links for interpreters, observers and colleagues, and take them back
    SPEAK = "speak"  # be seen and heard
    SEND = "send"  # send documents
    SHOW = "show"  # show everyone a page of a document, and point
    SHARE_SCREEN = "share_screen"  # show everyone one's screen


class Role(StrEnum):
    """The agent is the host: admits from the lobby and ends the call. The citizen waits in the lobby until then.

    A colleague is an agent of the same service: asked to take over, one who has passed the citizen on and stays, or one
    who was invited. An observer (training) sees and hears, is never seen or heard, and everyone is told that they are
    there.
    """

    CITIZEN = "citizen"
    AGENT = "agent"
    ADVISER = "adviser"
    COLLEAGUE = "colleague"
    INTERPRETER = "interpreter"
    OBSERVER = "observer"

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


_TALK = frozenset({Act.SPEAK, Act.SEND, Act.SHOW})
_GUEST = _TALK | {Act.RAISE_HAND}
_OFFICE = _GUEST | {Act.SHARE_SCREEN}  # not at a kiosk, whose screen is everyone's
MAY: Mapping[Role, frozenset[Act]] = MappingProxyType(
    {
        Role.CITIZEN: _GUEST | {Act.CALL_ADVISER},
        Role.AGENT: _TALK
        | {Act.ADMIT, Act.END, Act.HAND_OVER, Act.ASIDE, Act.CALL_ADVISER, Act.INVITE, Act.SHARE_SCREEN},
        Role.ADVISER: _OFFICE,
        Role.COLLEAGUE: _OFFICE,
        Role.INTERPRETER: _GUEST,
        Role.OBSERVER: frozenset(),
    }
)
