// A talk with one model or two, as it is written: `<section data-chat>` with a pane for each (`[data-model]`), and one form
// for all. Each pane remembers its own talk. Without scripts the form beside it asks once.
import { csrfHeaders } from "./parts.js";

const AT = "/v1/chat/completions";

export function watchChat(box) {
  const form = box.querySelector("form");
  const panes = [...box.querySelectorAll("[data-model]")].map((element) => ({ element, turns: [] }));
  let under = null;
  box.hidden = false;
  for (const other of document.querySelectorAll("[data-without-script]")) other.hidden = true;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (!under) send();
  });
  form.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && event.target.name === "text") {
      event.preventDefault();
      form.requestSubmit();
    }
  });
  form.elements.stop.addEventListener("click", () => under?.abort());
  form.elements.clear.addEventListener("click", () => {
    under?.abort();
    for (const pane of panes) forget(pane);
    form.elements.text.focus();
  });
  for (const select of box.querySelectorAll("select[data-chooses]")) {
    select.addEventListener("change", () => {
      const pane = panes[Number(select.dataset.chooses)];
      pane.element.dataset.model = select.value;
      forget(pane);
    });
  }

  async function send() {
    const text = form.elements.text.value.trim();
    const asked = panes.filter((pane) => pane.element.dataset.model);
    if (!text || !asked.length) return;
    under = new AbortController();
    form.elements.text.value = "";
    busy(true);
    await Promise.all(asked.map((pane) => ask(pane, text, form, box.dataset, under.signal)));
    under = null;
    busy(false);
    form.elements.text.focus();
  }

  function busy(now) {
    form.elements.send.disabled = now;
    form.elements.stop.hidden = !now;
  }
}

function forget(pane) {
  pane.turns = [];
  pane.element.querySelector("ol").replaceChildren();
}

async function ask(pane, text, form, words, signal) {
  const list = pane.element.querySelector("ol");
  pane.turns.push({ role: "user", content: text });
  list.append(turn("user", words.sayYou, text));
  const said = turn("assistant", words.sayModel, "");
  said.setAttribute("aria-busy", "true");
  list.append(said);
  const shown = said.querySelector("p");
  shown.textContent = words.sayWait;
  const started = performance.now();
  let answer = "";
  let pieces = 0;
  try {
    for await (const piece of stream(pane, form, signal)) {
      answer += piece;
      pieces += 1;
      shown.textContent = answer;
      list.scrollTop = list.scrollHeight;
    }
    const seconds = (performance.now() - started) / 1000;
    said.querySelector("small").textContent = `${pieces} · ${seconds.toFixed(1)} s`;
  } catch (fault) {
    if (fault.name !== "AbortError") {
      said.dataset.state = "failed";
      answer ||= fault.message;
    }
  }
  shown.textContent = answer;
  said.removeAttribute("aria-busy");
  if (said.dataset.state === "failed") pane.turns.pop();
  else pane.turns.push({ role: "assistant", content: answer });
}

function turn(role, name, text) {
  const item = document.createElement("li");
  item.dataset.role = role;
  const who = document.createElement("strong");
  who.textContent = name;
  const said = document.createElement("p");
  said.className = "message";
  said.textContent = text;
  item.append(who, said, document.createElement("small"));
  return item;
}

async function* stream(pane, form, signal) {
  const fields = form.elements;
  const system = fields.system?.value.trim();
  const messages = system ? [{ role: "system", content: system }, ...pane.turns] : pane.turns;
  const body = {
    model: pane.element.dataset.model,
    messages,
    stream: true,
    max_tokens: Number(fields.tokens.value) || 256,
    temperature: Number(fields.temperature.value) || 0,
  };
  const headers = { ...csrfHeaders(), "content-type": "application/json" };
  const answer = await fetch(AT, { method: "POST", headers, body: JSON.stringify(body), signal });
  if (!answer.ok) throw new Error(await fault(answer));
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const lines = (rest + value).split("\n");
    rest = lines.pop();
    for (const line of lines) {
      if (!line.startsWith("data: ") || line === "data: [DONE]") continue;
      const event = JSON.parse(line.slice(6));
      if (event.error) throw new Error(event.error.message ?? event.error);
      const piece = event.choices?.[0]?.delta?.content;
      if (piece) yield piece;
    }
  }
}

async function fault(answer) {
  try {
    const said = await answer.json();
    return said.error?.message ?? said.error ?? said.message;
  } catch {
    return `${answer.status}`;
  }
}
