/**
 * How good everyone's connection is: three bars and a word for each person, a sentence when something is wrong; and the
 * button that keeps the sound alone.
 *
 * @import { Connection, Participant, Snapshot } from "./protocol.js"
 */
import { element, make, say, text } from "./page.js";
import { Announcer, barsOf, closed, whatIsWrong } from "./quality.js";

const BARS = 3;

export class QualityView {
  /** @param {(type: string, body?: object) => void} send @param {() => void} changed pictures are wanted, or no longer */
  constructor(send, changed) {
    this._send = send;
    this._changed = changed;
    this._button = element("sound-only", HTMLButtonElement);
    this._news = element("quality-news", HTMLElement);
    this._self = element("self-quality", HTMLElement);
    this._announcer = new Announcer((sentence) => this._tell(sentence));
    /** @type {Map<string, Connection>} */
    this._connections = new Map();
    /** @type {Snapshot|null} */
    this._snapshot = null;
    /** Whether pictures are sent and received. */
    this.pictures = true;
    this._button.addEventListener("click", () => this._toggle());
  }

  /** A new socket: the server may not know any more. */
  welcome() {
    if (!this.pictures) this._send("pictures", { wanted: false });
  }

  /** @param {{connections: Connection[]}} told */
  take({ connections }) {
    this._connections = new Map(connections.map((each) => [each.participant, each]));
    this._paint();
  }

  /** After the tiles are there. @param {Snapshot} snapshot */
  show(snapshot) {
    this._snapshot = snapshot;
    this._button.hidden = snapshot.state !== "in_call";
    this._paint();
  }

  tick() {
    this._announcer.tick(Date.now());
  }

  /** The call is over. */
  clear() {
    this._snapshot = null;
    this._tell(null);
  }

  _toggle() {
    this.pictures = !this.pictures;
    document.documentElement.dataset.pictures = this.pictures ? "on" : "off";
    this._button.setAttribute("aria-pressed", String(!this.pictures));
    const words = this._button.querySelector("span");
    if (words) say(words, text(this.pictures ? "soundOnly" : "picturesBack"));
    this._send("pictures", { wanted: this.pictures });
    this._changed();
    this._paint();
  }

  _paint() {
    const snapshot = this._snapshot;
    if (!snapshot) return;
    const own = this._connections.get(snapshot.you.participant);
    paintBars(this._self, own, own ? text(`own_${own.level}`) : "");
    if (own && closed(own)) this._self.append(make("span", "call-quality__more", text("ownClosed")));
    for (const who of snapshot.others) {
      const tile = document.querySelector(`.call-tile:has(video[data-participant="${CSS.escape(who.participant)}"])`);
      if (tile instanceof HTMLElement) this._paintTile(tile, who, own);
    }
    this._announcer.want(whatIsWrong(snapshot, this._connections), Date.now());
  }

  /** @param {HTMLElement} tile @param {Participant} who @param {Connection|undefined} own */
  _paintTile(tile, who, own) {
    const theirs = who.connected ? this._connections.get(who.participant) : undefined;
    const state = !this.pictures ? "off" : own?.pictures_paused ? "paused" : !who.pictures ? "none" : "on";
    tile.dataset.pictures = state;
    const words = { off: "youSoundOnly", paused: "picturesPaused", none: "theySoundOnly", on: "" }[state];
    say(part(tile, ".call-tile__note", "p"), words ? text(words, { name: who.name }) : "");
    const quality = part(tile.querySelector("figcaption") ?? tile, ".call-quality", "span");
    paintBars(quality, theirs, theirs ? text(`line_${theirs.level}`) : "");
    if (theirs?.pictures_paused) quality.append(make("span", "call-quality__more", text("theyDoNotSee")));
  }

  /** @param {import("./quality.js").Sentence|null} sentence */
  _tell(sentence) {
    this._news.hidden = !sentence;
    this._news.dataset.kind = sentence?.key ?? "";
    say(this._news, sentence ? text(sentence.key, { name: sentence.name }) : "");
  }
}

/** Return a part of a tile, made when it is not there yet. @param {Element} whole @param {string} selector @param {"p"|"span"} tag */
function part(whole, selector, tag) {
  const found = whole.querySelector(`:scope > ${selector}`);
  if (found instanceof HTMLElement) return found;
  const made = make(tag, selector.slice(1));
  whole.append(made);
  return made;
}

/** @param {HTMLElement} where @param {Connection|undefined} connection @param {string} words */
function paintBars(where, connection, words) {
  where.dataset.level = connection?.level ?? "";
  if (!connection) return where.replaceChildren();
  const bars = make("span", "call-bars");
  bars.setAttribute("aria-hidden", "true");
  bars.dataset.full = String(barsOf(connection.level));
  for (let bar = 0; bar < BARS; bar++) {
    bars.append(make("span", bar < barsOf(connection.level) ? "call-bars__bar call-bars__bar--full" : "call-bars__bar"));
  }
  where.replaceChildren(bars, make("span", "call-quality__words", words));
}
