// Small things that several islands need: an icon, a word for screen readers, a toast.

export function icon(name, size = "s") {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", `icon icon-${size}`);
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `${document.body.dataset.icons}#${name}`);
  svg.append(use);
  return svg;
}

// `word("copied")` is the translated text that the layout put on <body> as `data-say-copied`.
export function word(name) {
  return document.body.getAttribute(`data-say-${name}`) ?? name;
}

export function announce(text) {
  const place = document.getElementById("said");
  place.textContent = "";
  // An unchanged text is not read again; an emptied one is.
  setTimeout(() => (place.textContent = text), 50);
}

export function toast(text, kind = "info") {
  const box = document.createElement("div");
  box.className = "flash";
  box.dataset.kind = kind;
  box.append(document.createElement("p"));
  box.firstChild.textContent = text;
  document.getElementById("toasts").append(box);
  setTimeout(() => box.remove(), 6000);
}

export function csrfHeaders() {
  const token = document.querySelector("meta[name=csrf-token]")?.content;
  return token ? { "X-CSRF-Token": token } : {};
}
