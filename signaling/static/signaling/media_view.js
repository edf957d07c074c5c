/**
 * Everything about one's own devices and about who speaks: choice, hints, levels, loudspeaker, keys.
 *
 * @import { Devices } from "./devices.js"
 */
import { BlurView } from "./blur_view.js";
import { HintsView, OWN } from "./hints_view.js";
import { Levels, loudness } from "./level.js";
import { element, make, say, text } from "./page.js";
import { SettingsView } from "./settings_view.js";
import { Speaker } from "./speaker.js";

/** From which loudness on somebody speaks, and until which silence they still do: between words there are pauses. */
const SPEAKS = 0.35;
const PAUSE_MS = 700;
const STEPS = 4;

export class MediaView {
  /** @param {Devices} devices */
  constructor(devices) {
    this._devices = devices;
    this._levels = new Levels();
    this._speaker = new Speaker(devices.choice, "#tiles video");
    this._settings = new SettingsView(devices, this._speaker, this._levels);
    this._hints = new HintsView(devices, this._levels, () => this._settings.open());
    this._blur = new BlurView(devices, (words) => this._hints.tell(words));
    this._microphone = element("toggle-microphone", HTMLButtonElement);
    /** @type {Map<string, number>} When each was last heard speaking. */
    this._spoke = new Map();
    devices.addEventListener("change", () => this._levels.watch(OWN, devices.audio, true));
    this._levels.addEventListener("levels", () => this._read());
    this._speaker.addEventListener("swap", (event) => this._hints.swapped(/** @type {CustomEvent} */ (event).detail));
    document.addEventListener("keydown", (event) => this._key(event));
  }

  /** Listen to these people, and have them heard where this person chose. @param {Map<string, MediaStream>} streams */
  setStreams(streams) {
    for (const [who, stream] of streams) this._levels.watch(who, stream.getAudioTracks()[0] ?? null);
    for (const who of this._levels.names) if (who !== OWN && !streams.has(who)) this._levels.watch(who, null);
    this.refresh();
  }

  /** Somebody came or went: their pictures are new elements. */
  refresh() {
    this._speaker.apply();
  }

  /** The call is over. */
  close() {
    this._settings.close();
    this._hints.clear();
    this._levels.close();
  }

  _read() {
    const own = this._devices.microphone === "on" ? loudness(this._levels.level(OWN)) : 0;
    this._microphone.dataset.level = String(Math.round(own * STEPS));
    const now = Date.now();
    for (const video of document.querySelectorAll("#tiles video")) {
      if (!(video instanceof HTMLVideoElement)) continue;
      const who = video.dataset.participant ?? "";
      if (loudness(this._levels.level(who)) > SPEAKS) this._spoke.set(who, now);
      showSpeaking(video, now - (this._spoke.get(who) ?? 0) < PAUSE_MS);
    }
  }

  /** Ctrl+D and Ctrl+E (with the command key on a Mac), as in other meeting services. @param {KeyboardEvent} event */
  _key(event) {
    const mac = /^Mac/.test(navigator.platform);
    const held = mac ? event.metaKey && !event.ctrlKey : event.ctrlKey && !event.metaKey;
    const key = event.key.toLowerCase();
    if (!held || event.altKey || event.shiftKey || event.repeat || (key !== "d" && key !== "e")) return;
    const button = element(key === "d" ? "toggle-microphone" : "toggle-camera", HTMLButtonElement);
    // not there for who observes
    if (!button.checkVisibility()) return;
    event.preventDefault();
    if (button.disabled) return;
    button.click();
    const device = key === "d" ? "microphone" : "camera";
    this._hints.whisper(text(`${device}_${this._devices[device]}`));
  }
}

/** The outline, and a word that a screen reader finds when it reads the tile; it is not announced. @param {HTMLVideoElement} video @param {boolean} speaks */
function showSpeaking(video, speaks) {
  const tile = video.closest("figure");
  if (!tile || (tile.dataset.speaking ?? "false") === String(speaks)) return;
  tile.dataset.speaking = String(speaks);
  const known = tile.querySelector(".call-tile__speaking");
  const words = known ?? make("span", "call-tile__speaking fr-sr-only");
  if (!known) tile.querySelector("figcaption")?.append(" ", words);
  say(words, speaks ? text("speaks") : "");
}
