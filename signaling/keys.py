"""Typed keys of signaling's parts in the application."""

from aiohttp import web

from signaling.nodes.switchboard import Switchboard
from signaling.ports import Gatekeeper
from signaling.rooms.hub import Hub
from signaling.tickets import TicketOffice

GATEKEEPER: web.AppKey[Gatekeeper] = web.AppKey("gatekeeper", Gatekeeper)
HUB: web.AppKey[Hub] = web.AppKey("signaling_hub", Hub)
TICKETS: web.AppKey[TicketOffice] = web.AppKey("signaling_tickets", TicketOffice)
SWITCHBOARD: web.AppKey[Switchboard] = web.AppKey("signaling_switchboard", Switchboard)
