// Every page is complete without this. Here begins what scripts add; the larger parts load only where they are used.
import { addCopyButtons, watchCopy } from "./copy.js";
import { watchDialogs } from "./dialogs.js";
import { watchForms } from "./forms.js";
import { watchKeys } from "./keys.js";
import { followAnchor, watchLines } from "./lines.js";
import { watchQuickSearch } from "./quick.js";
import { watchTheme } from "./switch.js";
import { refreshTimes } from "./times.js";

function enhance(root) {
  addCopyButtons(root);
  refreshTimes(root);
  if (root.querySelector(".math[data-math]")) import("./math.js").then((math) => math.renderMath(root));
}

watchCopy();
watchDialogs();
watchForms();
watchKeys();
watchLines();
watchQuickSearch();
watchTheme();
followAnchor();
enhance(document.body);
if (document.querySelector("[data-live]")) import("./list.js").then((list) => list.watchList(enhance));
for (const log of document.querySelectorAll("[data-follow]")) import("./follow.js").then(({ follow }) => follow(log));
for (const root of document.querySelectorAll("[data-try]")) import("./ask.js").then(({ watchAsk }) => watchAsk(root, enhance));
for (const part of document.querySelectorAll("[data-refresh]")) import("./refresh.js").then((parts) => parts.refresh(part, enhance));
for (const box of document.querySelectorAll("[data-compose]")) import("./compose.js").then((compose) => compose.watchCompose(box, enhance));
setInterval(() => refreshTimes(document.body), 60_000);
