/** One's place in the queue, kept up to date: at each event, and now and then since time goes by without events. */

const LOOK_AGAIN_MS = 15_000;

const dialog = /** @type {HTMLDialogElement | null} */ (document.querySelector("#queue-dialog"));

/** Fetch the page again and put what it says in place of what stands there; go along when it leads elsewhere. */
async function look() {
  const answer = await fetch("/kiosk/walk-in", { headers: { Accept: "text/html" } }).catch(() => undefined);
  if (!answer) return; // the network is away: the next look is soon
  if (answer.redirected) return window.location.replace(answer.url);
  if (!answer.ok) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("#queue");
  const shown = document.querySelector("#queue");
  if (!(fresh instanceof HTMLElement) || !(shown instanceof HTMLElement)) return;
  // out of the queue: the whole page again, which then may be wiped like any other
  if (inLine(fresh) !== inLine(shown)) return window.location.reload();
  for (const part of [".kiosk-queue", "h1"]) {
    const before = shown.querySelector(part);
    const after = fresh.querySelector(part);
    if (before && after && before.innerHTML !== after.innerHTML) before.innerHTML = after.innerHTML;
  }
  shown.dataset.state = fresh.dataset.state;
}

/** @param {HTMLElement} queue */
function inLine(queue) {
  return ["waiting", "ringing"].includes(queue.dataset.state ?? "");
}

let looking = false;
let again = false;

/** One look at a time; what comes meanwhile makes one more. */
async function refresh() {
  again = looking;
  if (looking) return;
  looking = true;
  await look();
  looking = false;
  if (again) await refresh();
}

document.querySelector("#queue-leave")?.addEventListener("click", () => dialog?.showModal());
document.querySelector("#queue-stay")?.addEventListener("click", () => dialog?.close());
document.addEventListener("kiosk:queue", () => void refresh());
window.setInterval(() => void refresh(), LOOK_AGAIN_MS);

export {};
