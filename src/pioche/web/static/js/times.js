// Keeps "2 minutes ago" true while the page is open, and shows the exact local time on hover.
const STEPS = [
  ["second", 60],
  ["minute", 60],
  ["hour", 24],
];
const words = new Intl.RelativeTimeFormat(document.documentElement.lang || "en", { numeric: "always" });

export function refreshTimes(root) {
  for (const time of root.querySelectorAll("time[data-ago]")) {
    const moment = new Date(time.dateTime);
    if (!time.dataset.local) {
      time.dataset.local = "1";
      time.title = moment.toLocaleString(document.documentElement.lang || "en", { dateStyle: "full", timeStyle: "long" });
    }
    const text = recent((moment - Date.now()) / 1000);
    if (text) time.textContent = text;
  }
}

// Only the last day changes while one looks; older times stay as the server wrote them.
function recent(seconds) {
  let value = seconds;
  for (const [unit, size] of STEPS) {
    if (Math.abs(value) < size) return words.format(Math.trunc(value) || (seconds < 0 ? -1 : 1), unit);
    value /= size;
  }
  return "";
}
