/** A PDF, page by page, on a canvas: nothing in it is ever run. */

// a page of A4 this wide takes some 60 MB
const WIDEST = 3200;
const VENDOR = "/static/vendor/pdfjs/";

/** @typedef {import("/static/vendor/pdfjs/pdf.min.mjs").PDFDocumentProxy} PdfDocument */

/** @type {Promise<typeof import("/static/vendor/pdfjs/pdf.min.mjs")>|null} */
let library = null;

function load() {
  library ??= import("/static/vendor/pdfjs/pdf.min.mjs").then((pdfjs) => {
    pdfjs.GlobalWorkerOptions.workerSrc = `${VENDOR}pdf.worker.min.mjs`;
    return pdfjs;
  });
  return library;
}

/** @param {Blob} blob @returns {Promise<PdfDocument>} */
export async function openPdf(blob) {
  const pdfjs = await load();
  return pdfjs.getDocument({
    data: new Uint8Array(await blob.arrayBuffer()),
    cMapUrl: `${VENDOR}cmaps/`,
    standardFontDataUrl: `${VENDOR}standard_fonts/`,
    wasmUrl: `${VENDOR}wasm/`,
    enableXfa: false,
  }).promise;
}

/**
 * Draw a page as wide as there is room for.
 * @param {PdfDocument} pdf @param {number} number from 1 @param {HTMLCanvasElement} canvas @param {number} width CSS pixels
 */
export async function drawPage(pdf, number, canvas, width) {
  const page = await pdf.getPage(number);
  const natural = page.getViewport({ scale: 1 });
  const scale = (width / natural.width) * Math.min(2, window.devicePixelRatio || 1, Math.max(1, WIDEST / width));
  const viewport = page.getViewport({ scale });
  canvas.width = Math.floor(viewport.width);
  canvas.height = Math.floor(viewport.height);
  await page.render({ canvas, viewport }).promise;
}
