/**
 * Typing to each other, line by line as it is typed. Lines that are done are announced; what grows is only shown, large.
 *
 * @import { Snapshot, TextLine } from "./protocol.js"
 */
import { element, make, say, text } from "./page.js";

const SEND_EVERY_MS = 300;
/** How long a line that is done stays on the picture: it is read twice, then it uncovers the face. */
const CAPTION_MS = 15_000;

export class TextView {
  /** @param {(type: string, body?: object) => void} send */
  constructor(send) {
    this._send = send;
    this._log = element("text-lines", HTMLOListElement);
    this._caption = element("text-caption", HTMLElement);
    this._input = element("text-input", HTMLInputElement);
    this._own = "";
    this._line = 0;
    /** @type {ReturnType<typeof setTimeout>|undefined} */
    this._timer = undefined;
    /** @type {ReturnType<typeof setTimeout>|undefined} */
    this._fading = undefined;
    /** @type {Set<string>} */
    this._said = new Set();
    this._input.addEventListener("input", () => (this._timer ??= setTimeout(() => this._tell(false), SEND_EVERY_MS)));
    element("text-form", HTMLFormElement).addEventListener("submit", (event) => {
      event.preventDefault();
      if (this._input.value.trim()) this._tell(true);
    });
  }

  /** @param {Snapshot} snapshot */
  show(snapshot) {
    this._own = snapshot.you.participant;
    const company = snapshot.others.some((p) => p.standing === "admitted");
    const possible = snapshot.state === "in_call" && snapshot.you.role !== "observer" && company;
    element("text-form", HTMLFormElement).hidden = !possible;
  }

  /** @param {{whole: boolean, lines: TextLine[]}} typed */
  take({ whole, lines }) {
    if (whole) this.clear();
    for (const line of lines) {
      if (line.done) this._add(line);
      else if (line.participant !== this._own) this._grow(line);
    }
  }

  /** Nothing stays: the call is over, or everything comes anew. */
  clear() {
    this._log.replaceChildren();
    this._said.clear();
    clearTimeout(this._fading);
    this._caption.hidden = true;
  }

  /** @param {TextLine} line */
  _add(line) {
    const key = `${line.participant} ${line.line}`;
    if (this._said.has(key)) return;
    this._said.add(key);
    const own = line.participant === this._own;
    const item = make("li", "call-text__line");
    item.append(make("strong", "", text("textBy", { name: own ? text("you") : line.name })), " ", line.text);
    this._log.append(item);
    item.scrollIntoView({ block: "nearest" });
    if (!own) this._grow(line);
  }

  /** The newest line of somebody else, on the picture. @param {TextLine} line */
  _grow(line) {
    clearTimeout(this._fading);
    this._caption.hidden = !line.text;
    say(this._caption, line.text);
    if (line.done) this._fading = setTimeout(() => (this._caption.hidden = true), CAPTION_MS);
  }

  /** @param {boolean} done */
  _tell(done) {
    clearTimeout(this._timer);
    this._timer = undefined;
    this._line ||= Date.now();
    this._send("text", { line: this._line, text: this._input.value, done });
    if (!done) return;
    this._line = 0;
    this._input.value = "";
  }
}
