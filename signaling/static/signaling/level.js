/** How loud tracks are: one analyser each, read ten times a second. No DOM; nothing leaves the page. */

const EVERY_MS = 100;
/** Nearly the whole time between two readings, at 48 kHz. */
const WINDOW = 4096;
/** What is shown as silence, in decibels below full scale. */
const FLOOR_DECIBELS = 60;

/** @typedef {{track: MediaStreamTrack, heard: MediaStreamTrack, source: AudioNode, ear: AnalyserNode}} Ear */

/** Event `levels`, ten times a second while there is a track. */
export class Levels extends EventTarget {
  constructor() {
    super();
    /** @type {AudioContext|null} */
    this._context = null;
    /** @type {Map<string, Ear>} */
    this._ears = new Map();
    /** @type {ReturnType<typeof setInterval>|undefined} */
    this._timer = undefined;
    this._samples = new Float32Array(WINDOW);
  }

  /**
   * Listen to a track from now on.
   * @param {string} name who it is @param {MediaStreamTrack|null} track null for no one any more
   * @param {boolean} [through] listen also while the track is switched off (one's own microphone, muted)
   */
  watch(name, track, through = false) {
    const known = this._ears.get(name);
    if ((known?.track ?? null) === track) return;
    if (known) this._forget(name, known);
    if (!track || track.readyState === "ended") return;
    this._context ??= new AudioContext({ latencyHint: "playback" });
    this._timer ??= setInterval(() => this._read(), EVERY_MS);
    const heard = through ? track.clone() : track;
    heard.enabled = true;
    const source = new MediaStreamAudioSourceNode(this._context, { mediaStream: new MediaStream([heard]) });
    const ear = new AnalyserNode(this._context, { fftSize: WINDOW });
    source.connect(ear);
    this._ears.set(name, { track, heard, source, ear });
  }

  /** The names that are listened to. */
  get names() {
    return [...this._ears.keys()];
  }

  /** The mean (RMS) of the newest window, 0 to 1; null while it is not known: no track, or the browser waits for a click. @param {string} name */
  level(name) {
    const ear = this._ears.get(name);
    if (!ear || this._context?.state !== "running") return null;
    ear.ear.getFloatTimeDomainData(this._samples);
    let sum = 0;
    for (const sample of this._samples) sum += sample * sample;
    return Math.sqrt(sum / WINDOW);
  }

  close() {
    clearInterval(this._timer);
    this._timer = undefined;
    for (const [name, ear] of this._ears) this._forget(name, ear);
  }

  /** @param {string} name @param {Ear} ear */
  _forget(name, ear) {
    ear.source.disconnect();
    if (ear.heard !== ear.track) ear.heard.stop();
    this._ears.delete(name);
    if (this._ears.size) return;
    clearInterval(this._timer);
    this._timer = undefined;
    void this._context?.close();
    this._context = null;
  }

  _read() {
    const context = this._context;
    // until somebody has clicked, asking again would only fill the console
    const allowed = navigator.userActivation?.hasBeenActive ?? true;
    if (context && context.state !== "running" && allowed) context.resume().catch(() => undefined);
    this.dispatchEvent(new CustomEvent("levels"));
  }
}

/** How loud something seems: 0 (silence) to 1 (full scale), even steps of decibels. @param {number|null} level */
export function loudness(level) {
  if (!level) return 0;
  return Math.max(0, Math.min(1, 1 + (20 * Math.log10(level)) / FLOOR_DECIBELS));
}
