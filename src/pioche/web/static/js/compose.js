// Where people write Markdown: a preview in place, and pictures that are pasted or dropped.
import { watchMentions } from "./mentions.js";
import { csrfHeaders, toast } from "./parts.js";

const KINDS = /^(image\/(png|jpeg|gif|webp)|video\/(mp4|quicktime|webm)|audio\/(mpeg|wav))$/;

export function watchCompose(box, enhance) {
  const area = box.querySelector("textarea");
  const shown = document.createElement("section");
  shown.className = "comment";
  shown.hidden = true;
  shown.tabIndex = 0;
  shown.setAttribute("aria-label", box.dataset.sayPreview);
  const write = tab(box.dataset.sayWrite, true);
  const look = tab(box.dataset.sayPreview, false);
  const bar = document.createElement("div");
  bar.className = "btn-group";
  bar.setAttribute("role", "group");
  bar.append(write, look);
  area.before(bar);
  area.after(shown);
  for (const button of area.form.querySelectorAll("[data-without-script]")) button.hidden = true;
  write.addEventListener("click", () => turn(false));
  look.addEventListener("click", async () => {
    shown.innerHTML = await rendered(box, area.value);
    enhance(shown);
    turn(true);
  });
  watchMentions(area);
  area.addEventListener("paste", (event) => take(event, event.clipboardData, area));
  area.addEventListener("drop", (event) => take(event, event.dataTransfer, area));

  function turn(preview) {
    area.hidden = preview;
    shown.hidden = !preview;
    mark(write, !preview);
    mark(look, preview);
    (preview ? shown : area).focus();
  }
}

function tab(label, current) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "btn btn-s";
  button.textContent = label;
  mark(button, current);
  return button;
}

function mark(button, current) {
  button.toggleAttribute("aria-current", current);
  button.setAttribute("aria-pressed", String(current));
}

async function rendered(box, text) {
  const body = new URLSearchParams({ text });
  const answer = await fetch(box.dataset.previewAt, { method: "POST", body, headers: csrfHeaders() }).catch(() => null);
  // The server has cleaned this HTML as it cleans every comment.
  if (answer?.ok) return answer.text();
  toast(box.dataset.sayFailed, "error");
  return "";
}

function take(event, from, area) {
  const files = [...(from?.files ?? [])].filter((file) => KINDS.test(file.type));
  if (!files.length) return;
  event.preventDefault();
  for (const file of files) attach(file, area);
}

async function attach(file, area) {
  const name = file.name.replace(/[[\]\n]/g, "") || "file";
  const waiting = `![${name} …]()`;
  area.setRangeText(waiting, area.selectionStart, area.selectionEnd, "end");
  const headers = { ...csrfHeaders(), "Content-Type": file.type };
  const answer = await fetch("/uploads", { method: "POST", body: file, headers }).catch(() => null);
  const text = answer?.ok ? embedded(file.type, name, new URL((await answer.text()).trim()).pathname) : "";
  area.value = area.value.replace(waiting, () => text);
  area.dispatchEvent(new Event("input", { bubbles: true }));
  if (!answer?.ok) toast((await answer?.json().catch(() => null))?.error ?? area.closest("[data-compose]").dataset.sayFailed, "error");
}

function embedded(type, name, address) {
  if (type.startsWith("video/")) return `<video controls src="${address}"></video>`;
  if (type.startsWith("audio/")) return `<audio controls src="${address}"></audio>`;
  return `![${name}](${address})`;
}
