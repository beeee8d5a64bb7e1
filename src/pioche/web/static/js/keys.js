// The keyboard: `/` search, `g` then `m`, `d`, `s`, `j` and `k` in lists, Ctrl Enter to send, `?` for help.
import { openDialog } from "./dialogs.js";

const PLACES = { m: "/models", d: "/datasets", s: "/spaces" };
let afterG = 0;

export function watchKeys() {
  document.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) return send(event);
    if (event.ctrlKey || event.metaKey || event.altKey || isWriting(event.target)) return;
    if (document.querySelector("dialog[open]")) return;
    if (press(event.key)) event.preventDefault();
  });
}

// True when the key meant something.
function press(key) {
  const place = Date.now() - afterG < 1500 ? PLACES[key] : undefined;
  afterG = key === "g" ? Date.now() : 0;
  if (place) {
    location.assign(place);
    return true;
  }
  if (key === "/") return focusSearch();
  if (key === "?") return openDialog("keys");
  if (key === "j" || key === "k") return moveInList(key === "j" ? 1 : -1);
  return false;
}

function focusSearch() {
  const box = document.getElementById("quick-search");
  box?.focus();
  box?.select();
  return Boolean(box);
}

function moveInList(step) {
  const items = [...document.querySelectorAll("a[data-item]")];
  if (!items.length) return false;
  const at = items.indexOf(document.activeElement);
  items[Math.min(items.length - 1, Math.max(0, at + step))].focus();
  return true;
}

function send(event) {
  if (event.target.matches("textarea")) event.target.form?.requestSubmit();
}

function isWriting(element) {
  return element.matches("input, textarea, select, [contenteditable]");
}
