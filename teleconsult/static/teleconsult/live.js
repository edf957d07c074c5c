/**
 * Listen to a live board. The browser reconnects by itself; `opened` is called each time, the first included, to look again:
 * what happened between the page's rendering, or the stream's end, and its opening has been missed.
 * @param {string} url - the page's own stream of server-sent events
 * @param {Record<string, (data: any) => void>} handlers - by name of the message
 * @param {{opened?: () => void}} [options]
 * @returns {() => void} stops listening
 */
export function listen(url, handlers, options = {}) {
  const source = new EventSource(url);
  source.addEventListener("open", () => options.opened?.());
  for (const [name, handler] of Object.entries(handlers)) {
    source.addEventListener(name, (event) => handler(JSON.parse(/** @type {MessageEvent} */ (event).data)));
  }
  return () => source.close();
}
