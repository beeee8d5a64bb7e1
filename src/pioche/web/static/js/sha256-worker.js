// Hashes a file in pieces of 8 MiB, so that its size does not matter.
// In: {file}. Out: {done} in bytes, now and then, and at the end {sha256} or {error}.
// A stream with a buffer of its own makes less garbage, but in Chromium 156 it stops for good after a GB or more.
import { sha256 } from "../vendor/noble-hashes-2.4.0/sha2.js";

const PIECE = 8 * 1024 * 1024;

self.onmessage = async ({ data: { file } }) => {
  try {
    self.postMessage({ sha256: await hashOf(file) });
  } catch (error) {
    // A file that was moved or changed meanwhile.
    self.postMessage({ error: String(error.message ?? error) });
  }
};

async function hashOf(file) {
  const hash = sha256.create();
  for (let at = 0; at < file.size; at += PIECE) {
    const piece = await file.slice(at, at + PIECE).arrayBuffer();
    hash.update(new Uint8Array(piece));
    self.postMessage({ done: Math.min(at + PIECE, file.size) });
  }
  return Array.from(hash.digest(), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
