/**
 * What is said of connections, and when: changes only, and seldom. No DOM.
 *
 * @import { Connection, Snapshot } from "./protocol.js"
 */

/** How long something must be so before it is said, and the least time between two sentences. */
const SETTLE_MS = 1_500;
const GAP_MS = 8_000;
/** How long the word that all is well again stays. */
const WELL_MS = 6_000;

/** @typedef {{key: string, name: string}} Sentence what is wrong: the key of a text, and whose line it is */

/** How many of the three bars are full. @param {import("./protocol.js").Level} level */
export function barsOf(level) {
  return { excellent: 3, good: 2, poor: 1, lost: 0 }[level];
}

/** @param {Connection|undefined} connection */
function poor(connection) {
  return connection !== undefined && (connection.level === "poor" || connection.level === "lost");
}

/**
 * What is wrong that somebody should know, one's own line first; null when nothing is. Good or excellent is all one.
 * @param {Snapshot} snapshot @param {Map<string, Connection>} connections @returns {Sentence|null}
 */
export function whatIsWrong(snapshot, connections) {
  const own = connections.get(snapshot.you.participant);
  if (own?.pictures_paused) return { key: "ownPaused", name: "" };
  if (poor(own)) return { key: closed(own) ? "ownPoorClosed" : "ownPoor", name: "" };
  const others = snapshot.others.filter((p) => p.connected && p.standing === "admitted");
  const paused = others.find((p) => connections.get(p.participant)?.pictures_paused);
  if (paused) return { key: "otherPaused", name: paused.name };
  const bad = others.find((p) => poor(connections.get(p.participant)));
  return bad ? { key: "otherPoor", name: bad.name } : null;
}

/** Whether the network lets media out by a detour only, over TCP. @param {Connection|undefined} connection */
export function closed(connection) {
  return connection?.path === "turn-tcp" || connection?.path === "turn-tls";
}

/** Says what is so, once it has been so for a moment, and not more often than people can listen. */
export class Announcer {
  /** @param {(sentence: Sentence|null) => void} say */
  constructor(say) {
    this._say = say;
    /** @type {Sentence|null} */
    this._wanted = null;
    this._wantedSince = 0;
    /** @type {Sentence|null} */
    this._said = null;
    this._saidAt = -Infinity;
  }

  /** @param {Sentence|null} sentence what is so now @param {number} now milliseconds */
  want(sentence, now) {
    if (same(sentence, this._wanted)) return;
    this._wanted = sentence;
    this._wantedSince = now;
  }

  /** @param {number} now milliseconds */
  tick(now) {
    if (this._said?.key === "well" && !this._wanted) {
      if (now - this._saidAt >= WELL_MS) this._tell(null, this._saidAt);
      return;
    }
    if (same(this._wanted, this._said) || now - this._wantedSince < SETTLE_MS || now - this._saidAt < GAP_MS) return;
    this._tell(this._wanted ?? { key: "well", name: "" }, now);
  }

  /** @param {Sentence|null} sentence @param {number} at */
  _tell(sentence, at) {
    this._said = sentence;
    this._saidAt = at;
    this._say(sentence);
  }
}

/** @param {Sentence|null} one @param {Sentence|null} other */
function same(one, other) {
  return one?.key === other?.key && one?.name === other?.name;
}
