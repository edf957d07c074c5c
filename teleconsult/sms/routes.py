"""Which sender of text messages the application has, and where receipts and the demonstration's telephone are found."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from typing import Any

import structlog
from aiohttp import web

from booking.keys import SMS_SENDER
from booking.notifications.receipts import take_receipt_soon
from teleconsult.clock import utcnow
from teleconsult.settings import Settings
from teleconsult.sms import receipts
from teleconsult.sms.http import HttpSmsSender, read_gateway
from teleconsult.sms.kept import KeptSmsSender, list_texts
from teleconsult.sms.pdus import Receipt, spellings
from teleconsult.sms.smpp import SmppSmsSender, read_smsc
from teleconsult.web.i18n import N_
from teleconsult.web.keys import SETTINGS
from teleconsult.web.kit import add_package
from teleconsult.web.render import render

ERROR_TEXTS = {receipts.ReceiptRefused.code: N_("Cet accusé de réception n’est pas signé comme convenu.")}

log = structlog.get_logger(__name__)


def setup(app: web.Application) -> None:
    """Choose the sender by the settings, if there is one; call it before booking's set-up, which sends through it."""
    add_package(app, "teleconsult.sms", texts=ERROR_TEXTS)
    settings = app[SETTINGS]
    if settings.sms_url:
        app[SMS_SENDER] = sender = make_sender(settings)
        app.cleanup_ctx.append(_connected(sender))
    elif settings.demo:
        app[SMS_SENDER] = KeptSmsSender(settings.data_dir / "sms")
    else:
        log.info("no_sms_gateway", hint="set TELECONSULT_SMS_URL to send text messages")
    app.router.add_post("/sms/receipts", receipts.take)
    app.router.add_get("/sms/receipts", receipts.take, allow_head=False)
    if settings.demo:
        app.router.add_get("/demo/texts", show_texts)


def make_sender(settings: Settings) -> HttpSmsSender | SmppSmsSender:
    """Return the sender that the settings name."""
    if settings.sms_url.startswith("smpp"):
        return SmppSmsSender(read_smsc(settings.sms_url), sender=settings.sms_sender, took=_take)
    return HttpSmsSender(read_gateway(settings), sender=settings.sms_sender)


def _connected(sender: AbstractAsyncContextManager[Any]) -> Any:
    async def connection(_app: web.Application) -> AsyncIterator[None]:
        async with sender:
            yield

    return connection


async def _take(receipt: Receipt) -> None:
    if receipt.message_ref and receipt.delivered is not None:
        await take_receipt_soon(spellings(receipt.message_ref), delivered=receipt.delivered, now=utcnow())


async def show_texts(request: web.Request) -> web.Response:
    """GET /demo/texts: the text messages that the service would have sent."""
    folder = request.app[SETTINGS].data_dir / "sms"
    texts = await asyncio.to_thread(list_texts, folder)
    return render(request, "sms/texts.html", {"section": "mailbox", "texts": texts})
