"""The figures: what one who waits costs, how many come in a second, how fast messages are passed on."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from benchmarks.signaling.systems import SECRET, Generator, Measured, generating, ours, peerjs
from benchmarks.signaling.world import Nation

WARM = 50
SETTLE_SECONDS = 3.0
TALK_WARM_SECONDS = 1.0
Opening = Callable[[Generator, int, int], Awaitable[dict[str, Any]]]


async def idle_board(url: str, nation: Nation, count: int, seconds: float, *, beats: bool) -> dict[str, Any]:
    """The screens of kiosks where nobody is: each listens to its news, and says every 20 s that it is there."""

    async def open_some(load: Generator, first: int, last: int) -> dict[str, Any]:
        return await load.do("boards", cookies=nation.cookies[first:last])

    with ours(url) as server:
        async with generating(server.port) as load:
            row = await _held(server, load, open_some, count)
            if beats:
                await load.do("beats", cookies=nation.cookies[WARM : WARM + count])
            return row | await _rest(server, load, count, seconds)


async def idle_lobby(url: str, nation: Nation, count: int, seconds: float) -> dict[str, Any]:
    """The sockets of kiosks where a citizen waits for an agent: a room each."""

    async def open_some(load: Generator, first: int, last: int) -> dict[str, Any]:
        return await load.do("lobbies", rooms=nation.rooms[first:last], secret=SECRET)

    with ours(url) as server:
        async with generating(server.port) as load:
            row = await _held(server, load, open_some, count)
            return row | await _rest(server, load, count, seconds)


async def idle_peer(count: int, seconds: float) -> dict[str, Any]:
    """As many sockets of PeerJS's."""

    async def open_some(load: Generator, first: int, last: int) -> dict[str, Any]:
        return await load.do("peers", first=first, count=last - first)

    with peerjs() as server:
        async with generating(server.port) as load:
            row = await _held(server, load, open_some, count)
            return row | await _rest(server, load, count, seconds)


async def relay(url: str, nation: Nation, pairs: int, rate: float, seconds: float) -> dict[str, Any]:
    """What is typed, from one of two in a call to the other."""
    with ours(url) as server:
        async with generating(server.port) as load:
            await load.do("meet", rooms=nation.rooms[-pairs:], secret=SECRET)
            return await _talk(server, load, rate, seconds)


async def relay_peer(pairs: int, rate: float, seconds: float) -> dict[str, Any]:
    """What one of two peers sends for the other."""
    with peerjs() as server:
        async with generating(server.port) as load:
            await load.do("meet_peers", pairs=pairs)
            return await _talk(server, load, rate, seconds)


async def _held(server: Measured, load: Generator, open_some: Opening, count: int) -> dict[str, Any]:
    """Open connections; a few first, so that what is loaded once is not counted for the others."""
    await open_some(load, 0, WARM)
    await asyncio.sleep(SETTLE_SECONDS)
    memory, cpu = server.memory, server.cpu
    opened = await open_some(load, WARM, WARM + count)
    cpu = server.cpu - cpu
    await asyncio.sleep(SETTLE_SECONDS)
    return {
        "opened": opened["opened"], "failed": opened["failed"], "why": opened["why"],
        "joins/s": round(opened["opened"] / opened["seconds"]), "join p50 ms": round(opened["p50"], 1),
        "join p99 ms": round(opened["p99"], 1), "CPU us/join": round(1e6 * cpu / count),
        "KB each": round((server.memory - memory) / count / 1024, 1),
    }  # fmt: skip


async def _rest(server: Measured, load: Generator, count: int, seconds: float) -> dict[str, Any]:
    await asyncio.sleep(SETTLE_SECONDS)
    cpu = server.cpu
    await asyncio.sleep(seconds)
    cpu = server.cpu - cpu
    closed = await load.do("close")
    return {"core % at rest": round(100 * cpu / seconds, 2), "lost": closed["lost"], "sockets": count}


async def _talk(server: Measured, load: Generator, rate: float, seconds: float) -> dict[str, Any]:
    await asyncio.sleep(SETTLE_SECONDS)
    await load.do("talk", rate=rate, seconds=TALK_WARM_SECONDS)
    cpu = server.cpu
    row = await load.do("talk", rate=rate, seconds=seconds)
    cpu = server.cpu - cpu
    return {
        "messages/s": round(row["sent"] / row["seconds"]), "p50 ms": round(row["p50"], 2),
        "p99 ms": round(row["p99"], 2), "CPU us/message": round(1e6 * cpu / row["sent"], 1), "sent": row["sent"],
        "heard": row["heard"],
    }  # fmt: skip
