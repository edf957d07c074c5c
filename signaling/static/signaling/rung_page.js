// An agent's board rings: a colleague asks to take over. The reason comes from the room itself and is kept nowhere else.

import { Chime } from "/static/teleconsult/chime.js";
import { EntryRefused, Wire } from "./protocol.js";

/** @import { Snapshot } from "./protocol.js" */

/** The room rings every five seconds; without any it no longer does, whatever became of the word of it. */
const SILENT_MS = 13_000;
const GO_ANYWAY_MS = 4_000;
const WATCH_MS = 1_000;

/** @template {HTMLElement} T @param {string} id @param {new () => T} kind @returns {T} */
function element(id, kind) {
  const found = document.getElementById(id);
  if (!(found instanceof kind)) throw new Error(`no ${kind.name} #${id}`);
  return found;
}

class Ring {
  constructor() {
    this._panel = element("rung", HTMLElement);
    this._chime = new Chime();
    /** @type {Wire|null} */
    this._wire = null;
    this._room = "";
    this._heardAt = 0;
    this._accepted = false;
    element("rung-accept", HTMLButtonElement).addEventListener("click", () => this._accept());
    element("rung-decline", HTMLButtonElement).addEventListener("click", () => this._decline());
    document.addEventListener("handover", (event) => this._ring(/** @type {CustomEvent} */ (event).detail));
    document.addEventListener("handover_over", (event) => {
      if (/** @type {CustomEvent} */ (event).detail.appointment === this._room && !this._accepted) this._stop();
    });
    setInterval(() => {
      if (this._room && !this._accepted && Date.now() - this._heardAt > SILENT_MS) this._stop();
    }, WATCH_MS);
  }

  /** @param {{appointment: string, reference: string}} told */
  _ring({ appointment, reference }) {
    if (this._accepted || (this._room && this._room !== appointment)) return;
    this._heardAt = Date.now();
    void this._chime.play();
    if (this._room) return;
    this._room = appointment;
    element("rung-reference", HTMLElement).textContent = reference;
    element("rung-reason", HTMLElement).textContent = "";
    this._panel.hidden = false;
    element("rung-news", HTMLElement).textContent = this._panel.dataset.news ?? "";
    this._listen();
  }

  _listen() {
    const room = this._room;
    const wire = new Wire(`/signaling/rooms/${room}`, () => ticketFor(room));
    this._wire = wire;
    wire.addEventListener("snapshot", (event) => this._show(/** @type {CustomEvent} */ (event).detail));
    wire.addEventListener("state", (event) => {
      const { state } = /** @type {CustomEvent} */ (event).detail;
      if (["ended", "refused"].includes(state) && wire === this._wire && !this._accepted) this._stop();
    });
    void wire.open();
  }

  /** @param {Snapshot} snapshot */
  _show(snapshot) {
    if (snapshot.handover) element("rung-reason", HTMLElement).textContent = snapshot.handover.reason;
    if (this._accepted && (snapshot.state === "in_call" || snapshot.handover?.state === "confirmed")) this._go();
  }

  _accept() {
    if (this._accepted) return;
    this._accepted = true;
    this._wire?.send("answer_hand_over", { accepted: true });
    setTimeout(() => this._go(), GO_ANYWAY_MS);
  }

  _decline() {
    this._wire?.send("answer_hand_over", { accepted: false });
    this._panel.hidden = true;
  }

  _go() {
    location.assign(`/call/${this._room}?as=colleague`);
  }

  _stop() {
    this._wire?.close();
    this._wire = null;
    this._room = "";
    this._panel.hidden = true;
    element("rung-news", HTMLElement).textContent = "";
  }
}

/** @param {string} room @returns {Promise<string>} */
async function ticketFor(room) {
  const headers = { Accept: "application/json" };
  const response = await fetch(`/call/${room}/ticket?as=colleague`, { method: "POST", headers });
  if (response.ok) return (await response.json()).ticket;
  if (response.status >= 500 || response.status === 429) throw new Error(`ticket: ${response.status}`);
  throw new EntryRefused("refused", "", response.status);
}

new Ring();
