/**
 * Documents over the data channel: offered, sent in chunks within a window, resumed, verified by hash. No DOM.
 *
 * @typedef {"waiting"|"sending"|"receiving"|"paused"|"done"|"failed"} TransferState
 * @typedef {{id: string, direction: "out"|"in", from: string, name: string, size: number, mediaType: string,
 *   sha256: string, state: TransferState, offset: number, blob: Blob|null, code: string}} Transfer
 */

const HEADER_BYTES = 24;
const MESSAGE_BYTES = 65_536;
const CHUNK_BYTES = MESSAGE_BYTES - HEADER_BYTES;
const WINDOW_BYTES = 4 * 1024 * 1024;
const ACKNOWLEDGE_BYTES = 1024 * 1024;
const HIGH_WATER_BYTES = 1024 * 1024;
const LOW_WATER_BYTES = 256 * 1024;
const MAX_NAME = 200;

/** @typedef {Transfer & {data: Uint8Array<ArrayBuffer>, acknowledged: number, told: number}} Work */

/** Event `change` (CustomEvent) with the Transfer that changed. */
export class Documents extends EventTarget {
  /** @param {{maxBytes: number, types: string[]}} limits */
  constructor(limits) {
    super();
    this._limits = limits;
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
      if (typeof data === "string") void this._frame(JSON.parse(data));
      else this._chunk(data);
    };
    channel.onclose = () => {
      if (channel === this._channel) this._pauseAll();
    };
    const resume = () => {
      for (const work of this._works.values()) {
        if (work.direction !== "out") continue;
        if (active(work)) this._offer(work);
        // said again: the channel may have been down
        else if (work.code === "cancelled") this._say({ type: "cancel", transfer: work.id, code: "cancelled" });
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
    this._say({ type: "cancel", transfer: id, code });
    this._end(work, "failed", code);
  }

  /** Forget everything: the call is over. */
  clear() {
    for (const work of this._works.values()) {
      work.data = new Uint8Array(0);
      work.blob = null;
    }
    this._works.clear();
    this._channel = null;
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
      state: "waiting", offset: 0, blob: null, code: "", data: new Uint8Array(0), acknowledged: 0, told: 0,
    };
    this._works.set(id, work);
    this._change(work);
    return work;
  }

  /** @param {Work} work */
  _offer(work) {
    const { id, name, size, mediaType, sha256: hash } = work;
    if (!hash) return;
    this._say({ type: "file", transfer: id, name, size, media_type: mediaType, sha256: hash });
  }

  /** @param {any} frame */
  async _frame(frame) {
    if (frame.type === "file") return this._offered(frame);
    const work = this._works.get(frame.transfer);
    if (!work || !active(work)) return;
    if (frame.type === "cancel") {
      this._end(work, "failed", frame.code);
    } else if (work.direction === "out" && frame.type === "accept") {
      work.offset = work.acknowledged = frame.offset;
      this._setState(work, "sending");
      this._pump(work);
    } else if (work.direction === "out" && frame.type === "acknowledge") {
      work.acknowledged = frame.offset;
      this._change(work);
      this._pump(work);
    } else if (work.direction === "out" && frame.type === "done") {
      work.acknowledged = work.size;
      this._end(work, frame.sha256 === work.sha256 ? "done" : "failed", frame.sha256 === work.sha256 ? "" : "hash_mismatch");
    }
  }

  /** @param {{transfer: string, name: string, size: number, media_type: string, sha256: string, from: string}} frame */
  _offered(frame) {
    let work = this._works.get(frame.transfer);
    if (!work) {
      if (!this._limits.types.includes(frame.media_type) || frame.size > this._limits.maxBytes) {
        this._say({ type: "cancel", transfer: frame.transfer, code: "declined" });
        return;
      }
      const { name, size, media_type: mediaType, sha256: hash, from } = frame;
      work = this._begin(frame.transfer, "in", { name, size, mediaType, sha256: hash, from });
      work.data = new Uint8Array(size);
    }
    if (work.direction !== "in") return;
    if (work.state === "done") {
      // it arrived whole, and the word of it was lost with the last channel
      this._say({ type: "done", transfer: work.id, sha256: work.sha256 });
      return;
    }
    if (!active(work)) {
      this._say({ type: "cancel", transfer: work.id, code: "declined" });
      return;
    }
    work.told = work.offset;
    this._say({ type: "accept", transfer: work.id, offset: work.offset });
    this._setState(work, "receiving");
  }

  /** @param {ArrayBuffer} message */
  _chunk(message) {
    const header = new DataView(message, 0, HEADER_BYTES);
    const work = this._works.get(hex(new Uint8Array(message, 0, 16)));
    const offset = Number(header.getBigUint64(16));
    const payload = new Uint8Array(message, HEADER_BYTES);
    if (!work || work.direction !== "in" || !active(work)) return;
    // another recipient's resume may send again what is here already; a gap is never filled out of order
    if (offset > work.offset || offset + payload.length > work.size) return;
    if (offset + payload.length <= work.offset) return;
    work.data.set(payload, offset);
    work.offset = offset + payload.length;
    if (work.offset === work.size) {
      void this._verify(work);
    } else if (work.offset - work.told >= ACKNOWLEDGE_BYTES) {
      work.told = work.offset;
      this._say({ type: "acknowledge", transfer: work.id, offset: work.offset });
    }
    this._change(work);
  }

  /** @param {Work} work */
  async _verify(work) {
    const found = await sha256(work.data);
    if (!active(work)) return;
    if (found !== work.sha256) {
      this._say({ type: "cancel", transfer: work.id, code: "hash_mismatch" });
      this._end(work, "failed", "hash_mismatch");
      return;
    }
    work.blob = new Blob([work.data], { type: work.mediaType });
    this._say({ type: "done", transfer: work.id, sha256: found });
    this._end(work, "done", "");
  }

  _pumpAll() {
    for (const work of this._works.values()) this._pump(work);
  }

  /** @param {Work} work */
  _pump(work) {
    const channel = this._channel;
    if (work.direction !== "out" || work.state !== "sending" || channel?.readyState !== "open") return;
    while (
      work.offset < work.size &&
      work.offset - work.acknowledged < WINDOW_BYTES - CHUNK_BYTES &&
      channel.bufferedAmount < HIGH_WATER_BYTES
    ) {
      const end = Math.min(work.size, work.offset + CHUNK_BYTES);
      const message = new Uint8Array(HEADER_BYTES + end - work.offset);
      message.set(unhex(work.id), 0);
      new DataView(message.buffer).setBigUint64(16, BigInt(work.offset));
      message.set(work.data.subarray(work.offset, end), HEADER_BYTES);
      channel.send(message);
      work.offset = end;
    }
    this._change(work);
  }

  _pauseAll() {
    for (const work of this._works.values()) if (active(work)) this._setState(work, "paused");
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

  /** @param {object} frame */
  _say(frame) {
    if (this._channel?.readyState === "open") this._channel.send(JSON.stringify(frame));
  }

  /** @param {Work} work */
  _change(work) {
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

/** @param {Uint8Array} bytes */
function hex(bytes) {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** @param {string} text */
function unhex(text) {
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16));
}

/** @param {Uint8Array<ArrayBuffer>} data */
async function sha256(data) {
  return hex(new Uint8Array(await crypto.subtle.digest("SHA-256", data)));
}
