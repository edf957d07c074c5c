/**
 * Passing the citizen on: the agent asks a colleague; one who is asked from within the call answers here.
 *
 * @import { Handover, Snapshot } from "./protocol.js"
 */
import { data, element, make, say, text } from "./page.js";

/** @typedef {{participant: string, name: string, busy: boolean}} Colleague */

/** What the agent is told of the newest one; `confirmed` needs no words: the colleague is seen. */
const WORDS = {
  asked: "handoverAsked", accepted: "handoverAccepted", confirmed: "handoverAccepted", declined: "handoverDeclined",
  unanswered: "handoverUnanswered", withdrawn: "handoverWithdrawn", failed: "handoverFailed",
};

export class HandoverView {
  /** @param {(type: string, body?: object) => void} send */
  constructor(send) {
    this._send = send;
    /** @type {Map<string, string>} */
    this._names = new Map();
    this._button = document.getElementById("hand-over");
    if (!this._button) return;
    this._dialog = element("hand-over-dialog", HTMLDialogElement);
    this._button.addEventListener("click", () => void this._open());
    element("hand-over-form", HTMLFormElement).addEventListener("submit", (event) => this._ask(event));
    element("hand-over-cancel", HTMLButtonElement).addEventListener("click", () => this._dialog?.close());
    element("hand-over-withdraw", HTMLButtonElement).addEventListener("click", () => send("withdraw_hand_over"));
    for (const accepted of [true, false]) {
      const button = element(accepted ? "rung-accept" : "rung-decline", HTMLButtonElement);
      button.addEventListener("click", () => send("answer_hand_over", { accepted }));
    }
  }

  /** @param {Snapshot} snapshot */
  show(snapshot) {
    if (!this._button) return;
    const { you, handover } = snapshot;
    const citizen = snapshot.others.some((p) => p.role === "citizen" && p.standing === "admitted");
    this._button.hidden = you.role !== "agent" || !citizen;
    for (const other of snapshot.others) this._names.set(other.participant, other.name);
    this._showAsked(handover && handover.by === you.participant ? handover : null);
    this._showRung(handover && handover.colleague === you.participant ? handover : null);
  }

  /** @param {Handover|null} handover */
  _showAsked(handover) {
    const panel = element("hand-over-state", HTMLElement);
    const appears = panel.hidden && handover !== null;
    panel.hidden = !handover;
    if (appears) panel.scrollIntoView({ block: "nearest" });
    document.documentElement.dataset.handover = handover?.state ?? "";
    if (!handover) return;
    const name = this._names.get(handover.colleague) ?? text("aColleague");
    say(element("hand-over-words", HTMLElement), text(WORDS[handover.state], { name }));
    element("hand-over-withdraw", HTMLButtonElement).hidden = !["asked", "accepted"].includes(handover.state);
  }

  /** @param {Handover|null} handover */
  _showRung(handover) {
    const open = handover !== null && ["asked", "accepted"].includes(handover.state);
    element("rung", HTMLElement).hidden = !open;
    if (open) say(element("rung-reason", HTMLElement), handover.reason);
  }

  async _open() {
    const list = element("hand-over-colleagues", HTMLDivElement);
    list.replaceChildren(make("p", "", text("connecting")));
    this._allow(false);
    this._dialog?.showModal();
    const colleagues = await fetchColleagues();
    list.replaceChildren(...(colleagues ?? []).map((each, index) => this._choice(each, index === 0)));
    if (colleagues?.length) this._allow(true);
    else list.append(make("p", "", text(colleagues ? "noColleague" : "colleaguesFailed")));
  }

  /** @param {boolean} possible */
  _allow(possible) {
    element("hand-over-ask", HTMLButtonElement).setAttribute("aria-disabled", String(!possible));
  }

  /** @param {Colleague} colleague @param {boolean} first */
  _choice(colleague, first) {
    this._names.set(colleague.participant, colleague.name);
    const group = make("div", "fr-radio-group");
    const radio = make("input");
    radio.type = "radio";
    radio.name = "colleague";
    radio.value = colleague.participant;
    radio.id = `colleague-${colleague.participant}`;
    radio.checked = first;
    const state = text(colleague.busy ? "colleagueBusy" : "colleagueFree");
    const label = make("label", "fr-label", `${colleague.name} (${state})`);
    label.htmlFor = radio.id;
    group.append(radio, label);
    return group;
  }

  /** @param {SubmitEvent} event */
  _ask(event) {
    event.preventDefault();
    const form = /** @type {HTMLFormElement} */ (event.target);
    const values = new FormData(form);
    const colleague = values.get("colleague");
    const reason = String(values.get("reason") ?? "").trim();
    if (!colleague || !reason) return;
    this._send("hand_over", { colleague, reason, stays: values.has("stays") });
    form.reset();
    this._dialog?.close();
  }
}

/** @returns {Promise<Colleague[]|null>} null when they could not be had */
async function fetchColleagues() {
  try {
    const response = await fetch(data.colleaguesUrl, { headers: { Accept: "application/json" } });
    return response.ok ? (await response.json()).items : null;
  } catch {
    return null;
  }
}
