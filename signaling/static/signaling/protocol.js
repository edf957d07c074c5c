/**
 * The wire: one WebSocket at a time, joined with a ticket, resumed by itself. No DOM. See docs/protocol.md.
 *
 * @typedef {"citizen"|"agent"|"adviser"|"colleague"|"interpreter"|"observer"} Role
 * @typedef {{participant: string, role: Role, name: string, standing: "waiting"|"rung"|"admitted",
 *   connected: boolean, waiting_seconds: number|null, place: number|null, microphone: DeviceState,
 *   camera: DeviceState, hand: boolean, pictures: boolean, screen: boolean}} Participant
 * @typedef {"on"|"off"|"missing"} DeviceState
 * @typedef {"asked"|"accepted"|"confirmed"|"declined"|"unanswered"|"withdrawn"|"failed"} HandoverState
 * @typedef {{by: string, colleague: string, state: HandoverState, reason: string, stays: boolean}} Handover
 * @typedef {{state: "lobby"|"rung"|"in_call", you: Participant, others: Participant[], host_present: boolean,
 *   call_seconds: number|null, shown: Shown|null, aside: boolean, handover: Handover|null}} Snapshot
 * @typedef {{transfer: string, page: number, zoom: number, x: number, y: number}} Place
 * @typedef {{by: string, place: Place|null}} Shown
 * @typedef {{participant: string, audio_mid: string, video_mid: string, screen_mid: string|null}} Slot
 * @typedef {{sdp: string, upload_audio_mid: string, upload_video_mid: string, upload_screen_mid: string|null, slots: Slot[],
 *   ice_servers: {urls: string[], username: string, credential: string}[]}} Offer
 * @typedef {{participant: string, name: string, line: number, text: string, done: boolean}} TextLine
 * @typedef {"excellent"|"good"|"poor"|"lost"} Level
 * @typedef {{participant: string, level: Level, pictures_paused: boolean,
 *   path: import("./pair.js").PathKind|"turn"|null}} Connection
 * @typedef {{v: 1, type: string, id: string, seq: number, ack: number, generation: number, from: string,
 *   body: any}} Envelope
 * @typedef {"connecting"|"open"|"reconnecting"|"ended"|"superseded"|"refused"} WireState
 */

const VERSION = 1;
const PING_AFTER_MS = 25_000;
const DEAD_AFTER_MS = 45_000;
/** A socket whose network may have changed must answer within this, loss and a slow link included. */
const PROBE_MS = 3_000;
/** A node that takes a dead one's room over needs up to five seconds for its welcome. */
const WELCOME_MS = 10_000;
const FIRST_RETRY_MS = 500;
const LAST_RETRY_MS = 8_000;
/** A service that is started anew is back within half a minute: until then nobody waits longer than this. */
const SOON_RETRY_MS = 2_000;
const SOON_MS = 30_000;
const MAX_KEPT = 200;
const UNSEQUENCED = new Set(["join", "resume", "point", "ping", "pong"]);
const GONE = 410;
const CLOSE_NORMAL = 1000;
const CLOSE_FORBIDDEN = 4403;
const CLOSE_CONFLICT = 4409;
const CLOSE_UNAVAILABLE = 4503;
/** Refusals after which coming back would only repeat them. */
const FINAL = new Set(["not_allowed", "room_full", "consultation_over", "foreign_origin", "handover_gone", "invitation_revoked"]);

/** What a ticket request was answered with, when that was a refusal. */
export class EntryRefused extends Error {
  /** @param {string} code @param {string} detail @param {number} status */
  constructor(code, detail, status) {
    super(detail || code);
    this.code = code;
    /** What the service says of it, to people. */
    this.detail = detail;
    this.status = status;
  }
}

/**
 * Events (CustomEvent): `state` {state, code, words}, `welcome` {resumed}, `snapshot` Snapshot, `offer` {offer, generation},
 * `slots` {slots, generation}, `lines` {whole, lines: TextLine[]}, `connections` {connections: Connection[]},
 * `document` {frame},
 * `pointed` {participant, x, y},
 * `refused` {code, replyTo}, `ended` {reason}.
 */
export class Wire extends EventTarget {
  /**
   * @param {string} url address of the socket, relative to the page
   * @param {() => Promise<string>} getTicket asks for a fresh ticket; throws EntryRefused when there is none to have
   */
  constructor(url, getTicket) {
    super();
    this._url = url;
    this._getTicket = getTicket;
    /** @type {WebSocket|null} */
    this._socket = null;
    /** @type {string|null} */
    this._session = null;
    this._sent = 0;
    this._ids = 0;
    this._received = 0;
    /** @type {{seq: number, type: string, id: string, generation: number, body: object}[]} */
    this._kept = [];
    this._welcomed = false;
    this._retryMs = FIRST_RETRY_MS;
    this._lostAt = 0;
    this._heardAt = 0;
    this._refusal = "";
    /** The refusal, if any, that made it wait before it tries again. */
    this.why = "";
    /** @type {ReturnType<typeof setTimeout>|undefined} */
    this._retryTimer = undefined;
    this._attempts = 0;
    /** @type {WireState} */
    this.state = "connecting";
    this._heartbeat = setInterval(() => this._beat(), 5_000);
  }

  /** The secret of the session, for requests beside the socket; null before there is one. */
  get session() {
    return this._session;
  }

  /** Connect, and stay connected until the call is over. */
  async open() {
    clearTimeout(this._retryTimer);
    const attempt = ++this._attempts;
    let first;
    try {
      first = this._session
        ? { type: "resume", body: { session: this._session, last_seq: this._received } }
        : { type: "join", body: { ticket: await this._getTicket() } };
    } catch (error) {
      if (attempt !== this._attempts) return;
      if (error instanceof EntryRefused) this._finish(error.status === GONE ? "ended" : "refused", error.code, error.detail);
      else this._retry();
      return;
    }
    // while it waited for its ticket, another attempt may have been made
    if (this._over() || attempt !== this._attempts) return;
    const address = new URL(this._url, location.href);
    address.protocol = address.protocol.replace("http", "ws");
    const socket = new WebSocket(address);
    this._socket = socket;
    this._welcomed = false;
    this._heardAt = Date.now();
    socket.onopen = () => this._write(first.type, first.body, 0, 0, this._nextId());
    socket.onmessage = (event) => {
      if (socket === this._socket) this._read(event.data);
    };
    socket.onclose = (event) => {
      if (socket === this._socket) this._closed(event.code);
    };
  }

  /**
   * Send a message; it is sent again after a resume until the server acknowledged it.
   * @param {string} type @param {object} [body] @param {number} [generation]
   */
  send(type, body = {}, generation = 0) {
    if (this._over()) return;
    const message = { seq: UNSEQUENCED.has(type) ? 0 : ++this._sent, type, id: this._nextId(), generation, body };
    if (message.seq) {
      this._kept.push(message);
      if (this._kept.length > MAX_KEPT) this._kept.shift();
    }
    if (this._welcomed) this._write(type, body, message.seq, generation, message.id);
  }

  /**
   * Do not wait for the heartbeat: the network is back, or has changed. A socket over an address that is gone says
   * nothing of it for minutes, so that it must prove itself; one that is dead for sure is given up.
   * @param {boolean} [dead] the network was away
   */
  hurry(dead = false) {
    if (this._over()) return;
    const socket = this._socket;
    if (socket && dead) {
      this._abandon(socket);
    } else if (socket?.readyState === WebSocket.OPEN) {
      const askedAt = Date.now();
      this.send("ping");
      setTimeout(() => {
        if (this._heardAt < askedAt) this._abandon(socket);
      }, PROBE_MS);
    } else if (!socket) {
      this._retryMs = FIRST_RETRY_MS;
      void this.open();
    }
  }

  /** Open another socket at once in the place of one that is dead. @param {WebSocket} socket */
  _abandon(socket) {
    if (socket !== this._socket || this._over()) return;
    this._socket = null;
    socket.close();
    this._retryMs = FIRST_RETRY_MS;
    this._setState("reconnecting");
    void this.open();
  }

  /** Let go of the socket for good. */
  close() {
    this._finish("ended", "");
    this._socket?.close(CLOSE_NORMAL);
  }

  _over() {
    return this.state === "ended" || this.state === "superseded" || this.state === "refused";
  }

  _nextId() {
    return `c${++this._ids}`;
  }

  /** @param {string} type @param {object} body @param {number} seq @param {number} generation @param {string} id */
  _write(type, body, seq, generation, id) {
    if (this._socket?.readyState !== WebSocket.OPEN) return;
    this._socket.send(JSON.stringify({ v: VERSION, type, id, seq, ack: this._received, generation, body }));
  }

  /** @param {string} text */
  _read(text) {
    this._heardAt = Date.now();
    /** @type {Envelope} */
    const message = JSON.parse(text);
    if (message.seq) {
      if (message.seq <= this._received) return;
      this._received = message.seq;
    }
    this._kept = this._kept.filter((kept) => kept.seq > message.ack);
    switch (message.type) {
      case "welcome":
        this._welcome(message.body);
        break;
      case "snapshot":
        this._emit("snapshot", message.body);
        break;
      case "offer":
        this._emit("offer", { offer: message.body, generation: message.generation });
        break;
      case "slots":
        this._emit("slots", { slots: message.body.slots, generation: message.generation });
        break;
      case "lines":
      case "connections":
        this._emit(message.type, message.body);
        break;
      case "document":
        this._emit("document", message.body);
        break;
      case "pointed":
        this._emit("pointed", message.body);
        break;
      case "ended":
        this._finish("ended", message.body.reason);
        this._emit("ended", message.body);
        break;
      case "refused":
        this._refusal = message.body.code;
        this._emit("refused", { code: message.body.code, replyTo: message.body.reply_to });
        break;
      case "ping":
        this.send("pong");
        break;
    }
  }

  /** @param {{session: string, resumed: boolean}} body */
  _welcome(body) {
    this._welcomed = true;
    this._retryMs = FIRST_RETRY_MS;
    this._lostAt = 0;
    if (!body.resumed) {
      // a new session counts from the beginning; what was meant for the old one is stale
      this._session = body.session;
      this._received = 0;
      this._sent = 0;
      this._kept = [];
    }
    // before anybody who hears of it says more: what is numbered out of order is taken for something said twice
    for (const kept of this._kept) this._write(kept.type, kept.body, kept.seq, kept.generation, kept.id);
    this._setState("open");
    this._emit("welcome", body);
  }

  /** @param {number} code */
  _closed(code) {
    this._socket = null;
    const refusal = this._refusal;
    this._refusal = "";
    if (this._over()) return;
    if (code === CLOSE_CONFLICT && refusal === "superseded") return this._finish("superseded", refusal);
    if (FINAL.has(refusal) || (code === CLOSE_FORBIDDEN && refusal)) return this._finish("refused", refusal);
    // a session that is unknown, or a call that is over: the next ticket request tells
    const resuming = this._session !== null;
    if (!this._welcomed && code >= 4000 && code !== CLOSE_UNAVAILABLE) this._session = null;
    if (resuming && refusal === "session_unknown") {
      // the room was taken over by another server: no use to wait before joining it
      this._setState("reconnecting");
      return void this.open();
    }
    this._retry(code === CLOSE_UNAVAILABLE ? refusal : "");
  }

  /** @param {string} [why] a refusal that will pass */
  _retry(why = "") {
    if (this._over()) return;
    this.why = why;
    this._setState("reconnecting", why);
    clearTimeout(this._retryTimer);
    // spread out, so that the pages of a restarted server do not all come back at once
    this._retryTimer = setTimeout(() => void this.open(), this._retryMs * (0.7 + 0.6 * Math.random()));
    this._lostAt ||= Date.now();
    const longest = Date.now() - this._lostAt < SOON_MS ? SOON_RETRY_MS : LAST_RETRY_MS;
    this._retryMs = Math.min(longest, this._retryMs * 2);
  }

  _beat() {
    if (this._over() || !this._socket) return;
    const silence = Date.now() - this._heardAt;
    if (silence > (this._welcomed ? DEAD_AFTER_MS : WELCOME_MS)) {
      const socket = this._socket;
      this._socket = null;
      socket.close();
      this._retry();
    } else if (silence > PING_AFTER_MS) {
      this.send("ping");
    }
  }

  /** @param {"ended"|"superseded"|"refused"} state @param {string} code @param {string} [words] for people, if there are any */
  _finish(state, code, words) {
    if (this._over()) return;
    clearInterval(this._heartbeat);
    clearTimeout(this._retryTimer);
    this._setState(state, code, words);
  }

  /** @param {WireState} state @param {string} [code] @param {string} [words] */
  _setState(state, code = "", words = "") {
    if (state === this.state && !code) return;
    this.state = state;
    this._emit("state", { state, code, words });
  }

  /** @param {string} name @param {unknown} detail */
  _emit(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}
