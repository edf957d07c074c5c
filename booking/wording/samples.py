"""An appointment that nobody has, to show an administrator what a text becomes. Pure."""

from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

from booking.notifications.kinds import SMS, Kind
from booking.notifications.meeting import Meeting
from booking.waiting import OFFERED, Place
from booking.wording.letters_built_in import built_in_words
from booking.wording.slots import Slot
from booking.wording.values import mail_values, offer_values, text_values
from booking.wording.words import Words
from teleconsult.web.i18n import Gettext

PARAMS = MappingProxyType({"minutes": 20, "trouble": "agent_absent", "alternatives": ()})
NOBODY = "0" * 32
ZONE = "Europe/Paris"


def sample_meeting(now: datetime, language: str, *, organisation: str, email: str) -> Meeting:
    """Return an appointment of half an hour in five days, whose two people read `language` and have this address."""
    starts_at = (now + timedelta(days=5)).replace(hour=13, minute=30, second=0, microsecond=0)
    return Meeting(
        appointment_id=NOBODY,
        reference="ACDEFG",
        status="booked",
        sequence=0,
        starts_at=starts_at,
        ends_at=starts_at + timedelta(minutes=30),
        timezone=ZONE,
        service="Aides au logement",
        service_en="Housing aid",
        organisation=organisation,
        organisation_en="",
        documents=({"fr": "Une pièce d’identité", "en": "An identity document"},),
        site="France services Patay",
        address="2 rue Trianon, 45310 Patay",
        latitude=48.05,
        longitude=1.69,
        kiosk="Borne 1",
        agent_id=NOBODY,
        agent_name="Camille Roy",
        agent_email=email,
        agent_timezone=ZONE,
        agent_language=language,
        given_name="Jeanne",
        family_name="Martin",
        email=email,
        language=language,
        cancel_reason="",
    )


def sample_place(now: datetime, language: str, *, email: str) -> Place:
    """Return a place on a waiting list to which a slot is offered."""
    start = (now + timedelta(days=2)).replace(hour=9, minute=0, second=0, microsecond=0)
    return Place(
        id=NOBODY,
        state=OFFERED,
        ahead=0,
        service_id=NOBODY,
        service="Aides au logement",
        service_en="Housing aid",
        site_id=NOBODY,
        site="France services Patay",
        timezone=ZONE,
        not_after=start + timedelta(days=7),
        given_name="Jeanne",
        email=email,
        language=language,
        offers=1,
        offered_start=start,
        offered_until=now + timedelta(hours=3),
        appointment_id=None,
    )


def sample_values(
    slot: Slot, now: datetime, language: str, *, organisation: str, link: str, _: Gettext
) -> dict[str, str]:
    """Return what the placeholders of a text become in the sample."""
    if slot.kind is Kind.OFFER:
        return offer_values(sample_place(now, language, email=""), link=link, short=slot.channel == SMS)
    meeting = sample_meeting(now, language, organisation=organisation, email="")
    if slot.channel == SMS:
        return text_values(slot.kind, meeting, PARAMS, link)
    return mail_values(slot.kind, meeting, slot.recipient, PARAMS, _)


def built_in(slot: Slot, now: datetime, language: str, _: Gettext) -> Words:
    """Return the built-in words of a text, their placeholders not filled in."""
    meeting = sample_meeting(now, language, organisation="", email="")
    return built_in_words(slot, meeting, sample_place(now, language, email=""), dict(PARAMS), _)


def sample_subject(
    slot: Slot, now: datetime, language: str, *, organisation: str, email: str
) -> tuple[Meeting | Place, dict[str, Any]]:
    """Return what a text is about in the sample, and its notice's own parameters."""
    if slot.kind is Kind.OFFER:
        return sample_place(now, language, email=email), {}
    return sample_meeting(now, language, organisation=organisation, email=email), dict(PARAMS)
