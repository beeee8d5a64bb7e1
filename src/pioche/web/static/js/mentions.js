// `@` and the first letters of a name: who fits is listed beneath the text. Arrows choose, Enter or Tab takes, Escape closes.

const WORD = /(?:^|[\s(])@([A-Za-z0-9][\w.-]{0,40})$/;
const PAUSE = 150;

export function watchMentions(area) {
  const list = document.createElement("ul");
  list.className = "list list-box mentions";
  list.id = `${area.id}-people`;
  list.setAttribute("role", "listbox");
  list.hidden = true;
  area.after(list);
  area.setAttribute("aria-autocomplete", "list");
  area.setAttribute("aria-controls", list.id);
  let timer = 0;
  let asked = null;

  area.addEventListener("input", () => {
    clearTimeout(timer);
    asked?.abort();
    const word = begun();
    if (!word) return close();
    timer = setTimeout(() => ask(word), PAUSE);
  });
  area.addEventListener("keydown", press);
  area.addEventListener("blur", close);
  list.addEventListener("pointerdown", (event) => {
    event.preventDefault();
    const item = event.target.closest("li");
    if (item) take(item);
  });

  function begun() {
    return area.selectionStart === area.selectionEnd && WORD.exec(area.value.slice(0, area.selectionStart))?.[1];
  }

  async function ask(word) {
    const mine = (asked = new AbortController());
    const query = new URLSearchParams([["q", word], ["limit", "6"], ["type", "users"], ["type", "orgs"]]);
    const answer = await fetch(`/api/quicksearch?${query}`, { signal: mine.signal }).catch(() => null);
    if (!answer?.ok || mine.signal.aborted) return;
    const found = await answer.json();
    const names = [...found.users.map((one) => one.user), ...found.orgs.map((one) => one.name)].slice(0, 6);
    if (begun() === word && document.activeElement === area) open(names);
  }

  function open(names) {
    list.replaceChildren(...names.map(entry));
    list.hidden = !names.length;
    if (names.length) choose(list.firstChild);
  }

  function entry(name, place) {
    const item = document.createElement("li");
    item.id = `${list.id}-${place}`;
    item.setAttribute("role", "option");
    item.textContent = name;
    return item;
  }

  function choose(item) {
    for (const other of list.children) other.setAttribute("aria-selected", String(other === item));
    area.setAttribute("aria-activedescendant", item.id);
  }

  function press(event) {
    if (list.hidden) return;
    const at = list.querySelector("[aria-selected=true]");
    if (event.key === "ArrowDown") choose(at.nextElementSibling ?? list.firstChild);
    else if (event.key === "ArrowUp") choose(at.previousElementSibling ?? list.lastChild);
    else if ((event.key === "Enter" && !event.ctrlKey && !event.metaKey) || event.key === "Tab") take(at);
    else if (event.key === "Escape") close();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  function take(item) {
    const start = area.selectionStart - begun().length;
    area.setRangeText(`${item.textContent} `, start, area.selectionStart, "end");
    close();
  }

  function close() {
    clearTimeout(timer);
    list.hidden = true;
    area.removeAttribute("aria-activedescendant");
  }
}
