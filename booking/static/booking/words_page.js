// An administrator's text: information is inserted by a click, and what is typed is judged while it is typed.

/**
 * @typedef {object} Said
 * @property {string} field
 * @property {string} text
 * @property {number | null} at
 * @property {number} length
 */
/**
 * @typedef {object} Verdict
 * @property {Said[]} problems
 * @property {Said[]} warnings
 * @property {{least: number, most: number}} [size]
 * @property {[string, number, number]} [sample] - the text message of the example, its length, its parts
 */

const PAUSE_MS = 400;

const block = document.getElementById("page-data");
const data = /** @type {{check: string, texts: Record<string, string>}} */ (JSON.parse(block?.textContent ?? "{}"));
const form = /** @type {HTMLFormElement} */ (document.getElementById("words"));
const fields = /** @type {(HTMLInputElement | HTMLTextAreaElement)[]} */ (
  ["subject", "opening", "closing"].map((name) => document.getElementById(name)).filter((field) => field !== null)
);
/** Where somebody wrote last: that is where a click inserts. */
let last = fields.find((field) => field.id === "opening") ?? fields[0];
/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer;
let asked = 0;

/** @param {HTMLInputElement | HTMLTextAreaElement} field @param {string} code */
function insert(field, code) {
  field.focus();
  field.setRangeText(code, field.selectionStart ?? field.value.length, field.selectionEnd ?? field.value.length, "end");
  field.dispatchEvent(new Event("input", { bubbles: true }));
}

/** @param {Said} said @param {boolean} wrong @returns {HTMLLIElement} */
function line(said, wrong) {
  const item = document.createElement("li");
  item.className = wrong ? "words-wrong" : "words-warning";
  const field = fields.find((each) => each.id === said.field);
  if (wrong && field && said.at !== null) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "words-spot";
    button.textContent = said.text;
    const { at, length } = said;
    button.addEventListener("click", () => {
      field.focus();
      field.setSelectionRange(at, at + length);
    });
    item.append(button);
  } else {
    item.textContent = said.text;
  }
  return item;
}

/** @param {Verdict} verdict */
function show(verdict) {
  for (const field of fields) {
    const list = document.querySelector(`[data-said="${field.id}"]`);
    const own = verdict.problems.filter((said) => said.field === field.id);
    const warned = verdict.warnings.filter((said) => said.field === field.id);
    list?.replaceChildren(...own.map((said) => line(said, true)), ...warned.map((said) => line(said, false)));
    field.toggleAttribute("aria-invalid", own.length > 0);
    if (own.length > 0) field.setAttribute("aria-invalid", "true");
  }
  for (const first of document.querySelectorAll("[data-first]")) first.remove();
  const said = document.getElementById("words-verdict");
  const text = verdict.problems.length > 0 ? data.texts.bad : data.texts.good;
  if (said && said.textContent !== text) said.textContent = text;
  const count = document.getElementById("words-count");
  if (count && verdict.size) {
    const { least, most } = verdict.size;
    count.textContent = data.texts.count.replace("{least}", String(least)).replace("{most}", String(most));
  }
  const sample = document.getElementById("words-sample");
  if (sample && verdict.sample) {
    const [message, length, parts] = verdict.sample;
    sample.textContent = message || (sample.dataset.empty ?? "");
    const facts = document.createElement("footer");
    facts.textContent = data.texts.sample.replace("{length}", String(length)).replace("{parts}", String(parts));
    sample.append(facts);
  }
}

async function judge() {
  const number = ++asked;
  try {
    const body = new URLSearchParams(/** @type {any} */ (new FormData(form)));
    const answer = await fetch(data.check, { method: "POST", body, headers: { Accept: "application/json" } });
    if (answer.ok && number === asked) show(await answer.json());
  } catch {
    // offline: saving judges again
  }
}

for (const field of fields) {
  field.addEventListener("focus", () => {
    last = field;
  });
  field.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(judge, PAUSE_MS);
  });
}
for (const button of document.querySelectorAll("[data-insert]")) {
  button.addEventListener("click", () => insert(last, /** @type {HTMLElement} */ (button).dataset.insert ?? ""));
}
judge();

export {};
