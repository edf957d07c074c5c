// An agent's other pages tell what the agenda would: who waits, who rings, a colleague who asks. The agenda itself is a click away.

import { Chime } from "/static/teleconsult/chime.js";
import { listen } from "/static/teleconsult/live.js";

const RING_MS = 4_000;
const LOOK_MS = 60_000;
/** The room of a colleague who asks rings every five seconds. */
const ASKED_MS = 13_000;
const SOUND_KEY = "agenda.sound";

const bell = document.getElementById("bell");
const chime = new Chime();
const title = document.title;
/** @type {Set<string>} */
let waiting = new Set();
/** @type {Set<string>} */
let ringing = new Set();
let askedAt = -Infinity;

/** @param {Document} board @param {"waiting"|"ringing"} name @returns {Set<string>} */
function people(board, name) {
  const found = [...board.querySelectorAll(`[data-${name}]`)];
  return new Set(found.map((each) => (each instanceof HTMLElement && each.dataset[name]) || ""));
}

function show() {
  if (!bell) return;
  const asked = Date.now() - askedAt < ASKED_MS;
  const news = ringing.size ? bell.dataset.ringing : asked ? bell.dataset.asked : waiting.size ? bell.dataset.arrived : "";
  const words = bell.querySelector("p");
  if (words && words.textContent !== news) words.textContent = news ?? "";
  bell.hidden = !news;
  const count = ringing.size + waiting.size + Number(asked);
  document.title = count ? `(${count}) ${title}` : title;
}

function sound() {
  if (localStorage.getItem(SOUND_KEY) !== "off") void chime.play();
}

/** Read the agenda and see who is new on it. */
async function look() {
  const response = await fetch(bell?.dataset.board ?? "", { headers: { Accept: "text/html" }, credentials: "same-origin" });
  if (!response.ok || response.redirected) return;
  const board = new DOMParser().parseFromString(await response.text(), "text/html");
  const [nowWaiting, nowRinging] = [people(board, "waiting"), people(board, "ringing")];
  const isNew = [...nowWaiting].some((id) => !waiting.has(id)) || [...nowRinging].some((id) => !ringing.has(id));
  [waiting, ringing] = [nowWaiting, nowRinging];
  // who waited before this page was opened was told of on the last one
  if (isNew && bell?.dataset.looked) sound();
  if (bell) bell.dataset.looked = "yes";
  show();
}

/** The network is away: the stream's return looks again. */
const lookSoon = () => void look().catch(() => undefined);

const handlers = {
  agenda: lookSoon,
  walk_in: lookSoon,
  handover: () => {
    askedAt = Date.now();
    sound();
    show();
  },
  handover_over: () => {
    askedAt = -Infinity;
    show();
  },
};

if (bell) {
  listen(bell.dataset.live ?? "", handlers, { opened: lookSoon });
  setInterval(lookSoon, LOOK_MS);
  setInterval(() => {
    if (ringing.size) sound();
    show();
  }, RING_MS);
}
