// Every page is complete without this. Here begins what scripts add; the larger parts load only where they are used.
import { addCopyButtons, watchCopy } from "./copy.js";
import { watchDialogs } from "./dialogs.js";
import { watchForms } from "./forms.js";
import { watchKeys } from "./keys.js";
import { followAnchor, watchLines } from "./lines.js";
import { watchTheme } from "./switch.js";
import { refreshTimes } from "./times.js";

function enhance(root) {
  addCopyButtons(root);
  refreshTimes(root);
  if (root.querySelector(".math[data-math]")) import("./math.js").then((math) => math.renderMath(root));
}

function loadHtmx() {
  const script = document.createElement("script");
  script.src = new URL("../vendor/htmx-4.0.1/htmx.min.js", import.meta.url);
  document.head.append(script);
  document.addEventListener("htmx:config:request", (event) => {
    const token = document.querySelector("meta[name=csrf-token]")?.content;
    const request = event.detail.ctx.request;
    if (token && request.method !== "GET") request.headers["X-CSRF-Token"] = token;
  });
  document.addEventListener("htmx:after:swap", () => enhance(document.body));
}

watchCopy();
watchDialogs();
watchForms();
watchKeys();
watchLines();
watchTheme();
followAnchor();
enhance(document.body);
setInterval(() => refreshTimes(document.body), 60_000);
if (document.querySelector("[hx-get], [hx-post], [hx-delete], [hx-put]")) loadHtmx();
