/**
 * The box that blurs the background, and word when the blur ended by itself. Off until somebody ticks it; then kept in this browser.
 *
 * @import { Devices } from "./devices.js"
 */
import { Blur, canBlur } from "./blur.js";
import { element, say, text } from "./page.js";

export class BlurView {
  /** @param {Devices} devices @param {(words: string) => void} tell says something to somebody who looks elsewhere */
  constructor(devices, tell) {
    this._devices = devices;
    this._tell = tell;
    this._blur = new Blur();
    const group = document.getElementById("devices-blur-group");
    // at a kiosk there is no box, and where the browser cannot blur it stays hidden
    if (!group) return;
    const offer = () => (group.hidden = !canBlur(devices.lens));
    offer();
    devices.addEventListener("change", offer);
    this._box = element("devices-blur", HTMLInputElement);
    this._box.checked = devices.choice.get("blur") === "yes";
    this._box.addEventListener("change", () => void this._turn());
    this._blur.addEventListener("trouble", (event) => this._ended(/** @type {CustomEvent} */ (event).detail));
    this._blur.addEventListener("pace", (event) => {
      document.documentElement.dataset.blurMs = (/** @type {CustomEvent} */ (event)).detail.ms.toFixed(1);
    });
    // whether somebody counts on it: then nothing is shown without
    this._promised = this._box.checked;
    if (this._box.checked && canBlur(devices.lens)) void this._apply(true);
  }

  async _turn() {
    const on = this._box?.checked ?? false;
    this._devices.choice.set("blur", on ? "yes" : "");
    if (on) this._say("blurStarts");
    await this._apply(on);
    this._promised = this._box?.checked ?? false;
    if (!on) this._say("blurOff");
    else if (this._box?.checked) this._say("blurOn");
  }

  /** @param {boolean} on */
  async _apply(on) {
    document.documentElement.dataset.blur = String(on);
    await this._devices.setFilter(on ? (camera) => this._blur.filter(camera) : null);
  }

  /** @param {import("./blur.js").BlurTrouble} why */
  _ended(why) {
    if (!this._box?.checked) return;
    this._box.checked = false;
    // remembered all the same when it was too slow: the next time, the computer may have less to do
    if (why === "failed") this._devices.choice.set("blur", "");
    const words = `${why === "slow" ? "blurSlow" : "blurFailed"}${this._promised ? "Off" : ""}`;
    if (this._promised) this._devices.turnCameraOff();
    this._promised = false;
    void this._apply(false);
    this._say(words);
    this._tell(text(words));
  }

  /** @param {string} key */
  _say(key) {
    say(element("devices-news", HTMLElement), text(key));
  }
}
