// The administrator's messages: what changes is fetched again while somebody looks, and replaced if it did change.

const EVERY_MS = 15_000;

const block = document.getElementById("page-data");
const data = /** @type {{board: string}} */ (JSON.parse(block?.textContent ?? "{}"));
const board = document.getElementById("board");
let shown = "";

async function refresh() {
  if (!board || document.hidden || board.contains(document.activeElement)) return;
  try {
    const answer = await fetch(data.board);
    if (!answer.ok || answer.redirected) return;
    const html = await answer.text();
    if (shown && html !== shown) board.innerHTML = html;
    shown = html;
  } catch {
    // offline: the next round tries again
  }
}

setInterval(refresh, EVERY_MS);
document.addEventListener("visibilitychange", refresh);

export {};
