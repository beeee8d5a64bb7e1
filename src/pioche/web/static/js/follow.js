// A log that is written while one looks: `<pre data-follow="address" data-shown="lines that are there">`.
// The stream begins at the start, so what is shown already is skipped; when it ends, the page tells how it ended.

export function follow(log) {
  let skip = Number(log.dataset.shown);
  log.scrollTop = log.scrollHeight;
  const source = new EventSource(log.dataset.follow);
  source.onmessage = (message) => {
    if (skip > 0) {
      skip -= 1;
      return;
    }
    const atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 40;
    log.append(`${JSON.parse(message.data).data}\n`);
    if (atEnd) log.scrollTop = log.scrollHeight;
  };
  // It ends with the job; a browser would begin it again.
  source.onerror = () => {
    source.close();
    location.reload();
  };
}
