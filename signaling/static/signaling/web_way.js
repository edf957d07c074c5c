/** Pieces of documents by plain requests, for transfers whose channel is slow or gone. No DOM. See docs/protocol.md. */

const MOST_BYTES = 512 * 1024;
const LEAST_BYTES = 32 * 1024;
/** A request that takes longer carries too much; one that takes less could carry more. */
const LONG_MS = 10_000;
const SHORT_MS = 2_000;
const GIVE_UP_MS = 60_000;
const OUT_OF_STEP_MS = 1_000;
const FIRST_RETRY_MS = 500;
const LAST_RETRY_MS = 8_000;
const NOT_FOUND = 404;
const CONFLICT = 409;

export class WebWay {
  /**
   * @param {string} url where documents are handed in and fetched, relative to the page
   * @param {() => string|null} session the secret of the socket's session
   * @param {(frame: string) => void} say says a frame on the socket
   */
  constructor(url, session, say) {
    this._url = url;
    this._session = session;
    this._say = say;
    /** @type {Set<AbortController>} */
    this._open = new Set();
    this._retryMs = FIRST_RETRY_MS;
    /** How much a request should carry, by how long the last ones took. */
    this.pieceBytes = MOST_BYTES;
  }

  /** @param {object} frame */
  say(frame) {
    this._say(JSON.stringify(frame));
  }

  /**
   * Hand a piece in; return the next byte expected, null when out of step, undefined when it did not get there (later!).
   * @param {string} transfer @param {number} offset @param {Uint8Array<ArrayBuffer>} piece
   * @returns {Promise<number|null|undefined>}
   */
  async put(transfer, offset, piece) {
    const began = Date.now();
    const next = await this._ask(transfer, offset, { method: "POST", body: piece }, async (answer) => (await answer.json()).offset);
    const took = Date.now() - began;
    if (took > LONG_MS) this.pieceBytes = Math.max(LEAST_BYTES, this.pieceBytes / 2);
    else if (took < SHORT_MS) this.pieceBytes = Math.min(MOST_BYTES, this.pieceBytes * 2);
    return next;
  }

  /**
   * Fetch what comes next; nothing yet is no bytes. Else as `put`.
   * @param {string} transfer @param {number} offset @returns {Promise<Uint8Array<ArrayBuffer>|null|undefined>}
   */
  take(transfer, offset) {
    return this._ask(transfer, offset, { method: "GET" }, async (answer) => new Uint8Array(await answer.arrayBuffer()));
  }

  /** The call is over. */
  close() {
    for (const request of this._open) request.abort();
  }

  /**
   * @template T
   * @param {string} transfer @param {number} offset @param {RequestInit} how @param {(answer: Response) => Promise<T>} read
   * @returns {Promise<T|null|undefined>}
   */
  async _ask(transfer, offset, how, read) {
    const request = new AbortController();
    const timer = setTimeout(() => request.abort(), GIVE_UP_MS);
    this._open.add(request);
    try {
      const answer = await fetch(`${this._url}/${transfer}?offset=${offset}`, {
        ...how,
        headers: { "Call-Session": this._session() ?? "", "Content-Type": "application/octet-stream" },
        signal: request.signal,
        cache: "no-store",
      });
      if (answer.ok) {
        const found = await read(answer);
        this._retryMs = FIRST_RETRY_MS;
        return found;
      }
      if (answer.status === NOT_FOUND || answer.status === CONFLICT) {
        await pause(OUT_OF_STEP_MS);
        return null;
      }
    } catch {
      // no network, or cut by something in between: again, from the same offset
    } finally {
      clearTimeout(timer);
      this._open.delete(request);
    }
    await pause(this._retryMs * (0.7 + 0.6 * Math.random()));
    this._retryMs = Math.min(LAST_RETRY_MS, this._retryMs * 2);
    return undefined;
  }
}

/** @param {number} milliseconds */
function pause(milliseconds) {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
