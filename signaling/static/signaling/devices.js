/**
 * Camera and microphone: what there is, with or without permission. No DOM.
 *
 * @typedef {"on"|"off"|"missing"} DeviceState
 */

const AUDIO = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };
const VIDEO = { width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 25, max: 30 } };

/** Event `change` when a device came, went, or was turned on or off. */
export class Devices extends EventTarget {
  constructor() {
    super();
    /** @type {MediaStreamTrack|null} */
    this.audio = null;
    /** @type {MediaStreamTrack|null} */
    this.video = null;
    this._muted = false;
    this._cameraOff = false;
    navigator.mediaDevices?.addEventListener("devicechange", () => void this._lookAgain());
  }

  /** Open what there is: both, or else each alone. */
  async open() {
    const both = await this._ask({ audio: AUDIO, video: VIDEO });
    if (both) {
      this._take(both);
      return;
    }
    for (const constraints of [{ audio: AUDIO }, { video: VIDEO }]) {
      const stream = await this._ask(constraints);
      if (stream) this._take(stream);
    }
    this._change();
  }

  /** @returns {DeviceState} */
  get microphone() {
    if (!this.audio) return "missing";
    return this._muted ? "off" : "on";
  }

  /** @returns {DeviceState} */
  get camera() {
    if (!this.video) return "missing";
    return this._cameraOff ? "off" : "on";
  }

  toggleMicrophone() {
    this._muted = !this._muted;
    if (this.audio) this.audio.enabled = !this._muted;
    this._change();
  }

  toggleCamera() {
    this._cameraOff = !this._cameraOff;
    if (this.video) this.video.enabled = !this._cameraOff;
    this._change();
  }

  close() {
    this.audio?.stop();
    this.video?.stop();
    this.audio = this.video = null;
  }

  /** @param {MediaStreamConstraints} constraints */
  async _ask(constraints) {
    try {
      return await navigator.mediaDevices.getUserMedia(constraints);
    } catch {
      return null;
    }
  }

  /** @param {MediaStream} stream */
  _take(stream) {
    for (const track of stream.getTracks()) {
      if (track.kind === "audio") {
        this.audio?.stop();
        this.audio = track;
        track.enabled = !this._muted;
      } else {
        this.video?.stop();
        this.video = track;
        track.enabled = !this._cameraOff;
      }
      track.onended = () => {
        if (track === this.audio) this.audio = null;
        if (track === this.video) this.video = null;
        this._change();
      };
    }
    this._change();
  }

  async _lookAgain() {
    if (!this.audio || !this.video) await this.open();
  }

  _change() {
    this.dispatchEvent(new CustomEvent("change"));
  }
}
