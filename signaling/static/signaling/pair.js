/**
 * The candidate pair over which a connection runs (W3C webrtc-stats). No DOM.
 *
 * @typedef {"udp"|"turn-udp"|"turn-tcp"|"turn-tls"} PathKind
 */

/**
 * Return the statistics of the pair that is in use, with its two candidates; null before there is one.
 * @param {RTCStatsReport} reports
 */
export function selectedPair(reports) {
  let pair = null;
  for (const report of reports.values()) {
    if (report.type === "transport" && report.selectedCandidatePairId) pair = reports.get(report.selectedCandidatePairId);
    // Firefox names no pair in the transport, and marks the pair instead
    if (!pair && report.type === "candidate-pair" && report.selected) pair = report;
  }
  if (!pair) return null;
  return { pair, local: reports.get(pair.localCandidateId), remote: reports.get(pair.remoteCandidateId) };
}

/**
 * Return how media leaves this browser; null before that is known. What comes straight is UDP: the relay takes no other.
 * @param {RTCStatsReport} reports @returns {PathKind|null}
 */
export function pathKind(reports) {
  const local = selectedPair(reports)?.local;
  if (!local) return null;
  if (local.candidateType !== "relay") return "udp";
  return local.relayProtocol === "tls" ? "turn-tls" : local.relayProtocol === "tcp" ? "turn-tcp" : "turn-udp";
}
