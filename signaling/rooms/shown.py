"""What people in a call look at together: a page of a document that they have, or somebody's screen. Pure."""

from dataclasses import dataclass

from signaling.wire.messages import Place


@dataclass(frozen=True)
class Shown:
    """`by` (a participant id) shows a place in a document or, without one, their screen.

    `side`: for whom it is, when shown in an aside. None: for everyone; else whether it is for those who wait in lobbies
    (citizens) or for the others.
    """

    by: str
    place: Place | None
    side: bool | None = None


@dataclass
class Showing:
    """One thing at a time: a new one takes the place of the old, whoever showed that."""

    now: Shown | None = None

    @property
    def screen(self) -> Shown | None:
        """What is shown, if it is a screen."""
        return self.now if self.now is not None and self.now.place is None else None

    def hide(self, by: str, *, hosts: bool = False) -> None:
        """Show no longer what somebody shows; a host ends what anybody shows. Harmless when there is nothing to end."""
        if self.now is not None and (hosts or self.now.by == by):
            self.now = None

    def match(self, *, aside: bool) -> None:
        """Whether there is a private aside: what was shown in one is not for the time after."""
        if self.now is not None and self.now.side is not None and not aside:
            self.now = None
