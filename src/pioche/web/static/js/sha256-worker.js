// Hashes a file as it is read, through one buffer of 8 MiB, so that its size does not matter.
// In: {file}. Out: {done} in bytes, now and then, and at the end {sha256} or {error}.
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
  let done = 0;
  let told = 0;
  for await (const piece of pieces(file)) {
    hash.update(piece);
    done += piece.byteLength;
    if (done - told >= PIECE || done === file.size) self.postMessage({ done: (told = done) });
  }
  if (done !== file.size) throw new Error("The file changed while it was read.");
  return Array.from(hash.digest(), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function pieces(file) {
  let reader;
  try {
    reader = file.stream().getReader({ mode: "byob" });
  } catch {
    return slices(file); // Safari's files are no byte streams.
  }
  return refills(reader);
}

// The buffer goes to the reader and comes back filled, often only in part.
async function* refills(reader) {
  let buffer = new ArrayBuffer(PIECE);
  for (;;) {
    const { done, value } = await reader.read(new Uint8Array(buffer));
    if (done) return;
    yield value;
    buffer = value.buffer;
  }
}

async function* slices(file) {
  for (let at = 0; at < file.size; at += PIECE) {
    yield new Uint8Array(await file.slice(at, at + PIECE).arrayBuffer());
  }
}
