"""A service that is told to stop lets running calls end: no new rooms, and it goes when the last one is over."""

import asyncio
import os
import signal
from pathlib import Path

from aiohttp import ClientSession

from tests.signaling.members import Member
from tests.support.server import STOP_SECONDS, Server
from tests.support.waiting import until

KEY = "a-key-for-monitoring-and-nothing-else"


async def join_a_test_call(http: ClientSession, server: Server) -> Member:
    """Call oneself, as monitoring does; the first word is the answer."""
    async with http.post(f"{server.url}/check/ticket", headers={"Authorization": f"Bearer {KEY}"}) as answer:
        assert answer.status == 200, await answer.text()
        given = await answer.json()
    member = Member(await http.ws_connect(f"{server.url}/signaling/rooms/{given['room']}"))
    await member.say("join", {"ticket": given["ticket"]})
    return member


async def test_a_call_that_runs_is_waited_for_and_no_other_begins(tmp_path: Path) -> None:
    server = Server(tmp_path / "data", command="serve", probe_key=KEY, drain_seconds="600")
    await asyncio.to_thread(server.start)
    try:
        assert "loop=uvloop" in server.log
        async with ClientSession() as http:
            runs = await join_a_test_call(http, server)
            await runs.hear("welcome")
            os.kill(server.pid, signal.SIGTERM)

            async def stopping() -> bool:
                return " stopping" in server.log

            await until(stopping, "the service is stopping")
            late = await join_a_test_call(http, server)
            assert (await late.first())["body"]["code"] == "no_node_free"
            assert await late.closed() == 4503
            await runs.say("media", {"microphone": "off", "camera": "off"})
            await runs.hear("snapshot", lambda body: body["you"]["camera"] == "off")
            assert "drained" not in server.log
            await runs.say("leave")
            await runs.hear("ended")
        assert server._process is not None
        assert await asyncio.to_thread(server._process.wait, STOP_SECONDS) == 0
        assert "drained" in server.log
    finally:
        server.kill()
