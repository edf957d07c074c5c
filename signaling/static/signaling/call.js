/**
 * The media: one RTCPeerConnection for each generation that the server offers. No DOM.
 *
 * @import { Wire, Offer, Slot } from "./protocol.js"
 */
import { pathKind } from "./pair.js";

const LOST_AFTER_MS = 2_500;
const WATCH_MS = 1_000;
const SILENT_AFTER_MS = 6_000;

/**
 * Events (CustomEvent): `streams` and (of screens) `screens` Map<participant, MediaStream>, `channel` RTCDataChannel, `path` "up"|"down".
 */
export class Call extends EventTarget {
  /** @param {Wire} wire */
  constructor(wire) {
    super();
    this._wire = wire;
    /** @type {RTCPeerConnection|null} */
    this._connection = null;
    this._generation = 0;
    this._pathTold = 0;
    /** @type {MediaStreamTrack|null} */
    this._audio = null;
    /** @type {MediaStreamTrack|null} */
    this._video = null;
    /** @type {MediaStreamTrack|null} */
    this._screen = null;
    /** @type {Offer|null} */
    this._offer = null;
    /** @type {Map<string, MediaStream>} */
    this.streams = new Map();
    /** @type {Map<string, MediaStream>} */
    this._screens = new Map();
    this._queue = Promise.resolve();
    this._downSince = 0;
    this._askedAt = 0;
    this._bytes = 0;
    this._bytesAt = 0;
    this._expectsMedia = false;
    this._watch = setInterval(() => void this._check(), WATCH_MS);
    wire.addEventListener("offer", (event) => {
      const { offer, generation } = /** @type {CustomEvent} */ (event).detail;
      this._queue = this._queue.then(() => this._take(offer, generation)).catch((error) => this._failed(error));
    });
    wire.addEventListener("slots", (event) => {
      const { slots, generation } = /** @type {CustomEvent} */ (event).detail;
      // after the offer that they are about
      this._queue = this._queue.then(() => this._rename(slots, generation));
    });
    wire.addEventListener("welcome", (event) => {
      if (/** @type {CustomEvent} */ (event).detail.resumed) return;
      // a new session: the server will offer, and may be another one, which counts generations from one again
      this._askedAt = Date.now();
      this._queue = this._queue.then(() => {
        this._generation = this._pathTold = 0;
      });
    });
  }

  /**
   * Send these tracks from now on; null for a device that is off or missing. No negotiation is needed.
   * @param {MediaStreamTrack|null} audio @param {MediaStreamTrack|null} video
   */
  async setTracks(audio, video) {
    this._audio = audio;
    this._video = video;
    await this._attachTracks();
  }

  /** Send this screen beside the camera from now on; null: none any more. @param {MediaStreamTrack|null} screen */
  async setScreen(screen) {
    this._screen = screen;
    await this._attachTracks();
  }

  /** Ask for a new connection: the network changed. */
  renew() {
    if (!this._connection) return;
    this._askedAt = Date.now();
    this._wire.send("renegotiate", { fresh: true }, this._generation);
  }

  /**
   * Tell whether somebody else should be heard or seen, so that silence is a fault.
   * @param {boolean} expected
   */
  expectMedia(expected) {
    if (expected && !this._expectsMedia) this._bytesAt = Date.now();
    this._expectsMedia = expected;
  }

  /** Whether the connection of now is up. */
  get connected() {
    return this._connection?.connectionState === "connected";
  }

  /** What the browser measures of the connection of now (W3C webrtc-stats); null without one. */
  async statistics() {
    return this._connection ? await this._connection.getStats() : null;
  }

  /** Hang up. */
  close() {
    clearInterval(this._watch);
    this._connection?.close();
    this._connection = null;
    this.streams.clear();
  }

  /** @param {Offer} offer @param {number} generation */
  async _take(offer, generation) {
    if (generation < this._generation) return;
    let previous = null;
    if (generation > this._generation || !this._connection) {
      previous = this._connection;
      this._generation = generation;
      this._connection = this._connect(offer);
    }
    const connection = this._connection;
    await connection.setRemoteDescription({ type: "offer", sdp: offer.sdp });
    this._offer = offer;
    await this._attachTracks();
    await connection.setLocalDescription(await connection.createAnswer());
    this._wire.send("answer", { sdp: connection.localDescription?.sdp ?? "" }, generation);
    this._collect(offer.slots, connection);
    previous?.close();
  }

  /** Somebody took another one's place: the sections stay. @param {Slot[]} slots @param {number} generation */
  _rename(slots, generation) {
    if (generation === this._generation && this._connection) this._collect(slots, this._connection);
  }

  /** @param {Offer} offer */
  _connect(offer) {
    const connection = new RTCPeerConnection({ iceServers: offer.ice_servers, bundlePolicy: "max-bundle" });
    const generation = this._generation;
    connection.onicecandidate = ({ candidate }) => {
      if (connection !== this._connection) return;
      const body = { candidate: candidate?.candidate || null, sdp_mid: candidate?.sdpMid ?? null };
      this._wire.send("candidate", body, generation);
    };
    connection.onconnectionstatechange = () => {
      if (connection !== this._connection) return;
      if (connection.connectionState === "connected") {
        this._downSince = 0;
        this._bytesAt = Date.now();
        this._emit("path", "up");
        this._attachTracks().catch((error) => connection === this._connection && this._failed(error));
      } else if (["disconnected", "failed"].includes(connection.connectionState)) {
        this._downSince ||= Date.now();
        this._emit("path", "down");
      }
    };
    connection.ondatachannel = ({ channel }) => {
      if (connection === this._connection) this._emit("channel", channel);
    };
    return connection;
  }

  async _attachTracks() {
    const connection = this._connection;
    const offer = this._offer;
    if (!connection || !offer) return;
    for (const transceiver of connection.getTransceivers()) {
      const track =
        transceiver.mid === offer.upload_audio_mid ? this._audio
        : transceiver.mid === offer.upload_video_mid ? this._video
        : transceiver.mid === offer.upload_screen_mid ? this._screen
        : undefined;
      if (track === undefined) continue;
      if (transceiver.direction !== "sendonly") transceiver.direction = "sendonly";
      // Chromium takes a rate that is not known yet for a low one, and begins with a small picture for some ten seconds
      if (track?.kind === "video" && connection.connectionState !== "connected") continue;
      if (transceiver.sender.track !== track) await transceiver.sender.replaceTrack(track);
    }
  }

  /** @param {Slot[]} slots @param {RTCPeerConnection} connection */
  _collect(slots, connection) {
    const receivers = new Map(connection.getTransceivers().map((t) => [t.mid, t.receiver]));
    /** @type {Map<string, MediaStream>} */
    const streams = new Map();
    for (const slot of slots) {
      const tracks = [receivers.get(slot.audio_mid)?.track, receivers.get(slot.video_mid)?.track];
      const present = tracks.filter((track) => track !== undefined);
      const old = this.streams.get(slot.participant);
      const same = old && present.every((track) => old.getTracks().includes(track));
      streams.set(slot.participant, same ? old : new MediaStream(present));
    }
    this.streams = streams;
    this._emit("streams", streams);
    /** @type {Map<string, MediaStream>} */
    const screens = new Map();
    for (const slot of slots) {
      const track = receivers.get(slot.screen_mid ?? "")?.track;
      if (!track) continue;
      const old = this._screens.get(slot.participant);
      screens.set(slot.participant, old?.getTracks().includes(track) ? old : new MediaStream([track]));
    }
    this._screens = screens;
    this._emit("screens", screens);
  }

  async _check() {
    const connection = this._connection;
    if (!connection) return;
    const now = Date.now();
    await this._tellPath(connection);
    if (this._expectsMedia && connection.connectionState === "connected") {
      const bytes = await receivedBytes(connection);
      if (bytes !== this._bytes) this._bytesAt = now;
      this._bytes = bytes;
    } else {
      this._bytesAt = now;
    }
    const lost = this._downSince > 0 && now - this._downSince > LOST_AFTER_MS;
    const silent = now - this._bytesAt > SILENT_AFTER_MS;
    if ((lost || silent) && now - this._askedAt > SILENT_AFTER_MS && connection === this._connection) {
      this._emit("path", "down");
      this.renew();
    }
  }

  /** Tell the server, once for each connection, by which way it came about. @param {RTCPeerConnection} connection */
  async _tellPath(connection) {
    const generation = this._generation;
    if (this._pathTold === generation || connection.connectionState !== "connected") return;
    const kind = pathKind(await connection.getStats());
    if (!kind || connection !== this._connection || this._pathTold === generation) return;
    this._pathTold = generation;
    this._wire.send("path", { kind }, generation);
  }

  /** @param {unknown} error */
  _failed(error) {
    console.warn("media negotiation failed", error);
    this._emit("path", "down");
    this.renew();
  }

  /** @param {string} name @param {unknown} detail */
  _emit(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}

/** @param {RTCPeerConnection} connection */
async function receivedBytes(connection) {
  let bytes = 0;
  for (const report of (await connection.getStats()).values()) {
    if (report.type === "inbound-rtp") bytes += report.bytesReceived ?? 0;
  }
  return bytes;
}
