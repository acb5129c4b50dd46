/** Says each thing once, however often there is cause. */
export function once(say: (text: string) => void): (text: string) => void {
  const said = new Set<string>();
  return (text) => {
    if (!said.has(text)) say(text);
    said.add(text);
  };
}

/** The same is not said more often, while it goes on. */
export const SAID_AGAIN_MS = 10_000;

/** Says what has not been said for `everyMs`: what goes wrong for a hundred connections at once is said once, and again the next time. */
export function seldom(say: (text: string) => void, everyMs: number): (text: string) => void {
  const saidAt = new Map<string, number>();
  return (text) => {
    const now = Date.now();
    if (now - (saidAt.get(text) ?? Number.NEGATIVE_INFINITY) >= everyMs) say(text);
    saidAt.set(text, now);
  };
}
