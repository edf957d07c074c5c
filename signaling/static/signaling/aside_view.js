/**
 * A private aside: the agent's button, and the message (seen and heard) of the citizen who waits meanwhile.
 *
 * @import { Snapshot } from "./protocol.js"
 */
import { element, say, text } from "./page.js";
import { Chime } from "./sound.js";

const REMIND_MS = 20_000;

export class AsideView {
  /** @param {(type: string, body?: object) => void} send */
  constructor(send) {
    this._button = document.getElementById("aside");
    this._message = element("held", HTMLDivElement);
    this._chime = new Chime();
    this._active = false;
    this._saidAt = 0;
    this._button?.addEventListener("click", () => send("aside", { active: !this._active }));
  }

  /** @param {Snapshot} snapshot */
  show(snapshot) {
    const { you, others, aside } = snapshot;
    this._active = aside;
    document.documentElement.dataset.aside = String(aside);
    const inCall = others.filter((p) => p.standing === "admitted");
    const possible = inCall.some((p) => p.role === "citizen") && inCall.some((p) => p.role !== "citizen");
    if (this._button) {
      this._button.hidden = you.role !== "agent" || !possible;
      this._button.setAttribute("aria-pressed", String(aside));
      const words = this._button.querySelector("span");
      if (words) say(words, text(aside ? "asideEnd" : "asideBegin"));
    }
    const held = aside && you.role === "citizen";
    if (held && this._message.hidden) this._begin();
    if (!held) this._message.hidden = true;
  }

  /** Say it again now and then: silence alone would feel like a broken line. */
  tick() {
    if (!this._message.hidden && Date.now() - this._saidAt > REMIND_MS) this._speak();
  }

  _begin() {
    this._message.hidden = false;
    say(element("held-text", HTMLElement), text("heldText"));
    this._speak();
  }

  /** Two notes, and the sentence where the browser has a voice for it. */
  _speak() {
    this._saidAt = Date.now();
    void this._chime.play();
    document.documentElement.dataset.heldChimes = String(this._chime.played);
    if (!("speechSynthesis" in window)) return;
    const words = new SpeechSynthesisUtterance(text("heldSpoken"));
    words.lang = document.documentElement.lang || "fr";
    speechSynthesis.cancel();
    speechSynthesis.speak(words);
  }

  /** The call is over: no more messages. */
  clear() {
    this._message.hidden = true;
    if ("speechSynthesis" in window) speechSynthesis.cancel();
  }
}

/**
 * Whether somebody should be heard now: between the two sides of an aside, silence is no fault.
 * @param {Snapshot} snapshot @param {{role: string}} other
 */
export function audible(snapshot, other) {
  return !snapshot.aside || (other.role === "citizen") === (snapshot.you.role === "citizen");
}
