/** Held by the one tab of a browser profile that relays: two hops of one circuit must not be one person. */
const LOCK = 'gnet relaying';

/**
 * Calls `onTurn` when this tab may relay: at once, or when the tab that does has closed. The answer gives the turn back.
 * Where there are no Web Locks nobody relays: two tabs could not know of each other.
 */
export function relayingTurn(onTurn: () => void): () => void {
  const controller = new AbortController();
  let release = (): void => controller.abort();
  navigator.locks
    ?.request(LOCK, { signal: controller.signal }, () => {
      onTurn();
      return new Promise<void>((resolve) => (release = resolve));
    })
    .catch(() => undefined); // given back before it came
  return () => release();
}
