// <button type="button" data-prints hidden>: shown where scripts run, prints the page.

for (const button of document.querySelectorAll("[data-prints]")) {
  if (!(button instanceof HTMLElement)) continue;
  button.hidden = false;
  button.addEventListener("click", () => window.print());
}
