/**
 * The pictures of the others, one tile each.
 *
 * @import { Participant } from "./protocol.js"
 */
import { element, make, say, text } from "./page.js";

/** @typedef {{figure: HTMLElement, video: HTMLVideoElement, name: HTMLElement, state: HTMLElement}} Tile */

export class StageView {
  constructor() {
    this._tiles = element("tiles", HTMLDivElement);
    this._notice = element("sound-notice", HTMLDivElement);
    /** @type {Map<string, Tile>} */
    this._byParticipant = new Map();
    /** @type {Map<string, MediaStream>} */
    this._streams = new Map();
    element("enable-sound", HTMLButtonElement).addEventListener("click", () => this._playAll());
  }

  /** @param {Map<string, MediaStream>} streams */
  setStreams(streams) {
    this._streams = streams;
    for (const [participant, tile] of this._byParticipant) this._attach(participant, tile);
  }

  /** Show a tile for each of these and no other. @param {Participant[]} participants */
  show(participants) {
    const present = new Set(participants.map((p) => p.participant));
    for (const [participant, tile] of this._byParticipant) {
      if (present.has(participant)) continue;
      tile.video.srcObject = null;
      tile.figure.remove();
      this._byParticipant.delete(participant);
    }
    for (const participant of participants) this._update(participant);
    this._tiles.dataset.count = String(participants.length);
  }

  /** @param {Participant} who */
  _update(who) {
    let tile = this._byParticipant.get(who.participant);
    if (!tile) {
      tile = this._add(who);
      this._byParticipant.set(who.participant, tile);
      this._attach(who.participant, tile);
    }
    const states = [];
    if (who.hand) states.push(text("handUp"));
    if (!who.connected) states.push(text("lost"));
    if (who.microphone === "off") states.push(text("muted"));
    if (who.microphone === "missing") states.push(text("microphoneMissing"));
    if (!who.pictures) states.push(text("soundOnlyState"));
    else if (who.camera === "off") states.push(text("cameraOff"));
    if (who.camera === "missing") states.push(text("cameraMissing"));
    say(tile.name, who.name);
    say(tile.state, states.join(", "));
    tile.video.dataset.role = who.role;
    tile.figure.dataset.camera = who.camera;
    tile.figure.dataset.connected = String(who.connected);
    tile.figure.dataset.hand = String(who.hand);
  }

  /** @param {Participant} who @returns {Tile} */
  _add(who) {
    const figure = make("figure", "call-tile");
    const video = make("video", "call-tile__video");
    video.autoplay = true;
    video.playsInline = true;
    video.dataset.participant = who.participant;
    video.setAttribute("aria-label", who.name);
    const initial = make("span", "call-tile__initial", who.name.trim().charAt(0).toUpperCase());
    initial.setAttribute("aria-hidden", "true");
    const caption = make("figcaption", "call-tile__caption");
    const name = make("span", "call-tile__name");
    const state = make("span", "call-tile__state");
    caption.append(name, " ", state);
    figure.append(initial, video, caption);
    this._tiles.append(figure);
    return { figure, video, name, state };
  }

  /** @param {string} participant @param {Tile} tile */
  _attach(participant, tile) {
    const stream = this._streams.get(participant) ?? null;
    if (tile.video.srcObject === stream) return;
    tile.video.srcObject = stream;
    if (stream) this._play(tile.video);
  }

  /** @param {HTMLVideoElement} video */
  _play(video) {
    video.play().catch((error) => {
      if (error instanceof DOMException && error.name === "NotAllowedError") this._notice.hidden = false;
    });
  }

  _playAll() {
    this._notice.hidden = true;
    for (const tile of this._byParticipant.values()) this._play(tile.video);
  }
}
