// The theme switch in the foot: system, light or dark, remembered on this machine.
const KEY = "pioche-theme";

export function watchTheme() {
  const group = document.querySelector("pioche-theme");
  if (!group) return;
  group.hidden = false;
  show(group);
  group.addEventListener("click", (event) => {
    const theme = event.target.closest("[data-theme-set]")?.dataset.themeSet;
    if (!theme) return;
    choose(theme);
    show(group);
  });
}

function choose(theme) {
  const root = document.documentElement;
  if (theme === "auto") delete root.dataset.theme;
  else root.dataset.theme = theme;
  try {
    if (theme === "auto") localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, theme);
  } catch {
    // Not remembered, but it holds for this page.
  }
}

function show(group) {
  const current = document.documentElement.dataset.theme ?? "auto";
  for (const button of group.querySelectorAll("[data-theme-set]")) {
    button.setAttribute("aria-pressed", String(button.dataset.themeSet === current));
  }
}
