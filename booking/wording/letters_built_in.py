"""The built-in words of mails as an administrator sees them: with their placeholders. Pure."""

from typing import Any

from booking.notifications.invitations import Links
from booking.notifications.kinds import SMS, Kind
from booking.notifications.letters import OPENINGS, SUBJECTS, write_letter
from booking.notifications.meeting import Meeting
from booking.notifications.waiting_mail import OFFER_OPENING, OFFER_SUBJECT, write_offer
from booking.waiting import Place
from booking.wording.slots import Slot
from booking.wording.texts import built_in_text
from booking.wording.words import Words
from teleconsult.web.i18n import Gettext


def built_in_words(slot: Slot, meeting: Meeting, place: Place, params: dict[str, Any], _: Gettext) -> Words:
    """Return the built-in words of a text; `meeting` and `place` are samples of its language."""
    if slot.channel == SMS:
        return Words(built_in_text(slot.kind, _))
    if slot.kind is Kind.OFFER:
        return Words(_(OFFER_OPENING), _(OFFER_SUBJECT), write_offer(place, link="", _=_).closing)
    letter = write_letter(slot.kind, meeting, recipient=slot.recipient, links=Links(), params=params, _=_)
    subject: str = SUBJECTS[slot.kind]
    if slot.kind is Kind.DISPLACED:
        return Words("{reason}", _(subject), letter.closing)
    opening: str = OPENINGS[slot.recipient][slot.kind]
    return Words(_(opening), _(subject), letter.closing)
