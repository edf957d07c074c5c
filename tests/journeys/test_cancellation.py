"""An agent cancels: the citizen's calendar is told, and the time is free again."""

import re
from email.utils import parseaddr
from pathlib import Path

from playwright.async_api import Playwright, expect

from tests.journeys import kiosk, offices
from tests.journeys.hands import Pointer
from tests.journeys.letters import invitations_for, letters_to
from tests.journeys.people import LANDSCAPE, OFFICE, seated
from tests.support.media import AGENT, CITIZEN
from tests.support.server import Server

REASON = "Agent en formation ce jour-là."


async def test_cancelled_by_the_agent(server: Server, player: Playwright, tmp_path: Path) -> None:
    mailbox = server.data / "mail"
    async with (
        seated(player, CITIZEN, tmp_path, LANDSCAPE, Pointer()) as citizen,
        seated(player, AGENT, tmp_path, OFFICE, Pointer(), judged=True) as agent,
    ):
        await kiosk.open_kiosk(citizen, server.url)
        booked = await kiosk.book(citizen)
        await kiosk.leave(citizen)
        await invitations_for(mailbox, kiosk.EMAIL)
        await invitations_for(mailbox, "@demo.example")
        _, agents_address = parseaddr(str(letters_to(mailbox, "@demo.example")[0]["To"]))

        await offices.sign_in(agent, server.url, "/agent", agents_address)
        await offices.cancel(agent, booked.starts_at, kiosk.FAMILY_NAME, REASON)
        request, cancellation = await invitations_for(mailbox, kiosk.EMAIL, count=2)
        assert (cancellation.method, cancellation.uid) == ("CANCEL", request.uid)
        assert cancellation.sequence > request.sequence
        assert cancellation.starts_at == booked.starts_at
        letter = letters_to(mailbox, kiosk.EMAIL)[-1]
        body = letter.get_body(("plain",))
        assert body is not None
        assert REASON in body.get_content()
        assert [each.method for each in await invitations_for(mailbox, agents_address, count=2)][-1] == "CANCEL"

        await citizen.hands.press(citizen.page.get_by_role("button", name="Prendre rendez-vous"))
        await citizen.hands.press(citizen.page.locator("#services button").first)
        first = citizen.page.locator("button.kiosk-time").first
        await expect(first).to_have_attribute("value", re.compile(re.escape(f"|{booked.starts_at.isoformat()}") + "$"))
