// Buttons that copy: `data-copy` holds the text; blocks of code get a button of their own.
import { announce, icon, toast, word } from "./parts.js";

export function addCopyButtons(root) {
  for (const block of root.querySelectorAll(".code:not(:has(> .copy))")) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "btn btn-s btn-icon copy";
    button.setAttribute("aria-label", word("copy"));
    button.append(icon("copy"));
    block.append(button);
  }
}

export function watchCopy() {
  document.addEventListener("click", (event) => {
    const button = event.target.closest("button[data-copy], .code > .copy");
    if (button) copy(button);
  });
}

async function copy(button) {
  const text = button.dataset.copy ?? button.parentElement.querySelector("pre").textContent;
  try {
    await write(text);
  } catch {
    return toast(word("not-copied"), "error");
  }
  button.dataset.done = "";
  button.replaceChildren(icon("check"));
  announce(word("copied"));
  setTimeout(() => {
    delete button.dataset.done;
    button.replaceChildren(icon("copy"));
  }, 1600);
}

// A hub on plain http has no clipboard API; the old command still works there.
async function write(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const area = document.createElement("textarea");
  area.value = text;
  area.className = "sr";
  document.body.append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  if (!done) throw new Error("copying is not allowed");
}
