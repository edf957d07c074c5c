/** Narrow the list of services while one types, also by their everyday words; accents and capitals do not matter. */

const search = /** @type {HTMLInputElement | null} */ (document.querySelector("#service-search"));
const none = document.querySelector("#service-none");

/** @param {string} text */
const plain = (text) =>
  text
    .normalize("NFD")
    .replace(/\p{M}/gu, "")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, " ")
    .trim();

search?.addEventListener("input", () => {
  const words = plain(search.value).split(" ").filter(Boolean);
  let shown = 0;
  for (const item of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("#services > li"))) {
    const text = plain(`${item.textContent} ${item.dataset.words ?? ""}`);
    item.hidden = !words.every((word) => text.includes(word));
    if (!item.hidden) shown += 1;
  }
  if (none instanceof HTMLElement) none.hidden = shown > 0;
});
search?.form?.addEventListener("submit", (event) => event.preventDefault());

export {};
