/**
 * Blurs what is behind somebody, picture by picture, away from the page's own thread. Pictures that come while one is at work are dropped.
 *
 * Takes {frames, blurred, limitMs} once and {end} at the end; says {begun}, {pace: {ms, frames}} or {trouble: "slow"|"failed"}.
 */
import { ImageSegmenter } from "/static/vendor/mediapipe/vision_bundle.mjs";

const FOLDER = "/static/vendor/mediapipe";
/** What the network was trained on: 256 by 144. */
const MASK = { width: 256, height: 144 };
const WIDEST = 640;
/** The background is this much smaller, then blurred, then as large as before: no letter can be read. */
const SHRINK = 10;
const SHRUNK_BLUR = "blur(2px)";
/** Who is where changes slower than the picture does. */
const FRAMES_A_MASK = 2;
const FRESH = 0.7;
const WARM_UP = 10;
const JUDGED = 50;

class Blurrer {
  /** @param {ImageSegmenter} segmenter @param {number} limitMs */
  constructor(segmenter, limitMs) {
    this._segmenter = segmenter;
    this._limitMs = limitMs;
    this._small = pen(MASK.width, MASK.height);
    this._mask = pen(MASK.width, MASK.height);
    this._alpha = new ImageData(MASK.width, MASK.height);
    this._sharp = pen(1, 1);
    this._far = pen(1, 1);
    this._whole = pen(1, 1);
    this._frames = 0;
    this._spentMs = 0;
  }

  /** Return a picture whose background is blurred; the caller closes both. @param {VideoFrame} frame */
  blur(frame) {
    const began = performance.now();
    const scale = Math.min(1, WIDEST / frame.displayWidth);
    const width = Math.round((frame.displayWidth * scale) / 2) * 2;
    const height = Math.round((frame.displayHeight * scale) / 2) * 2;
    const sharp = fit(this._sharp, width, height);
    const whole = fit(this._whole, width, height);
    const far = fit(this._far, Math.ceil(width / SHRINK), Math.ceil(height / SHRINK));
    // the frame is large and its colours are to be converted: once, not for each use
    sharp.drawImage(frame, 0, 0, width, height);
    if (this._frames % FRAMES_A_MASK === 0) this._look(sharp.canvas);
    far.filter = SHRUNK_BLUR;
    far.drawImage(sharp.canvas, 0, 0, far.canvas.width, far.canvas.height);
    whole.globalCompositeOperation = "copy";
    whole.drawImage(this._mask.canvas, 0, 0, width, height);
    whole.globalCompositeOperation = "source-in";
    whole.drawImage(sharp.canvas, 0, 0, width, height);
    whole.globalCompositeOperation = "destination-over";
    whole.drawImage(far.canvas, 0, 0, width, height);
    const blurred = new VideoFrame(whole.canvas, { timestamp: frame.timestamp, alpha: "discard" });
    this._frames += 1;
    if (this._frames > WARM_UP) this._spentMs += performance.now() - began;
    return blurred;
  }

  /** How long a picture took lately; null until enough were made. */
  pace() {
    if (this._frames < WARM_UP + JUDGED) return null;
    const pace = { ms: this._spentMs / JUDGED, frames: JUDGED };
    this._frames = WARM_UP;
    this._spentMs = 0;
    return { ...pace, slow: pace.ms > this._limitMs };
  }

  close() {
    this._segmenter.close();
  }

  /** Find who is in front. @param {OffscreenCanvas} sharp */
  _look(sharp) {
    this._small.drawImage(sharp, 0, 0, MASK.width, MASK.height);
    const picture = this._small.getImageData(0, 0, MASK.width, MASK.height);
    this._segmenter.segmentForVideo(picture, performance.now(), ({ confidenceMasks }) => {
      const sure = confidenceMasks?.[0]?.getAsFloat32Array();
      if (!sure) throw new Error("no mask");
      const { data } = this._alpha;
      const fresh = this._frames ? FRESH : 1;
      for (let index = 0; index < sure.length; index++) {
        const at = index * 4 + 3;
        data[at] = fresh * 255 * sure[index] + (1 - fresh) * data[at];
      }
    });
    this._mask.putImageData(this._alpha, 0, 0);
  }
}

/** @param {number} width @param {number} height */
function pen(width, height) {
  const made = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
  if (!made) throw new Error("no canvas");
  return made;
}

/** @param {OffscreenCanvasRenderingContext2D} context @param {number} width @param {number} height */
function fit(context, width, height) {
  if (context.canvas.width !== width) context.canvas.width = width;
  if (context.canvas.height !== height) context.canvas.height = height;
  return context;
}

async function open() {
  const model = await (await fetch(`${FOLDER}/selfie_landscape.tflite`)).arrayBuffer();
  const runtime = `${FOLDER}/vision_wasm_module_internal`;
  return ImageSegmenter.createFromOptions(
    { wasmLoaderPath: `${runtime}.js`, wasmBinaryPath: `${runtime}.wasm` },
    {
      baseOptions: { modelAssetBuffer: new Uint8Array(model), delegate: "CPU" },
      runningMode: "VIDEO",
      outputConfidenceMasks: true,
      outputCategoryMask: false,
    },
  );
}

/** @type {ReadableStreamDefaultReader<VideoFrame>|undefined} */
let reader;

/** @param {{frames: ReadableStream<VideoFrame>, blurred: WritableStream<VideoFrame>, limitMs: number}} work */
async function run({ frames, blurred, limitMs }) {
  const blurrer = new Blurrer(await open(), limitMs);
  reader = frames.getReader();
  const writer = blurred.getWriter();
  try {
    for (let begun = false; ; begun = true) {
      const { value: frame, done } = await reader.read();
      if (done) return;
      try {
        await writer.write(blurrer.blur(frame));
      } finally {
        frame.close();
      }
      if (!begun) postMessage({ begun: true });
      const pace = blurrer.pace();
      if (pace) postMessage(pace.slow ? { trouble: "slow" } : { pace });
    }
  } finally {
    blurrer.close();
  }
}

addEventListener("message", ({ data }) => {
  if (data.end) {
    void reader?.cancel().catch(() => undefined);
    return;
  }
  run(data).catch((error) => {
    console.warn("blur", error);
    postMessage({ trouble: "failed" });
  });
});
