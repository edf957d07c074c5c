/**
 * What somebody should be told about their own microphone, from its state and its level. No DOM.
 *
 * @import { DeviceState } from "./devices.js"
 * @typedef {"speakingMuted"|"microphoneSilent"|""} Hint
 */

/** Speech near a microphone, about -36 decibels; a keyboard or a chair seldom reaches it for long. */
const SPEECH = 0.015;
/** Below the noise of any living microphone, about -90 decibels: it is unplugged, or switched off on the headset. */
const DEAD = 3e-5;
const SPEAKS_MS = 1_000;
const SPEAKS_READINGS = 4;
const STAYS_MS = 8_000;
const DEAD_MS = 6_000;
/** Some headsets give nothing at all between sentences: one that was heard before has longer. */
const DEAD_AFTER_SPEECH_MS = 30_000;

/** One for each microphone. */
export class MicrophoneWatch {
  constructor() {
    /** @type {number[]} When speech was heard while muted. */
    this._loud = [];
    this._speakingUntil = 0;
    this._quietSince = 0;
    this._wasHeard = false;
  }

  /**
   * Take one reading and return the hint that applies now.
   * @param {DeviceState} microphone @param {number|null} level 0 to 1, null while it is not known
   * @param {boolean} stopped whether the system itself has silenced the microphone @param {number} now in milliseconds
   * @returns {Hint}
   */
  hear(microphone, level, stopped, now) {
    return this._speaksMuted(microphone, level, now) ? "speakingMuted" : this._isDead(microphone, level, stopped, now) ? "microphoneSilent" : "";
  }

  /** @param {DeviceState} microphone @param {number|null} level @param {number} now */
  _speaksMuted(microphone, level, now) {
    if (microphone !== "off") {
      this._loud = [];
      this._speakingUntil = 0;
      return false;
    }
    if (level !== null && level > SPEECH) this._loud.push(now);
    this._loud = this._loud.filter((at) => now - at < SPEAKS_MS);
    if (this._loud.length >= SPEAKS_READINGS) this._speakingUntil = now + STAYS_MS;
    return now < this._speakingUntil;
  }

  /** @param {DeviceState} microphone @param {number|null} level @param {boolean} stopped @param {number} now */
  _isDead(microphone, level, stopped, now) {
    this._wasHeard ||= level !== null && level > SPEECH;
    if (microphone !== "on" || (level === null && !stopped) || (level !== null && level > DEAD && !stopped)) {
      this._quietSince = 0;
      return false;
    }
    this._quietSince ||= now;
    return now - this._quietSince >= (this._wasHeard && !stopped ? DEAD_AFTER_SPEECH_MS : DEAD_MS);
  }
}
