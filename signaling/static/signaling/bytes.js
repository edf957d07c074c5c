/** Bytes as hexadecimal text, their hash, and the chunks of documents. No DOM. See docs/protocol.md. */

export const HEADER_BYTES = 24;
export const CHUNK_BYTES = 65_536 - HEADER_BYTES;

/** @param {Uint8Array} bytes */
export function hex(bytes) {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** @param {string} text */
function unhex(text) {
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16));
}

/** @param {Uint8Array<ArrayBuffer>} data */
export async function sha256(data) {
  return hex(new Uint8Array(await crypto.subtle.digest("SHA-256", data)));
}

/** The message of a part of a document. @param {string} transfer @param {number} offset @param {Uint8Array} part */
export function writeChunk(transfer, offset, part) {
  const message = new Uint8Array(HEADER_BYTES + part.length);
  message.set(unhex(transfer), 0);
  new DataView(message.buffer).setBigUint64(16, BigInt(offset));
  message.set(part, HEADER_BYTES);
  return message;
}

/** @param {ArrayBuffer} message */
export function readChunk(message) {
  return {
    transfer: hex(new Uint8Array(message, 0, 16)),
    offset: Number(new DataView(message, 0, HEADER_BYTES).getBigUint64(16)),
    part: new Uint8Array(message, HEADER_BYTES),
  };
}
