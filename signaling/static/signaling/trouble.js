/**
 * Why a device is missing and what to do about it, in words.
 *
 * @import { Devices, Kind, Trouble } from "./devices.js"
 */
import { data, text } from "./page.js";

/** What is missing and what to do; empty when nothing is. @param {Devices} devices */
export function missingWords(devices) {
  const { camera, microphone, trouble } = devices;
  const why = { camera: trouble.camera || "none", microphone: trouble.microphone || "none" };
  if (camera !== "missing" && microphone !== "missing") return "";
  if (camera !== "missing") return withAdvice(`microphone_${why.microphone}`, why.microphone);
  if (microphone !== "missing") return withAdvice(`camera_${why.camera}`, why.camera);
  // with two reasons, the one that keeps somebody from being heard weighs more
  if (why.camera === why.microphone) return withAdvice(`both_${why.camera}`, why.camera);
  return withAdvice("both_none", why.microphone === "none" ? why.camera : why.microphone);
}

/** Why a device that somebody picked from the list cannot be used. @param {Kind} kind @param {Trouble} why */
export function pickedWords(kind, why) {
  if (why === "refused") return withAdvice(`${kind}_refused`, why);
  return text(`${kind}_${why === "busy" ? "taken" : "gone"}`);
}

/** @param {string} key @param {string} why */
function withAdvice(key, why) {
  // nobody at a kiosk can change what its browser may do, or plug anything in
  return `${text(key)} ${text(data.surface === "kiosk" ? "do_kiosk" : `do_${why}`)}`;
}
