// The file view: a click on a number picks a line, with Shift a range; the address says which (`#L3-L7`).
// And headings of cards: `#install` finds `user-content-install`.
const RANGE = /^#L(\d+)(?:-L(\d+))?$/;

export function watchLines() {
  const view = document.querySelector("pioche-lines");
  if (!view) return;
  let first = 0;
  view.addEventListener("click", (event) => {
    const link = event.target.closest(".ln");
    if (!link) return;
    event.preventDefault();
    const line = Number(link.dataset.n);
    const [from, to] = event.shiftKey && first ? [Math.min(first, line), Math.max(first, line)] : [line, line];
    if (!event.shiftKey) first = line;
    history.replaceState(null, "", from === to ? `#L${from}` : `#L${from}-L${to}`);
    pick(view, from, to);
  });
  const follow = () => {
    const match = RANGE.exec(location.hash);
    if (!match) return;
    first = Number(match[1]);
    pick(view, first, Number(match[2] ?? match[1]));
    view.querySelector(`#L${first}`)?.scrollIntoView({ block: "center" });
  };
  window.addEventListener("hashchange", follow);
  follow();
}

function pick(view, from, to) {
  for (const line of view.querySelectorAll(".line.picked")) line.classList.remove("picked");
  for (let number = from; number <= to; number++) view.querySelector(`#L${number}`)?.classList.add("picked");
}

export function followAnchor() {
  const go = () => {
    const name = decodeURIComponent(location.hash.slice(1));
    if (name && !document.getElementById(name)) document.getElementById(`user-content-${name}`)?.scrollIntoView();
  };
  window.addEventListener("hashchange", go);
  go();
}
