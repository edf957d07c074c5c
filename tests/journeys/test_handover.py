"""An agent passes the citizen to a colleague: whose picture and sound arrive before and after, over one connection."""

from pathlib import Path

from playwright.async_api import Playwright, expect

from tests.journeys import call, offices
from tests.journeys.hands import Keyboard
from tests.journeys.pair import in_a_call
from tests.journeys.people import OFFICE, Seat, seated
from tests.support.media import CITIZEN, COLLEAGUE
from tests.support.server import Server

REASON = "Le dossier relève des aides agricoles."
# Notes the offers that a page takes (and the state of the connection), and when each new frame of a picture is shown.
WATCH = r"""() => {
  window.offers = [];
  const take = RTCPeerConnection.prototype.setRemoteDescription;
  RTCPeerConnection.prototype.setRemoteDescription = function (...given) {
    const sections = given[0].sdp.match(/a=(mid:|sendonly|inactive|msid:)\S*/g);
    window.offers.push(`${this.connectionState} ${sections.join(" ")}`);
    return take.apply(this, given);
  };
  window.shown = [];
  const follow = video => {
    const note = () => { window.shown.push(performance.now()); video.requestVideoFrameCallback(note); };
    video.requestVideoFrameCallback(note);
  };
  document.querySelectorAll("#tiles video").forEach(follow);
  new MutationObserver(changes => changes.forEach(change => change.addedNodes.forEach(
    node => node.querySelectorAll && node.querySelectorAll("video").forEach(follow)
  ))).observe(document.querySelector("#tiles"), {childList: true});
}"""
LONGEST_GAP = "() => Math.max(...window.shown.slice(1).map((at, index) => at - window.shown[index]))"


async def test_the_citizen_keeps_connection_and_picture_while_a_colleague_takes_over(
    server: Server, player: Playwright, tmp_path: Path
) -> None:
    async with (
        in_a_call(player, tmp_path, server.url) as pair,
        seated(player, COLLEAGUE, tmp_path, OFFICE, Keyboard(), judged=True) as colleague,
    ):
        await offices.sign_in(colleague, server.url, "/agent", offices.COLLEAGUE_EMAIL)
        await pair.citizen.page.evaluate(WATCH)
        reference = await ask(pair.agent)
        await answer(colleague, reference)
        await call.meets(pair.citizen, "agent", COLLEAGUE)
        await expect(pair.citizen.page.locator("#tiles video")).to_have_count(1)
        offers = await pair.citizen.page.evaluate("window.offers")
        # a machine without breath may lose the path and get a new connection; the hand-over itself negotiates nothing
        assert not [offer for offer in offers if not offer.startswith("new")], offers
        print(f"longest gap in the citizen's picture: {await pair.citizen.page.evaluate(LONGEST_GAP):.0f} ms")
        await call.meets(colleague, "citizen", CITIZEN)
        await colleague.look()
        await pair.agent.page.wait_for_url(f"{server.url}/agent", timeout=call.PATIENCE_MS)
        await call.hang_up(colleague)
        await call.sees_it_is_over(pair.citizen)
        await offices.note_outcome(colleague)
        await expect(colleague.page.get_by_text("Passé à un collègue")).to_be_visible()


async def ask(agent: Seat) -> str:
    """Ask the only colleague who is signed in; return the appointment's reference as the call's page says it."""
    page = agent.page
    await agent.hands.press(page.locator("#hand-over"))
    await expect(page.locator("#hand-over-colleagues input:checked")).to_have_count(1)
    await expect(page.get_by_text("Hugo Lefèvre")).to_be_visible()
    await agent.hands.type(page.get_by_label("Motif, pour votre collègue"), REASON)
    await agent.hands.press(page.locator("#hand-over-ask"))
    await expect(page.locator("#hand-over-words")).to_contain_text("Hugo Lefèvre est prévenu")
    await call.meets(agent, "citizen", CITIZEN)
    return await page.locator(".call-details dt", has_text="Référence").locator("+ dd").inner_text()


async def answer(colleague: Seat, reference: str) -> None:
    """Be rung on one's board, read why, and take over."""
    page = colleague.page
    await expect(page.get_by_role("heading", name="Un collègue vous demande")).to_be_visible(timeout=call.PATIENCE_MS)
    await expect(page.locator("#rung-reason")).to_have_text(REASON)
    await expect(page.locator("#rung-reference")).to_have_text(reference)
    await colleague.look()
    await colleague.hands.press(page.locator("#rung-accept"))
    await page.wait_for_url("**/call/**")
