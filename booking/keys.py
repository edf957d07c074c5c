"""Typed keys under which booking's parts are found in the application."""

from aiohttp import web

from booking.ports import Mailer

MAILER: web.AppKey[Mailer] = web.AppKey("mailer", Mailer)
