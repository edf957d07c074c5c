// The agent's day: who waits and since when, told by the server as it happens, with a sound when someone arrives.

import { Chime } from "/static/teleconsult/chime.js";
import { listen } from "/static/teleconsult/live.js";

/**
 * @typedef {object} PageData
 * @property {string} now - the server's clock, RFC 3339
 * @property {string} live - the agent's stream
 * @property {Record<string, string>} texts
 */

const MINUTE = 60_000;
const TICK_MS = 5_000;
const RING_MS = 4_000;
const SOUND_KEY = "agenda.sound";

const block = document.getElementById("page-data");
const data = /** @type {PageData} */ (JSON.parse(block?.textContent ?? "{}"));
const chime = new Chime();
const title = document.title;
let skew = Date.parse(data.now) - Date.now();
let sound = localStorage.getItem(SOUND_KEY) !== "off";
/** @type {Promise<void> | null} */
let refreshing = null;
let again = false;

/** @returns {number} the server's time in milliseconds, whatever this machine's clock says */
const serverNow = () => Date.now() + skew;

/**
 * @param {number} minutes
 * @returns {string}
 */
function length(minutes) {
  if (minutes < 60) return data.texts.minutes.replace("{n}", String(minutes));
  const rest = String(minutes % 60).padStart(2, "0");
  return data.texts.hours.replace("{h}", String(Math.floor(minutes / 60))).replace("{m}", rest);
}

/**
 * @param {number} since
 * @returns {string}
 */
function waitingFor(since) {
  const minutes = Math.floor((serverNow() - since) / MINUTE);
  return minutes < 1 ? data.texts.waiting_now : data.texts.waiting.replace("{time}", length(minutes));
}

/**
 * @param {number} start
 * @returns {string}
 */
function startsIn(start) {
  const minutes = Math.ceil((start - serverNow()) / MINUTE);
  if (minutes > 0) return data.texts.starts_in.replace("{time}", length(minutes));
  return minutes > -1 ? data.texts.starts_now : data.texts.late.replace("{time}", length(-minutes));
}

/** @returns {Set<string>} who rings: people at a kiosk without an appointment */
function ringing() {
  const rings = document.querySelectorAll("[data-ringing]");
  return new Set([...rings].map((ring) => (ring instanceof HTMLElement && ring.dataset.ringing) || ""));
}

/** It rings again and again until somebody answers; whoever turned the sound off sees it all the same. */
function ring() {
  const shown = document.querySelector("[data-ringing]");
  if (!(shown instanceof HTMLElement)) return;
  const left = Math.ceil((Date.parse(shown.dataset.until ?? "") - serverNow()) / 1000);
  const words = shown.querySelector("[data-seconds-left]");
  if (words) words.textContent = left > 0 ? data.texts.seconds.replace("{n}", String(left)) : "";
  if (left <= 0) refresh();
  else if (sound) void chime.play().then((heard) => showSound(!heard));
}

/** Bring the words for passing time up to date. */
function tick() {
  for (const element of document.querySelectorAll("[data-since], [data-starts]")) {
    if (!(element instanceof HTMLElement)) continue;
    const text = element.dataset.since
      ? waitingFor(Date.parse(element.dataset.since))
      : startsIn(Date.parse(element.dataset.starts ?? ""));
    if (element.textContent !== text) element.textContent = text;
  }
}

/** @returns {Set<string>} the appointments whose citizen waits now */
function waiting() {
  const people = document.querySelectorAll("[data-waiting]");
  return new Set([...people].map((person) => (person instanceof HTMLElement && person.dataset.waiting) || ""));
}

function showCount() {
  const count = waiting().size + ringing().size;
  document.title = count ? `(${count}) ${title}` : title;
}

/** @param {string} text */
function say(text) {
  const region = document.getElementById("announce");
  if (region) region.textContent = text;
}

/** Fetch the page again and put its board in place of ours, with the focus where it was. */
async function fetchBoard() {
  const response = await fetch(location.href, { headers: { Accept: "text/html" }, credentials: "same-origin" });
  if (response.redirected || response.status === 401 || response.status === 403) return location.reload();
  if (!response.ok) return;
  const fresh = new DOMParser().parseFromString(await response.text(), "text/html");
  const board = document.getElementById("board");
  const newBoard = fresh.getElementById("board");
  if (!board || !newBoard) return;
  const freshData = fresh.getElementById("page-data");
  if (freshData) skew = Date.parse(JSON.parse(freshData.textContent ?? "{}").now) - Date.now();
  const before = waiting();
  const rang = ringing();
  const focused = board.contains(document.activeElement) ? document.activeElement?.getAttribute("data-key") : null;
  board.replaceWith(document.adoptNode(newBoard));
  if (focused) {
    const same = newBoard.querySelector(`[data-key="${CSS.escape(focused)}"]`);
    if (same instanceof HTMLElement) same.focus();
  }
  tick();
  showCount();
  if ([...waiting()].some((id) => !before.has(id))) arrived();
  if ([...ringing()].some((id) => !rang.has(id))) {
    say(data.texts.ringing);
    ring();
  }
}

function arrived() {
  say(data.texts.arrived);
  if (sound) void chime.play().then((heard) => showSound(!heard));
}

/** Refresh once at a time; what comes meanwhile makes it refresh once more. */
function refresh() {
  if (refreshing) {
    again = true;
    return;
  }
  refreshing = fetchBoard()
    .catch(() => undefined) // the network is away: the stream's return refreshes
    .finally(() => {
      refreshing = null;
      if (again) {
        again = false;
        refresh();
      }
    });
}

const soundButton = document.getElementById("sound");

/** @param {boolean} blocked - whether the browser wants a click on the page first */
function showSound(blocked) {
  if (!soundButton) return;
  soundButton.hidden = false;
  soundButton.setAttribute("aria-pressed", String(sound && !blocked));
  const label = soundButton.querySelector("span");
  if (label) label.textContent = sound && !blocked ? data.texts.sound_on : data.texts.sound_off;
}

soundButton?.addEventListener("click", async () => {
  const was = soundButton.getAttribute("aria-pressed") === "true";
  sound = !was;
  localStorage.setItem(SOUND_KEY, sound ? "on" : "off");
  showSound(sound ? !(await chime.play()) : false);
});

/** The first click or key on the page is what lets it sound; the button's own click asks for itself. @param {Event} event */
async function unlock(event) {
  if (event.target instanceof Node && soundButton?.contains(event.target)) return;
  if (!(await chime.allow())) return;
  showSound(false);
  document.removeEventListener("click", unlock);
  document.removeEventListener("keydown", unlock);
}

document.addEventListener("click", unlock);
document.addEventListener("keydown", unlock);
void chime.allow().then((allowed) => showSound(!allowed));

/** What is not about the agenda is for another script of this page. @param {string} name */
const passOn = (name) => (/** @type {unknown} */ detail) => document.dispatchEvent(new CustomEvent(name, { detail }));
const handlers = {
  agenda: refresh, walk_in: refresh, handover: passOn("handover"), handover_over: passOn("handover_over"),
};

listen(data.live, handlers, { opened: refresh });
setInterval(ring, RING_MS);
setInterval(tick, TICK_MS);
setInterval(refresh, MINUTE);
tick();
showCount();
