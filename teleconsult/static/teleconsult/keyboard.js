/**
 * The on-screen keyboard of a kiosk: real buttons, one tab stop, arrow keys between them. It has its own row of the
 * page, so it never covers a field. A field asks for it with
 * `data-keyboard="name|text|email|phone|reference|search|message"`.
 */

/** @typedef {{label?: string, name?: string, type?: string, action?: "erase"|"shift"|"next"|"close", look?: string}} Key */

const DIGITS = "1234567890";
const LETTERS = ["azertyuiop", "qsdfghjklm"];
const ACCENTS = "éèêëàâçîïôùû";
// The alphabet of references (booking/passes.py): nothing that is heard or read as something else.
const REFERENCE_ROWS = { digits: "34679", upper: "ACDEFGHJK", lower: "MNPRTWXY" };

/** @param {string} letters @returns {Key[]} */
const keys = (letters) => [...letters].map((letter) => ({ type: letter }));

/** @type {Key} */
const ERASE = { name: "erase", action: "erase", look: "wide soft" };
/** @type {Key} */
const SHIFT = { name: "shift", action: "shift", look: "wide soft" };
/** @type {Key} */
const SPACE = { name: "space", type: " ", look: "space" };
/** @type {Key} */
const NEXT = { name: "next", action: "next", look: "wide next" };
/** @type {Key} */
const SUBMIT = { name: "validate", action: "next", look: "wide next" };
/** @type {Key} */
const CLOSE = { name: "close", action: "close", look: "wide soft" };

/** @type {Record<string, Key[][]>} */
const LAYOUTS = {
  text: [
    keys(ACCENTS),
    ...LETTERS.map(keys),
    [SHIFT, ...keys("wxcvbn"), { type: "'", name: "apostrophe" }, { type: "-", name: "dash" }, ERASE],
    [CLOSE, SPACE, NEXT],
  ],
  email: [
    keys(DIGITS),
    ...LETTERS.map(keys),
    [...keys("wxcvbn"), { type: "-", name: "dash" }, { type: "_", name: "low" }, { type: "+", name: "plus" }, ERASE],
    [CLOSE, { type: "@", name: "at", look: "wide" }, { type: ".", name: "dot", look: "wide" }, { type: ".fr" }, { type: ".com" }, NEXT],
  ],
  phone: [
    keys("123"),
    keys("456"),
    keys("789"),
    [{ type: "+", name: "plus" }, { type: "0" }, { ...ERASE, look: "soft" }],
    [CLOSE, NEXT],
  ],
  reference: [keys(REFERENCE_ROWS.digits), keys(REFERENCE_ROWS.upper), [...keys(REFERENCE_ROWS.lower), ERASE], [CLOSE, SUBMIT]],
  // what is said in writing: figures and sentences too; a line is sent and the keyboard stays for the next one
  message: [
    keys(DIGITS),
    keys(ACCENTS),
    ...LETTERS.map(keys),
    [SHIFT, ...keys("wxcvbn"), { type: "'", name: "apostrophe" }, { type: "-", name: "dash" }, ERASE],
    [CLOSE, { type: ",", name: "comma" }, SPACE, { type: ".", name: "dot" }, { type: "?", name: "question" }, SUBMIT],
  ],
};
LAYOUTS.name = LAYOUTS.text ?? [];
LAYOUTS.search = LAYOUTS.text ?? [];

/** Where a capital begins a name: at the start, after a space, a hyphen or an apostrophe. */
const NAME_START = /(^|[\s'-])$/;
/** Where a sentence begins. */
const SENTENCE_START = /(^|[.?]\s*)$/;

/** @param {EventTarget | null} target @returns {HTMLInputElement | null} */
function fieldOf(target) {
  return target instanceof HTMLInputElement && target.dataset.keyboard ? target : null;
}

/**
 * Put text where the cursor is, as if it had been typed.
 * @param {HTMLInputElement} field
 * @param {string} text
 */
function insert(field, text) {
  const { selectionStart: start, selectionEnd: end } = field;
  if (field.maxLength >= 0 && field.value.length + text.length > field.maxLength) return;
  if (start === null || end === null) field.value += text;
  else field.setRangeText(text, start, end, "end");
  field.dispatchEvent(new InputEvent("input", { bubbles: true, inputType: "insertText", data: text }));
}

/** @param {HTMLInputElement} field */
function erase(field) {
  const { selectionStart: start, selectionEnd: end } = field;
  if (start === null || end === null) field.value = field.value.slice(0, -1);
  else if (start !== end) field.setRangeText("", start, end, "end");
  else if (start > 0) field.setRangeText("", start - 1, start, "end");
  field.dispatchEvent(new InputEvent("input", { bubbles: true, inputType: "deleteContentBackward" }));
}

export class Keyboard {
  /** @param {HTMLElement} root - the empty region of the layout, with its words in data attributes */
  constructor(root) {
    this.root = root;
    /** @type {HTMLInputElement | null} */
    this.field = null;
    this.capital = false;
    this.dismissed = false;
    this.byPointer = false;
    root.addEventListener("pointerdown", (event) => event.preventDefault()); // the field keeps the cursor
    root.addEventListener("mousedown", (event) => event.preventDefault());
    root.addEventListener("click", (event) => this.#press(event));
    root.addEventListener("keydown", (event) => this.#walk(event));
    document.addEventListener("pointerdown", () => (this.byPointer = true), true);
    document.addEventListener("keydown", () => (this.byPointer = false), true);
    document.addEventListener("focusin", (event) => this.#focused(event.target));
    document.addEventListener("click", (event) => this.#clicked(event.target));
    document.addEventListener("input", (event) => {
      if (event.target === this.field) this.#capitalise();
    });
    for (const field of document.querySelectorAll("input[data-keyboard]")) {
      field.setAttribute("inputmode", "none"); // the system's own keyboard stays away
    }
    this.#focused(document.activeElement);
  }

  /** @param {EventTarget | null} target */
  #focused(target) {
    const field = fieldOf(target);
    if (!field) return;
    this.field = field;
    if (this.byPointer) this.dismissed = false;
    if (!this.dismissed) this.show();
    this.#capitalise();
  }

  /**
   * Away with the keyboard once something else was pressed: on click, not before, so that nothing moves under a finger.
   * @param {EventTarget | null} target
   */
  #clicked(target) {
    if (!(target instanceof Element) || this.root.contains(target)) return;
    if (fieldOf(target)) {
      this.dismissed = false;
      this.show();
    } else if (!target.closest("label") && document.activeElement !== this.field) {
      this.hide();
    }
  }

  show() {
    if (!this.field) return;
    const mode = this.field.dataset.keyboard ?? "text";
    if (this.root.dataset.mode !== mode) this.#draw(mode);
    this.root.hidden = false;
    this.field.scrollIntoView({ block: "nearest" });
  }

  hide() {
    this.root.hidden = true;
  }

  /** @param {string} mode */
  #draw(mode) {
    const rows = document.createElement("div");
    rows.className = "keyboard-rows";
    for (const row of LAYOUTS[mode] ?? LAYOUTS.text ?? []) {
      const line = document.createElement("div");
      line.className = "keyboard-row";
      line.append(...row.map((key) => this.#button(key)));
      rows.append(line);
    }
    this.root.replaceChildren(rows);
    this.root.dataset.mode = mode;
    const first = this.root.querySelector("button");
    if (first) first.tabIndex = 0;
  }

  /** @param {Key} key */
  #button(key) {
    const button = document.createElement("button");
    const name = key.name ? this.root.dataset[key.name] : undefined;
    button.type = "button";
    button.tabIndex = -1;
    button.className = ["keyboard-key", ...(key.look ?? "").split(" ").filter(Boolean).map((look) => `keyboard-key--${look}`)].join(" ");
    button.textContent = key.label ?? (key.type?.trim() ? key.type : (name ?? ""));
    if (name && name !== button.textContent) button.setAttribute("aria-label", name);
    if (key.action) button.dataset.action = key.action;
    if (key.type) button.dataset.type = key.type;
    if (key.action === "shift") button.setAttribute("aria-pressed", "false");
    return button;
  }

  /** @param {MouseEvent} event */
  #press(event) {
    const button = event.target instanceof Element ? event.target.closest("button") : null;
    const field = this.field;
    if (!button || !field?.isConnected) return;
    const { action, type } = button.dataset;
    if (type) insert(field, this.capital ? type.toLocaleUpperCase("fr") : type);
    else if (action === "erase") erase(field);
    else if (action === "shift") this.#setCapital(!this.capital);
    else if (action === "next") this.#next(field);
    else if (action === "close") {
      this.dismissed = true;
      this.hide();
      field.focus({ preventScroll: true });
    }
  }

  /** @param {HTMLInputElement} field */
  #next(field) {
    if (field.dataset.keyboard === "message") {
      field.form?.requestSubmit();
      this.#capitalise();
      return;
    }
    if (field.dataset.keyboard === "reference" || field.dataset.keyboard === "search") {
      this.hide();
      field.form?.requestSubmit();
      return;
    }
    const fields = [...(field.form?.elements ?? [])];
    const next = fields.slice(fields.indexOf(field) + 1).find((element) => fieldOf(element));
    if (next instanceof HTMLInputElement) {
      next.focus();
      return;
    }
    this.dismissed = true;
    this.hide();
    /** @type {HTMLElement | null | undefined} */ (field.form?.querySelector("[data-submit]"))?.focus();
  }

  #capitalise() {
    const field = this.field;
    if (!field) return;
    const before = field.value.slice(0, field.selectionStart ?? field.value.length);
    const starts = { name: NAME_START, message: SENTENCE_START }[field.dataset.keyboard ?? ""];
    this.#setCapital(starts?.test(before) ?? false);
  }

  /** @param {boolean} capital */
  #setCapital(capital) {
    this.capital = capital;
    for (const button of this.root.querySelectorAll("button")) {
      if (button.dataset.action === "shift") button.setAttribute("aria-pressed", String(capital));
      const type = button.dataset.type;
      if (type && /^\p{L}$/u.test(type)) button.textContent = capital ? type.toLocaleUpperCase("fr") : type;
    }
  }

  /**
   * Arrow keys go from key to key.
   * @param {KeyboardEvent} event
   */
  #walk(event) {
    const rows = [...this.root.querySelectorAll(".keyboard-row")].map((row) => [...row.querySelectorAll("button")]);
    const y = rows.findIndex((row) => row.some((button) => button === event.target));
    const x = rows[y]?.findIndex((button) => button === event.target) ?? -1;
    const row = rows[y];
    if (!row || x < 0) return;
    const sideways = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    const upright = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (sideways === undefined && upright === undefined) return;
    event.preventDefault();
    const target = sideways !== undefined ? row.at((x + sideways) % row.length) : this.#across(rows, x, y, upright ?? 0);
    if (!target) return;
    for (const button of this.root.querySelectorAll("button")) button.tabIndex = -1;
    target.tabIndex = 0;
    target.focus();
  }

  /**
   * @param {HTMLButtonElement[][]} rows
   * @param {number} x
   * @param {number} y
   * @param {number} step
   */
  #across(rows, x, y, step) {
    const here = rows[y] ?? [];
    const there = rows.at((y + step) % rows.length) ?? [];
    return there[Math.min(there.length - 1, Math.round((x / Math.max(1, here.length - 1)) * (there.length - 1)))];
  }
}
