// Lists that change at once: links and forms within `[data-live]` swap that part, keep the focus and the place, and
// leave the address as if the page had been loaded. The latest question wins.

const PAUSE = 180;
let asked = null;
let timer = 0;
let enhance = () => {};

export function watchList(enhanceParts) {
  enhance = enhanceParts;
  document.addEventListener("click", clicked);
  document.addEventListener("input", typed);
  document.addEventListener("change", chosen);
  document.addEventListener("submit", sent);
  window.addEventListener("popstate", () => load(location.href, null));
}

function clicked(event) {
  const link = event.target.closest("[data-live] a[href]");
  if (!link || event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  if (link.origin !== location.origin || link.pathname !== location.pathname) return;
  event.preventDefault();
  load(link.href, "pushState", link.rel === "next" || link.rel === "prev");
}

function typed(event) {
  const form = event.target.closest("[data-live] form");
  if (!form || event.target.type !== "search") return;
  clearTimeout(timer);
  asked?.abort();
  timer = setTimeout(() => load(address(form), "replaceState"), PAUSE);
}

function chosen(event) {
  const form = event.target.closest("[data-live] form[data-now]");
  if (form) load(address(form), "pushState");
}

function sent(event) {
  const form = event.target.closest("[data-live] form");
  if (!form || form.method !== "get") return;
  event.preventDefault();
  clearTimeout(timer);
  load(address(form), "replaceState");
}

function address(form) {
  const query = [...new FormData(form)].filter(([, value]) => value !== "");
  const url = new URL(form.action);
  url.search = new URLSearchParams(query);
  return url.href;
}

async function load(url, remember, toTop = false) {
  asked?.abort();
  const mine = (asked = new AbortController());
  const old = document.querySelector("[data-live]");
  old.setAttribute("aria-busy", "true");
  try {
    const answer = await fetch(url, { signal: mine.signal, headers: { accept: "text/html" } });
    const text = await answer.text();
    if (mine.signal.aborted) return;
    const fresh = new DOMParser().parseFromString(text, "text/html").querySelector("[data-live]");
    if (!answer.ok || !fresh) return location.assign(url);
    if (remember) history[remember](null, "", url);
    swap(document.querySelector("[data-live]"), fresh);
    if (toTop) window.scrollTo(0, 0);
  } catch (error) {
    if (error.name !== "AbortError") location.assign(url);
  }
}

function swap(old, fresh) {
  const active = old.contains(document.activeElement) ? document.activeElement : null;
  const { id, value, selectionStart: start, selectionEnd: end } = active ?? {};
  const isText = active?.matches("input[type=search]");
  if (old.querySelector("details.sheet")?.open) fresh.querySelector("details.sheet").open = true;
  document.adoptNode(fresh);
  old.replaceWith(fresh);
  enhance(fresh);
  if (active) {
    const next = (id && document.getElementById(id)) || document.getElementById("list-title");
    if (isText && next.matches("input")) next.value = value;
    next.focus({ preventScroll: true });
    if (isText && next.matches("input")) next.setSelectionRange(start, end);
  }
  const title = fresh.querySelector("h1")?.textContent ?? "";
  document.getElementById("said").textContent = `${title}: ${fresh.querySelector("[data-said]")?.textContent ?? ""}`;
}
