"""The signed link to the question about one consultation: the only way to it, and good for nothing else."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from teleconsult.feedback.scores import Surface
from teleconsult.web.tokens import Signer, TokenInvalid

PURPOSE = "feedback"
# At a kiosk the question follows the call at once; at home it may wait for the next day.
LIFETIMES = {Surface.KIOSK: timedelta(hours=4), Surface.DESKTOP: timedelta(days=2)}
MAIL_LIFETIME = timedelta(days=14)


@dataclass(frozen=True)
class Link:
    """What a token allows: answering about one appointment, on one kind of screen."""

    appointment_id: str
    surface: Surface


def feedback_url(signer: Signer, appointment_id: str, now: datetime, surface: str) -> str:
    """Return the path of the question about an appointment, for `surface` `kiosk` or `desktop`.

    It can be answered, and the answer changed, for four hours from `now` at a kiosk and two days elsewhere: a link is
    made when the call page opens, so the call itself is within it.
    """
    where = Surface(surface)
    return _url(signer, appointment_id, where, now + LIFETIMES[where])


def mail_url(signer: Signer, appointment_id: str, now: datetime) -> str:
    """Return the path of the question about an appointment for a link in a mail, which may be read days later."""
    return _url(signer, appointment_id, Surface.DESKTOP, now + MAIL_LIFETIME)


def _url(signer: Signer, appointment_id: str, where: Surface, until: datetime) -> str:
    return f"/feedback/{signer.issue(PURPOSE, f'{where}:{appointment_id}', until)}"


def read_link(signer: Signer, token: str, now: datetime) -> Link:
    """Return what a token allows. Raises TokenInvalid, TokenExpired."""
    surface, _, appointment_id = signer.read(PURPOSE, token, now).partition(":")
    if surface not in set(Surface) or not appointment_id:
        raise TokenInvalid
    return Link(appointment_id=appointment_id, surface=Surface(surface))
