// A log that is written while one looks: `<pre data-follow="address">`.
// The address says after what; when the stream ends, the page tells how it ended.

export function follow(log) {
  log.scrollTop = log.scrollHeight;
  const source = new EventSource(log.dataset.follow);
  source.onmessage = (message) => {
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
