/** What every screen of a kiosk does: keyboard, idle wipe, presence, help, and news from the front desk. */
import { Keyboard } from "/static/teleconsult/keyboard.js";
import { listen } from "/static/teleconsult/live.js";
import { watchIdle } from "./idle.js";

const HEARTBEAT_MS = 20_000;
const CHECK = "/kiosk/check?run";
const HOME = "/kiosk";

/** @template {HTMLElement} T @param {string} id @returns {T} */
const byId = (id) => /** @type {T} */ (document.getElementById(id));

/** @param {string} url */
async function post(url) {
  return fetch(url, { method: "POST", headers: { Accept: "application/json" }, keepalive: true });
}

/** Forget the visit, here and on the server, and leave nothing for the back button. */
async function wipe() {
  document.dispatchEvent(new CustomEvent("kiosk:wipe"));
  for (const form of document.forms) form.reset();
  await post("/kiosk/wipe").catch(() => undefined);
  window.location.replace(HOME);
}

function presence() {
  const offline = byId("kiosk-offline");
  const beat = async () => {
    try {
      const answer = await post("/kiosk/heartbeat");
      offline.hidden = true;
      if (answer.status === 403) window.location.replace(HOME);
      // nobody is at the first screen: time to test the kiosk, before the house opens
      else if (window.location.pathname === HOME && (await answer.json()).check) window.location.assign(CHECK);
    } catch {
      offline.hidden = false;
    }
  };
  void beat();
  window.setInterval(() => void beat(), HEARTBEAT_MS);
}

function help() {
  const form = document.querySelector("#kiosk-help");
  const status = byId("kiosk-helping");
  /** @type {HTMLDialogElement} */
  const dialog = byId("help-dialog");
  form?.addEventListener("submit", async (event) => {
    event.preventDefault();
    try {
      const answer = await post("/kiosk/help");
      if (!answer.ok) throw new Error(String(answer.status));
      status.textContent = status.dataset.asked ?? "";
      dialog.showModal();
    } catch {
      status.textContent = status.dataset.failed ?? "";
    }
  });
  byId("help-close").addEventListener("click", () => dialog.close());
  byId("help-cancel").addEventListener("click", async () => {
    dialog.close();
    await post("/kiosk/help/cancel").catch(() => undefined);
    status.textContent = "";
  });
  listen("/kiosk/live", {
    help: (/** @type {{state: string}} */ news) => {
      if (dialog.open) dialog.close();
      status.textContent = news.state === "answered" ? (status.dataset.answered ?? "") : "";
    },
    seated: (/** @type {{url: string}} */ news) => window.location.replace(news.url),
    walk_in: () => document.dispatchEvent(new CustomEvent("kiosk:queue")),
  });
}

function idle() {
  const { idleSeconds, warningSeconds } = document.body.dataset;
  if (!idleSeconds) return;
  /** @type {HTMLDialogElement} */
  const dialog = byId("idle-dialog");
  byId("idle-extend").addEventListener("click", () => dialog.close());
  byId("idle-wipe").addEventListener("click", () => void wipe());
  watchIdle({
    idleSeconds: Number(idleSeconds),
    warningSeconds: Number(warningSeconds),
    dialog,
    count: byId("idle-count"),
    wipe: () => void wipe(),
  });
}

new Keyboard(byId("keyboard"));
idle();
document.querySelector(".kiosk-quit")?.addEventListener("submit", (event) => {
  event.preventDefault();
  void wipe();
});
if (document.querySelector("#kiosk-help")) {
  presence();
  help();
}
for (const form of document.querySelectorAll("form[data-once]")) {
  form.addEventListener("submit", () => form.querySelector("button[type=submit]")?.setAttribute("aria-disabled", "true"));
}
const homeAfter = Number(document.body.dataset.homeAfter ?? 0);
if (homeAfter) window.setTimeout(() => window.location.replace(HOME), homeAfter * 1000);
// A page taken back from the browser's memory would show what was wiped: ask the server again.
window.addEventListener("pageshow", (event) => event.persisted && window.location.reload());
