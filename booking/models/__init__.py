"""What booking stores: the offer, the places, the calendars, the appointments and who waits."""

from booking.models.appointments import Appointment, Hold, IdempotencyKey, Notice, Occupancy, Transition
from booking.models.calendars import Absence, AgentHours, AgentRule, Assignment, BusyCalendar, BusyTime
from booking.models.notifications import CalendarReply, Duty, Feed, LetterTemplate, MailRefusal, PushedEvent
from booking.models.offer import Agent, Organisation, Partner, Room, Service, Workplace
from booking.models.places import Kiosk, KioskOutage, Site, SiteClosure, SiteOpening, SiteStaff
from booking.models.queues import WaitingEntry, WalkIn, WalkInPause

__all__ = [
    "Absence",
    "Agent",
    "AgentHours",
    "AgentRule",
    "Appointment",
    "Assignment",
    "BusyCalendar",
    "BusyTime",
    "CalendarReply",
    "Duty",
    "Feed",
    "Hold",
    "IdempotencyKey",
    "Kiosk",
    "KioskOutage",
    "LetterTemplate",
    "MailRefusal",
    "Notice",
    "Occupancy",
    "Organisation",
    "Partner",
    "PushedEvent",
    "Room",
    "Service",
    "Site",
    "SiteClosure",
    "SiteOpening",
    "SiteStaff",
    "Transition",
    "WaitingEntry",
    "WalkIn",
    "WalkInPause",
    "Workplace",
]
