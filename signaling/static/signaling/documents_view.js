/**
 * The list of documents, and the one that is shown beside the picture.
 *
 * @import { Documents, Transfer } from "./documents.js"
 * @import { PdfDocument } from "./pdf_view.js"
 */
import { element, make, say, text } from "./page.js";
import { drawPage, openPdf } from "./pdf_view.js";

const STATES = { waiting: "fileWaiting", sending: "fileSending", receiving: "fileReceiving", paused: "filePaused" };

/** @type {Record<string, string>} What is said when it matters how it travels. */
const BY_WEB = { sending: "fileSendingWeb", receiving: "fileReceivingWeb" };

/** @typedef {{item: HTMLLIElement, state: HTMLElement, bar: HTMLProgressElement, actions: HTMLElement}} Row */

export class DocumentsView {
  /** @param {Documents} documents @param {(participant: string) => string} nameOf */
  constructor(documents, nameOf) {
    this._documents = documents;
    this._nameOf = nameOf;
    this._list = element("documents-list", HTMLUListElement);
    this._viewer = element("viewer", HTMLElement);
    this._page = element("viewer-page", HTMLDivElement);
    /** @type {Map<string, Row>} */
    this._rows = new Map();
    this._shown = "";
    this._url = "";
    /** @type {PdfDocument|null} */
    this._pdf = null;
    this._number = 1;
    this._possible = false;
    documents.addEventListener("change", (event) => this._update(/** @type {CustomEvent} */ (event).detail));
    const input = element("file", HTMLInputElement);
    element("send-document", HTMLButtonElement).addEventListener("click", () => this._choose(input));
    input.addEventListener("change", () => {
      for (const file of input.files ?? []) void documents.send(file);
      input.value = "";
    });
    element("viewer-close", HTMLButtonElement).addEventListener("click", () => this.close());
    element("viewer-previous", HTMLButtonElement).addEventListener("click", () => void this._turn(-1));
    element("viewer-next", HTMLButtonElement).addEventListener("click", () => void this._turn(1));
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

  /** Close the document that is shown, and give its memory back. */
  close() {
    this._viewer.hidden = true;
    this._page.replaceChildren();
    if (this._url) URL.revokeObjectURL(this._url);
    this._url = "";
    void this._pdf?.loadingTask.destroy();
    this._pdf = null;
    this._shown = "";
    delete document.documentElement.dataset.document;
  }

  /** The call is over: nothing stays. */
  clear() {
    this.close();
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
      void this.show(transfer);
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
    show.addEventListener("click", () => void this.show(transfer, true));
    row.actions.append(hash, show);
  }

  /** Show a document beside the picture. @param {Transfer} transfer @param {boolean} [focus] */
  async show(transfer, focus = false) {
    if (!transfer.blob) return;
    this.close();
    this._shown = transfer.id;
    const title = element("viewer-title", HTMLElement);
    title.textContent = transfer.name;
    this._viewer.hidden = false;
    const pages = element("viewer-pages", HTMLDivElement);
    pages.hidden = true;
    try {
      if (transfer.mediaType === "application/pdf") await this._showPdf(transfer);
      else await this._showImage(transfer);
      if (this._shown === transfer.id) document.documentElement.dataset.document = transfer.sha256;
    } catch (error) {
      console.warn("document cannot be shown", error);
      if (this._shown === transfer.id) this._page.replaceChildren(make("p", "fr-alert fr-alert--error", text("refusal_content_refused")));
    }
    if (focus) title.focus();
  }

  /** @param {Transfer} transfer */
  async _showImage(transfer) {
    if (!transfer.blob) return;
    this._url = URL.createObjectURL(transfer.blob);
    const image = make("img", "call-viewer__image");
    image.alt = transfer.name;
    image.src = this._url;
    await image.decode();
    this._page.replaceChildren(image);
  }

  /** @param {Transfer} transfer */
  async _showPdf(transfer) {
    if (!transfer.blob) return;
    const pdf = await openPdf(transfer.blob);
    if (this._shown !== transfer.id) {
      void pdf.loadingTask.destroy();
      return;
    }
    this._pdf = pdf;
    this._number = 1;
    element("viewer-pages", HTMLDivElement).hidden = pdf.numPages < 2;
    await this._turn(0);
  }

  /** @param {number} step */
  async _turn(step) {
    const pdf = this._pdf;
    if (!pdf) return;
    this._number = Math.min(pdf.numPages, Math.max(1, this._number + step));
    element("viewer-previous", HTMLButtonElement).setAttribute("aria-disabled", String(this._number === 1));
    element("viewer-next", HTMLButtonElement).setAttribute("aria-disabled", String(this._number === pdf.numPages));
    const count = text("pageOf", { page: this._number, count: pdf.numPages });
    say(element("viewer-count", HTMLElement), count);
    const canvas = make("canvas", "call-viewer__canvas");
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", count);
    await drawPage(pdf, this._number, canvas, Math.max(320, this._page.clientWidth - 32));
    if (pdf === this._pdf) this._page.replaceChildren(canvas);
  }
}
