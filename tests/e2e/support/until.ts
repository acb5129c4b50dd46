import { setTimeout as wait } from 'node:timers/promises';

/** Long enough for a machine that is busy with other things; nothing that works comes near it. */
export const PATIENCE_MS = 60_000;
const LOOK_EVERY_MS = 50;

/** What `look` answers once it is truthy. @throws Error naming what was waited for, and what was there instead. */
export async function until<Value>(
  what: string,
  look: () => Value | Promise<Value>,
  { now = () => '' as unknown, patienceMs = PATIENCE_MS } = {},
): Promise<Exclude<Value, undefined | null | false>> {
  const endMs = Date.now() + patienceMs;
  for (;;) {
    const value = await look();
    if (value) return value as Exclude<Value, undefined | null | false>;
    if (Date.now() > endMs) throw new Error(`waited ${patienceMs / 1000} s for ${what}; instead: ${JSON.stringify(await now())}`);
    await wait(LOOK_EVERY_MS);
  }
}
