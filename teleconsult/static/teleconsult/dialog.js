// Opens a <dialog> in place for links that, without scripts, lead to a page where it is open.
// <a href="?ask=ID" data-opens="ID"> opens, <a href="?" data-closes="ID"> closes; the browser holds focus and the Escape key.

/**
 * The dialog that a link names, if the page has it.
 * @param {string | undefined} id
 * @returns {HTMLDialogElement | null}
 */
function named(id) {
  const element = id ? document.getElementById(id) : null;
  return element instanceof HTMLDialogElement ? element : null;
}

/**
 * @param {HTMLDialogElement} dialog
 * @returns {void}
 */
export function open(dialog) {
  if (dialog.open) dialog.close();
  dialog.classList.add("fr-modal--opened");
  dialog.showModal();
}

document.addEventListener("click", (event) => {
  const target = event.target instanceof Element ? event.target.closest("[data-opens], [data-closes]") : null;
  if (!(target instanceof HTMLElement)) return;
  const opened = named(target.dataset.opens);
  const closed = named(target.dataset.closes);
  if (!opened && !closed) return;
  event.preventDefault();
  if (opened) open(opened);
  closed?.close();
});

document.addEventListener("close", (event) => {
  if (event.target instanceof HTMLDialogElement) event.target.classList.remove("fr-modal--opened");
}, true);

// A dialog that the server opened becomes a true modal one, unless the page was built without it.
for (const dialog of document.querySelectorAll("dialog.fr-modal[open]")) {
  if (dialog instanceof HTMLDialogElement) open(dialog);
}
