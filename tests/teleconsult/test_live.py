"""Live boards."""

import asyncio
import json

import pytest
from aiohttp import web

from teleconsult.web import live
from teleconsult.web.bus import Bus
from teleconsult.web.live import LIVE, QUEUE_LENGTH, LiveHub
from tests.teleconsult.conftest import Client


async def test_a_page_hears_its_topic_and_no_other(client: Client, app: web.Application) -> None:
    async with client.get("/live") as stream:
        await stream.content.readuntil(b"\n\n")
        app[LIVE].publish("table:5", "served", {"dish": "no"})
        app[LIVE].publish("table:4", "served", {"dish": "soupe à l’oignon"})
        message = (await stream.content.readuntil(b"\n\n")).decode()
    event, data = message.strip().split("\n")
    assert event == "event: served"
    assert json.loads(data.removeprefix("data: ")) == {"dish": "soupe à l’oignon"}


async def test_a_page_that_leaves_is_forgotten(client: Client, app: web.Application) -> None:
    async with client.get("/live") as stream:
        await stream.content.readuntil(b"\n\n")
        assert app[LIVE].listeners("table:4") == 1
        stream.close()
    while app[LIVE].listeners("table:4"):
        app[LIVE].publish("table:4", "still", {})
        await asyncio.sleep(0.01)


async def test_the_streams_end_when_the_service_stops(client: Client, app: web.Application) -> None:
    async with client.get("/live") as stream:
        await stream.content.readuntil(b"\n\n")
        app[LIVE].close()
        assert await stream.content.read() == b""


async def test_a_stream_ends_so_that_rights_are_asked_for_again(
    client: Client, app: web.Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "LISTEN_SECONDS", 0.05)
    async with client.get("/live") as stream:
        assert (await stream.content.read()).startswith(b"retry:")
    assert app[LIVE].listeners("table:4") == 0


async def test_who_cannot_keep_up_is_cut_off() -> None:
    hub = LiveHub(Bus())
    slow, quick = hub.listen(["a"]), hub.listen(["a", "b"])
    for number in range(QUEUE_LENGTH + 1):
        hub.publish("a", "tick", {"n": number})
        assert await quick.get() == ("tick", {"n": number})
    received = [slow.get_nowait() for _ in range(slow.qsize())]
    assert received[-1] is None
    assert hub.listeners("a") == 1
