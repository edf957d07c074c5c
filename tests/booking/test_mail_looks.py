"""Mails as they are seen: on a phone, at a desk, enlarged, on a dark screen; nothing is fetched from elsewhere."""

from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser

from booking.notifications.kinds import Kind, Recipient
from tests.booking.meetings import composer, make_meeting
from tests.booking.test_messages import PARAMS, mail, part
from tests.support.accessibility import assert_accessible

# phone, desktop, desktop at 200 % (WCAG 1.4.4), and the narrowest that must do without scrolling sideways (1.4.10)
WIDTHS = (360, 1280, 640, 320)
LONG = {
    "service": "Demande de renouvellement d’une carte de séjour pluriannuelle « passeport talent »",
    "site": "Maison France services de Saint-Maurice-Saint-Germain-en-Beauce-lès-Chateauneuf",
    "address": "12 bis place de l’Hôtel-de-Ville-et-de-la-Libération, 28240 Saint-Maurice-Saint-Germain",
    "documents": (
        {"fr": "Une pièce d’identité en cours de validité"},
        {"fr": "Anticonstitutionnel" * 4},
    ),
}
MAILS: list[tuple[Kind, Recipient, dict[str, Any]]] = [
    (Kind.INVITATION, Recipient.CITIZEN, {}),
    (Kind.INVITATION, Recipient.CITIZEN, LONG),
    (Kind.REMINDER, Recipient.CITIZEN, {}),
    (Kind.DISPLACED, Recipient.CITIZEN, {}),
    (Kind.CANCELLATION, Recipient.CITIZEN, {"cancel_reason": "Agent malade"}),
    (Kind.CHANGE, Recipient.AGENT, {"timezone": "Indian/Reunion"}),
    (Kind.INVITATION, Recipient.INTERPRETER, {}),
]


def html_of(message: EmailMessage) -> str:
    return str(part(message, "text/html").get_content())


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_mails_can_be_read_wherever_they_are(browser: Browser, tmp_path: Path, scheme: Any) -> None:
    context = await browser.new_context(color_scheme=scheme, offline=True)
    page = await context.new_page()
    fetched: list[str] = []
    page.on("request", lambda request: fetched.append(request.url))
    for number, (kind, recipient, facts) in enumerate(MAILS):
        html = html_of(mail(tmp_path, make_meeting(**facts), kind=kind, to=recipient))
        for width in WIDTHS:
            await page.set_viewport_size({"width": width, "height": 900})
            await page.set_content(html)
            wide = await page.evaluate("document.documentElement.scrollWidth")
            assert wide <= width, f"{kind} for {recipient} is {wide} wide on {width}"
            for link in await page.get_by_role("link").all():
                box = await link.bounding_box()
                assert box
                assert box["height"] >= 44, "WCAG 2.5.5"
            await page.screenshot(path=tmp_path / f"{number}-{kind}-{recipient}-{width}-{scheme}.png", full_page=True)
        await assert_accessible(page)
        ground = await page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert (ground == "rgb(22, 22, 22)") == (scheme == "dark")
    assert fetched == []
    await context.close()


def test_outlook_which_reads_no_style_sheet_finds_everything_in_tables(tmp_path: Path) -> None:
    html = html_of(mail(tmp_path, make_meeting(), params=PARAMS.get(Kind.INVITATION, {})))
    body = html.partition("<body")[2]
    for need in ('width="600"', 'bgcolor="#1b4d7a"', "mso-padding-alt", 'role="presentation"'):
        assert need in body
    for missing in ("<div", "<img", "flex", "grid", "var(", "url(", "<link", "@import"):
        assert missing not in html
    assert composer(tmp_path).origin in body
