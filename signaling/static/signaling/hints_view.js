/**
 * Hints above the buttons: about one's own microphone, and about devices that took another's place.
 *
 * @import { Devices, Swap } from "./devices.js"
 * @import { Hint } from "./hints.js"
 * @import { Levels } from "./level.js"
 */
import { MicrophoneWatch } from "./hints.js";
import { element, say, text } from "./page.js";

export const OWN = "own";
const NEWS_MS = 12_000;

export class HintsView {
  /** @param {Devices} devices @param {Levels} levels @param {() => void} choose opens the choice of devices */
  constructor(devices, levels, choose) {
    this._devices = devices;
    this._levels = levels;
    this._choose = choose;
    this._watch = new MicrophoneWatch();
    /** @type {MediaStreamTrack|null} The microphone that is watched. */
    this._watched = null;
    this._box = element("hint", HTMLDivElement);
    this._act = element("hint-act", HTMLButtonElement);
    /** @type {Hint} */
    this._hint = "";
    /** @type {Set<Hint>} The hints that were closed. */
    this._closed = new Set();
    this._news = "";
    this._newsUntil = 0;
    levels.addEventListener("levels", () => this._read());
    devices.addEventListener("swap", (event) => this.swapped(/** @type {CustomEvent<Swap>} */ (event).detail));
    this._act.addEventListener("click", () => (this._box.dataset.hint === "speakingMuted" ? devices.toggleMicrophone() : this._choose()));
    element("hint-close", HTMLButtonElement).addEventListener("click", () => {
      if (this._news) this._news = "";
      else this._closed.add(this._hint);
      this._show();
    });
  }

  /** Say something for a while. @param {string} words */
  tell(words) {
    this._news = words;
    this._newsUntil = Date.now() + NEWS_MS;
    this._show();
    // without a microphone nothing else would take it away
    setTimeout(() => this._show(), NEWS_MS + 100);
  }

  /** @param {Swap} swap */
  swapped({ kind, what, name, by }) {
    this.tell(text(`${kind}_${what}`, { name, by }));
  }

  /** Say something to who hears the page only. @param {string} words */
  whisper(words) {
    say(element("hint-news", HTMLElement), words);
  }

  /** The call is over. */
  clear() {
    this._hint = "";
    this._news = "";
    this._show();
  }

  _read() {
    if (this._devices.audio !== this._watched) {
      this._watched = this._devices.audio;
      this._watch = new MicrophoneWatch();
      this._closed.clear();
    }
    const stopped = this._devices.audio?.muted ?? false;
    const hint = this._watch.hear(this._devices.microphone, this._levels.level(OWN), stopped, Date.now());
    // muted once more: that is worth saying again; a microphone that somebody knows to be silent is not
    if (this._devices.microphone === "on") this._closed.delete("speakingMuted");
    if (hint === this._hint && (!this._news || Date.now() < this._newsUntil)) return;
    this._hint = hint;
    this._show();
  }

  _show() {
    if (Date.now() >= this._newsUntil) this._news = "";
    const hint = this._closed.has(this._hint) ? "" : this._hint;
    const words = this._news || (hint && text(hint));
    // a hint that goes must not take the focus along
    const held = this._box.contains(document.activeElement);
    this._box.hidden = !words;
    this._box.dataset.hint = this._news ? "news" : hint;
    say(element("hint-text", HTMLElement), words);
    say(this._act, text(hint === "speakingMuted" && !this._news ? "unmute" : "chooseDevice"));
    this.whisper(words);
    if (held && !words) element("toggle-microphone", HTMLButtonElement).focus();
  }
}
