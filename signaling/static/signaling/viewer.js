/**
 * One document (page by page, enlarged, scrolled) or somebody's screen, beside the picture or in its place.
 *
 * @import { Transfer } from "./documents.js"
 * @import { PdfDocument } from "./pdf_view.js"
 * @import { Place } from "./protocol.js"
 */
import { element, make, say, text } from "./page.js";
import { drawPage, openPdf } from "./pdf_view.js";

const ZOOMS = [1, 1.5, 2, 3, 4];
const MARGIN = 32;

/** Events: `moved` (turned, enlarged or scrolled, by whomever), `closed` (by its user), `opened` (something new). */
export class Viewer extends EventTarget {
  constructor() {
    super();
    this._section = element("viewer", HTMLElement);
    this._page = element("viewer-page", HTMLDivElement);
    this._title = element("viewer-title", HTMLElement);
    this.sheet = element("viewer-sheet", HTMLDivElement);
    this._content = element("viewer-content", HTMLDivElement);
    /** Which document; empty for a screen, and when closed. */
    this.transfer = "";
    /** @type {MediaStream|null} */
    this.stream = null;
    this._url = "";
    /** @type {PdfDocument|null} */
    this._pdf = null;
    this.number = 1;
    this.count = 1;
    this._zoom = 1;
    this._drawing = 0;
    element("viewer-close", HTMLButtonElement).addEventListener("click", () => {
      this.close();
      this._tell("closed");
    });
    for (const [id, step] of /** @type {const} */ ([["viewer-previous", -1], ["viewer-next", 1]])) {
      element(id, HTMLButtonElement).addEventListener("click", () => void this._turn(this.number + step));
    }
    for (const [id, step] of /** @type {const} */ ([["viewer-smaller", -1], ["viewer-larger", 1]])) {
      element(id, HTMLButtonElement).addEventListener("click", () => void this._enlarge(step));
    }
    this._page.addEventListener("scroll", () => this._tell("moved"));
    new ResizeObserver(() => this._fit()).observe(this._page);
  }

  /** Where in the document its user looks. @returns {Place} */
  get place() {
    const { scrollLeft, scrollTop, scrollWidth, scrollHeight, clientWidth, clientHeight } = this._page;
    return {
      transfer: this.transfer,
      page: this.number,
      zoom: this._zoom,
      x: within(scrollLeft / Math.max(1, scrollWidth - clientWidth)),
      y: within(scrollTop / Math.max(1, scrollHeight - clientHeight)),
    };
  }

  /** Show a document. @param {Transfer} transfer @param {{place?: Place|null, focus?: boolean}} [how] */
  async open(transfer, { place = null, focus = false } = {}) {
    if (!transfer.blob) return;
    this.close();
    this._begin(transfer.name, transfer.id);
    if (focus) this._title.focus();
    try {
      if (transfer.mediaType === "application/pdf") await this._openPdf(transfer.blob, place?.page ?? 1);
      else await this._openImage(transfer.blob, transfer.name);
    } catch (error) {
      console.warn("document cannot be shown", error);
      if (this.transfer === transfer.id) {
        this._content.replaceChildren(make("p", "fr-alert fr-alert--error", text("refusal_content_refused")));
      }
      return;
    }
    if (this.transfer !== transfer.id) return;
    document.documentElement.dataset.document = transfer.sha256;
    if (place) await this.go(place);
    else this._page.scrollTo(0, 0);
  }

  /** Show a screen. @param {MediaStream} stream @param {string} title */
  openScreen(stream, title) {
    if (this.stream === stream) return;
    this.close();
    this._begin(title, "");
    this.stream = stream;
    const video = make("video", "call-viewer__screen");
    video.muted = true;
    video.autoplay = true;
    video.playsInline = true;
    video.setAttribute("aria-label", title);
    video.srcObject = stream;
    video.addEventListener("resize", () => this._fit());
    this._content.replaceChildren(video);
    void video.play().catch(() => undefined);
  }

  /** Look where somebody else looks. @param {Place} place */
  async go(place) {
    if (place.transfer !== this.transfer) return;
    if (place.zoom !== this._zoom || place.page !== this.number) {
      this._zoom = place.zoom;
      await this._draw(place.page);
    }
    const { scrollWidth, scrollHeight, clientWidth, clientHeight } = this._page;
    this._page.scrollTo(place.x * (scrollWidth - clientWidth), place.y * (scrollHeight - clientHeight));
  }

  /** Close what is shown, and give its memory back. */
  close() {
    this._section.hidden = true;
    this._content.replaceChildren();
    if (this._url) URL.revokeObjectURL(this._url);
    this._url = "";
    void this._pdf?.loadingTask.destroy();
    this._pdf = null;
    this.stream = null;
    this.transfer = "";
    this._drawing += 1;
    delete document.documentElement.dataset.document;
  }

  /** Whether its user may turn the pages. @param {boolean} allowed */
  allowTurning(allowed) {
    element("viewer-pages", HTMLDivElement).hidden = this.count < 2 || !allowed;
  }

  /** @param {string} title @param {string} transfer */
  _begin(title, transfer) {
    this.transfer = transfer;
    this.number = this.count = this._zoom = 1;
    this._title.textContent = title;
    this._section.hidden = false;
    this.allowTurning(false);
    this._fit();
    this._tell("opened");
  }

  /** @param {Blob} blob @param {string} name */
  async _openImage(blob, name) {
    this._url = URL.createObjectURL(blob);
    const image = make("img", "call-viewer__image");
    image.alt = name;
    image.src = this._url;
    image.draggable = false;
    const wanted = this._drawing;
    await image.decode();
    if (wanted === this._drawing) this._content.replaceChildren(image);
    this._fit();
  }

  /** @param {Blob} blob @param {number} number */
  async _openPdf(blob, number) {
    const wanted = this._drawing;
    const pdf = await openPdf(blob);
    if (wanted !== this._drawing) {
      void pdf.loadingTask.destroy();
      return;
    }
    this._pdf = pdf;
    this.count = pdf.numPages;
    this.allowTurning(true);
    await this._draw(number);
  }

  /** @param {number} number */
  async _turn(number) {
    if (number < 1 || number > this.count) return;
    await this._draw(number);
    this._page.scrollTo(0, 0);
    this._tell("moved");
  }

  /** @param {number} step */
  async _enlarge(step) {
    const at = ZOOMS.findIndex((zoom) => zoom >= this._zoom);
    const next = ZOOMS[Math.min(ZOOMS.length - 1, Math.max(0, at + step))] ?? 1;
    if (next === this._zoom) return;
    const place = { ...this.place, zoom: next };
    if (this.stream) {
      this._zoom = next;
      this._fit();
      return;
    }
    await this.go(place);
    this._tell("moved");
  }

  /** Draw a page of the document at the present size. @param {number} number */
  async _draw(number) {
    this.number = Math.min(this.count, Math.max(1, number));
    this._fit();
    const pdf = this._pdf;
    const wanted = ++this._drawing;
    const count = text("pageOf", { page: this.number, count: this.count });
    element("viewer-previous", HTMLButtonElement).setAttribute("aria-disabled", String(this.number === 1));
    element("viewer-next", HTMLButtonElement).setAttribute("aria-disabled", String(this.number === this.count));
    say(element("viewer-count", HTMLElement), count);
    if (!pdf) return;
    const canvas = make("canvas", "call-viewer__canvas");
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", count);
    canvas.dataset.page = String(this.number);
    await drawPage(pdf, this.number, canvas, Math.max(320, this.sheet.clientWidth));
    if (wanted === this._drawing) this._content.replaceChildren(canvas);
    this._fit();
  }

  /** As wide as there is room for; a screen is seen whole. */
  _fit() {
    const room = Math.max(1, this._page.clientWidth - MARGIN);
    const high = Math.max(1, this._page.clientHeight - MARGIN);
    const video = this._content.querySelector("video");
    const width = video?.videoHeight ? Math.min(room, (high * video.videoWidth) / video.videoHeight) : room;
    this.sheet.style.width = `${Math.floor(width * this._zoom)}px`;
    element("viewer-smaller", HTMLButtonElement).setAttribute("aria-disabled", String(this._zoom === 1));
    element("viewer-larger", HTMLButtonElement).setAttribute("aria-disabled", String(this._zoom === ZOOMS.at(-1)));
    const whole = this.sheet.offsetHeight <= high + 1 && this.sheet.offsetWidth <= room + 1;
    // a finger draws where there is nothing to scroll, and scrolls else: a touch points all the same
    this.sheet.style.touchAction = whole ? "none" : "auto";
  }

  /** @param {string} name */
  _tell(name) {
    this.dispatchEvent(new Event(name));
  }
}

/** @param {number} fraction */
function within(fraction) {
  return Math.min(1, Math.max(0, fraction));
}
