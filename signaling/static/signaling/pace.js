/** How fast a transfer gets on, over the last few seconds. No DOM. */

const SPAN_MS = 4_000;
/** Below this a channel is slow: at 1 % of packets lost one carries 400 kB/s, on a good network thirty times that. */
const SLOW_BYTES_A_SECOND = 600_000;
/** Less than this is soon over anyway. */
const WORTH_BYTES = 1024 * 1024;

export class Pace {
  /** @param {number} now milliseconds */
  constructor(now) {
    this.since = now;
    this._marks = [{ at: now, bytes: 0 }];
  }

  /** Count anew from here: a resume was agreed, or asked for. @param {number} now @param {number} bytes */
  restart(now, bytes) {
    this.since = now;
    this._marks = [{ at: now, bytes }];
  }

  /** So many bytes are across by now. @param {number} now @param {number} bytes */
  note(now, bytes) {
    this._marks.push({ at: now, bytes });
    while (this._marks[1] && this._marks[1].at <= now - SPAN_MS) this._marks.shift();
  }

  /** Milliseconds since something got across, or was asked for. @param {number} now */
  age(now) {
    return now - (this._marks.at(-1)?.at ?? this.since);
  }

  /** Whether it is worth leaving the channel for the last seconds' sake. @param {number} now @param {number} size */
  isSlow(now, size) {
    const bytes = this._marks.at(-1)?.bytes ?? 0;
    const before = this._marks.findLast((mark) => mark.at <= now - SPAN_MS);
    if (!before) return false;
    const gained = bytes - before.bytes;
    if (gained === 0) return true;
    return gained < (SLOW_BYTES_A_SECOND * SPAN_MS) / 1000 && size - bytes > WORTH_BYTES;
  }
}
