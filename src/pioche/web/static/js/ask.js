// Asking models where one stands: the answer comes into the page, a chat comes word by word. Without this file the
// same forms are sent, and the page comes back with the answer.
import { announce, csrfHeaders, icon } from "./parts.js";

const LOOK_EVERY = 1000;
const TYPED = 400; // milliseconds without a key

export function watchAsk(root, enhance) {
  const ask = { root, form: root.querySelector("form"), enhance, run: null, say: (name) => root.getAttribute(`data-say-${name}`) ?? name };
  if (!ask.form) return;
  ask.send = root.querySelector("[data-send]");
  ask.stop = root.querySelector("[data-stop]");
  ask.clear = root.querySelector("[data-clear]");
  ask.stop?.addEventListener("click", () => ask.run?.abort());
  if (root.querySelector("[data-pane]")) {
    watchChat(ask);
  } else {
    ask.form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (!ask.run) submit(ask);
    });
  }
  showPicture(root);
  for (const field of root.querySelectorAll("[data-limit]")) {
    field.addEventListener("input", () => checkLength(ask, field));
    checkLength(ask, field);
  }
}

// What is too long is said beside its field, and not sent.
function checkLength(ask, field) {
  const most = Number(field.dataset.limit);
  const count = field.value.length > most ? [...field.value].length : 0; // some characters count as two there
  const figures = { m: count.toLocaleString("en"), n: most.toLocaleString("en") };
  const text = count > most ? ask.say("long").replace(/{(.)}/g, (_, name) => figures[name]) : "";
  if (text === field.validationMessage) return;
  field.setCustomValidity(text);
  const before = document.getElementById(`${field.id}-error`);
  before?.remove();
  field.setAttribute("aria-invalid", String(Boolean(text)));
  if (!text) return;
  const place = document.createElement("p");
  place.className = "error";
  place.id = `${field.id}-error`;
  place.append(icon("circle-alert"), text);
  field.after(place);
  field.setAttribute("aria-describedby", `${place.id} ${field.id}-help`);
  if (!before) announce(text);
}

function busy(ask, controller) {
  ask.run = controller;
  if (ask.send) ask.send.disabled = Boolean(controller);
  if (ask.stop) ask.stop.hidden = !controller;
}

// Says every second how long it has been, and whether the model is still being loaded.
function watchState(ask, place, model, badge = ask.root.querySelector("[data-model-state]")) {
  const began = performance.now();
  place.hidden = false;
  const tell = async () => {
    const seconds = ask.say("seconds").replace("{n}", Math.round((performance.now() - began) / 1000));
    let state = "warm";
    try {
      const answer = await fetch(`/models/${model}/info`);
      if (answer.ok) state = (await answer.json()).state;
    } catch {
      // asked again in a second
    }
    if (timer === null) return;
    place.textContent = `${state === "warm" ? ask.say("working") : ask.say("loading")} · ${seconds}`;
    showState(ask, badge, state === "asleep" ? "loading" : state);
  };
  let timer = setInterval(tell, LOOK_EVERY);
  tell();
  return () => {
    clearInterval(timer);
    timer = null;
    place.hidden = true;
    place.textContent = "";
  };
}

function showState(ask, badge, state) {
  if (!badge) return;
  badge.dataset.state = state;
  badge.textContent = ask.say(state);
}

// -- forms --

async function submit(ask) {
  const { form, root } = ask;
  const controller = new AbortController();
  busy(ask, controller);
  const done = watchState(ask, root.querySelector("[data-progress]"), root.dataset.info.slice("/models/".length, -"/info".length));
  const said = new FormData(form);
  const place = root.querySelector("#answer");
  place.setAttribute("aria-busy", "true");
  const body = form.enctype === "multipart/form-data" ? said : new URLSearchParams(said);
  try {
    const answer = await fetch(form.action, { method: "POST", body, signal: controller.signal, headers: { accept: "text/html", ...csrfHeaders() } });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const found = page.getElementById("answer");
    if (!found) throw new Fault(page.querySelector("main h1 + p")?.textContent ?? ask.say("failed"));
    place.replaceChildren(...found.childNodes);
    sharpen(root);
    showCodes(root.querySelector("[data-codes]"), page.querySelector("[data-codes]"));
    const state = page.querySelector("[data-model-state]");
    if (state) root.querySelector("[data-model-state]").replaceWith(state);
    ask.enhance(root);
    announce(ask.say("answered"));
  } catch (error) {
    fault(place, error instanceof Fault ? error.message : ask.say(error.name === "AbortError" ? "stopped" : "failed"));
  } finally {
    place.removeAttribute("aria-busy");
    done();
    busy(ask, null);
  }
}

// The new code, in the language that was being read.
function showCodes(old, next) {
  if (!old || !next) return;
  const read = old.querySelector("input:checked")?.value;
  const wasThere = document.activeElement?.matches("[data-codes] input");
  old.replaceWith(next);
  const same = next.querySelector(`input[value="${read}"]`);
  if (!same) return;
  same.checked = true;
  if (wasThere) same.focus();
}

function fault(place, text) {
  const box = document.createElement("p");
  box.className = "muted";
  box.textContent = text;
  place.replaceChildren(box);
}

// A picture of a few dots is shown with its dots, not as a blur.
async function sharpen(root) {
  for (const picture of root.querySelectorAll(".answer-image[src]")) {
    await picture.decode().catch(() => null);
    picture.classList.toggle("dots", picture.naturalWidth > 0 && picture.naturalWidth <= 64);
  }
}

// What was chosen, before it is sent. As data: a page may show pictures of nothing else.
function showPicture(root) {
  const input = root.querySelector("input[type=file]");
  const shown = root.querySelector("[data-preview]");
  if (!input || !shown) return;
  input.addEventListener("change", () => {
    const [file] = input.files;
    shown.hidden = true;
    if (!file?.type.startsWith("image/")) return;
    const reader = new FileReader();
    reader.onload = () => {
      shown.src = reader.result;
      shown.hidden = false;
      sharpen(root);
    };
    reader.readAsDataURL(file);
  });
}

// -- chat --

function watchChat(ask) {
  const panes = [...ask.root.querySelectorAll("[data-pane]")];
  ask.talks = panes.map((pane) => ({ pane, log: pane.querySelector("[role=log]"), messages: [], asked: [] }));
  ask.form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (!ask.run) chat(ask);
  });
  const text = ask.form.elements.text;
  text.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      ask.form.requestSubmit();
    }
  });
  ask.clear?.addEventListener("click", () => {
    ask.run?.abort();
    for (const talk of ask.talks) {
      talk.messages = [];
      talk.asked = [];
      talk.log.replaceChildren();
      talk.log.hidden = true;
    }
    ask.clear.hidden = true;
    text.focus();
    keepCode(ask);
  });
  ask.root.addEventListener("input", (event) => {
    if (event.target.form === ask.form) keepCode(ask, TYPED);
  });
  if (text.value !== text.defaultValue) keepCode(ask); // a browser fills in what was typed before
}

// The code shows the first talk: with what is being typed, or as it was last asked.
function keepCode(ask, after = 0) {
  clearTimeout(ask.due);
  if (ask.root.querySelector("[data-codes]")) ask.due = setTimeout(() => showTalk(ask), after);
}

async function showTalk(ask) {
  const [talk] = ask.talks;
  const typed = ask.run ? "" : ask.form.elements.text.value.trim();
  const { messages } = asked(ask, typed ? [...talk.messages, { role: "user", content: typed }] : talk.asked);
  const { temperature, tokens } = ask.form.elements;
  const body = JSON.stringify({ messages, temperature: temperature?.value ?? "", tokens: tokens?.value ?? "" });
  ask.showing?.abort();
  const { signal } = (ask.showing = new AbortController());
  try {
    const headers = { "content-type": "application/json", ...csrfHeaders() };
    const answer = await fetch(`/${talk.pane.dataset.model}/try/code`, { method: "POST", signal, headers, body });
    if (!answer.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    showCodes(ask.root.querySelector("[data-codes]"), page.querySelector("[data-codes]"));
    ask.enhance(ask.root);
  } catch {
    // a newer one is on its way, or the hub is not there: the next change tries again
  }
}

async function chat(ask) {
  const text = ask.form.elements.text;
  const said = text.value.trim();
  if (!said) return;
  const controller = new AbortController();
  busy(ask, controller);
  text.value = "";
  ask.root.querySelector("#answer")?.replaceChildren();
  if (ask.clear) ask.clear.hidden = false;
  const answers = ask.talks.map((talk) => speak(ask, talk, said, controller.signal));
  keepCode(ask);
  await Promise.all(answers);
  busy(ask, null);
  if (text.value.trim()) keepCode(ask); // was typed meanwhile
  text.focus();
}

async function speak(ask, talk, said, signal) {
  const model = talk.pane.dataset.model;
  const asking = (talk.asked = [...talk.messages, { role: "user", content: said }]);
  talk.log.hidden = false;
  bubble(talk.log, "user", said);
  const place = bubble(talk.log, "assistant", "");
  place.dataset.busy = "";
  talk.log.setAttribute("aria-busy", "true");
  const badge = talk.pane.querySelector("[data-model-state]") ?? ask.root.querySelector("[data-model-state]");
  const done = watchState(ask, talk.pane.querySelector("[data-progress]"), model, badge);
  let began = null; // its first word: what came before was waiting and loading
  try {
    const answer = await fetch(`/models/${model}/v1/chat/completions`, {
      method: "POST",
      signal,
      headers: { "content-type": "application/json", ...csrfHeaders() },
      body: JSON.stringify(asked(ask, asking)),
    });
    if (!answer.ok) throw new Fault(await why(answer, ask));
    let tokens = 0;
    for await (const event of events(answer.body)) {
      if (event.error) throw new Fault(event.error.message);
      const piece = event.choices[0]?.delta.content ?? "";
      if (piece) began ??= performance.now();
      place.textContent += piece;
      tokens = event.usage?.completion_tokens ?? tokens;
      talk.log.scrollTop = talk.log.scrollHeight;
      showState(ask, badge, "warm");
    }
    answered(talk, asking, place.textContent);
    if (began !== null) speed(ask, place, tokens, performance.now() - began);
  } catch (error) {
    if (error.name === "AbortError") {
      if (place.textContent) answered(talk, asking, place.textContent);
      note(place, ask.say("stopped"));
    } else {
      place.dataset.role = "error";
      place.textContent = error instanceof Fault ? error.message : ask.say("failed");
    }
  } finally {
    delete place.dataset.busy;
    talk.log.setAttribute("aria-busy", "false");
    done();
  }
}

// A talk that was begun anew meanwhile keeps nothing of the old one.
function answered(talk, asking, text) {
  if (talk.asked === asking) talk.messages = [...asking, { role: "assistant", content: text }];
}

class Fault extends Error {}

function asked(ask, said) {
  const { system, temperature, tokens } = ask.form.elements;
  const body = { stream: true, stream_options: { include_usage: true }, messages: [...said] };
  if (system?.value.trim()) body.messages.unshift({ role: "system", content: system.value.trim() });
  if (temperature?.value) body.temperature = Number(temperature.value);
  if (tokens?.value) body.max_tokens = Number(tokens.value);
  return body;
}

async function why(answer, ask) {
  try {
    const { error } = await answer.json();
    return error?.message ?? error ?? ask.say("failed");
  } catch {
    return ask.say("failed");
  }
}

async function* events(stream) {
  const reader = stream.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const parts = (rest + value).split("\n\n");
    rest = parts.pop();
    for (const part of parts) {
      if (part.startsWith("data: ") && part !== "data: [DONE]") yield JSON.parse(part.slice(6));
    }
  }
}

function bubble(log, role, text) {
  const box = document.createElement("div");
  box.className = "said";
  box.dataset.role = role;
  box.textContent = text;
  log.append(box);
  log.scrollTop = log.scrollHeight;
  return box;
}

function note(place, text) {
  const line = document.createElement("p");
  line.className = "muted tiny";
  line.textContent = text;
  place.after(line);
}

function speed(ask, place, tokens, milliseconds) {
  if (!tokens) return;
  const speed = (Math.max(1, tokens - 1) / (Math.max(1, milliseconds) / 1000)).toPrecision(2);
  note(place, ask.say("speed").replace("{n}", tokens).replace("{speed}", Number(speed)));
}
