// Before first paint: the theme that was chosen on this machine. Not a module, since modules run too late.
(() => {
  try {
    const theme = localStorage.getItem("pioche-theme");
    if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
  } catch {
    // Storage may be forbidden; then the system's theme holds.
  }
})();
