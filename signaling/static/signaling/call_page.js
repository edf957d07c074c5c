/**
 * The page of a call: puts the wire, the media, the documents and what is seen of them together.
 *
 * @import { Snapshot, WireState } from "./protocol.js"
 */
import { Call } from "./call.js";
import { bindDevices, bindFullScreen, bindHangUp, bindHelp } from "./controls.js";
import { Devices } from "./devices.js";
import { Documents } from "./documents.js";
import { DocumentsView } from "./documents_view.js";
import { data, element, say, text } from "./page.js";
import { EntryRefused, Wire } from "./protocol.js";
import { StageView } from "./stage_view.js";
import { WaitingView } from "./waiting_view.js";

const LEAVE_AFTER_MS = 3_000;
const TICK_MS = 1_000;

class CallPage {
  constructor() {
    this._wire = new Wire(data.socketUrl, requestTicket);
    this._call = new Call(this._wire);
    this._devices = new Devices();
    this._documents = new Documents({ maxBytes: data.maxDocumentBytes, types: data.documentTypes });
    this._stage = new StageView();
    this._waiting = new WaitingView(data.role === "agent", (participant) => this._wire.send("admit", { participant }));
    this._papers = new DocumentsView(this._documents, (participant) => this._nameOf(participant));
    /** @type {Snapshot|null} */
    this._snapshot = null;
    this._pathUp = false;
    this._startedAt = 0;
    this._leaving = false;
  }

  start() {
    this._listen();
    bindDevices(this._devices);
    bindFullScreen();
    bindHelp();
    bindHangUp(() => this._hangUp());
    this._waiting.listen();
    window.addEventListener("online", () => {
      this._wire.hurry();
      this._call.renew();
    });
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "visible") this._wire.hurry();
    });
    setInterval(() => this._tick(), TICK_MS);
    void this._wire.open();
    void this._devices.open();
    void keepAwake();
  }

  _listen() {
    on(this._wire, "state", ({ state, code }) => this._wireState(state, code));
    on(this._wire, "welcome", () => this._tellMedia());
    on(this._wire, "snapshot", (snapshot) => this._show(snapshot));
    on(this._call, "streams", (streams) => this._stage.setStreams(streams));
    on(this._call, "channel", (channel) => this._documents.use(channel));
    on(this._call, "path", (path) => {
      this._pathUp = path === "up";
      this._showState();
    });
    this._devices.addEventListener("change", () => {
      void this._call.setTracks(this._devices.audio, this._devices.video);
      this._tellMedia();
    });
  }

  _tellMedia() {
    const { microphone, camera } = this._devices;
    this._wire.send("media", { microphone, camera });
  }

  /** @param {Snapshot} snapshot */
  _show(snapshot) {
    this._snapshot = snapshot;
    if (snapshot.call_seconds !== null && !this._startedAt) this._startedAt = Date.now() - snapshot.call_seconds * 1000;
    const inCall = snapshot.others.filter((p) => p.standing === "admitted");
    this._stage.show(snapshot.state === "in_call" ? inCall : []);
    this._waiting.show(snapshot);
    this._papers.setSending(snapshot.state === "in_call" && inCall.length > 0);
    this._call.expectMedia(inCall.some((p) => p.connected && p.microphone !== "missing"));
    this._showState();
  }

  /** @param {WireState} state @param {string} code */
  _wireState(state, code) {
    if (state === "ended") this._over("ended", text("ended"), true);
    else if (state === "superseded") this._over("superseded", text("superseded"), false);
    else if (state === "refused") this._over("refused", code ? `${text("refused")} (${code})` : text("refused"), false);
    else this._showState();
  }

  _showState() {
    const root = document.documentElement.dataset;
    const wire = this._wire.state;
    if (wire !== "open" && wire !== "connecting" && wire !== "reconnecting") return;
    const snapshot = this._snapshot;
    if (wire === "reconnecting") {
      root.callState = snapshot ? "reconnecting" : "connecting";
      this._status(text(this._wire.why || (snapshot ? "reconnecting" : "connecting")));
    } else if (!snapshot || wire === "connecting") {
      this._status(text("connecting"));
    } else if (snapshot.state === "lobby") {
      root.callState = "lobby";
      this._status(text("lobby"));
    } else if (!this._pathUp) {
      root.callState = this._startedAt ? "reconnecting" : "connecting";
      this._status(text(this._startedAt ? "mediaReconnecting" : "connecting"));
    } else {
      root.callState = "connected";
      const others = snapshot.others.some((p) => p.standing === "admitted" && p.connected);
      this._status(text(others ? "connected" : "alone"));
    }
  }

  /** @param {string} words */
  _status(words) {
    say(element("call-status", HTMLElement), words);
  }

  _tick() {
    this._waiting.tick();
    if (!this._startedAt || this._leaving) return;
    const seconds = Math.floor((Date.now() - this._startedAt) / 1000);
    const clock = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
    say(element("call-time", HTMLElement), clock);
  }

  _hangUp() {
    this._wire.send(data.role === "agent" ? "end" : "leave");
    // an unreachable server must not keep anybody: it ends the session by itself after a minute
    setTimeout(() => this._wire.close(), LEAVE_AFTER_MS);
  }

  /** @param {string} state @param {string} words @param {boolean} goOn */
  _over(state, words, goOn) {
    if (this._leaving) return;
    this._leaving = true;
    this._call.close();
    this._devices.close();
    this._papers.clear();
    this._stage.show([]);
    document.documentElement.dataset.callState = state;
    element("lobby", HTMLDivElement).hidden = true;
    element("over", HTMLDivElement).hidden = false;
    say(element("over-text", HTMLElement), words);
    this._status(words);
    for (const button of document.querySelectorAll(".call-controls button")) {
      if (button instanceof HTMLButtonElement) button.disabled = true;
    }
    if (document.fullscreenElement) void document.exitFullscreen();
    const link = element("over-link", HTMLAnchorElement);
    link.hidden = state === "superseded";
    if (goOn) setTimeout(() => location.replace(data.afterUrl), LEAVE_AFTER_MS);
    else if (!link.hidden) link.focus();
  }

  /** @param {string} participant */
  _nameOf(participant) {
    return this._snapshot?.others.find((p) => p.participant === participant)?.name ?? "";
  }
}

/** Ask for a ticket to the socket. @returns {Promise<string>} */
async function requestTicket() {
  const response = await fetch(data.ticketUrl, { method: "POST", headers: { Accept: "application/json" } });
  if (response.ok) return (await response.json()).ticket;
  if (response.status >= 500 || response.status === 429) throw new Error(`ticket: ${response.status}`);
  const problem = await response.json().catch(() => ({}));
  throw new EntryRefused(problem.code ?? "refused", problem.detail ?? "", response.status);
}

/** Keep the screen on while the call lasts, where the browser can. */
async function keepAwake() {
  try {
    await navigator.wakeLock?.request("screen");
  } catch {
    // a battery saver may refuse: the call goes on all the same
  }
}

/** @param {EventTarget} target @param {string} name @param {(detail: any) => void} handler */
function on(target, name, handler) {
  target.addEventListener(name, (event) => handler(/** @type {CustomEvent} */ (event).detail));
}

new CallPage().start();
