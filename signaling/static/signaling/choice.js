/**
 * What somebody chose in this browser: identifiers of devices (which the browser makes up for each site) and the blur.
 *
 * @typedef {"microphone"|"camera"|"speaker"|"blur"} Chosen
 */

const KEY = "teleconsult.devices";

export class Choice {
  /** The identifier that was chosen; empty for whatever the computer uses. @param {Chosen} what @returns {string} */
  get(what) {
    const found = this._read()[what];
    return typeof found === "string" ? found : "";
  }

  /** @param {Chosen} what @param {string} id empty forgets the choice */
  set(what, id) {
    const { [what]: _, ...others } = this._read();
    try {
      localStorage.setItem(KEY, JSON.stringify(id ? { ...others, [what]: id } : others));
    } catch {
      // a browser that keeps nothing: the choice lasts as long as the page
    }
  }

  /** @returns {Record<string, unknown>} */
  _read() {
    try {
      const kept = JSON.parse(localStorage.getItem(KEY) ?? "{}");
      return kept && typeof kept === "object" ? kept : {};
    } catch {
      return {};
    }
  }
}
