"""An appointment as an object of an agent's calendar, and as it comes back when they have changed it. Pure."""

from typing import Any

from icalendar import Calendar, Event

# What is the service's to say. What it does not say (a repetition, a duration) is not kept either.
OURS = frozenset({
    "ATTENDEE", "CONFERENCE", "DESCRIPTION", "DTEND", "DTSTAMP", "DTSTART", "DURATION", "EXDATE", "GEO", "LOCATION",
    "ORGANIZER", "RDATE", "RECURRENCE-ID", "RRULE", "SEQUENCE", "STATUS", "SUMMARY", "UID", "URL",
})  # fmt: skip
# A component's own, which an agent may set otherwise: whether it takes their time, its class, colour, categories.
THEIRS_IF_THERE = frozenset({"TRANSP"})


class NotTheEvent(Exception):
    """What stands where an event was written is no calendar object with one event."""


def stored_object(invitation: bytes) -> bytes:
    """Return an invitation (iTIP REQUEST) as it is stored in the invited agent's calendar.

    Without METHOD (RFC 4791 4.1). SCHEDULE-AGENT=CLIENT: the server mails nobody, and if the agent answers in their
    program it is that which does (RFC 6638 7.1). They asked for it to be put in, so it counts as accepted.
    """
    calendar = Calendar.from_ical(invitation)
    calendar.pop("METHOD", None)
    event = _only_event(calendar)
    event["ORGANIZER"].params["SCHEDULE-AGENT"] = "CLIENT"
    for attendee in _listed(event["ATTENDEE"]):
        attendee.params.update({"PARTSTAT": "ACCEPTED", "RSVP": "FALSE", "SCHEDULE-AGENT": "CLIENT"})
    return bytes(calendar.to_ical())


def sequence_of(text: bytes) -> int:
    """Return the SEQUENCE of the event in a calendar object, 0 if it says none. Raises NotTheEvent."""
    try:
        return int(_only_event(Calendar.from_ical(text)).get("SEQUENCE", 0))
    except NotTheEvent:
        raise
    # Whatever the library raises on what is no iCalendar
    except Exception as error:
        raise NotTheEvent from error


def merge(ours: bytes, theirs: bytes) -> bytes:
    """Return our event with what the agent has put into it: their alarms (or none), categories, colour.

    `ours` is from `stored_object`, `theirs` what the server keeps. What cannot be read gives way to ours.
    """
    calendar = Calendar.from_ical(ours)
    event = _only_event(calendar)
    try:
        found = _only_event(Calendar.from_ical(theirs))
        kept = {name: value for name, value in found.items() if name not in OURS and _theirs(name, event)}
        event.subcomponents = [each for each in found.subcomponents if each.name == "VALARM"]
        for name, value in kept.items():
            event[name] = value
        return bytes(calendar.to_ical())
    # As above, or a value of theirs that cannot be written again
    except Exception:
        return ours


def _theirs(name: str, event: Event) -> bool:
    return name not in event or name in THEIRS_IF_THERE


def _only_event(calendar: Any) -> Event:
    events = calendar.walk("VEVENT") if calendar.name == "VCALENDAR" else []
    if len(events) != 1:
        raise NotTheEvent
    event: Event = events[0]
    return event


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
