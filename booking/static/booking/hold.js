/**
 * How long a slot is still kept. Who leaves the page gives it back soon after; who comes back has it kept again.
 *
 * Whatever is shown here decides nothing: the server knows what is kept, and until when.
 */

const SECOND = 1000;
const SOON = 60;
// A page that is left says so while the next one loads: whatever comes back waits for that to have arrived.
const SETTLE_MS = 1200;

/** @template {HTMLElement} T @param {string} id @returns {T | null} */
const byId = (id) => /** @type {T | null} */ (document.getElementById(id));

/** @param {number} seconds */
const clock = (seconds) => `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;

class Hold {
  /** @param {HTMLElement} box */
  constructor(box) {
    this.box = box;
    this.text = /** @type {HTMLElement} */ (byId("hold-text"));
    this.said = /** @type {HTMLElement} */ (byId("hold-said"));
    this.longer = /** @type {HTMLButtonElement} */ (byId("hold-longer"));
    this.until = performance.now() + Number(box.dataset.seconds) * SECOND;
    this.warned = false;
    this.staying = false;
    this.longer.addEventListener("click", () => void this.keep(true));
    for (const form of document.forms) form.addEventListener("submit", () => (this.staying = true));
    window.addEventListener("pagehide", () => this.leave());
    document.addEventListener("kiosk:wipe", () => (this.staying = true));
    window.setInterval(() => this.show(), SECOND);
    window.setTimeout(() => void this.keep(false), SETTLE_MS);
    this.show();
  }

  get left() {
    return Math.max(0, Math.round((this.until - performance.now()) / SECOND));
  }

  body() {
    const extra = JSON.parse(this.box.dataset.extra || "{}");
    return new URLSearchParams({ ...extra, seconds: String(this.left) });
  }

  leave() {
    const { away } = this.box.dataset;
    if (away && !this.staying && this.left) navigator.sendBeacon(away, this.body());
  }

  /** Ask for it to be kept, again or longer. @param {boolean} longer */
  async keep(longer) {
    const body = this.body();
    if (longer) body.set("longer", "1");
    const answer = await fetch(this.box.dataset.keep ?? "", { method: "POST", body, headers: { Accept: "application/json" } }).catch(
      () => undefined,
    );
    if (!answer) return;
    if (answer.ok) {
      const { seconds } = /** @type {{seconds: number}} */ (await answer.json());
      this.until = performance.now() + seconds * SECOND;
      this.warned = false;
      if (longer && seconds) this.said.textContent = this.said.dataset.again ?? "";
    } else if (answer.status === 409) {
      this.until = performance.now();
      this.text.dataset.gone = this.text.dataset.lost;
    }
    this.show();
  }

  show() {
    const { left } = this;
    this.box.classList.toggle("hold--soon", left > 0 && left <= SOON);
    this.box.classList.toggle("hold--gone", left === 0);
    this.longer.hidden = left > SOON;
    const pattern = (left ? this.text.dataset.left : this.text.dataset.gone) ?? "";
    this.text.textContent = pattern.replace("{time}", clock(left));
    if (left > SOON || this.warned) return;
    this.warned = true;
    this.said.textContent = left ? (this.said.dataset.soon ?? "").replace("{time}", clock(left)) : this.text.textContent;
  }
}

const box = byId("hold");
if (box) new Hold(box);
