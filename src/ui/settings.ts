import { createStore, get, set } from 'idb-keyval';

/** What the user chose. */
export interface Settings {
  relaying: boolean;
  /** The user has seen what joining shows to others. */
  introduced: boolean;
}

const store = createStore('gnet-shell', 'settings');
const KEY = 'settings';
const FIRST: Settings = { relaying: true, introduced: false };

export async function loadSettings(): Promise<Settings> {
  try {
    return { ...FIRST, ...(await get<Partial<Settings>>(KEY, store)) };
  } catch {
    return FIRST; // no storage here: asked again at each start
  }
}

export async function saveSettings(settings: Settings): Promise<void> {
  await set(KEY, settings, store).catch(() => {});
}
