"""By which way a browser's media goes, told by its own statistics (W3C webrtc-stats)."""

from dataclasses import dataclass

from playwright.async_api import Page

KEEP_CONNECTIONS = """
window.connections = [];
window.RTCPeerConnection = class extends RTCPeerConnection {
  constructor(...a) { super(...a); window.connections.push(this); }
};
"""
PAIR = """async () => {
  const open = window.connections.filter(each => each.connectionState === "connected");
  if (!open.length) return null;
  const reports = await open.at(-1).getStats();
  for (const report of reports.values()) {
    if (report.type !== "transport" || !report.selectedCandidatePairId) continue;
    const pair = reports.get(report.selectedCandidatePairId);
    const [local, remote] = [reports.get(pair.localCandidateId), reports.get(pair.remoteCandidateId)];
    const over = local.relayProtocol ?? local.protocol;
    return [local.candidateType, over, local.address ?? "", remote.address ?? "", remote.port];
  }
  return null;
}"""


@dataclass(frozen=True)
class Way:
    """The candidate pair that won: `kind` host, srflx, prflx or relay; `over` udp, tcp or tls to the first hop."""

    kind: str
    over: str
    address: str
    remote: str
    port: int


async def way_of(page: Page) -> Way | None:
    """Return the way of a page's newest connection that is up; the page began with KEEP_CONNECTIONS."""
    found = await page.evaluate(PAIR)
    return Way(*found) if found else None
