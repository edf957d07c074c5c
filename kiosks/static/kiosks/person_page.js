/** Keep what is typed as it is typed, so that going back, reloading or a power cut loses nothing. */

const REST_MS = 300;
const form = /** @type {HTMLFormElement | null} */ (document.querySelector("form[data-keep]"));

if (form) {
  const url = form.dataset.keep ?? "";
  /** @type {number | undefined} */
  let timer;
  let dirty = false;
  let over = false;

  const keep = () => {
    window.clearTimeout(timer);
    if (!dirty || over) return;
    dirty = false;
    void fetch(url, { method: "POST", body: new URLSearchParams(/** @type {any} */ (new FormData(form))), keepalive: true }).catch(
      () => (dirty = true),
    );
  };
  form.addEventListener("input", () => {
    dirty = true;
    window.clearTimeout(timer);
    timer = window.setTimeout(keep, REST_MS);
  });
  form.addEventListener("submit", () => (over = true));
  document.addEventListener("kiosk:wipe", () => (over = true));
  // before the next page is asked for, so that it shows what was just typed
  window.addEventListener("beforeunload", keep);
  window.addEventListener("pagehide", keep);
}

export {};
