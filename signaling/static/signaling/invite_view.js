/**
 * Inviting an interpreter, an observer or a colleague by a link; and word of observers, for everybody.
 *
 * @import { Snapshot } from "./protocol.js"
 */
import { data, element, make, say, text } from "./page.js";

export class InviteView {
  /** @param {(type: string, body?: object) => void} send */
  constructor(send) {
    this._send = send;
    this._button = document.getElementById("invite");
    if (!this._button) return;
    const dialog = element("invite-dialog", HTMLDialogElement);
    this._button.addEventListener("click", () => {
      dialog.showModal();
      void this._list();
    });
    element("invite-close", HTMLButtonElement).addEventListener("click", () => dialog.close());
    element("invite-form", HTMLFormElement).addEventListener("submit", (event) => void this._make(event));
  }

  /** @param {Snapshot} snapshot */
  show(snapshot) {
    const { you, others } = snapshot;
    const observers = others.filter((p) => p.role === "observer").length;
    const notice = element("observers", HTMLElement);
    notice.hidden = you.role !== "observer" && observers === 0;
    if (!notice.hidden) say(notice, text(you.role === "observer" ? "youObserve" : "observed"));
    if (this._button) this._button.hidden = you.role !== "agent" || snapshot.state !== "in_call";
  }

  /** Those that open the call still, also from before the page was loaded anew. */
  async _list() {
    const found = await ask();
    if (!found) return;
    element("invite-list", HTMLUListElement).replaceChildren();
    for (const made of found.items) this._add(made.role, made);
  }

  /** @param {SubmitEvent} event */
  async _make(event) {
    event.preventDefault();
    const role = new FormData(/** @type {HTMLFormElement} */ (event.target)).get("role");
    const made = await ask({ method: "POST", body: JSON.stringify({ role }) });
    say(element("invite-news", HTMLElement), text(made ? "inviteMade" : "inviteFailed"));
    if (made) this._add(String(role), made);
  }

  /** @param {string} role @param {{invitation: string, url: string}} made */
  _add(role, { invitation, url }) {
    const item = make("li", "call-row");
    item.dataset.invitation = invitation;
    const field = make("input", "fr-input");
    field.readOnly = true;
    field.value = new URL(url, location.href).href;
    const name = text(`role_${role}`);
    field.setAttribute("aria-label", text("inviteLink", { name }));
    const copy = make("button", "fr-btn fr-btn--secondary", text("inviteCopy"));
    copy.type = "button";
    copy.addEventListener("click", async () => {
      field.select();
      const copied = await navigator.clipboard.writeText(field.value).then(() => true, () => false);
      say(element("invite-news", HTMLElement), text(copied ? "inviteCopied" : "inviteCopyByHand"));
    });
    const revoke = make("button", "fr-btn fr-btn--tertiary", text("inviteRevoke", { name }));
    revoke.type = "button";
    revoke.dataset.action = "revoke";
    revoke.addEventListener("click", () => {
      this._send("revoke", { invitation });
      item.remove();
      say(element("invite-news", HTMLElement), text("inviteRevoked"));
      element("invite-close", HTMLButtonElement).focus();
    });
    const actions = make("div", "call-row__actions");
    actions.append(copy, revoke);
    item.append(make("p", "call-row__name", name), field, actions);
    element("invite-list", HTMLUListElement).append(item);
  }
}

/** @param {RequestInit} [how] @returns {Promise<any>} the answer; null when there is none */
async function ask(how) {
  try {
    const headers = { "Content-Type": "application/json", Accept: "application/json" };
    const response = await fetch(data.invitationsUrl, { ...how, headers });
    return response.ok ? await response.json() : null;
  } catch {
    return null;
  }
}
