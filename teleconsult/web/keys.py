"""Typed keys under which the ground's parts are found in the application and in a request."""

from aiohttp import web

from teleconsult.accounts.models import Account
from teleconsult.settings import Settings

SETTINGS: web.AppKey[Settings] = web.AppKey("settings", Settings)
REQUEST_ID: web.RequestKey[str] = web.RequestKey("request_id", str)
LANGUAGE: web.RequestKey[str] = web.RequestKey("language", str)
ACCOUNT: web.RequestKey[Account | None] = web.RequestKey("account", Account)
# a name of this process among those of the service, another at each start
NODE: web.AppKey[str] = web.AppKey("node", str)
