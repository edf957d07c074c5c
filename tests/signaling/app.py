"""A small application: the ground and signaling, with a gatekeeper who believes what a cookie says."""

from dataclasses import dataclass, field

from aiohttp import web

import signaling.routes
from signaling.events import HandoverAccepted
from signaling.keys import GATEKEEPER, HUB
from signaling.pages.check_pages import show_check
from signaling.ports import Colleague, Entry, Role
from teleconsult.errors import Expired, Forbidden
from teleconsult.ground import make_ground
from teleconsult.settings import Settings
from teleconsult.web.events import EVENTS

NAMES = {"citizen": "Jeanne Martin", "agent": "Paul Durand", "adviser": "Lise Petit", "colleague": "Nadia Roux"}


class Over(Expired):
    code = "call_over"


@dataclass
class FakeGatekeeper:
    """Lets in whoever `?as=` names; the tests close rooms and refuse people through its fields."""

    closed: set[str] = field(default_factory=set)
    refused: set[str] = field(default_factory=set)
    helped: int = 0
    let_in: bool = False
    handed: list[tuple[str, str]] = field(default_factory=list)

    async def call_adviser(self, room: str) -> None:
        self.helped += 1

    async def entry(self, request: web.Request, room: str) -> Entry:
        asked = request.query.get("as", "")
        if asked not in NAMES:
            raise Forbidden
        if room in self.closed:
            raise Over
        return Entry(
            participant=f"{asked}:1",
            role=Role(asked),
            display_name=NAMES[asked],
            surface="kiosk" if asked == "citizen" else "desktop",
            language="fr",
            title="Aide au logement",
            details=(("Usager", NAMES["citizen"]), ("Référence", "ABC-DEF")),
            after_url=f"/after/{asked}",
            help_url="/help" if asked == "citizen" else None,
            admit_on_join=self.let_in or "admit" in request.query,
            calls_adviser=asked == "agent",
        )

    async def colleagues(self, room: str) -> tuple[Colleague, ...]:
        return (Colleague("colleague:1", NAMES["colleague"], busy=False),)

    async def may_check(self, request: web.Request) -> None:
        if "check" in self.refused:
            raise Forbidden

    async def may_enter(self, room: str, participant: str, role: Role) -> None:
        if room in self.closed:
            raise Over
        if participant in self.refused:
            raise Forbidden


async def _check(request: web.Request) -> web.Response:
    return await show_check(request, surface="desktop", back_url="/")


def make_app(settings: Settings) -> web.Application:
    """Return the application; its gatekeeper is `app[GATEKEEPER]`."""
    app = make_ground(settings)
    gatekeeper = FakeGatekeeper()
    app[GATEKEEPER] = gatekeeper
    signaling.routes.setup(app)
    app.router.add_get("/check", _check)

    async def handover_accepted(event: HandoverAccepted) -> None:
        gatekeeper.handed.append((event.room, event.colleague))
        app[HUB].confirm_handover(event.room, event.colleague)

    app[EVENTS].subscribe(HandoverAccepted, handover_accepted)

    async def after(request: web.Request) -> web.Response:
        return web.Response(text="<!DOCTYPE html><title>after</title><p id=after>after</p>", content_type="text/html")

    async def help_asked(request: web.Request) -> web.Response:
        gatekeeper.helped += 1
        return web.json_response({})

    app.router.add_get("/after/{who}", after)
    app.router.add_post("/help", help_asked)
    return app
