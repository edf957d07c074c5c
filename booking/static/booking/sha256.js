/**
 * SHA-256 (FIPS 180-4) of a short ASCII text. `crypto.subtle` would do, but only on HTTPS, and a promise for each of a
 * hundred thousand tries costs more than the hashing.
 */

const PRIMES = (() => {
  /** @type {number[]} */
  const found = [];
  for (let candidate = 2; found.length < 64; candidate += 1) {
    if (found.every((prime) => candidate % prime)) found.push(candidate);
  }
  return found;
})();

/** The first 32 bits of the fraction of a number. @param {number} value */
const fraction = (value) => ((value - Math.floor(value)) * 2 ** 32) | 0;

const START = PRIMES.slice(0, 8).map((prime) => fraction(Math.sqrt(prime)));
const ROUNDS = PRIMES.map((prime) => fraction(Math.cbrt(prime)));
const BLOCK = 64;

/** @param {number} word @param {number} by */
const turned = (word, by) => (word >>> by) | (word << (32 - by));

/** @param {Uint32Array} words @param {Int32Array} state */
function compress(words, state) {
  for (let i = 16; i < 64; i += 1) {
    const before = words[i - 15];
    const latest = words[i - 2];
    const low = turned(before, 7) ^ turned(before, 18) ^ (before >>> 3);
    const high = turned(latest, 17) ^ turned(latest, 19) ^ (latest >>> 10);
    words[i] = words[i - 16] + low + words[i - 7] + high;
  }
  let [a, b, c, d, e, f, g, h] = state;
  for (let i = 0; i < 64; i += 1) {
    const upper = turned(e, 6) ^ turned(e, 11) ^ turned(e, 25);
    const first = (h + upper + ((e & f) ^ (~e & g)) + ROUNDS[i] + words[i]) | 0;
    const lower = turned(a, 2) ^ turned(a, 13) ^ turned(a, 22);
    const second = (lower + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    [h, g, f, e, d, c, b, a] = [g, f, e, (d + first) | 0, c, b, a, (first + second) | 0];
  }
  [a, b, c, d, e, f, g, h].forEach((value, i) => (state[i] += value));
}

/**
 * @param {string} text - ASCII
 * @returns {string} 64 hexadecimal digits
 */
export function sha256(text) {
  const length = Math.ceil((text.length + 9) / BLOCK) * BLOCK;
  const bytes = new DataView(new ArrayBuffer(length));
  for (let i = 0; i < text.length; i += 1) bytes.setUint8(i, text.charCodeAt(i));
  bytes.setUint8(text.length, 0x80);
  bytes.setUint32(length - 4, text.length * 8);
  const state = Int32Array.from(START);
  const words = new Uint32Array(64);
  for (let at = 0; at < length; at += BLOCK) {
    for (let i = 0; i < 16; i += 1) words[i] = bytes.getUint32(at + i * 4);
    compress(words, state);
  }
  return [...state].map((word) => (word >>> 0).toString(16).padStart(8, "0")).join("");
}
