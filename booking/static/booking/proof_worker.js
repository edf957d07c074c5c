/** Finds the number of a proof of work, away from the page so that it stays alive. */
import { sha256 } from "./sha256.js";

self.addEventListener("message", (/** @type {MessageEvent<{salt: string, target: string, effort: number}>} */ event) => {
  const { salt, target, effort } = event.data;
  for (let number = 0; number < effort; number += 1) {
    if (sha256(`${salt}${number}`) === target) {
      self.postMessage(number);
      return;
    }
  }
  self.postMessage(null);
});
