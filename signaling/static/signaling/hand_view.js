/**
 * Raising a hand: one's own button, and word of the others' hands.
 *
 * @import { Snapshot } from "./protocol.js"
 */
import { element, say, text } from "./page.js";

export class HandView {
  /** @param {(type: string, body?: object) => void} send */
  constructor(send) {
    this._button = element("raise-hand", HTMLButtonElement);
    this._raised = false;
    /** @type {Set<string>} */
    this._up = new Set();
    this._button.addEventListener("click", () => send("hand", { raised: !this._raised }));
  }

  /** @param {Snapshot} snapshot */
  show(snapshot) {
    const { you, others } = snapshot;
    this._raised = you.hand;
    // the agent has the floor anyway, an observer never; alone there is nobody to ask for it
    this._button.hidden = you.role === "agent" || you.role === "observer" || !others.some((p) => p.standing === "admitted");
    this._button.setAttribute("aria-pressed", String(you.hand));
    const words = this._button.querySelector("span");
    if (words) say(words, text(you.hand ? "lowerHand" : "raiseHand"));
    const up = others.filter((p) => p.hand);
    const fresh = up.find((p) => !this._up.has(p.participant));
    this._up = new Set(up.map((p) => p.participant));
    if (fresh) say(element("hand-news", HTMLElement), text("handUpOf", { name: fresh.name }));
    else if (!up.length) say(element("hand-news", HTMLElement), "");
  }
}
