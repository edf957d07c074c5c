/** One's own screen, chosen in the browser's own dialogue. No DOM. */

/** Event `change`: `track` is new. */
export class Screen extends EventTarget {
  constructor() {
    super();
    /** @type {MediaStreamTrack|null} */
    this.track = null;
    // whether somebody is choosing, and what they choose is wanted still
    this._asking = this._wanted = false;
  }

  /** Whether this browser can share a screen at all: telephones cannot. */
  get possible() {
    return typeof navigator.mediaDevices?.getDisplayMedia === "function";
  }

  /** Ask which screen, window or tab. Throws what the browser throws: NotAllowedError when it was refused. */
  async start() {
    if (this.track || this._asking) return;
    this._asking = this._wanted = true;
    try {
      await this._capture();
    } finally {
      this._asking = false;
    }
  }

  /** Also while somebody is choosing still: nothing is captured then. */
  stop() {
    this._wanted = false;
    if (!this.track) return;
    this.track.stop();
    this.track = null;
    this._changed();
  }

  async _capture() {
    // text has to be legible before it has to move
    const video = { frameRate: { max: 15 }, width: { max: 1920 }, height: { max: 1080 } };
    const stream = await navigator.mediaDevices.getDisplayMedia({ video, audio: false });
    const track = stream.getVideoTracks()[0] ?? null;
    if (!this._wanted) return track?.stop();
    if (track) {
      track.contentHint = "detail";
      // the browser's own button, or the window was closed
      track.addEventListener("ended", () => this.stop());
    }
    this.track = track;
    this._changed();
  }

  _changed() {
    this.dispatchEvent(new Event("change"));
  }
}
