/**
 * The list of documents; the newest is shown beside the picture.
 *
 * @import { Documents, Transfer } from "./documents.js"
 * @import { Viewer } from "./viewer.js"
 */
import { element, make, say, text } from "./page.js";

const STATES = { waiting: "fileWaiting", sending: "fileSending", receiving: "fileReceiving", paused: "filePaused" };

/** @type {Record<string, string>} What is said when it matters how it travels. */
const BY_WEB = { sending: "fileSendingWeb", receiving: "fileReceivingWeb" };

/** @typedef {{item: HTMLLIElement, state: HTMLElement, bar: HTMLProgressElement, actions: HTMLElement}} Row */

export class DocumentsView {
  /**
   * @param {Documents} documents @param {Viewer} viewer @param {(participant: string) => string} nameOf
   * @param {() => boolean} busy whether something is looked at that a new document is not to push aside
   */
  constructor(documents, viewer, nameOf, busy) {
    this._documents = documents;
    this._viewer = viewer;
    this._busy = busy;
    this._nameOf = nameOf;
    this._list = element("documents-list", HTMLUListElement);
    /** @type {Map<string, Row>} */
    this._rows = new Map();
    this._possible = false;
    documents.addEventListener("change", (event) => this._update(/** @type {CustomEvent} */ (event).detail));
    const input = element("file", HTMLInputElement);
    element("send-document", HTMLButtonElement).addEventListener("click", () => this._choose(input));
    input.addEventListener("change", () => {
      for (const file of input.files ?? []) void documents.send(file);
      input.value = "";
    });
  }

  /** @param {boolean} possible */
  setSending(possible) {
    // not `disabled`: that takes the focus away, and the next Enter of whoever was on the button is lost
    element("send-document", HTMLButtonElement).setAttribute("aria-disabled", String(!possible));
    this._possible = possible;
  }

  /** @param {HTMLInputElement} input */
  _choose(input) {
    if (this._possible) input.click();
    else say(element("documents-news", HTMLElement), text("refusal_nobody_there"));
  }

  /** The call is over: nothing stays. */
  clear() {
    this._viewer.close();
    this._documents.clear();
    this._list.replaceChildren();
    this._rows.clear();
  }

  /** @param {Transfer} transfer */
  _update(transfer) {
    let row = this._rows.get(transfer.id);
    const before = row?.item.dataset.state;
    if (!row) {
      row = this._add(transfer);
      this._rows.set(transfer.id, row);
    }
    row.item.dataset.state = transfer.state;
    row.item.dataset.sha256 = transfer.sha256;
    row.item.dataset.way = transfer.web ? "web" : "channel";
    row.bar.value = transfer.size ? transfer.reached / transfer.size : 0;
    row.bar.hidden = transfer.state === "done" || transfer.state === "failed";
    say(row.state, this._stateText(transfer));
    if (before === transfer.state) return;
    this._showActions(transfer, row);
    if (transfer.state === "done" && transfer.direction === "in") {
      say(element("documents-news", HTMLElement), text("fileNew", { name: transfer.name }));
      if (!this._busy()) void this._viewer.open(transfer);
    } else if (transfer.state === "done" || transfer.state === "failed") {
      say(element("documents-news", HTMLElement), `${transfer.name}: ${this._stateText(transfer)}`);
    }
  }

  /** @param {Transfer} transfer */
  _stateText(transfer) {
    if (transfer.state === "failed") return text(`refusal_${transfer.code}`);
    if (transfer.state === "done") return text(transfer.direction === "in" ? "fileDone" : "fileSent");
    if (transfer.web && transfer.state in BY_WEB) return text(BY_WEB[transfer.state]);
    return text(STATES[transfer.state]);
  }

  /** @param {Transfer} transfer @returns {Row} */
  _add(transfer) {
    const item = make("li", "call-row");
    item.dataset.transfer = transfer.id;
    item.dataset.direction = transfer.direction;
    item.dataset.name = transfer.name;
    const from = transfer.direction === "in" ? text("fileFrom", { name: this._nameOf(transfer.from) }) : text("fileFromYou");
    const state = make("p", "call-row__hint call-row__state");
    const bar = make("progress", "call-row__progress");
    bar.max = 1;
    bar.setAttribute("aria-label", transfer.name);
    const actions = make("div", "call-row__actions");
    item.append(make("p", "call-row__name", transfer.name), make("p", "call-row__hint", from), state, bar, actions);
    this._list.append(item);
    return { item, state, bar, actions };
  }

  /** @param {Transfer} transfer @param {Row} row */
  _showActions(transfer, row) {
    row.actions.replaceChildren();
    if (transfer.state === "failed") return;
    if (transfer.state !== "done") {
      const stop = make("button", "fr-btn fr-btn--tertiary");
      stop.textContent = text(transfer.direction === "in" ? "fileDecline" : "fileCancel", { name: transfer.name });
      stop.type = "button";
      stop.dataset.action = "cancel";
      stop.addEventListener("click", () => this._documents.cancel(transfer.id));
      row.actions.append(stop);
      return;
    }
    const hash = make("p", "call-row__hash", text("fileHash", { hash: transfer.sha256 }));
    const show = make("button", "fr-btn fr-btn--secondary", text("fileShow", { name: transfer.name }));
    show.type = "button";
    show.dataset.action = "show";
    show.addEventListener("click", () => void this._viewer.open(transfer, { focus: true }));
    row.actions.append(hash, show);
  }
}
