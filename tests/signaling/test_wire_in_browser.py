"""The page's side of the heartbeat: a socket over a dead network says nothing of it, and is given up all the same."""

import json

from aiohttp.test_utils import TestServer
from playwright.async_api import Page, WebSocketRoute

from tests.support.waiting import until

OPEN = """async () => {
  const { Wire } = await import("/static/signaling/protocol.js");
  window.wire = new Wire("/signaling/rooms/room1", async () => "ticket");
  void window.wire.open();
}"""


def message(kind: str, body: dict[str, object]) -> str:
    envelope = {"v": 1, "type": kind, "id": "s1", "seq": 0, "ack": 0, "generation": 0, "from": "server", "body": body}
    return json.dumps(envelope)


async def test_a_socket_that_says_nothing_is_asked_and_then_left_for_another(server: TestServer, agent: Page) -> None:
    sockets: list[WebSocketRoute] = []
    said: list[tuple[int, str]] = []

    def serve(socket: WebSocketRoute) -> None:
        """A network on which everything is lost after the welcome."""
        sockets.append(socket)
        number = len(sockets)

        def hear(text: str | bytes) -> None:
            kind = json.loads(text)["type"]
            said.append((number, kind))
            if kind == "join":
                socket.send(message("welcome", {"session": "secret", "participant": "a", "resumed": False}))

        socket.on_message(hear)

    async def hears(number: int, kind: str) -> None:
        async def heard() -> bool:
            return (number, kind) in said

        await until(heard, f"{kind} on socket {number}")

    await agent.route_web_socket("**/signaling/rooms/*", serve)
    await agent.clock.install()
    await agent.goto(f"http://localhost:{server.port}/check")
    await agent.evaluate(OPEN)
    await agent.wait_for_function("window.wire.state === 'open'")
    sockets[0].send(message("ping", {}))
    await hears(1, "pong")
    await agent.clock.run_for(31_000)
    await hears(1, "ping")
    assert len(sockets) == 1
    await agent.clock.run_for(20_000)
    await hears(2, "resume")
    # whoever is not even welcomed waits less
    await agent.clock.run_for(17_000)
    await hears(3, "resume")
