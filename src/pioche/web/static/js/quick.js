// The field at the top: what fits is listed while one types. Arrows choose, Enter goes, Escape closes. Without this the
// form leads to the page of results.

const PAUSE = 120;

export function watchQuickSearch() {
  const field = document.getElementById("quick-search");
  if (!field) return;
  let asked = null;
  let timer = 0;
  let list = null;

  field.setAttribute("role", "combobox");
  field.setAttribute("aria-autocomplete", "list");
  field.setAttribute("aria-expanded", "false");

  field.addEventListener("input", () => {
    clearTimeout(timer);
    asked?.abort();
    if (!field.value.trim()) return close();
    timer = setTimeout(ask, PAUSE);
  });
  field.addEventListener("keydown", press);
  field.addEventListener("blur", () => setTimeout(() => field.parentElement.contains(document.activeElement) || close(), 150));

  async function ask() {
    const mine = (asked = new AbortController());
    try {
      const query = new URLSearchParams({ search: field.value.trim(), part: "true" });
      const answer = await fetch(`/search?${query}`, { signal: mine.signal });
      const text = await answer.text();
      if (answer.ok && !mine.signal.aborted && document.activeElement === field) open(text);
    } catch (error) {
      if (error.name !== "AbortError") close(); // Enter still leads to the page
    }
  }

  function open(text) {
    close();
    list = document.adoptNode(new DOMParser().parseFromString(text, "text/html").getElementById("quick-list"));
    if (!list) return;
    field.parentElement.append(list);
    field.setAttribute("aria-expanded", "true");
    field.setAttribute("aria-controls", list.id);
    list.addEventListener("pointerdown", (event) => event.preventDefault());
  }

  function close() {
    clearTimeout(timer);
    asked?.abort();
    list?.remove();
    list = null;
    field.setAttribute("aria-expanded", "false");
    field.removeAttribute("aria-controls");
    field.removeAttribute("aria-activedescendant");
  }

  function press(event) {
    if (event.key === "Escape" && list) {
      event.preventDefault();
      return close();
    }
    if (!list || event.isComposing) return;
    const options = [...list.querySelectorAll("[role=option]")];
    const at = options.findIndex((option) => option.getAttribute("aria-selected") === "true");
    if (event.key === "Enter" && at >= 0) {
      event.preventDefault();
      return location.assign(options[at].href);
    }
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    options[at]?.removeAttribute("aria-selected");
    const next = options[(at + step + options.length + (at < 0 && step < 0 ? 1 : 0)) % options.length];
    next.setAttribute("aria-selected", "true");
    next.scrollIntoView({ block: "nearest" });
    field.setAttribute("aria-activedescendant", next.id);
  }
}
