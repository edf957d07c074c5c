/**
 * The page of a call: puts the wire, the media, the documents and what is seen of them together.
 *
 * @import { Participant, Snapshot, WireState } from "./protocol.js"
 */
import { Keyboard } from "/static/teleconsult/keyboard.js";
import { AsideView, audible } from "./aside_view.js";
import { Call } from "./call.js";
import { bindDevices, bindFullScreen, bindHangUp, bindHelp, labelHangUp } from "./controls.js";
import { Devices } from "./devices.js";
import { Documents } from "./documents.js";
import { DocumentsView } from "./documents_view.js";
import { HandView } from "./hand_view.js";
import { HandoverView } from "./handover_view.js";
import { InviteView } from "./invite_view.js";
import { MediaView } from "./media_view.js";
import { data, element, say, text } from "./page.js";
import { EntryRefused, Wire } from "./protocol.js";
import { QualityView } from "./quality_view.js";
import { StageView } from "./stage_view.js";
import { TextView } from "./text_view.js";
import { TogetherView } from "./together_view.js";
import { Viewer } from "./viewer.js";
import { WaitingView } from "./waiting_view.js";
import { WebWay } from "./web_way.js";

const LEAVE_AFTER_MS = 3_000;
const TICK_MS = 1_000;
const GREET_MS = 15_000;
const CLOSED_MS = 15_000;
/** @type {Record<string, string>} What somebody is told who is no longer needed. */
const OFF = { colleague: "handoverOff", agent: "handoverOff" };
/** @type {Record<string, string>} What somebody is told whom the socket refuses, by its code. */
const REFUSED = { room_full: "roomFull", consultation_over: "ended" };

class CallPage {
  constructor() {
    this._wire = new Wire(data.socketUrl, requestTicket);
    this._call = new Call(this._wire);
    this._devices = new Devices();
    const web = new WebWay(data.documentsUrl, () => this._wire.session, (frame) => this._wire.send("document", { frame }));
    this._documents = new Documents({ maxBytes: data.maxDocumentBytes, types: data.documentTypes }, web);
    this._stage = new StageView();
    this._media = new MediaView(this._devices);
    this._waiting = new WaitingView(data.role === "agent", (participant) => this._wire.send("admit", { participant }));
    const viewer = new Viewer();
    this._together = new TogetherView(
      (type, body) => this._wire.send(type, body), this._documents, viewer, (track) => this._call.setScreen(track),
    );
    this._papers = new DocumentsView(
      this._documents, viewer, (participant) => this._nameOf(participant), () => this._together.busy,
    );
    this._aside = new AsideView((type, body) => this._wire.send(type, body));
    this._hand = new HandView((type, body) => this._wire.send(type, body));
    this._text = new TextView((type, body) => this._wire.send(type, body));
    this._invite = new InviteView((type, body) => this._wire.send(type, body));
    this._handover = new HandoverView((type, body) => this._wire.send(type, body));
    this._quality = new QualityView((type, body) => this._wire.send(type, body), () => this._sendTracks());
    /** @type {Snapshot|null} */
    this._snapshot = null;
    this._role = data.role;
    this._agent = "";
    this._greeting = "";
    this._greetedAt = 0;
    this._pathUp = false;
    this._pathlessSince = 0;
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
      this._wire.hurry(true);
      this._call.renew();
    });
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "visible") this._wire.hurry();
    });
    setInterval(() => this._tick(), TICK_MS);
    void this._wire.open();
    if (data.role !== "observer") void this._devices.open();
    void keepAwake();
  }

  _listen() {
    on(this._wire, "state", ({ state, code, words }) => this._wireState(state, code, words));
    on(this._wire, "welcome", ({ resumed }) => {
      this._tellMedia();
      this._quality.welcome();
      this._documents.again();
      if (!resumed) this._together.again();
    });
    on(this._wire, "document", ({ frame }) => this._documents.hear(frame));
    on(this._wire, "snapshot", (snapshot) => this._show(snapshot));
    on(this._wire, "pointed", (at) => this._together.pointed(at));
    on(this._call, "screens", (screens) => this._together.setScreens(screens));
    on(this._wire, "lines", (typed) => this._text.take(typed));
    on(this._wire, "connections", (told) => this._quality.take(told));
    on(this._call, "streams", (streams) => {
      this._stage.setStreams(streams);
      this._media.setStreams(streams);
    });
    on(this._call, "channel", (channel) => this._documents.use(channel));
    on(this._call, "path", (path) => {
      this._pathUp = path === "up";
      if (this._pathUp) this._pathlessSince = 0;
      // what took the media away may have taken the socket, too
      if (!this._pathUp) this._wire.hurry();
      this._showState();
    });
    this._devices.addEventListener("change", () => {
      this._sendTracks();
      this._tellMedia();
    });
  }

  _sendTracks() {
    void this._call.setTracks(this._devices.audio, this._quality.pictures ? this._devices.video : null);
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
    this._stage.show(snapshot.state === "in_call" ? inCall.filter((p) => p.role !== "observer") : []);
    this._media.refresh();
    this._quality.show(snapshot);
    this._waiting.show(snapshot);
    this._aside.show(snapshot);
    this._hand.show(snapshot);
    this._invite.show(snapshot);
    this._text.show(snapshot);
    this._together.show(snapshot);
    this._handover.show(snapshot);
    this._noteRoles(snapshot, inCall);
    // a document would reach the other side of an aside, too
    const sends = snapshot.state === "in_call" && data.role !== "observer" && inCall.length > 0;
    this._papers.setSending(sends && !snapshot.aside);
    this._call.expectMedia(inCall.some((p) => p.connected && p.microphone !== "missing" && audible(snapshot, p)));
    this._showState();
  }

  /** One's own role may change in a hand-over, and the citizen's agent. @param {Snapshot} snapshot @param {Participant[]} inCall */
  _noteRoles(snapshot, inCall) {
    this._role = snapshot.you.role;
    document.documentElement.dataset.ownRole = this._role;
    labelHangUp(this._role === "agent");
    const agent = inCall.find((p) => p.role === "agent");
    if (!agent || this._role === "agent") return;
    if (this._agent && this._agent !== agent.participant) {
      this._greeting = text("nowWith", { name: agent.name });
      this._greetedAt = Date.now();
    }
    this._agent = agent.participant;
  }

  /** @param {WireState} state @param {string} code @param {string} words */
  _wireState(state, code, words) {
    if (state === "superseded") this._over("superseded", text("superseded"), false);
    else if (code === "invitation_revoked") this._over("refused", text("invitationRevoked"), false);
    else if (state === "ended") this._ended(code);
    else if (code === "handover_gone") this._over("refused", text("handoverOff"), false, data.leftUrl);
    else if (state === "refused") this._over("refused", words || text(REFUSED[code] ?? "refused"), false);
    else this._showState();
  }

  _showState() {
    const root = document.documentElement.dataset;
    const wire = this._wire.state;
    if (wire !== "open" && wire !== "connecting" && wire !== "reconnecting") return;
    const snapshot = this._snapshot;
    if (wire !== "open") this._pathlessSince = 0;
    if (wire === "reconnecting") {
      root.callState = snapshot ? "reconnecting" : "connecting";
      this._status(text(this._wire.why || (snapshot ? "reconnecting" : "connecting")));
    } else if (!snapshot || wire === "connecting") {
      this._status(text("connecting"));
    } else if (snapshot.state === "rung") {
      root.callState = "rung";
      this._status(text("rung"));
    } else if (snapshot.state === "lobby") {
      root.callState = "lobby";
      this._status(text("lobby"));
    } else if (!this._pathUp) {
      root.callState = this._startedAt ? "reconnecting" : "connecting";
      this._pathlessSince ||= Date.now();
      // the service answers all the while: it is the way of sound and picture that is closed
      const closed = Date.now() - this._pathlessSince > CLOSED_MS;
      this._status(text(closed ? "networkClosed" : this._startedAt ? "mediaReconnecting" : "connecting"));
    } else {
      root.callState = "connected";
      const others = snapshot.others.some((p) => p.standing === "admitted" && p.connected);
      if (snapshot.aside) return this._status(text(snapshot.you.role === "citizen" ? "held" : "aside"));
      const greeting = Date.now() - this._greetedAt < GREET_MS ? this._greeting : "";
      this._status(greeting || text(others ? "connected" : "alone"));
    }
  }

  /** @param {string} words */
  _status(words) {
    say(element("call-status", HTMLElement), words);
  }

  _tick() {
    this._waiting.tick();
    this._aside.tick();
    this._quality.tick();
    if (this._greeting || this._pathlessSince) this._showState();
    if (!this._startedAt || this._leaving) return;
    const seconds = Math.floor((Date.now() - this._startedAt) / 1000);
    const clock = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
    say(element("call-time", HTMLElement), clock);
  }

  _hangUp() {
    this._wire.send(this._role === "agent" ? "end" : "leave");
    // an unreachable server must not keep anybody: it ends the session by itself after a minute
    setTimeout(() => this._wire.close(), LEAVE_AFTER_MS);
  }

  /** @param {string} reason */
  _ended(reason) {
    const passedOn = reason === "handed_over";
    const url = passedOn || this._role === "colleague" ? data.leftUrl : data.afterUrl;
    this._over("ended", text(passedOn ? "handedOver" : reason === "unneeded" ? OFF[data.role] ?? "invitationRevoked" : "ended"), true, url);
  }

  /** @param {string} state @param {string} words @param {boolean} goOn @param {string} [url] */
  _over(state, words, goOn, url = data.afterUrl) {
    if (this._leaving) return;
    this._leaving = true;
    this._call.close();
    this._media.close();
    this._devices.close();
    this._together.clear();
    this._papers.clear();
    this._aside.clear();
    this._text.clear();
    this._quality.clear();
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
    link.href = url;
    if (goOn) setTimeout(() => location.replace(url), LEAVE_AFTER_MS);
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

const keys = document.getElementById("keyboard");
if (keys) new Keyboard(keys);
new CallPage().start();
