// Hashes a file in pieces of 8 MiB, so that its size does not matter. In: {file}. Out: {done} in bytes, then {sha256}.
import { sha256 } from "../vendor/noble-hashes-2.4.0/sha2.js";

const PIECE = 8 * 1024 * 1024;

self.onmessage = async ({ data: { file } }) => {
  try {
    const hash = sha256.create();
    for (let at = 0; at < file.size; at += PIECE) {
      const piece = await file.slice(at, at + PIECE).arrayBuffer();
      hash.update(new Uint8Array(piece));
      self.postMessage({ done: Math.min(at + PIECE, file.size) });
    }
    const hex = Array.from(hash.digest(), (byte) => byte.toString(16).padStart(2, "0")).join("");
    self.postMessage({ sha256: hex });
  } catch (error) {
    // A file that was moved or changed while we read it.
    self.postMessage({ error: String(error.message ?? error) });
  }
};
