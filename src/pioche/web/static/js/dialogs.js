// Dialogs (`data-open="id"`, `data-close`), dialogs that want a name typed, and menus that close when one is done.

export function openDialog(id) {
  const dialog = document.getElementById(id);
  if (!dialog || dialog.open) return false;
  dialog.showModal();
  return true;
}

export function watchDialogs() {
  for (const opener of document.querySelectorAll("[data-open]")) opener.hidden = false;
  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-open]");
    if (opener) openDialog(opener.dataset.open);
    if (event.target.closest("[data-close]")) event.target.closest("dialog")?.close();
    // A click on the backdrop lands on the dialog itself.
    if (event.target.matches("dialog") && isOutside(event)) event.target.close();
    closeMenus(event.target.closest("details.menu"));
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") leaveMenu();
  });
  for (const field of document.querySelectorAll("[data-expected]")) guard(field);
}

function guard(field) {
  const button = field.form.querySelector("button:not([type=button])");
  const check = () => (button.disabled = field.value.trim() !== field.dataset.expected);
  field.addEventListener("input", check);
  check();
}

function isOutside(event) {
  const box = event.target.getBoundingClientRect();
  const { clientX: x, clientY: y } = event;
  return x < box.left || x > box.right || y < box.top || y > box.bottom;
}

function closeMenus(except) {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (menu !== except && !menu.contains(except)) menu.open = false;
  }
}

function leaveMenu() {
  const menu = document.querySelector("details.menu[open]");
  if (!menu) return;
  menu.open = false;
  menu.querySelector("summary").focus();
}
