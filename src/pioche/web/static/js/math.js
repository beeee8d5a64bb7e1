// Math in cards, by KaTeX, loaded only where there is some. Without it the TeX itself is shown.
const FOLDER = new URL("../vendor/katex-0.19.1/", import.meta.url);
let ready;

export async function renderMath(root) {
  ready ??= load();
  const katex = await ready;
  for (const span of root.querySelectorAll(".math[data-math]:not([data-drawn])")) {
    span.dataset.drawn = "";
    katex.render(span.dataset.math, span, {
      displayMode: span.classList.contains("math-block"),
      throwOnError: false,
      // What others wrote: no links, no pages of expansions, no letters as tall as the screen.
      trust: false,
      strict: "ignore",
      maxExpand: 200,
      maxSize: 20,
    });
  }
}

function load() {
  const style = document.createElement("link");
  style.rel = "stylesheet";
  style.href = new URL("katex.min.css", FOLDER);
  document.head.append(style);
  return new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = new URL("katex.min.js", FOLDER);
    script.onload = () => resolve(window.katex);
    script.onerror = reject;
    document.head.append(script);
  });
}
