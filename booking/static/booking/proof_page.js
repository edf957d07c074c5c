/** Proves some work, then sends the form that was held back: nobody has to do anything. */

const form = /** @type {HTMLFormElement} */ (document.querySelector("#proof"));
const number = /** @type {HTMLInputElement} */ (form.elements.namedItem("proof_number"));
const { salt = "", target = "", effort = "0" } = form.dataset;

const worker = new Worker(new URL("./proof_worker.js", import.meta.url), { type: "module" });
worker.addEventListener("message", (/** @type {MessageEvent<number | null>} */ event) => {
  worker.terminate();
  if (event.data === null) return;
  number.value = String(event.data);
  form.submit();
});
worker.postMessage({ salt, target, effort: Number(effort) });
