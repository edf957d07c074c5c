/**
 * The ways round a firewall: whether a TURN server can be reached over UDP, TCP and TLS, and if not, why. No DOM.
 *
 * @typedef {"turn_udp"|"turn_tcp"|"turn_tls"} Way
 * @typedef {{url: string, way: Way, open: boolean, certificate: boolean, errors: string[]}} Attempt  certificate: the
 *   server is there, and it is what it shows of itself that this browser does not believe; errors: the browser's words
 */

const TURN_MS = 6_000;

/** @param {string} url a turn: or turns: address (RFC 7065) @returns {Way} */
export function wayOf(url) {
  if (url.startsWith("turns:")) return "turn_tls";
  return url.includes("transport=tcp") ? "turn_tcp" : "turn_udp";
}

/**
 * Ask a TURN server for a relayed address.
 * @param {RTCIceServer} server @param {string} url the one of its addresses to try @returns {Promise<Attempt>}
 */
export async function attempt(server, url) {
  const way = wayOf(url);
  const { open, errors } = await reaches({ ...server, urls: [url] });
  // Browsers do not tell a certificate that they refuse from a closed port. coturn speaks without TLS on the port of
  // TLS as well: when that answers, the port is open, and the certificate is what is left.
  const certificate = way === "turn_tls" && !open && (await reaches({ ...server, urls: [withoutTls(url)] })).open;
  return { url, way, open, certificate, errors };
}

/** @param {string} url a turns: address */
function withoutTls(url) {
  const address = url.slice("turns:".length).split("?")[0];
  const port = /:\d+$/.test(address) ? "" : ":5349";
  return `turn:${address}${port}?transport=tcp`;
}

/** @param {RTCIceServer} server @returns {Promise<{open: boolean, errors: string[]}>} */
async function reaches(server) {
  const connection = new RTCPeerConnection({ iceServers: [server], iceTransportPolicy: "relay" });
  /** @type {Set<string>} */
  const errors = new Set();
  connection.onicecandidateerror = ({ errorCode, errorText }) => errors.add(`${errorCode} ${errorText}`);
  try {
    const open = await new Promise((resolve) => {
      connection.onicecandidate = ({ candidate }) => {
        if (candidate?.type === "relay") resolve(true);
        if (!candidate) resolve(false);
      };
      setTimeout(() => resolve(false), TURN_MS);
      connection.createDataChannel("check");
      void connection.setLocalDescription();
    });
    return { open, errors: [...errors] };
  } finally {
    connection.close();
  }
}
