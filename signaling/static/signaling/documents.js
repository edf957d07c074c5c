/**
 * Documents over the data channel: offered, sent in chunks within a window, resumed, verified by hash. No DOM.
 * A transfer whose channel is slow, gone or never came goes on by the web: see WebWay and docs/protocol.md.
 *
 * @import { WebWay } from "./web_way.js"
 * @typedef {"waiting"|"sending"|"receiving"|"paused"|"done"|"failed"} TransferState
 * @typedef {{id: string, direction: "out"|"in", from: string, name: string, size: number, mediaType: string,
 *   sha256: string, state: TransferState, offset: number, reached: number, web: boolean, blob: Blob|null,
 *   code: string}} Transfer
 */
import { CHUNK_BYTES, hex, readChunk, sha256, writeChunk } from "./bytes.js";
import { Pace } from "./pace.js";

const WINDOW_BYTES = 4 * 1024 * 1024;
const ACKNOWLEDGE_BYTES = 1024 * 1024;
const HIGH_WATER_BYTES = 1024 * 1024;
const LOW_WATER_BYTES = 256 * 1024;
const MAX_NAME = 200;
const WATCH_MS = 1_000;
/** How long a channel may be away: a new connection takes a second. */
const CHANNEL_PATIENCE_MS = 3_000;
const ANSWER_PATIENCE_MS = 6_000;
const STILL_PATIENCE_MS = 40_000;

/**
 * `turn` counts resumes: what belongs to an earlier one is void. `busy`: a loop of requests runs.
 * @typedef {Transfer & {data: Uint8Array<ArrayBuffer>, acknowledged: number, told: number, turn: number,
 *   busy: boolean, pace: Pace}} Work
 */

/** Event `change` (CustomEvent) with the Transfer that changed. */
export class Documents extends EventTarget {
  /** @param {{maxBytes: number, types: string[]}} limits @param {WebWay} web */
  constructor(limits, web) {
    super();
    this._limits = limits;
    this._web = web;
    this._gone = Date.now();
    this._watch = setInterval(() => this._look(Date.now()), WATCH_MS);
    /** @type {RTCDataChannel|null} */
    this._channel = null;
    /** @type {Map<string, Work>} */
    this._works = new Map();
  }

  /** Every transfer of this call, oldest first. @returns {Transfer[]} */
  get transfers() {
    return [...this._works.values()];
  }

  /**
   * Use this channel from now on; what was on its way goes on.
   * @param {RTCDataChannel} channel
   */
  use(channel) {
    this._channel = channel;
    channel.binaryType = "arraybuffer";
    channel.bufferedAmountLowThreshold = LOW_WATER_BYTES;
    channel.onbufferedamountlow = () => this._pumpAll();
    channel.onmessage = ({ data }) => {
      if (channel !== this._channel) return;
      if (typeof data === "string") this._frame(JSON.parse(data), false);
      else this._chunk(data);
    };
    channel.onclose = () => {
      if (channel !== this._channel) return;
      this._gone = Date.now();
      this._pauseAll();
    };
    const resume = () => {
      for (const work of this._works.values()) {
        if (work.direction !== "out" || work.web) continue;
        if (active(work)) this._offer(work);
        // said again: the channel may have been down
        else if (work.code === "cancelled") this._say({ type: "cancel", transfer: work.id, code: "cancelled" }, false);
      }
    };
    if (channel.readyState === "open") resume();
    else channel.onopen = resume;
  }

  /**
   * Send a file to everyone else in the call.
   * @param {File} file @returns {Promise<Transfer>}
   */
  async send(file) {
    const work = this._begin(newId(), "out", {
      name: file.name.slice(-MAX_NAME) || "document",
      size: file.size,
      mediaType: file.type,
      sha256: "",
      from: "",
    });
    const refusal = this._refusal(file);
    if (refusal) return this._end(work, "failed", refusal);
    work.data = new Uint8Array(await file.arrayBuffer());
    work.sha256 = await sha256(work.data);
    work.blob = new Blob([work.data], { type: work.mediaType });
    this._change(work);
    this._offer(work);
    return work;
  }

  /**
   * Stop a transfer, from either side.
   * @param {string} id
   */
  cancel(id) {
    const work = this._works.get(id);
    if (!work || !active(work)) return;
    const code = work.direction === "out" ? "cancelled" : "declined";
    this._say({ type: "cancel", transfer: id, code }, work.web);
    this._end(work, "failed", code);
  }

  /** Forget everything: the call is over. */
  clear() {
    for (const work of this._works.values()) {
      work.data = new Uint8Array(0);
      work.blob = null;
      work.state = "failed";
    }
    this._web.close();
    this._works.clear();
    this._channel = null;
    clearInterval(this._watch);
  }

  /** Take a frame that came on the socket. @param {string} frame */
  hear(frame) {
    this._frame(JSON.parse(frame), true);
  }

  /** The socket is back, with the same session or another: what goes by the web goes on. */
  again() {
    for (const work of this._works.values()) if (work.web && active(work)) this._resume(work);
  }

  /** @param {File} file */
  _refusal(file) {
    if (file.size === 0) return "empty";
    if (file.size > this._limits.maxBytes) return "too_large";
    return this._limits.types.includes(file.type) ? "" : "type_refused";
  }

  /**
   * @param {string} id @param {"out"|"in"} direction
   * @param {{name: string, size: number, mediaType: string, sha256: string, from: string}} about @returns {Work}
   */
  _begin(id, direction, about) {
    /** @type {Work} */
    const work = {
      id, direction, ...about,
      state: "waiting", offset: 0, reached: 0, web: false, blob: null, code: "", data: new Uint8Array(0),
      acknowledged: 0, told: 0, turn: 0, busy: false, pace: new Pace(Date.now()),
    };
    this._works.set(id, work);
    this._change(work);
    return work;
  }

  /** @param {Work} work */
  _offer(work) {
    const { id, name, size, mediaType, sha256: hash } = work;
    if (!hash) return;
    work.pace.restart(Date.now(), work.acknowledged);
    this._say({ type: "file", transfer: id, name, size, media_type: mediaType, sha256: hash }, work.web);
  }

  /** @param {any} frame @param {boolean} web */
  _frame(frame, web) {
    const work = this._works.get(frame.transfer);
    // from before this page went by the web: late, on a slow channel
    if (work?.web && !web) return;
    if (frame.type === "file") return this._offered(frame, web);
    if (!work || !active(work)) return;
    if (frame.type === "cancel") {
      this._end(work, "failed", frame.code);
    } else if (work.direction === "out" && frame.type === "accept") {
      work.offset = work.acknowledged = frame.offset;
      work.turn += 1;
      work.pace.restart(Date.now(), work.acknowledged);
      this._setState(work, "sending");
      this._pump(work);
    } else if (work.direction === "out" && frame.type === "acknowledge") {
      work.acknowledged = frame.offset;
      work.pace.note(Date.now(), work.acknowledged);
      this._change(work);
      this._pump(work);
    } else if (work.direction === "out" && frame.type === "done") {
      work.acknowledged = work.size;
      this._end(work, frame.sha256 === work.sha256 ? "done" : "failed", frame.sha256 === work.sha256 ? "" : "hash_mismatch");
    }
  }

  /**
   * @param {{transfer: string, name: string, size: number, media_type: string, sha256: string, from: string}} frame
   * @param {boolean} web
   */
  _offered(frame, web) {
    let work = this._works.get(frame.transfer);
    if (!work) {
      if (!this._limits.types.includes(frame.media_type) || frame.size > this._limits.maxBytes) {
        this._say({ type: "cancel", transfer: frame.transfer, code: "declined" }, web);
        return;
      }
      const { name, size, media_type: mediaType, sha256: hash, from } = frame;
      work = this._begin(frame.transfer, "in", { name, size, mediaType, sha256: hash, from });
      work.data = new Uint8Array(size);
    }
    if (work.direction !== "in") return;
    work.web ||= web;
    if (work.state === "done") {
      // it arrived whole, and the word of it was lost with the last channel
      this._say({ type: "done", transfer: work.id, sha256: work.sha256 }, work.web);
      return;
    }
    if (!active(work)) {
      this._say({ type: "cancel", transfer: work.id, code: "declined" }, work.web);
      return;
    }
    this._resume(work);
  }

  /** Say from where on the bytes are wanted. @param {Work} work */
  _accept(work) {
    work.told = work.offset;
    work.turn += 1;
    work.pace.restart(Date.now(), work.offset);
    this._say({ type: "accept", transfer: work.id, offset: work.offset }, work.web);
    this._setState(work, "receiving");
    if (work.web) void this._fetch(work);
  }

  /** @param {ArrayBuffer} message */
  _chunk(message) {
    const { transfer, offset, part } = readChunk(message);
    const work = this._works.get(transfer);
    if (work) this._store(work, offset, part);
  }

  /** @param {Work} work @param {number} offset @param {Uint8Array} payload */
  _store(work, offset, payload) {
    if (work.direction !== "in" || !active(work)) return;
    // another recipient's resume may send again what is here already; a gap is never filled out of order
    if (offset > work.offset || offset + payload.length > work.size) return;
    if (offset + payload.length <= work.offset) return;
    work.data.set(payload, offset);
    work.offset = offset + payload.length;
    work.pace.note(Date.now(), work.offset);
    if (work.offset === work.size) {
      void this._verify(work);
    } else if (!work.web && work.offset - work.told >= ACKNOWLEDGE_BYTES) {
      work.told = work.offset;
      this._say({ type: "acknowledge", transfer: work.id, offset: work.offset }, false);
    }
    this._change(work);
  }

  /** @param {Work} work */
  async _verify(work) {
    const found = await sha256(work.data);
    if (!active(work)) return;
    if (found !== work.sha256) {
      this._say({ type: "cancel", transfer: work.id, code: "hash_mismatch" }, work.web);
      this._end(work, "failed", "hash_mismatch");
      return;
    }
    work.blob = new Blob([work.data], { type: work.mediaType });
    this._say({ type: "done", transfer: work.id, sha256: found }, work.web);
    this._end(work, "done", "");
  }

  _pumpAll() {
    for (const work of this._works.values()) this._pump(work);
  }

  /** @param {Work} work */
  _pump(work) {
    if (work.web) return void this._post(work);
    const channel = this._channel;
    if (work.direction !== "out" || work.state !== "sending" || channel?.readyState !== "open") return;
    while (
      work.offset < work.size &&
      work.offset - work.acknowledged < WINDOW_BYTES - CHUNK_BYTES &&
      channel.bufferedAmount < HIGH_WATER_BYTES
    ) {
      const end = Math.min(work.size, work.offset + CHUNK_BYTES);
      channel.send(writeChunk(work.id, work.offset, work.data.subarray(work.offset, end)));
      work.offset = end;
    }
    this._change(work);
  }

  /** Hand the document in by the web, a piece after the other, within the window. @param {Work} work */
  async _post(work) {
    if (work.busy) return;
    work.busy = true;
    while (work.state === "sending" && work.offset < work.size) {
      const { turn, offset } = work;
      const end = Math.min(work.size, offset + this._web.pieceBytes, work.acknowledged + WINDOW_BYTES);
      if (end <= offset) break;
      const expected = await this._web.put(work.id, offset, work.data.subarray(offset, end));
      if (expected === undefined || turn !== work.turn) continue;
      if (expected === null) {
        this._setState(work, "waiting");
        this._offer(work);
      } else {
        work.offset = expected;
        this._change(work);
      }
    }
    work.busy = false;
  }

  /** Fetch the document by the web, a piece after the other. @param {Work} work */
  async _fetch(work) {
    if (work.busy) return;
    work.busy = true;
    while (work.state === "receiving" && work.offset < work.size) {
      const { turn, offset } = work;
      const piece = await this._web.take(work.id, offset);
      if (piece?.length) this._store(work, offset, piece);
      else if (piece === null && turn === work.turn) this._accept(work);
    }
    work.busy = false;
  }

  /** Go on by the web: nobody comes back to the channel with a transfer that runs. @param {Work} work */
  _toWeb(work) {
    work.web = true;
    this._resume(work);
  }

  /** @param {Work} work */
  _resume(work) {
    if (work.direction === "out") this._offer(work);
    // else all of it is here, and being verified
    else if (work.offset < work.size) this._accept(work);
  }

  /** Look, once a second, at what does not get on. @param {number} now */
  _look(now) {
    const open = this._channel?.readyState === "open";
    for (const work of this._works.values()) {
      if (!active(work) || (work.direction === "out" && !work.sha256)) continue;
      const unanswered = work.direction === "out" && work.state !== "sending";
      const age = work.pace.age(now);
      if (work.web) {
        // a word was lost with a session, say; a recipient keeps asking anyway
        if (work.direction === "out" && age > (unanswered ? ANSWER_PATIENCE_MS : STILL_PATIENCE_MS)) this._offer(work);
      } else if (!open) {
        if (now - Math.max(this._gone, work.pace.since) > CHANNEL_PATIENCE_MS) this._toWeb(work);
      } else if (unanswered ? age > ANSWER_PATIENCE_MS : work.pace.isSlow(now, work.size)) {
        this._toWeb(work);
      }
    }
  }

  _pauseAll() {
    for (const work of this._works.values()) if (active(work) && !work.web) this._setState(work, "paused");
  }

  /** @param {Work} work @param {TransferState} state */
  _setState(work, state) {
    work.state = state;
    this._change(work);
  }

  /** @param {Work} work @param {TransferState} state @param {string} code @returns {Work} */
  _end(work, state, code) {
    work.state = state;
    work.code = code;
    work.data = new Uint8Array(0);
    if (state === "failed") work.blob = null;
    this._change(work);
    return work;
  }

  /** @param {object} frame @param {boolean} web */
  _say(frame, web) {
    if (web) this._web.say(frame);
    else if (this._channel?.readyState === "open") this._channel.send(JSON.stringify(frame));
  }

  /** @param {Work} work */
  _change(work) {
    work.reached = Math.max(work.reached, work.offset);
    this.dispatchEvent(new CustomEvent("change", { detail: work }));
  }
}

/** @param {Transfer} transfer */
function active(transfer) {
  return transfer.state !== "done" && transfer.state !== "failed";
}

function newId() {
  return hex(crypto.getRandomValues(new Uint8Array(16)));
}
