/** Pointing at what is shown: with a finger, a mouse or the arrow keys; and where others point, with their names. */
import { make } from "./page.js";

const SEND_EVERY_MS = 70;
const FADES_AFTER_MS = 3_000;
const GONE_AFTER_MS = 4_000;
const STEP = 0.02;
const LEAP = 0.1;
/** @type {Record<string, [number, number]>} */
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

/** The marks on a sheet; they fade by themselves. */
export class Marks {
  /** @param {HTMLElement} layer lies over the sheet, as large as it is */
  constructor(layer) {
    this._layer = layer;
    /** @type {Map<string, {mark: HTMLElement, timers: ReturnType<typeof setTimeout>[]}>} */
    this._marks = new Map();
  }

  /** @param {string} participant @param {string} name @param {number} x @param {number} y fractions of the sheet */
  show(participant, name, x, y) {
    let found = this._marks.get(participant);
    if (!found) {
      const mark = make("span", "call-mark");
      mark.dataset.participant = participant;
      mark.append(make("span", "call-mark__dot"), make("span", "call-mark__name", name));
      this._layer.append(mark);
      found = { mark, timers: [] };
      this._marks.set(participant, found);
    }
    found.timers.forEach(clearTimeout);
    const { mark } = found;
    mark.dataset.faded = "false";
    mark.style.left = `${x * 100}%`;
    mark.style.top = `${y * 100}%`;
    // the name stays on the sheet
    mark.dataset.side = x > 0.7 ? "left" : "right";
    found.timers = [
      setTimeout(() => (mark.dataset.faded = "true"), FADES_AFTER_MS),
      setTimeout(() => this._remove(participant), GONE_AFTER_MS),
    ];
  }

  clear() {
    for (const participant of [...this._marks.keys()]) this._remove(participant);
  }

  /** @param {string} participant */
  _remove(participant) {
    const found = this._marks.get(participant);
    found?.timers.forEach(clearTimeout);
    found?.mark.remove();
    this._marks.delete(participant);
  }
}

/** Calls `onPoint(x, y)`, some fifteen times a second at most, the newest always. */
export class Pointing {
  /**
   * @param {HTMLElement} sheet @param {HTMLButtonElement} button takes the arrow keys while it is pressed
   * @param {(x: number, y: number) => void} onPoint
   */
  constructor(sheet, button, onPoint) {
    this._sheet = sheet;
    this._button = button;
    this._onPoint = onPoint;
    this._allowed = false;
    this._x = this._y = 0.5;
    this._pressed = false;
    /** @type {ReturnType<typeof setTimeout>|undefined} */
    this._timer = undefined;
    this._waits = false;
    sheet.addEventListener("pointerdown", (event) => this._down(event));
    sheet.addEventListener("pointermove", (event) => {
      if (this._pressed) this._at(event);
    });
    for (const end of ["pointerup", "pointercancel"]) sheet.addEventListener(end, () => (this._pressed = false));
    button.addEventListener("click", () => this._switch(button.getAttribute("aria-pressed") !== "true"));
    button.addEventListener("keydown", (event) => this._key(event));
    button.addEventListener("blur", () => this._switch(false));
  }

  /** @param {boolean} allowed */
  allow(allowed) {
    this._allowed = allowed;
    this._sheet.dataset.pointing = String(allowed);
    this._button.hidden = !allowed;
    if (!allowed) this._switch(false);
  }

  /** @param {PointerEvent} event */
  _down(event) {
    if (!this._allowed || event.button !== 0) return;
    this._pressed = true;
    if (event.pointerType === "mouse") this._sheet.setPointerCapture(event.pointerId);
    this._at(event);
  }

  /** @param {PointerEvent} event */
  _at(event) {
    const { left, top, width, height } = this._sheet.getBoundingClientRect();
    this._move((event.clientX - left) / (width || 1), (event.clientY - top) / (height || 1));
  }

  /** @param {boolean} on */
  _switch(on) {
    this._button.setAttribute("aria-pressed", String(on));
    if (!on) return;
    const sheet = this._sheet.getBoundingClientRect();
    const view = (this._sheet.parentElement ?? this._sheet).getBoundingClientRect();
    const middle = (view.top + view.bottom) / 2;
    this._move(0.5, (middle - sheet.top) / (sheet.height || 1));
  }

  /** @param {KeyboardEvent} event */
  _key(event) {
    const arrow = ARROWS[event.key];
    if (this._button.getAttribute("aria-pressed") !== "true") return;
    if (event.key === "Escape") this._switch(false);
    if (!arrow) return;
    event.preventDefault();
    const step = event.shiftKey ? LEAP : STEP;
    this._move(this._x + arrow[0] * step, this._y + arrow[1] * step);
  }

  /** @param {number} x @param {number} y */
  _move(x, y) {
    this._x = Math.min(1, Math.max(0, x));
    this._y = Math.min(1, Math.max(0, y));
    this._waits = true;
    if (this._timer === undefined) this._say();
  }

  _say() {
    this._timer = undefined;
    if (!this._waits || !this._allowed) return;
    this._waits = false;
    this._timer = setTimeout(() => this._say(), SEND_EVERY_MS);
    this._onPoint(this._x, this._y);
  }
}
