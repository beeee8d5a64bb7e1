// <pioche-upload>: drop files and folders of any size, see how far they are, commit them or open a pull request.
// The form inside is for browsers without scripts; the parts drawn here come from the <template>s inside.
import { UploadClient } from "./upload-client.js";
import { announce } from "./parts.js";

const AT_ONCE = 2;
// Hashing is about a third of the work of a large file on a fast network.
const HASH_SHARE = 0.3;
const SKIPPED = new Set([".DS_Store", "Thumbs.db", "desktop.ini"]);

class PiocheUpload extends HTMLElement {
  #items = new Map();
  #abort = null;
  #find = (name) => this.querySelector(`[data-part=${name}]`);

  connectedCallback() {
    const template = this.querySelector("template[data-upload]");
    if (!template || this.#find("drop")) return;
    this.querySelector("form")?.remove();
    this.prepend(template.content.cloneNode(true));
    this.#words = this.#find("words").dataset;
    if (this.dataset.canWrite === "false") this.#find("how").remove();
    this.#watch();
    this.#draw();
  }

  #words;

  #watch() {
    const drop = this.#find("drop");
    for (const input of drop.querySelectorAll("input")) {
      input.addEventListener("change", () => {
        this.#add([...input.files].map((file) => ({ path: file.webkitRelativePath || file.name, file })));
        input.value = "";
      });
    }
    drop.addEventListener("dragover", (event) => {
      event.preventDefault();
      drop.classList.add("over-drop");
    });
    drop.addEventListener("dragleave", () => drop.classList.remove("over-drop"));
    drop.addEventListener("drop", async (event) => {
      event.preventDefault();
      drop.classList.remove("over-drop");
      this.#add(await dropped(event.dataTransfer));
    });
    this.#find("form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#run();
    });
    this.#find("cancel").addEventListener("click", () => this.#abort?.abort(new DOMException("cancelled", "AbortError")));
    window.addEventListener("beforeunload", (event) => {
      if (this.#abort) event.preventDefault();
    });
  }

  #add(found) {
    const folder = this.dataset.folder ? `${this.dataset.folder.replace(/\/+$/, "")}/` : "";
    for (const { path, file } of found) {
      if (SKIPPED.has(file.name) || path.split("/").includes(".git")) continue;
      this.#remove(folder + path);
      this.#items.set(folder + path, this.#item(folder + path, file));
    }
    this.#draw();
  }

  #item(path, file) {
    const row = this.querySelector("template[data-upload-row]").content.cloneNode(true).firstElementChild;
    row.querySelector("[data-name]").textContent = path;
    row.querySelector("[data-name]").title = path;
    const item = { path, file, row, state: "waiting", hashed: 0, sent: 0, sha256: undefined };
    const remove = row.querySelector("[data-remove]");
    remove.setAttribute("aria-label", `${remove.getAttribute("aria-label")} ${path}`);
    remove.addEventListener("click", () => {
      this.#remove(path);
      this.#draw();
    });
    row.querySelector("[data-retry]").addEventListener("click", () => this.#run());
    this.#find("list").append(row);
    this.#show(item, "waiting");
    return item;
  }

  #remove(path) {
    this.#items.get(path)?.row.remove();
    this.#items.delete(path);
  }

  async #run() {
    if (this.#abort || !this.#items.size) return;
    this.#abort = new AbortController();
    const { repoType, repoId, revision } = this.dataset;
    const client = new UploadClient(repoType, repoId, revision, this.#abort.signal);
    this.#say("");
    this.#draw();
    try {
      await this.#plan(client);
      await this.#sendAll(client);
      if (!this.#some("failed")) await this.#commit(client);
    } catch (error) {
      this.#say(error.name === "AbortError" ? this.#words.cancelled : error.message || this.#words.network, "error");
    }
    this.#abort = null;
    for (const item of this.#items.values()) {
      if (item.state === "hashing" || item.state === "uploading") this.#show(item, "waiting");
    }
    this.#draw();
  }

  async #plan(client) {
    const open = [...this.#items.values()].filter((item) => !item.mode);
    const modes = await client.modes(open);
    for (const item of open) {
      item.mode = modes.get(item.path);
      if (item.mode === "ignore") this.#show(item, "ignored");
    }
  }

  // A few files at a time, so that one is hashed while another is on its way.
  async #sendAll(client) {
    const todo = [...this.#items.values()].filter((item) => item.mode === "lfs" && item.state !== "sent");
    const work = async () => {
      for (let item = todo.shift(); item; item = todo.shift()) await this.#send(client, item);
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    if (this.#some("failed")) this.#say(this.#words.someFailed, "error");
  }

  async #send(client, item) {
    try {
      if (!item.sha256) {
        this.#show(item, "hashing");
        item.sha256 = await client.hash(item.file, (bytes) => this.#progress(item, "hashed", bytes));
      }
      this.#show(item, "uploading");
      const moved = await client.send(item.file, item.sha256, (bytes) => this.#progress(item, "sent", bytes));
      item.sent = item.file.size;
      this.#show(item, "sent", moved ? "" : this.#words.present);
    } catch (error) {
      if (error.name === "AbortError") throw error;
      this.#show(item, "failed", error.message || this.#words.network);
    }
  }

  async #commit(client) {
    const items = [...this.#items.values()].filter((item) => item.mode !== "ignore");
    if (!items.length) return this.#say(this.#words.nothing, "error");
    this.#say(this.#words.committing);
    const form = this.#find("form");
    const said = items.length === 1 ? this.#words.one : this.#words.summary;
    const what = items.length === 1 ? items[0].path : items.length;
    const summary = form.elements.summary.value.trim() || said.replace("%n", () => what);
    const asPullRequest = this.dataset.canWrite === "false" || form.elements.how?.value === "pull_request";
    const answer = await client.commit(items, summary, form.elements.description.value, asPullRequest);
    this.#abort = null;
    const place = answer.pullRequestUrl ? new URL(answer.pullRequestUrl).pathname : this.dataset.done;
    location.assign(place || `/${this.dataset.repoId}`);
  }

  #some(state) {
    return [...this.#items.values()].some((item) => item.state === state);
  }

  #show(item, state, note = "") {
    item.state = item.row.dataset.state = state;
    const size = bytes(item.file.size);
    item.row.querySelector("[data-note]").textContent = `${note || this.#words[state] || ""} · ${size}`;
    item.row.querySelector("[data-retry]").hidden = state !== "failed";
    this.#progress(item);
  }

  #progress(item, phase, count) {
    if (phase) item[phase] = count;
    const bar = item.row.querySelector("progress");
    bar.hidden = item.state !== "hashing" && item.state !== "uploading" && item.state !== "sent";
    bar.max = Math.max(item.file.size, 1);
    bar.value = item.state === "hashing" ? item.hashed : item.sent;
    this.#total();
  }

  #total() {
    let done = 0;
    let all = 0;
    for (const { mode, file, hashed, sha256, sent } of this.#items.values()) {
      if (mode !== "lfs") continue;
      all += file.size;
      done += (sha256 ? file.size : hashed) * HASH_SHARE + sent * (1 - HASH_SHARE);
    }
    const bar = this.#find("total");
    bar.hidden = !this.#abort || !all;
    bar.max = Math.max(all, 1);
    bar.value = done;
    this.#find("amount").textContent = this.#abort && all ? `${Math.round((100 * done) / all)}% · ${bytes(all)}` : "";
  }

  #draw() {
    const busy = Boolean(this.#abort);
    this.#find("send").disabled = busy || !this.#items.size;
    this.#find("cancel").hidden = !busy;
    this.#find("drop").inert = busy;
    this.#find("list").hidden = !this.#items.size;
    for (const button of this.querySelectorAll("[data-remove]")) button.disabled = busy;
    this.#total();
  }

  #say(text, kind = "info") {
    const place = this.#find("message");
    place.hidden = !text;
    place.dataset.kind = kind;
    place.firstElementChild.textContent = text;
    if (text) announce(text);
  }
}

// Files of a drop, those in folders too. Entries must be taken before the first await, or the browser empties the list.
async function dropped(transfer) {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  if (!entries.length) return [...transfer.files].map((file) => ({ path: file.name, file }));
  const found = [];
  for (const entry of entries) await walk(entry, found);
  return found;
}

async function walk(entry, found) {
  if (entry.isFile) {
    const file = await new Promise((resolve, reject) => entry.file(resolve, reject));
    found.push({ path: entry.fullPath.replace(/^\//, ""), file });
    return;
  }
  const reader = entry.createReader();
  // A reader gives at most a hundred entries at a time, and none when it is done.
  for (;;) {
    const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (!some.length) return;
    for (const child of some) await walk(child, found);
  }
}

function bytes(count) {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let step = 0;
  let value = count;
  while (value >= 999.5 && step < units.length - 1) {
    value /= 1000;
    step++;
  }
  return `${step ? Number(value.toPrecision(3)) : value} ${units[step]}`;
}

customElements.define("pioche-upload", PiocheUpload);
