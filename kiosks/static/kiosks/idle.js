/** Nobody there any more? Ask, count down, then wipe the screen. A press of any button in the dialog says enough. */

/**
 * @typedef {object} IdleWatch
 * @property {number} idleSeconds - silence before the question
 * @property {number} warningSeconds - time to answer it
 * @property {HTMLDialogElement} dialog
 * @property {HTMLElement} count
 * @property {() => void} wipe
 */

const SIGNS_OF_LIFE = ["pointerdown", "keydown", "input", "wheel", "touchmove"];

/** @param {IdleWatch} watch */
export function watchIdle({ idleSeconds, warningSeconds, dialog, count, wipe }) {
  /** @type {number | undefined} */
  let timer;
  let left = 0;

  function rest() {
    window.clearTimeout(timer);
    timer = window.setTimeout(ask, idleSeconds * 1000);
  }

  function ask() {
    for (const other of document.querySelectorAll("dialog[open]")) /** @type {HTMLDialogElement} */ (other).close();
    left = warningSeconds;
    count.textContent = String(left);
    dialog.showModal();
    timer = window.setTimeout(tick, 1000);
  }

  function tick() {
    left -= 1;
    count.textContent = String(left);
    if (left > 0) timer = window.setTimeout(tick, 1000);
    else wipe();
  }

  for (const sign of SIGNS_OF_LIFE) {
    document.addEventListener(sign, () => !dialog.open && rest(), { capture: true, passive: true });
  }
  dialog.addEventListener("close", rest);
  rest();
}
