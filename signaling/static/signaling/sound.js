/** A short chime that draws attention without alarming. No file: two tones. */

const NOTES = [659.25, 880];
const NOTE_SECONDS = 0.28;
const LOUDNESS = 0.18;

export class Chime {
  constructor() {
    /** @type {AudioContext|null} */
    this._context = null;
    this.played = 0;
  }

  /** Play it; a browser that wants a click first stays silent until there was one. */
  async play() {
    this.played += 1;
    this._context ??= new AudioContext();
    if (this._context.state === "suspended") await this._context.resume().catch(() => undefined);
    const now = this._context.currentTime;
    NOTES.forEach((frequency, index) => this._note(frequency, now + index * NOTE_SECONDS));
  }

  /** @param {number} frequency @param {number} start */
  _note(frequency, start) {
    const context = this._context;
    if (!context) return;
    const tone = new OscillatorNode(context, { type: "sine", frequency });
    const volume = new GainNode(context, { gain: 0 });
    tone.connect(volume).connect(context.destination);
    volume.gain.setValueAtTime(0, start);
    volume.gain.linearRampToValueAtTime(LOUDNESS, start + 0.03);
    volume.gain.exponentialRampToValueAtTime(0.001, start + NOTE_SECONDS * 1.8);
    tone.start(start);
    tone.stop(start + NOTE_SECONDS * 2);
  }
}
