import { createStore, get, update } from 'idb-keyval';
import type { TrustedKey } from '../shared/certificates.ts';

/** What the user chose. */
export interface Settings {
  relaying: boolean;
  /** The user has seen what joining shows to others. */
  introduced: boolean;
  /** Issuers whose word about sites the user takes. */
  trusted: TrustedKey[];
}

const store = createStore('gnet-shell', 'settings');
const KEY = 'settings';
const FIRST: Settings = { relaying: true, introduced: false, trusted: [] };

export async function loadSettings(): Promise<Settings> {
  try {
    return { ...FIRST, ...(await get<Partial<Settings>>(KEY, store)) };
  } catch {
    return FIRST; // no storage here: asked again at each start
  }
}

/**
 * Changes what is kept, which another tab may have changed meanwhile; the answer is what it is then.
 * @param shown what this tab goes by, and goes on by where nothing can be kept. @throws what `change` throws of it.
 */
export async function changeSettings(shown: Settings, change: (kept: Settings) => Partial<Settings>): Promise<Settings> {
  let changed = { ...shown, ...change(shown) };
  const keep = (kept: Partial<Settings> = {}): Settings => {
    const before = { ...FIRST, ...kept };
    return (changed = { ...before, ...change(before) });
  };
  await update(KEY, keep, store).catch(() => {});
  return changed;
}
