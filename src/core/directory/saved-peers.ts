import type { PeerId } from '../bytes/brand.ts';
import { fromBase32, fromUtf8, utf8 } from '../bytes/index.ts';
import type { RecordStore } from '../ports.ts';
import { ROLE } from '../wire/registry.ts';
import { websocketUrl } from '../wire/peer-address.ts';
import type { Descriptor } from '../wire/descriptor.ts';
import { SAVED_PEERS } from './constants.ts';
import type { Directory } from './directory.ts';

/** An open peer kept for the next start: with every bootstrap dead, these are dialled again. Stored as JSON, as all local records. */
export interface SavedPeer {
  readonly id: PeerId;
  readonly firstSeenMs: number;
  /** `ws(s)://…`, what of it may be dialled is the dialler's to know. */
  readonly urls: readonly string[];
}

const RECORD_KEY = 'directory/peers';

export function urlsOf(descriptor: Descriptor): string[] {
  return descriptor.addresses.flatMap((address) => (address.kind === 'websocket' ? [websocketUrl(address)] : []));
}

/** The longest known come first: they are the likeliest to be there still. */
export async function savePeers(store: RecordStore, directory: Directory): Promise<void> {
  const saved = [...directory.all(ROLE.open)]
    .flatMap((descriptor): SavedPeer[] => {
      const known = directory.known(descriptor.id);
      return known === undefined ? [] : [{ id: known.id, firstSeenMs: known.firstSeenMs, urls: urlsOf(descriptor) }];
    })
    .sort((a, b) => a.firstSeenMs - b.firstSeenMs)
    .slice(0, SAVED_PEERS);
  if (saved.length > 0) await store.set(RECORD_KEY, utf8(JSON.stringify(saved)));
}

/** What was saved, and the directory told how long each has been known. A damaged record counts as none. */
export async function loadSavedPeers(store: RecordStore, directory: Directory): Promise<SavedPeer[]> {
  const bytes = await store.get(RECORD_KEY);
  const saved = bytes === undefined ? [] : parseSaved(bytes);
  for (const { id, firstSeenMs } of saved) directory.remember(id, Math.min(firstSeenMs, directory.env.now()));
  return saved;
}

function parseSaved(bytes: Uint8Array): SavedPeer[] {
  try {
    const list: unknown = JSON.parse(fromUtf8(bytes));
    return Array.isArray(list) ? list.filter(isSavedPeer) : [];
  } catch {
    return [];
  }
}

function isSavedPeer(value: unknown): value is SavedPeer {
  const { id, firstSeenMs, urls } = (value ?? {}) as Partial<SavedPeer>;
  return isPeerId(id) && typeof firstSeenMs === 'number' && Array.isArray(urls) && urls.every((url) => typeof url === 'string');
}

export function isPeerId(value: unknown): value is PeerId {
  try {
    return typeof value === 'string' && fromBase32(value).length === 32;
  } catch {
    return false;
  }
}
