/**
 * The agent's list of those who wait, with a chime; and what somebody who waits is told.
 *
 * @import { Participant, Snapshot } from "./protocol.js"
 */
import { listen } from "/static/teleconsult/live.js";
import { data, duration, element, make, say, text } from "./page.js";
import { Chime } from "./sound.js";

const REMIND_MS = 20_000;

export class WaitingView {
  /** @param {boolean} host whether this person may admit @param {(participant: string) => void} admit */
  constructor(host, admit) {
    this._host = host;
    this._admit = admit;
    this._chime = new Chime();
    this._chimedAt = 0;
    this._list = document.getElementById("waiting-list");
    this._lobby = element("lobby", HTMLDivElement);
    /** @type {Map<string, {item: HTMLLIElement, time: HTMLElement, since: number}>} */
    this._rows = new Map();
  }

  /** @param {Snapshot} snapshot */
  show(snapshot) {
    this._lobby.hidden = snapshot.state !== "lobby";
    if (snapshot.state === "lobby") this._showPlace(snapshot);
    if (this._list) this._showList(snapshot.others.filter((p) => p.standing === "waiting"));
  }

  /** Tell whoever waits here that the agent runs late, or is on time again; go along when it goes on elsewhere. */
  listen() {
    if (!data.newsUrl) return;
    listen(data.newsUrl, {
      late: (/** @type {{appointment: string, minutes: number}} */ told) => {
        if (told.appointment !== data.room) return;
        const news = told.minutes > 0 ? text("late", { minutes: told.minutes }) : text("onTime");
        say(element("lobby-news", HTMLElement), news);
      },
      seated: (/** @type {{url: string}} */ told) => {
        if (!told.url.startsWith(`/call/${data.room}`)) window.location.replace(told.url);
      },
    });
  }

  /** Say how long each has waited; chime again for those who still do. */
  tick() {
    for (const row of this._rows.values()) {
      const seconds = Math.floor((Date.now() - row.since) / 1000);
      say(row.time, text("waitingFor", { duration: duration(seconds) }));
    }
    if (this._rows.size > 0 && Date.now() - this._chimedAt > REMIND_MS) this._ring();
  }

  /** @param {Snapshot} snapshot */
  _showPlace(snapshot) {
    const place = snapshot.you.place ?? 1;
    say(element("lobby-agent", HTMLElement), text(snapshot.host_present ? "agentHere" : "agentAway"));
    say(element("lobby-place", HTMLElement), place > 1 ? text("placeNumber", { count: place - 1 }) : text("place"));
  }

  /** @param {Participant[]} waiting */
  _showList(waiting) {
    const present = new Set(waiting.map((p) => p.participant));
    for (const [participant, row] of this._rows) {
      if (present.has(participant)) continue;
      row.item.remove();
      this._rows.delete(participant);
    }
    for (const who of waiting) if (!this._rows.has(who.participant)) this._add(who);
    element("waiting-none", HTMLElement).hidden = waiting.length > 0;
    const panel = element("waiting-panel", HTMLElement);
    panel.dataset.waiting = String(waiting.length);
    panel.hidden = !this._host && waiting.length === 0;
    this.tick();
  }

  /** @param {Participant} who */
  _add(who) {
    const item = make("li", "call-row");
    item.dataset.participant = who.participant;
    const time = make("p", "call-row__hint");
    item.append(make("p", "call-row__name", who.name), time);
    if (this._host) {
      const button = make("button", "fr-btn call-row__admit", text("admit", { name: who.name }));
      button.type = "button";
      button.dataset.admit = who.participant;
      button.addEventListener("click", () => {
        button.disabled = true;
        this._admit(who.participant);
      });
      item.append(button);
    }
    this._list?.append(item);
    this._rows.set(who.participant, { item, time, since: Date.now() - (who.waiting_seconds ?? 0) * 1000 });
    say(element("waiting-news", HTMLElement), text("someoneWaits", { name: who.name }));
    this._ring();
  }

  _ring() {
    if (!this._host) return;
    this._chimedAt = Date.now();
    void this._chime.play();
    document.documentElement.dataset.chimes = String(this._chime.played);
  }
}
