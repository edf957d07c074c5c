/**
 * The choice of microphone, camera and loudspeaker: what is chosen is used at once.
 *
 * @import { Devices, Kind } from "./devices.js"
 * @import { Levels } from "./level.js"
 */
import { ALIASES } from "./devices.js";
import { OWN } from "./hints_view.js";
import { loudness } from "./level.js";
import { element, make, say, text } from "./page.js";
import { Speaker } from "./speaker.js";
import { pickedWords } from "./trouble.js";

/** @typedef {Kind|"speaker"} Sort */
const SORTS = /** @type {const} */ ({ microphone: "audioinput", camera: "videoinput", speaker: "audiooutput" });
/** How loud a voice should come, and from where on something is heard at all (0 to 1). */
const HEARD = 0.2;
const GOOD = 0.45;
const HOLD_MS = 1_500;

export class SettingsView {
  /** @param {Devices} devices @param {Speaker} speaker @param {Levels} levels */
  constructor(devices, speaker, levels) {
    this._devices = devices;
    this._speaker = speaker;
    this._levels = levels;
    this._dialog = element("devices-dialog", HTMLDialogElement);
    this._preview = element("devices-preview", HTMLVideoElement);
    this._meter = element("devices-level", HTMLMeterElement);
    this._loudest = 0;
    this._loudestAt = 0;
    element("open-devices", HTMLButtonElement).addEventListener("click", () => this.open());
    element("devices-close", HTMLButtonElement).addEventListener("click", () => this._dialog.close());
    this._dialog.addEventListener("close", () => (this._preview.srcObject = null));
    for (const sort of /** @type {Sort[]} */ (Object.keys(SORTS))) {
      const select = this._select(sort);
      select.addEventListener("change", () => void this._choose(sort, select.value));
    }
    element("devices-speaker-group", HTMLDivElement).hidden = !Speaker.possible;
    element("devices-tone", HTMLButtonElement).addEventListener("click", () => void this._tone());
    devices.addEventListener("change", () => this._show());
    levels.addEventListener("levels", () => this._read());
    navigator.mediaDevices?.addEventListener("devicechange", () => this._show());
  }

  open() {
    say(element("devices-news", HTMLElement), "");
    if (!this._dialog.open) this._dialog.showModal();
    this._show();
  }

  /** The call is over. */
  close() {
    this._dialog.close();
  }

  /** @param {Sort} sort */
  _select(sort) {
    return element(`devices-${sort}`, HTMLSelectElement);
  }

  _show() {
    if (!this._dialog.open) return;
    const { video, camera } = this._devices;
    const shown = this._preview.srcObject instanceof MediaStream ? this._preview.srcObject.getVideoTracks()[0] : null;
    if ((shown ?? null) !== video) this._preview.srcObject = video ? new MediaStream([video]) : null;
    const trouble = this._devices.trouble.camera || "none";
    element("devices-picture", HTMLElement).dataset.camera = camera;
    say(element("devices-picture-words", HTMLElement), camera === "on" ? "" : text(camera === "off" ? "cameraOff" : `camera_${trouble}`));
    void this._list();
  }

  async _list() {
    const there = (await navigator.mediaDevices?.enumerateDevices().catch(() => [])) ?? [];
    for (const sort of /** @type {Sort[]} */ (Object.keys(SORTS))) {
      const found = there.filter((each) => each.kind === SORTS[sort] && !ALIASES.includes(each.deviceId));
      const select = this._select(sort);
      const { id, name } = this._inUse(sort, found);
      const automatic = name && !id ? text("automaticNow", { name }) : text("automatic");
      const options = [option("", automatic), ...found.map((each, index) => option(each.deviceId, each.label || `${index + 1}`))];
      // while the list is open, putting new options into it would close it
      const same = select.length === options.length && options.every((each, index) => sameOption(each, select.options[index]));
      if (!same) select.replaceChildren(...options);
      select.value = id;
    }
  }

  /** What the list shows: the device that was chosen, or else which one the computer chose. @param {Sort} sort @param {MediaDeviceInfo[]} found */
  _inUse(sort, found) {
    const used = sort === "speaker" ? { id: this._speaker.id, name: "" } : this._devices.used(sort);
    const chosen = this._devices.choice.get(sort) !== "" && found.some((each) => each.deviceId === used.id);
    return { ...used, id: chosen ? used.id : "" };
  }

  /** @param {Sort} sort @param {string} id */
  async _choose(sort, id) {
    let words = text("deviceChosen");
    if (sort === "speaker") {
      await this._speaker.choose(id);
    } else {
      const trouble = await this._devices.choose(sort, id);
      if (trouble) words = pickedWords(sort, trouble);
    }
    say(element("devices-news", HTMLElement), words);
    this._show();
  }

  async _tone() {
    const played = await this._speaker.test();
    say(element("devices-news", HTMLElement), text(played ? "tonePlayed" : "toneFailed"));
  }

  _read() {
    if (!this._dialog.open) return;
    const level = loudness(this._levels.level(OWN));
    this._meter.value = level;
    // words for the loudest of a moment: a voice has pauses, and words that flicker cannot be read
    if (level >= this._loudest || Date.now() - this._loudestAt > HOLD_MS) {
      this._loudest = level;
      this._loudestAt = Date.now();
    }
    say(element("devices-level-words", HTMLElement), text(this._words()));
  }

  _words() {
    const { microphone } = this._devices;
    if (microphone === "missing") return `microphone_${this._devices.trouble.microphone || "none"}`;
    if (this._levels.level(OWN) === null) return "levelUnknown";
    const heard = this._loudest > GOOD ? "levelGood" : this._loudest > HEARD ? "levelLow" : "levelNone";
    return microphone === "off" ? `${heard}Muted` : heard;
  }
}

/** @param {string} value @param {string} words */
function option(value, words) {
  const made = make("option", "", words);
  made.value = value;
  return made;
}

/** @param {HTMLOptionElement} one @param {HTMLOptionElement} other */
function sameOption(one, other) {
  return one.value === other.value && one.text === other.text;
}
