// The charts of the administrator's page. What they show is in the tables beside them, so that nothing is only in a picture.
import "/static/vendor/chartjs/chart.umd.min.js";

/**
 * @typedef {{key: string, label: string, values: (number | null)[]}} Series
 * @typedef {{id: string, kind: "bar" | "line", stacked: boolean, horizontal: boolean, top: number | null,
 *            labels: string[], series: Series[]}} ChartData
 * @typedef {{language: string, charts: ChartData[]}} PageData
 */

// The library's browser build names itself on the global object.
const { Chart } = /** @type {{Chart: typeof import("/static/vendor/chartjs/chart.umd.min.js").Chart}} */ (
  /** @type {unknown} */ (globalThis)
);

/** Colours that stay apart for colour-blind readers (after Okabe and Ito), by figure. @type {Record<string, string>} */
const COLOURS = {
  held: "#0072b2",
  no_shows: "#d55e00",
  technical: "#cc79a7",
  cancelled: "#999999",
  open: "#56b4e9",
  attendance: "#0072b2",
  good_share: "#009e73",
  satisfaction: "#009e73",
  km: "#009e73",
};

const SHORT_LABEL = 28;

/** @param {string} name @returns {string} */
function token(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

/** What all houses' names begin with tells none of them apart. @param {string} text @returns {string} */
function shorten(text) {
  const own = text.replace(/^France services (de |d['’])?/i, "");
  return own.length > SHORT_LABEL ? `${own.slice(0, SHORT_LABEL - 1)}…` : own;
}

/** @param {ChartData} data @param {string} language */
function draw(data, language) {
  const canvas = document.getElementById(data.id);
  if (!(canvas instanceof HTMLCanvasElement)) return;
  const numbers = { beginAtZero: true, stacked: data.stacked, ...(data.top ? { max: data.top } : {}) };
  const scale = { ticks: { color: token("--ink-soft"), precision: 0 }, grid: { color: token("--line") } };
  const names = { ...scale, stacked: data.stacked, ticks: { color: token("--ink-soft"), autoSkip: false } };
  new Chart(canvas, {
    type: data.kind,
    data: {
      labels: data.labels.map(shorten),
      datasets: data.series.map((series) => ({
        label: series.label,
        data: series.values,
        backgroundColor: COLOURS[series.key],
        borderColor: COLOURS[series.key],
        spanGaps: true,
        maxBarThickness: 36,
      })),
    },
    options: {
      animation: false,
      locale: language,
      maintainAspectRatio: false,
      indexAxis: data.horizontal ? "y" : "x",
      scales: data.horizontal
        ? { x: { ...scale, ...numbers }, y: names }
        : { x: names, y: { ...scale, ...numbers } },
      plugins: {
        legend: { display: data.series.length > 1, labels: { color: token("--ink") }, position: "bottom" },
        tooltip: { callbacks: { title: (items) => data.labels[items[0]?.dataIndex ?? 0] ?? "" } },
      },
    },
  });
}

const block = document.getElementById("page-data");
if (block?.textContent) {
  /** @type {PageData} */
  const page = JSON.parse(block.textContent);
  for (const chart of page.charts) draw(chart, page.language);
}
