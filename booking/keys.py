"""Typed keys under which booking's parts are found in the application."""

from aiohttp import web

from booking.ports import Channel, Feedback, Mailer, SmsSender

MAILER: web.AppKey[Mailer] = web.AppKey("mailer", Mailer)
SMS_SENDER: web.AppKey[SmsSender] = web.AppKey("sms_sender", SmsSender)
# By which a notice goes out, under the name that stands in its `channel`. Whoever has one adds it in its set-up.
CHANNELS: web.AppKey[dict[str, Channel]] = web.AppKey("channels", dict)
# Given by the shell before the set-up of booking; without it nobody is asked how it was.
FEEDBACK: web.AppKey[Feedback] = web.AppKey("feedback", Feedback)
