/**
 * What every part of the call page uses: the page's data, its elements, its texts.
 *
 * @typedef {{socketUrl: string, ticketUrl: string, documentsUrl: string, role: import("./protocol.js").Role, surface: "kiosk"|"desktop",
 *   afterUrl: string, leftUrl: string, colleaguesUrl: string, invitationsUrl: string, helpUrl: string|null, newsUrl: string|null, room: string, maxDocumentBytes: number, documentTypes: string[],
 *   texts: Record<string, string>}} PageData
 */

/** @type {PageData} */
export const data = JSON.parse(document.getElementById("page-data")?.textContent ?? "{}");

/**
 * Return an element of the page by its id.
 * @template {HTMLElement} T
 * @param {string} id @param {new () => T} kind @returns {T}
 */
export function element(id, kind) {
  const found = document.getElementById(id);
  if (!(found instanceof kind)) throw new Error(`no ${kind.name} #${id}`);
  return found;
}

/**
 * Return a text with its parameters filled in.
 * @param {string} key @param {Record<string, string|number>} [values]
 */
export function text(key, values = {}) {
  return (data.texts[key] ?? key).replace(/\{(\w+)\}/g, (_, name) => String(values[name] ?? ""));
}

/**
 * Make an element.
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag @param {string} [className] @param {string} [content] @returns {HTMLElementTagNameMap[K]}
 */
export function make(tag, className = "", content = "") {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (content) made.textContent = content;
  return made;
}

/** Set a text only when it changes, so that a screen reader does not say it twice. @param {Element} where @param {string} what */
export function say(where, what) {
  if (where.textContent !== what) where.textContent = what;
}

/** How long somebody has waited, in words. @param {number} seconds */
export function duration(seconds) {
  const minutes = Math.floor(seconds / 60);
  if (minutes < 1) return text("secondsShort");
  return minutes === 1 ? text("oneMinute") : text("minutes", { count: minutes });
}
