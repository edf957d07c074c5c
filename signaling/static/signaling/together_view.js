/**
 * What people in a call look at together: a page that everyone has, or somebody's screen; and where they point.
 *
 * @import { Documents, Transfer } from "./documents.js"
 * @import { Place, Shown, Snapshot } from "./protocol.js"
 * @import { Viewer } from "./viewer.js"
 */
import { element, say, text } from "./page.js";
import { Marks, Pointing } from "./pointing.js";
import { Screen } from "./screen.js";

const TELL_EVERY_MS = 250;
const NEWS_MS = 15_000;

export class TogetherView {
  /**
   * @param {(type: string, body?: object) => void} send @param {Documents} documents @param {Viewer} viewer
   * @param {(track: MediaStreamTrack|null) => Promise<void>} sendScreen
   */
  constructor(send, documents, viewer, sendScreen) {
    this._send = send;
    this._documents = documents;
    this._viewer = viewer;
    this._screen = new Screen();
    this._share = document.getElementById("share-screen");
    this._showButton = element("viewer-show", HTMLButtonElement);
    this._look = element("shown-look", HTMLButtonElement);
    this._marks = new Marks(element("viewer-marks", HTMLDivElement));
    this._pointing = new Pointing(viewer.sheet, element("viewer-point", HTMLButtonElement), (x, y) => this._point(x, y));
    /** @type {Snapshot|null} */
    this._snapshot = null;
    /** @type {Shown|null} */
    this._shown = null;
    /** @type {Map<string, MediaStream>} */
    this._screens = new Map();
    this._away = false;
    this._opening = false;
    // whether the server was told of one's screen, and whether it has told so everyone
    this._said = this._confirmed = false;
    this._news = "";
    this._newsAt = 0;
    /** @type {ReturnType<typeof setTimeout>|undefined} */
    this._timer = undefined;
    this._unsaid = false;
    this._screen.addEventListener("change", () => void this._screenChanged(sendScreen));
    this._share?.addEventListener("click", () => void this._toggleScreen());
    this._showButton.addEventListener("click", () => this._toggleShow());
    this._look.addEventListener("click", () => {
      this._away = false;
      this._follow();
      element("viewer-title", HTMLElement).focus();
    });
    viewer.addEventListener("moved", () => this._moved());
    viewer.addEventListener("opened", () => this._opened());
    viewer.addEventListener("closed", () => this._closed());
    documents.addEventListener("change", (event) => {
      const { id, state } = /** @type {CustomEvent<Transfer>} */ (event).detail;
      if (state === "done" && this._shown?.place?.transfer === id) this._follow();
    });
  }

  /** Whether something is looked at together, which a new document is not to push aside. */
  get busy() {
    return this._shown !== null && !this._away;
  }

  /** @param {Snapshot} snapshot */
  show(snapshot) {
    this._snapshot = snapshot;
    const before = this._shown;
    this._shown = snapshot.state === "in_call" ? snapshot.shown : null;
    const own = this._shown !== null && this._leads && !this._shown.place;
    if (this._confirmed && !own && this._screen.track) {
      this._said = false;
      this._screen.stop();
      if (this._shown) this._tell(text("screenReplaced"));
    }
    this._confirmed = own;
    if (before && key(before) !== key(this._shown)) this._shut(before);
    if (key(before) !== key(this._shown)) this._away = false;
    if (key(before) !== key(this._shown) || before?.place?.page !== this._shown?.place?.page) this._marks.clear();
    this._follow();
  }

  /** @param {Map<string, MediaStream>} screens */
  setScreens(screens) {
    this._screens = screens;
    this._follow();
  }

  /** @param {{participant: string, x: number, y: number}} at */
  pointed({ participant, x, y }) {
    const name = this._nameOf(participant);
    if (this._together && name) this._marks.show(participant, name, x, y);
  }

  /** The server forgot what this page shows (a new session): say it again. */
  again() {
    this._confirmed = false;
    if (this._screen.track) this._send("show_screen");
    else if (this._leads && this._shown?.place) this._send("show", { place: this._viewer.place });
  }

  /** The call is over. */
  clear() {
    this._snapshot = this._shown = null;
    this._said = this._confirmed = false;
    this._screen.stop();
    this._viewer.close();
    this._draw();
  }

  /** Whether one shows oneself what is shown. */
  get _leads() {
    return this._shown !== null && this._shown.by === this._snapshot?.you.participant;
  }

  /** Whether the viewer shows what is looked at together. */
  get _together() {
    const shown = this._shown;
    if (!shown) return false;
    return shown.place ? this._viewer.transfer === shown.place.transfer : this._viewer.stream !== null;
  }

  get _may() {
    const role = this._snapshot?.you.role;
    return role !== undefined && role !== "observer" && this._snapshot?.state === "in_call";
  }

  get _company() {
    return (this._snapshot?.others ?? []).some((p) => p.standing === "admitted");
  }

  /** Look where the one looks who shows. */
  _follow() {
    if (this._shown && !this._away) this._open(this._shown);
    this._draw();
  }

  /** @param {Shown} shown */
  _open(shown) {
    this._opening = true;
    const place = shown.place;
    if (!place) {
      const stream = this._leads ? this._preview() : this._screens.get(shown.by);
      const title = this._leads ? text("yourScreen") : text("screenOf", { name: this._nameOf(shown.by) });
      if (stream) this._viewer.openScreen(stream, title);
    } else if (this._viewer.transfer !== place.transfer) {
      const transfer = this._find(place);
      if (transfer) void this._viewer.open(transfer, { place }).then(() => this._draw());
    } else if (!this._leads) {
      void this._viewer.go(place).then(() => this._draw());
    }
    this._opening = false;
  }

  /** It is over. Who showed a page keeps it, beside the picture again. @param {Shown} before */
  _shut(before) {
    if (before.place && before.by === this._snapshot?.you.participant) return;
    const same = before.place ? this._viewer.transfer === before.place.transfer : this._viewer.stream !== null;
    const inside = element("viewer", HTMLElement).contains(document.activeElement);
    if (same && !this._away) this._viewer.close();
    // the focus is not lost with what it was in
    if (same && inside) element("content", HTMLElement).focus();
  }

  _preview() {
    const track = this._screen.track;
    if (!track) return undefined;
    return this._viewer.stream?.getTracks().includes(track) ? this._viewer.stream : new MediaStream([track]);
  }

  /** @param {Place} place @returns {Transfer|undefined} */
  _find(place) {
    return this._documents.transfers.find((transfer) => transfer.id === place.transfer && transfer.blob);
  }

  /** Match buttons, words and layout with what is shown. */
  _draw() {
    const shown = this._shown;
    const together = this._together && !this._away;
    const root = document.documentElement.dataset;
    // one's own screen is large already, where it is
    if (shown && together && !(this._leads && !shown.place)) root.shown = shown.place ? "document" : "screen";
    else delete root.shown;
    const bar = element("shown", HTMLElement);
    if (Date.now() - this._newsAt > NEWS_MS) this._news = "";
    const words = [this._words(), this._news].filter(Boolean).join(" ");
    bar.hidden = !words;
    say(element("shown-news", HTMLElement), words);
    this._look.hidden = !shown || together || this._missing;
    const host = this._snapshot?.you.role === "agent";
    const stops = shown !== null && together && (this._leads || host);
    this._showButton.hidden = !(stops || (this._viewer.transfer && !together && this._may && this._company));
    say(this._showButton, text(stops ? "showEnd" : "showBegin"));
    this._pointing.allow(together && this._may);
    this._viewer.allowTurning(this._viewer.transfer !== "" && (!together || this._may));
    this._drawShare();
  }

  _drawShare() {
    if (!(this._share instanceof HTMLButtonElement)) return;
    const sharing = this._screen.track !== null;
    this._share.hidden = !sharing && !(this._may && this._company);
    this._share.setAttribute("aria-pressed", String(sharing));
    const words = this._share.querySelector("span");
    if (words) say(words, text(sharing ? "shareEnd" : "shareBegin"));
  }

  get _missing() {
    const place = this._shown?.place;
    return place !== undefined && place !== null && !this._find(place);
  }

  _words() {
    const shown = this._shown;
    if (!shown) return "";
    const name = this._nameOf(shown.by);
    if (!shown.place && this._leads) return text("youShowScreen");
    // who keeps the sound alone is sent no screen either
    if (!shown.place) return text(this._snapshot?.you.pictures ? "showsScreen" : "showsScreenUnseen", { name });
    const transfer = this._find(shown.place);
    if (!transfer) return text("showsMissing", { name });
    const { page } = this._leads && this._together ? this._viewer.place : shown.place;
    const pages = this._together && this._viewer.count < 2 ? "" : "Page";
    return text((this._leads ? "youShow" : "shows") + pages, { name, page, document: transfer.name });
  }

  /** Say something beside what is shown, for a while. @param {string} words */
  _tell(words) {
    this._news = words;
    this._newsAt = Date.now();
    this._draw();
    setTimeout(() => this._draw(), NEWS_MS + 1);
  }

  _toggleShow() {
    if (this._shown && this._together && !this._away) this._send("hide");
    else this._send("show", { place: this._viewer.place });
  }

  async _toggleScreen() {
    if (this._screen.track) return this._screen.stop();
    if (!this._screen.possible) return this._tell(text("screenImpossible"));
    try {
      await this._screen.start();
    } catch (error) {
      const refused = error instanceof DOMException && error.name === "NotAllowedError";
      this._tell(text(refused ? "screenRefused" : "screenFailed"));
    }
  }

  /** @param {(track: MediaStreamTrack|null) => Promise<void>} sendScreen */
  async _screenChanged(sendScreen) {
    const track = this._screen.track;
    await sendScreen(track);
    if (track) this._news = "";
    if (track) this._send("show_screen");
    else if (this._said) this._send("hide");
    this._said = track !== null;
    this._confirmed = false;
    this._draw();
  }

  /** Its user moved in the document: the others follow whoever leads, and whoever turns a page leads. */
  _moved() {
    const place = this._shown?.place;
    if (!place || !this._together || this._away || !this._may) return this._draw();
    if (!this._leads && this._viewer.number === place.page) return;
    this._draw();
    this._unsaid = true;
    if (this._timer === undefined) this._sayPlace();
  }

  _sayPlace() {
    this._timer = undefined;
    if (!this._unsaid || !this._together || this._away) return;
    this._unsaid = false;
    this._timer = setTimeout(() => this._sayPlace(), TELL_EVERY_MS);
    this._send("show", { place: this._viewer.place });
  }

  /** Its user opened another document by themselves. */
  _opened() {
    this._marks.clear();
    if (this._opening) return;
    if (this._shown) this._leave();
    else this._draw();
  }

  _closed() {
    if (this._shown) this._leave();
    else this._draw();
  }

  _leave() {
    this._away = true;
    this._marks.clear();
    if (this._leads && this._shown?.place) this._send("hide");
    this._draw();
  }

  /** @param {number} x @param {number} y */
  _point(x, y) {
    const you = this._snapshot?.you.participant;
    if (!you || !this._together) return;
    this._marks.show(you, text("you"), x, y);
    this._send("point", { x, y });
  }

  /** @param {string} participant */
  _nameOf(participant) {
    return this._snapshot?.others.find((p) => p.participant === participant)?.name ?? "";
  }
}

/** What tells one thing that is shown from another. @param {Shown|null} shown */
function key(shown) {
  return shown ? (shown.place?.transfer ?? `screen of ${shown.by}`) : "";
}
