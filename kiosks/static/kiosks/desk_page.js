/** The front desk's board: looks again at each event, keeps the focus where it was, and rings when someone calls. */
import { Chime } from "/static/teleconsult/chime.js";
import { listen } from "/static/teleconsult/live.js";

const LOOK_AGAIN_MS = 30_000; // waiting times go on without events
const board = document.querySelector("#board");
const says = document.querySelector("#desk-says");
const sound = /** @type {HTMLButtonElement | null} */ (document.querySelector("#sound"));

const chime = new Chime();

/** @param {boolean} shown */
function showSoundButton(shown) {
  const place = document.querySelector("#sound-place");
  if (place instanceof HTMLElement) place.hidden = !shown;
}

/** Sound, or offer the button that lets the page sound. */
async function ring() {
  const heard = await chime.play();
  showSoundButton(!heard);
}

function calls() {
  return board?.querySelector("[data-calls]")?.getAttribute("data-calls") ?? "";
}

/** @param {HTMLElement} place */
async function look(place) {
  const answer = await fetch(place.dataset.part ?? "", { headers: { Accept: "text/html" } }).catch(() => undefined);
  if (!answer?.ok || answer.redirected) return;
  const focused = document.activeElement?.id;
  place.innerHTML = await answer.text();
  if (focused && document.activeElement === document.body) document.getElementById(focused)?.focus();
}

if (board instanceof HTMLElement) {
  /** One look at a time; what comes meanwhile makes one more. */
  let looking = false;
  let again = false;
  const refresh = async () => {
    again = looking;
    if (looking) return;
    looking = true;
    await look(board);
    looking = false;
    if (again) await refresh();
  };
  const helpAsked = async () => {
    void ring();
    if (says instanceof HTMLElement) says.textContent = says.dataset.help ?? "";
    await refresh();
  };
  listen(
    board.dataset.live ?? "",
    { agenda: () => void refresh(), kiosk: () => void refresh(), walk_in: () => void refresh(), help: () => void helpAsked() },
    { opened: () => void refresh() },
  );
  window.setInterval(() => void refresh(), LOOK_AGAIN_MS);
  sound?.addEventListener("click", () => void ring());
  if (calls()) void ring();
  else {
    void chime.allow().then((allowed) => showSoundButton(!allowed));
  }
}

