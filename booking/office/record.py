"""What a change of the offer, of calendars or of places leaves behind."""

from dataclasses import dataclass

from booking.lifecycle import Actor
from teleconsult.web.events import Event


@dataclass(frozen=True, kw_only=True)
class Changed(Event):
    """Something of the offer was created, updated, retired, restored or deleted. Ids only.

    `subject` is the model's name in lower case; `owner_id` is the agent or the house that it belongs to, if it does.
    """

    subject: str
    subject_id: str
    action: str
    actor_kind: str
    actor_id: str
    owner_id: str = ""


def changed(subject: str, subject_id: str, action: str, actor: Actor, owner_id: str = "") -> Changed:
    """Return what to publish after the commit."""
    return Changed(
        subject=subject,
        subject_id=subject_id,
        action=action,
        actor_kind=actor.kind,
        actor_id=actor.id,
        owner_id=owner_id,
    )
