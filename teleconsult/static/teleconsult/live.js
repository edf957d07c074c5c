/**
 * Listen to a live board. The browser reconnects by itself; `reconnected` is called then, since messages may have been missed.
 * @param {string} url - the page's own stream of server-sent events
 * @param {Record<string, (data: any) => void>} handlers - by name of the message
 * @param {{reconnected?: () => void}} [options]
 * @returns {() => void} stops listening
 */
export function listen(url, handlers, options = {}) {
  const source = new EventSource(url);
  let opened = false;
  source.addEventListener("open", () => {
    if (opened) options.reconnected?.();
    opened = true;
  });
  for (const [name, handler] of Object.entries(handlers)) {
    source.addEventListener(name, (event) => handler(JSON.parse(/** @type {MessageEvent} */ (event).data)));
  }
  return () => source.close();
}
