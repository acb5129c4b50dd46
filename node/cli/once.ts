/** Says each thing once, however often there is cause. */
export function once(say: (text: string) => void): (text: string) => void {
  const said = new Set<string>();
  return (text) => {
    if (!said.has(text)) say(text);
    said.add(text);
  };
}

/** What has not come up for so long is news again. */
const NEWS_AFTER_MS = 10_000;

/** Says a text once for as long as it keeps coming up: what goes wrong for a hundred connections at once is one line, and the next time another. */
export function seldom(say: (text: string) => void): (text: string) => void {
  const cameUpAtMs = new Map<string, number>();
  return (text) => {
    const now = Date.now();
    if (now - (cameUpAtMs.get(text) ?? Number.NEGATIVE_INFINITY) >= NEWS_AFTER_MS) say(text);
    cameUpAtMs.set(text, now);
  };
}
