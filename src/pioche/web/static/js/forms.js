// Forms: a second click sends nothing twice; text that was written is not lost by leaving (`data-leave-warning`).

export function watchForms() {
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method !== "post" || event.defaultPrevented) return;
    if (form.dataset.sent) return event.preventDefault();
    form.dataset.sent = "1";
    event.submitter?.setAttribute("aria-busy", "true");
    // A download, or the Back key, brings the reader to the same page again.
    setTimeout(() => reset(form, event.submitter), 5000);
  });
  window.addEventListener("pageshow", () => document.querySelectorAll("form[data-sent]").forEach((form) => reset(form)));
  for (const form of document.querySelectorAll("form[data-leave-warning]")) warn(form);
}

function reset(form, button) {
  delete form.dataset.sent;
  button?.removeAttribute("aria-busy");
}

function warn(form) {
  let changed = false;
  form.addEventListener("input", () => (changed = true));
  form.addEventListener("submit", () => (changed = false));
  window.addEventListener("beforeunload", (event) => {
    if (changed) event.preventDefault();
  });
}
