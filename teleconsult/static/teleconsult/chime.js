// Two soft notes, made here: no sound file to load. Browsers let a page sound only after a click or a key on it.

const NOTES_HZ = [659.25, 880];
const NOTE_SECONDS = 0.55;
const GAP_SECONDS = 0.18;
const LOUDNESS = 0.22;

export class Chime {
  constructor() {
    /** @type {AudioContext | null} */
    this.context = null;
  }

  /**
   * Ask the browser for sound; call it from a click or a key.
   * @returns {Promise<boolean>} whether the page may sound now
   */
  async allow() {
    try {
      this.context ??= new AudioContext();
      if (this.context.state !== "running") {
        // resume() stays pending, not refused, as long as the page may not sound.
        await Promise.race([this.context.resume(), new Promise((resolve) => setTimeout(resolve, 300))]);
      }
    } catch {
      return false;
    }
    return this.context.state === "running";
  }

  /**
   * Play the two notes.
   * @returns {Promise<boolean>} whether they could be heard
   */
  async play() {
    if (!(await this.allow()) || !this.context) return false;
    const context = this.context;
    NOTES_HZ.forEach((frequency, index) => {
      const start = context.currentTime + index * GAP_SECONDS;
      const oscillator = context.createOscillator();
      const gain = context.createGain();
      oscillator.frequency.value = frequency;
      gain.gain.setValueAtTime(0, start);
      gain.gain.linearRampToValueAtTime(LOUDNESS, start + 0.02);
      gain.gain.exponentialRampToValueAtTime(0.001, start + NOTE_SECONDS);
      oscillator.connect(gain).connect(context.destination);
      oscillator.start(start);
      oscillator.stop(start + NOTE_SECONDS);
    });
    return true;
  }
}
