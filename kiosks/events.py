"""What happens at a kiosk, told to the desk's board and to the kiosk's own screen."""

from dataclasses import dataclass

from teleconsult.web.events import Event


@dataclass(frozen=True, kw_only=True)
class KioskChanged(Event):
    """A kiosk's state on the board is no longer what it was."""

    site_id: str
    kiosk_id: str


@dataclass(frozen=True, kw_only=True)
class HelpAsked(Event):
    """Someone at a kiosk pressed "Help"."""

    site_id: str
    kiosk_id: str


@dataclass(frozen=True, kw_only=True)
class HelpAnswered(Event):
    """A call for help is over: an adviser is on the way (`coming`), or it was taken back."""

    site_id: str
    kiosk_id: str
    coming: bool


@dataclass(frozen=True, kw_only=True)
class CitizenMoved(Event):
    """A kiosk failed and its citizen goes on at another one: this screen, if it still shows anything, says where."""

    site_id: str
    kiosk_id: str
    terminal_id: str


@dataclass(frozen=True, kw_only=True)
class CitizenQueued(Event):
    """An adviser added a citizen to the queue of those without an appointment: a kiosk's screen goes there."""

    site_id: str
    kiosk_id: str
    terminal_id: str


@dataclass(frozen=True, kw_only=True)
class CitizenSeated(Event):
    """An adviser checked a citizen in at a kiosk: its screen, if there is one, goes to the waiting screen."""

    site_id: str
    kiosk_id: str
    terminal_id: str
    appointment_id: str
