import { createStore, get, update } from 'idb-keyval';
import type { TrustedKey } from '../shared/certificates.ts';

/** What the user chose. */
export interface Settings {
  relaying: boolean;
  /** The user has seen what joining shows to others. */
  introduced: boolean;
  /** Issuers whose word about sites the user takes. */
  trusted: TrustedKey[];
  /** No site is asked for anything before it has shown that one of them vouches for it. */
  certifiedOnly: boolean;
}

const store = createStore('gnet-shell', 'settings');
const KEY = 'settings';
const FIRST: Settings = { relaying: true, introduced: false, trusted: [], certifiedOnly: false };

async function loadSettings(): Promise<Settings> {
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
async function changeSettings(shown: Settings, change: (kept: Settings) => Partial<Settings>): Promise<Settings> {
  let changed = { ...shown, ...change(shown) };
  const keep = (kept: Partial<Settings> = {}): Settings => {
    const before = { ...FIRST, ...kept };
    return (changed = { ...before, ...change(before) });
  };
  await update(KEY, keep, store).catch(() => {});
  return changed;
}

/** What the user chose, as this tab goes by it. */
export class ChosenSettings {
  shown = FIRST;
  /** A key that is trusted no longer counts in no tab. */
  readonly #trustChanges = new BroadcastChannel('gnet-trust');

  constructor(private readonly onChange: () => void) {}

  async load(): Promise<void> {
    this.shown = await loadSettings();
    this.#trustChanges.onmessage = async () => this.#showTrust(await loadSettings());
  }

  async save(change: Partial<Settings>): Promise<void> {
    this.shown = { ...this.shown, ...change };
    this.onChange();
    await changeSettings(this.shown, () => change);
  }

  /** Whose word counts, and how much, in all tabs. @throws what `change` throws. */
  async changeTrust(change: (kept: Settings) => Partial<Settings>): Promise<void> {
    this.#showTrust(await changeSettings(this.shown, change));
    this.#trustChanges.postMessage('changed');
  }

  #showTrust({ trusted, certifiedOnly }: Settings): void {
    this.shown = { ...this.shown, trusted, certifiedOnly };
    this.onChange();
  }
}
