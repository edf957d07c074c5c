"""A call over several nodes in real browsers: they come back by themselves, whatever dies."""

from pathlib import Path

from playwright.async_api import Page
from redis.asyncio import Redis

from tests.signaling.processes import running_nodes, until
from tests.signaling.seats import ROOM, shows, state
from tests.support.media import AGENT, CITIZEN
from tests.support.pauses import pauses
from tests.support.proxy import running_proxy
from tests.support.redis import RedisServer

FRAMES = """(() => [...document.querySelectorAll("video[data-role]")]
  .reduce((sum, video) => sum + video.getVideoPlaybackQuality().totalVideoFrames, 0))"""
MORE_FRAMES = f"seen => {FRAMES}() > seen + 10"


async def test_a_call_outlives_its_node_and_its_redis(
    citizen: Page, agent: Page, postgres_url: str, redis: RedisServer, tmp_path: Path
) -> None:
    async with (
        running_nodes(2, tmp_path, postgres_url, redis.url, media_loopback="true") as nodes,
        running_proxy(*(node.port for node in nodes)) as balancer,
    ):
        await citizen.goto(f"{balancer.url}/call/{ROOM}?as=citizen&admit=1")
        await agent.goto(f"{balancer.url}/call/{ROOM}?as=agent&admit=1")
        await shows(citizen, AGENT)
        await shows(agent, CITIZEN)

        async with pauses("Redis killed, started again", citizen, agent):
            redis.stop()
            await until(lambda: all("bus_lost" in node.log for node in nodes))
            seen = await frames(citizen)
            await citizen.wait_for_function(MORE_FRAMES, arg=seen)
            redis.start()
            await until(lambda: all(node.log.count("directory_there") == 2 for node in nodes))
            await state(citizen, "connected")
            await state(agent, "connected")

        holder = await holder_of(redis)
        async with pauses("node killed, another takes over", citizen, agent):
            next(node for node in nodes if f"node={holder}" in node.log).kill()
            for page in (citizen, agent):
                await state(page, "reconnecting")
            for page in (citizen, agent):
                await state(page, "connected")
            for page, other in ((citizen, AGENT), (agent, CITIZEN)):
                await shows(page, other)
                await page.wait_for_function(MORE_FRAMES, arg=await frames(page))


async def frames(page: Page) -> int:
    """Return how many pictures of the other person were shown so far."""
    return int(await page.evaluate(f"{FRAMES}()"))


async def holder_of(redis: RedisServer) -> str:
    """Return the node that holds the room."""
    async with Redis.from_url(redis.url, decode_responses=True) as client:
        return str(await client.get(f"teleconsult:room:{ROOM}"))
