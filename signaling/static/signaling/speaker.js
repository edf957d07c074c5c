/**
 * The loudspeaker: which one plays the others' voices, where the browser lets the page choose.
 *
 * @import { Choice } from "./choice.js"
 * @import { Swap } from "./devices.js"
 */

const RATE = 16_000;
const NOTES = [523.25, 659.25, 783.99];
const NOTE_SECONDS = 0.3;
const LOUDNESS = 0.4;

/** Events: `swap` Swap when the chosen loudspeaker went or came back. */
export class Speaker extends EventTarget {
  /** @param {Choice} choice @param {string} heard a selector of the elements that play the others */
  constructor(choice, heard) {
    super();
    this._choice = choice;
    this._heard = heard;
    this._name = "";
    this._away = false;
    /** @type {HTMLAudioElement|null} */
    this._trial = null;
    if (Speaker.possible) navigator.mediaDevices?.addEventListener("devicechange", () => void this._lookAgain());
  }

  /** Whether this browser lets a page choose (W3C Audio Output Devices). */
  static get possible() {
    return "setSinkId" in HTMLMediaElement.prototype;
  }

  /** The one in use; empty for the computer's own choice. */
  get id() {
    return this._away ? "" : this._choice.get("speaker");
  }

  /** Use this one from now on, and remember it. @param {string} id */
  async choose(id) {
    this._choice.set("speaker", id);
    this._away = false;
    await this._lookAgain();
  }

  /** Have every element that plays somebody's voice play it there. */
  apply() {
    if (!Speaker.possible) return;
    for (const each of document.querySelectorAll(this._heard)) {
      if (each instanceof HTMLMediaElement && each.sinkId !== this.id) void this._send(each);
    }
  }

  /** Play three notes there. @returns {Promise<boolean>} whether they could be played */
  async test() {
    this._trial?.pause();
    const trial = new Audio(URL.createObjectURL(new Blob([notes()], { type: "audio/wav" })));
    this._trial = trial;
    trial.onended = () => URL.revokeObjectURL(trial.src);
    if (Speaker.possible) await this._send(trial);
    return trial.play().then(
      () => true,
      () => false,
    );
  }

  /** @param {HTMLMediaElement} element */
  async _send(element) {
    // a device that is gone: the computer's own choice plays on
    await element.setSinkId(this.id).catch(() => element.setSinkId("").catch(() => undefined));
  }

  async _lookAgain() {
    const wanted = this._choice.get("speaker");
    const there = await navigator.mediaDevices.enumerateDevices().catch(() => []);
    const found = there.find((each) => each.kind === "audiooutput" && each.deviceId === wanted);
    const was = this._away;
    this._away = Boolean(wanted) && !found;
    this.apply();
    if (this._away !== was && this._name) this._tell(this._away ? "lost" : "back", this._name);
    this._name = found?.label ?? this._name;
  }

  /** @param {"lost"|"back"} what @param {string} name */
  _tell(what, name) {
    /** @type {Swap} */
    const swap = { kind: "speaker", what, name, by: "" };
    this.dispatchEvent(new CustomEvent("swap", { detail: swap }));
  }
}

/** Three notes as a WAV file of 16-bit samples. */
function notes() {
  const each = Math.round(RATE * NOTE_SECONDS);
  const samples = each * NOTES.length;
  const file = new DataView(new ArrayBuffer(44 + samples * 2));
  const write = (/** @type {number} */ at, /** @type {string} */ tag) =>
    [...tag].forEach((letter, index) => file.setUint8(at + index, letter.charCodeAt(0)));
  write(0, "RIFF");
  file.setUint32(4, 36 + samples * 2, true);
  write(8, "WAVEfmt ");
  file.setUint32(16, 16, true);
  file.setUint16(20, 1, true);
  file.setUint16(22, 1, true);
  file.setUint32(24, RATE, true);
  file.setUint32(28, RATE * 2, true);
  file.setUint16(32, 2, true);
  file.setUint16(34, 16, true);
  write(36, "data");
  file.setUint32(40, samples * 2, true);
  for (let index = 0; index < samples; index++) {
    const within = index % each;
    const swell = Math.min(1, within / 300, (each - within) / 1200) * LOUDNESS;
    const wave = Math.sin((2 * Math.PI * NOTES[Math.floor(index / each)] * within) / RATE);
    file.setInt16(44 + index * 2, wave * swell * 32_767, true);
  }
  return file.buffer;
}
