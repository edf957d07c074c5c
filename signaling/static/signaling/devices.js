/**
 * Camera and microphone: what there is, which are used, and why one is missing. No DOM.
 *
 * @typedef {"on"|"off"|"missing"} DeviceState
 * @typedef {"microphone"|"camera"} Kind
 * @typedef {"refused"|"busy"|"none"|""} Trouble  why a device is missing: no permission, used elsewhere, not there
 * @typedef {{kind: Kind|"speaker", what: "lost"|"replaced"|"instead"|"back", name: string, by: string}} Swap
 * @typedef {{track: MediaStreamTrack, stop: () => void}} Filtered
 * @typedef {(camera: MediaStreamTrack) => Promise<Filtered>} Filter
 */
import { Choice } from "./choice.js";

/** @type {Kind[]} */
const KINDS = ["microphone", "camera"];
const ASKED = /** @type {const} */ ({ microphone: "audio", camera: "video" });
const CONSTRAINTS = {
  microphone: { echoCancellation: true, noiseSuppression: true, autoGainControl: true },
  camera: { width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 25, max: 30 } },
};

/** What Chromium lists beside the real devices: names for the system's own choice. */
export const ALIASES = ["", "default", "communications"];

/** Events: `change` when a device came, went, or was turned on or off; `swap` Swap when one took another's place by itself. */
export class Devices extends EventTarget {
  constructor() {
    super();
    this.choice = new Choice();
    /** @type {MediaStreamTrack|null} What is sent. */
    this.audio = null;
    /** @type {MediaStreamTrack|null} What is sent: the camera's picture, or what a filter makes of it. */
    this.video = null;
    /** @type {Record<Kind, MediaStreamTrack|null>} */
    this._captured = { microphone: null, camera: null };
    /** @type {Record<Kind, Trouble>} */
    this.trouble = { microphone: "", camera: "" };
    /** @type {Record<Kind, string>} Which devices these tracks come from. */
    this._ids = { microphone: "", camera: "" };
    /** @type {Record<Kind, string>} The device that was unplugged while it was in use. */
    this._lost = { microphone: "", camera: "" };
    /** @type {Filter|null} */
    this._filter = null;
    /** @type {Filtered|null} */
    this._filtered = null;
    this._muted = false;
    this._cameraOff = false;
    this._asked = false;
    this._closed = false;
    this._queue = Promise.resolve();
    navigator.mediaDevices?.addEventListener("devicechange", () => void this._inTurn(() => this._lookAgain()));
  }

  /** Open what is not open yet: both, or else each alone. */
  async open() {
    this._asked = true;
    await this._inTurn(() => this._open());
  }

  /** @returns {DeviceState} */
  get microphone() {
    if (!this._captured.microphone) return "missing";
    return this._muted ? "off" : "on";
  }

  /** @returns {DeviceState} */
  get camera() {
    if (!this._captured.camera) return "missing";
    return this._cameraOff ? "off" : "on";
  }

  /** The device that is in use: its identifier and name; empty without one. @param {Kind} kind */
  used(kind) {
    const track = this._captured[kind];
    return { id: track ? this._ids[kind] : "", name: track?.label ?? "" };
  }

  /** The camera's own track, before any filter. */
  get lens() {
    return this._captured.camera;
  }

  /**
   * Use this device from now on, and remember it.
   * @param {Kind} kind @param {string} id empty for whatever the computer uses
   * @returns {Promise<Trouble>} why it could not be: then nothing has changed
   */
  async choose(kind, id) {
    /** @type {Trouble} */
    let trouble = "";
    await this._inTurn(async () => {
      trouble = await this._capture([kind], { [kind]: id });
      if (trouble) return;
      this._lost[kind] = "";
      this.choice.set(kind, id);
    });
    return trouble;
  }

  toggleMicrophone() {
    this._muted = !this._muted;
    this._enable();
  }

  toggleCamera() {
    this._cameraOff = !this._cameraOff;
    this._enable();
  }

  /** Show nothing, before anybody sees what is no longer hidden. */
  turnCameraOff() {
    this._cameraOff = true;
    this._enable();
  }

  /** Send the camera's picture through this from now on; null sends it as it is. @param {Filter|null} filter */
  async setFilter(filter) {
    this._filter = filter;
    await this._inTurn(() => this._refilter());
  }

  close() {
    this._closed = true;
    this._filtered?.stop();
    for (const kind of KINDS) this._captured[kind]?.stop();
    this._captured = { microphone: null, camera: null };
    this.audio = this.video = this._filtered = null;
  }

  /** One thing after the other: two requests at once would fight over a device. @param {() => Promise<void>} act */
  _inTurn(act) {
    this._queue = this._queue.then(() => (this._closed ? undefined : act())).catch((error) => console.warn("devices", error));
    return this._queue;
  }

  async _open() {
    const missing = KINDS.filter((kind) => !this._captured[kind]);
    if (!missing.length) return;
    const wanted = Object.fromEntries(missing.map((kind) => [kind, this._wanted(kind)]));
    const trouble = await this._capture(missing, wanted);
    if (!trouble) return;
    for (const kind of missing) {
      this.trouble[kind] = missing.length > 1 ? await this._captureSome(kind) : await this._orAnother(kind, trouble);
    }
    this._change();
  }

  /** Open the wanted device, or else another. @param {Kind} kind */
  async _captureSome(kind) {
    const trouble = await this._capture([kind], { [kind]: this._wanted(kind) });
    return trouble ? await this._orAnother(kind, trouble) : "";
  }

  /** @param {Kind} kind @param {Trouble} trouble why the wanted one cannot be used @returns {Promise<Trouble>} */
  async _orAnother(kind, trouble) {
    if (trouble === "refused" || !this._wanted(kind)) return trouble;
    const still = await this._capture([kind], {});
    if (!still) this._tell({ kind, what: "instead", name: "", by: this.used(kind).name });
    return still;
  }

  /** @param {Kind} kind */
  _wanted(kind) {
    return this.choice.get(kind) || this._lost[kind];
  }

  /**
   * Open these together.
   * @param {Kind[]} kinds @param {Partial<Record<Kind, string>>} ids the only devices that will do
   * @returns {Promise<Trouble>}
   */
  async _capture(kinds, ids) {
    try {
      const asked = kinds.map((kind) => [
        ASKED[kind],
        { ...CONSTRAINTS[kind], ...(ids[kind] ? { deviceId: { exact: ids[kind] } } : {}) },
      ]);
      const stream = await navigator.mediaDevices.getUserMedia(Object.fromEntries(asked));
      for (const track of stream.getTracks()) await this._take(track.kind === "audio" ? "microphone" : "camera", track);
      return "";
    } catch (error) {
      return reason(error);
    }
  }

  /** @param {Kind} kind @param {MediaStreamTrack} track */
  async _take(kind, track) {
    if (this._closed) return track.stop();
    const old = this._captured[kind];
    this._captured[kind] = track;
    this._ids[kind] = await realId(track);
    this.trouble[kind] = "";
    track.onended = () => void this._inTurn(() => this._replace(kind, track));
    if (kind === "microphone") this.audio = track;
    // a picture that is to be blurred is not shown before it is
    else this.video = this._filter ? null : track;
    this._enable();
    old?.stop();
    if (kind === "camera" && this._filter) await this._refilter();
  }

  async _refilter() {
    const old = this._filtered;
    const lens = this._captured.camera;
    this._filtered = null;
    if (lens && this._filter) this._filtered = await this._filter(lens).catch(() => null);
    this.video = this._filtered?.track ?? lens;
    this._enable();
    old?.stop();
  }

  /** A device went: take another. @param {Kind} kind @param {MediaStreamTrack} track */
  async _replace(kind, track) {
    if (this._captured[kind] !== track) return;
    this._lost[kind] ||= this._ids[kind];
    this._captured[kind] = null;
    if (kind === "microphone") this.audio = null;
    else this.video = null;
    this.trouble[kind] = await this._capture([kind], {});
    const by = this.used(kind).name;
    this._change();
    // without permission any more, nothing was unplugged
    if (this.trouble[kind] !== "refused") this._tell({ kind, what: by ? "replaced" : "lost", name: track.label, by });
  }

  /** Something was plugged in or out: go back to the wanted device, fill what is missing. */
  async _lookAgain() {
    if (!this._asked) return;
    const there = await navigator.mediaDevices.enumerateDevices().catch(() => []);
    for (const kind of KINDS) {
      const wanted = this._wanted(kind);
      const found = there.find((each) => each.deviceId === wanted && each.kind === `${ASKED[kind]}input`);
      if (!wanted || !found || this.used(kind).id === wanted) continue;
      if (await this._capture([kind], { [kind]: wanted })) continue;
      this._lost[kind] = "";
      this._tell({ kind, what: "back", name: this.used(kind).name, by: "" });
    }
    await this._open();
  }

  _enable() {
    if (this.audio) this.audio.enabled = !this._muted;
    for (const track of [this._captured.camera, this.video]) if (track) track.enabled = !this._cameraOff;
    this._change();
  }

  /** @param {Swap} swap */
  _tell(swap) {
    this.dispatchEvent(new CustomEvent("swap", { detail: swap }));
  }

  _change() {
    this.dispatchEvent(new CustomEvent("change"));
  }
}

/** The device behind a track; Chromium calls the system's own choice "default", whichever it is. @param {MediaStreamTrack} track */
async function realId(track) {
  const { deviceId = "", groupId = "" } = track.getSettings();
  if (!ALIASES.includes(deviceId)) return deviceId;
  const there = await navigator.mediaDevices.enumerateDevices().catch(() => []);
  const real = there.find((each) => each.kind === "audioinput" && each.groupId === groupId && !ALIASES.includes(each.deviceId));
  return real?.deviceId ?? deviceId;
}

/** Why getUserMedia refused, by the names of W3C Media Capture and Streams. @param {unknown} error @returns {Trouble} */
function reason(error) {
  const name = error instanceof DOMException ? error.name : "";
  if (name === "NotAllowedError" || name === "SecurityError") return "refused";
  return name === "NotReadableError" || name === "AbortError" ? "busy" : "none";
}
