/**
 * Blurring what is behind somebody: by the system where it offers that, or else in a worker, where the browser lets one have the frames.
 *
 * @import { Filtered } from "./devices.js"
 * @typedef {"slow"|"failed"} BlurTrouble
 * @typedef {{readable: ReadableStream}} Processor  W3C mediacapture-transform, as Chromium has it on pages
 */

/** Longer than this for a picture, and it no longer looks like one that moves. */
const LIMIT_MS = 80;
const BEGIN_MS = 20_000;
const END_MS = 1_000;

/** Whether this browser, or this camera, can blur. @param {MediaStreamTrack|null} camera */
export function canBlur(camera) {
  return "MediaStreamTrackGenerator" in window || (camera !== null && systemBlurs(camera));
}

/** Events: `trouble` BlurTrouble when it ended by itself; `pace` {ms, frames} now and then, how long a picture takes. */
export class Blur extends EventTarget {
  /** Blur what this camera shows. @param {MediaStreamTrack} camera @returns {Promise<Filtered>} */
  async filter(camera) {
    try {
      if (systemBlurs(camera)) return await this._bySystem(camera);
      return await this._byWorker(camera);
    } catch (error) {
      console.warn("blur", error);
      this._tell("failed");
      throw error;
    }
  }

  /** @param {MediaStreamTrack} camera @returns {Promise<Filtered>} */
  async _bySystem(camera) {
    await camera.applyConstraints(/** @type {any} */ ({ backgroundBlur: true }));
    const plain = /** @type {any} */ ({ backgroundBlur: false });
    return { track: camera, stop: () => void camera.applyConstraints(plain).catch(() => undefined) };
  }

  /** @param {MediaStreamTrack} camera @returns {Promise<Filtered>} */
  async _byWorker(camera) {
    const { MediaStreamTrackProcessor, MediaStreamTrackGenerator } = /** @type {any} */ (window);
    /** @type {Processor} */
    const processor = new MediaStreamTrackProcessor({ track: camera, maxBufferSize: 1 });
    /** @type {MediaStreamTrack & {writable: WritableStream}} */
    const generator = new MediaStreamTrackGenerator({ kind: "video" });
    const worker = new Worker(new URL("./blur_worker.js", import.meta.url), { type: "module" });
    const stop = () => {
      generator.stop();
      worker.onmessage = worker.onerror = null;
      worker.postMessage({ end: true });
      setTimeout(() => worker.terminate(), END_MS);
    };
    const message = { frames: processor.readable, blurred: generator.writable, limitMs: LIMIT_MS };
    try {
      await new Promise((resolve, reject) => {
        worker.onmessage = ({ data }) => (data.begun ? resolve(undefined) : reject(new Error(data.trouble)));
        worker.onerror = () => reject(new Error("the worker does not load"));
        setTimeout(() => reject(new Error("no picture came")), BEGIN_MS);
        worker.postMessage(message, [processor.readable, generator.writable]);
      });
    } catch (error) {
      stop();
      throw error;
    }
    worker.onerror = () => this._tell("failed");
    worker.onmessage = ({ data }) => {
      if (data.trouble) this._tell(data.trouble);
      else this.dispatchEvent(new CustomEvent("pace", { detail: data.pace }));
    };
    return { track: generator, stop };
  }

  /** @param {BlurTrouble} trouble */
  _tell(trouble) {
    this.dispatchEvent(new CustomEvent("trouble", { detail: trouble }));
  }
}

/** Whether the camera's driver or the system blurs, if asked (W3C Media Capture Extensions). @param {MediaStreamTrack} camera */
function systemBlurs(camera) {
  const { backgroundBlur } = /** @type {any} */ (camera.getCapabilities?.() ?? {});
  return Array.isArray(backgroundBlur) && backgroundBlur.includes(true);
}
