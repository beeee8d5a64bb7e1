// What an upload says to the hub: which files are large, their bytes by LFS, then one commit. No page in here.
import { csrfHeaders } from "./parts.js";

const LFS = "application/vnd.git-lfs+json";
const SAMPLE = 512;
const ASK_AT_ONCE = 256;
const TRIES = 3;

export class UploadError extends Error {}

export class UploadClient {
  // type: models, datasets or spaces; id: owner/name.
  constructor(type, id, revision, signal) {
    this.api = `/api/${type}/${id}`;
    this.git = `/${type === "models" ? "" : `${type}/`}${id}.git`;
    this.revision = encodeURIComponent(revision);
    this.signal = signal;
  }

  // items: [{path, file}]. Answers a Map of path -> "lfs", "regular" or "ignore".
  async modes(items) {
    const modes = new Map();
    for (let at = 0; at < items.length; at += ASK_AT_ONCE) {
      const files = await Promise.all(items.slice(at, at + ASK_AT_ONCE).map(describe));
      const answer = await this.#post(`${this.api}/preupload/${this.revision}`, JSON.stringify({ files }));
      for (const file of answer.files) modes.set(file.path, file.shouldIgnore ? "ignore" : file.uploadMode);
    }
    return modes;
  }

  // onBytes(bytes read so far). Answers the sha256 in hex.
  hash(file, onBytes) {
    const worker = new Worker(new URL("./sha256-worker.js", import.meta.url), { type: "module" });
    return new Promise((resolve, reject) => {
      this.signal.addEventListener("abort", () => reject(this.signal.reason), { once: true });
      worker.onmessage = ({ data }) => {
        if (data.done !== undefined) onBytes(data.done);
        else if (data.sha256) resolve(data.sha256);
        else reject(new UploadError(data.error));
      };
      worker.onerror = (event) => reject(new UploadError(event.message || "the worker could not start"));
      worker.postMessage({ file });
    }).finally(() => worker.terminate());
  }

  // Sends a large file unless the hub has it. Answers false when there was nothing to send.
  async send(file, sha256, onBytes) {
    const actions = await this.#actions(sha256, file.size);
    if (!actions?.upload) return false;
    for (let attempt = 1; ; attempt++) {
      try {
        await this.#put(actions.upload, file, onBytes);
        break;
      } catch (error) {
        if (attempt === TRIES || !error.again || this.signal.aborted) throw error;
        await new Promise((resolve) => setTimeout(resolve, attempt * 1000));
      }
    }
    if (actions.verify) await this.#verify(actions.verify, sha256, file.size);
    return true;
  }

  // items: [{path, file, sha256 or undefined}]. Answers {commitOid, pullRequestUrl}.
  async commit(items, summary, description, asPullRequest) {
    const lines = [line("header", { summary, description })];
    for (const item of items) lines.push(await operation(item));
    const address = `${this.api}/commit/${this.revision}${asPullRequest ? "?create_pr=1" : ""}`;
    return this.#post(address, new Blob(lines), "application/x-ndjson");
  }

  async #actions(oid, size) {
    const asked = { operation: "upload", transfers: ["basic"], hash_algo: "sha256", objects: [{ oid, size }] };
    const answer = await this.#post(`${this.git}/info/lfs/objects/batch`, JSON.stringify(asked), LFS);
    const [object] = answer.objects;
    if (object.error) throw new UploadError(object.error.message);
    return object.actions;
  }

  // XMLHttpRequest, because fetch does not tell how much has been sent.
  #put(action, file, onBytes) {
    return new Promise((resolve, reject) => {
      const request = new XMLHttpRequest();
      const stop = () => request.abort();
      request.open("PUT", action.href);
      for (const [name, value] of Object.entries(headersFor(action))) request.setRequestHeader(name, value);
      request.upload.onprogress = (event) => onBytes(event.loaded);
      request.onload = () => {
        if (request.status < 300) resolve();
        else reject(failure(request.status, request.responseText));
      };
      request.onerror = () => reject(failure(0, ""));
      request.onabort = () => reject(this.signal.reason);
      request.onloadend = () => this.signal.removeEventListener("abort", stop);
      this.signal.addEventListener("abort", stop, { once: true });
      request.send(file);
    });
  }

  async #verify(action, oid, size) {
    const headers = { ...headersFor(action), Accept: LFS, "Content-Type": LFS };
    const init = { method: "POST", headers, body: JSON.stringify({ oid, size }), signal: this.signal };
    const answer = await fetch(action.href, init);
    if (!answer.ok) throw failure(answer.status, await answer.text());
  }

  async #post(address, body, type = "application/json") {
    const headers = { "Content-Type": type, Accept: type === LFS ? LFS : "application/json", ...csrfHeaders() };
    const answer = await fetch(address, { method: "POST", headers, body, signal: this.signal });
    if (!answer.ok) throw failure(answer.status, await answer.text());
    return answer.json();
  }
}

async function describe({ path, file }) {
  return { path, size: file.size, sample: await base64(file.slice(0, SAMPLE)) };
}

// Each line becomes a Blob at once: browsers keep large ones on disk, and strings in memory.
function line(key, value) {
  return new Blob([JSON.stringify({ key, value }), "\n"]);
}

async function operation({ path, file, sha256 }) {
  if (sha256) return line("lfsFile", { path, algo: "sha256", oid: sha256, size: file.size });
  return line("file", { path, content: await base64(file), encoding: "base64" });
}

function base64(blob) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    // A data address: `data:type;base64,...`, or `data:` alone for an empty file.
    reader.onload = () => resolve(reader.result.slice(reader.result.indexOf(",") + 1 || Infinity));
    reader.onerror = () => reject(new UploadError(reader.error.message));
    reader.readAsDataURL(blob);
  });
}

// Our own token is only for our own hub, never for a store on another host.
function headersFor(action) {
  const own = new URL(action.href, location.href).origin === location.origin;
  return { ...(own ? csrfHeaders() : {}), ...action.header };
}

function failure(status, text) {
  let message = "";
  try {
    const body = JSON.parse(text);
    message = body.error ?? body.message ?? "";
  } catch {
    // Not JSON: a proxy answered, or nobody did.
  }
  const error = new UploadError(message || (status ? `HTTP ${status}` : ""));
  error.again = status === 0 || status >= 500;
  return error;
}
