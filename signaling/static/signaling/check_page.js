/** The page of the test before the call: one line for each thing that is tested, and a result in words. */

import { Check, STEPS } from "./check.js";
import { element, make, say } from "./page.js";

/**
 * @import { Finding, Light, Report } from "./check.js"
 * @type {{ticketUrl: string, socketUrl: string, reportUrl: string|null, backUrl: string, automatic: boolean, texts: Record<string, string>}}
 */
const data = JSON.parse(document.getElementById("page-data")?.textContent ?? "{}");

const SHORT_STAY_MS = 10_000;
const LONG_STAY_MS = 120_000;
const result = element("check-result", HTMLElement);
const run = element("check-run", HTMLButtonElement);
const question = element("check-question", HTMLElement);
const download = element("check-download", HTMLAnchorElement);
/** @type {Map<string, HTMLElement>} */
const lines = new Map();
/** @type {Check|null} */
let check = null;
/** @type {ReturnType<typeof setTimeout>|undefined} */
let leaving;

/** @param {string} key @param {Record<string, string|number>} [values] */
function words(key, values = {}) {
  return (data.texts[key] ?? key).replace(/\{(\w+)\}/g, (_, name) => String(values[name] ?? ""));
}

for (const step of STEPS) {
  const line = make("div", "check-line");
  const told = make("dd", "check-line__words", words("notTested"));
  line.dataset.light = "none";
  line.dataset.step = step;
  line.append(make("dt", "check-line__name", words(`step_${step}`)), told);
  element("check-list", HTMLElement).append(line);
  lines.set(step, line);
}

/** @param {Finding} found */
function show({ step, light, words: key, values }) {
  const line = lines.get(step);
  const told = line?.querySelector(".check-line__words");
  if (!line || !told) return;
  line.dataset.light = light;
  told.replaceChildren(make("strong", "", words(`light_${light}`)), ` – ${words(key, values)}`);
  if (step === "speaker") question.hidden = key !== "listen";
}

/** @param {Light} light */
function conclude(light) {
  result.dataset.light = light;
  say(result, words(`all_${light}`));
}

/** @param {Report} report */
function publish(report) {
  conclude(report.light);
  const text = JSON.stringify(report, null, 2);
  element("check-report", HTMLElement).textContent = text;
  element("check-details", HTMLElement).hidden = false;
  URL.revokeObjectURL(download.href);
  download.href = URL.createObjectURL(new Blob([text], { type: "application/json" }));
  download.hidden = false;
  if (!data.reportUrl) return;
  const body = JSON.stringify({ light: report.light, report });
  void fetch(data.reportUrl, { method: "POST", headers: { "Content-Type": "application/json" }, body });
  // a kiosk does not stay here
  clearTimeout(leaving);
  leaving = setTimeout(() => location.replace(data.backUrl), data.automatic ? SHORT_STAY_MS : LONG_STAY_MS);
}

/** @param {boolean} heard */
function answer(heard) {
  question.hidden = true;
  check?.heard(heard);
  if (check) publish(check.report());
  run.focus();
}

async function begin() {
  if (run.getAttribute("aria-disabled") === "true") return;
  run.setAttribute("aria-disabled", "true");
  clearTimeout(leaving);
  conclude("running");
  check = new Check(data);
  check.addEventListener("finding", (happened) => show(/** @type {CustomEvent} */ (happened).detail));
  publish(await check.run());
  run.removeAttribute("aria-disabled");
}

run.addEventListener("click", () => void begin());
element("check-heard", HTMLButtonElement).addEventListener("click", () => answer(true));
element("check-not-heard", HTMLButtonElement).addEventListener("click", () => answer(false));
if (data.automatic) void begin();
