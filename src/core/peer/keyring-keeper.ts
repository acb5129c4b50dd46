import { decode, encode } from 'cborg';
import type { Env } from '../env.ts';
import type { RecordStore } from '../ports.ts';
import { OnionKeyring, type OnionKeySnapshot } from '../relay/index.ts';

const RECORD_KEY = 'relay/onion-keys';

/**
 * Onion keys over restarts. They are written when the peer stops and deleted as soon as they are read: after a crash there are
 * none, since packets seen after the last writing could be replayed to them. Such a peer draws new ones and relays again from
 * the next epoch on.
 */
export class KeyringKeeper {
  private constructor(
    readonly keyring: OnionKeyring,
    private readonly records: RecordStore | undefined,
  ) {}

  /** @param records undefined for an identity that ends with the process. */
  static async load(env: Env, records: RecordStore | undefined): Promise<KeyringKeeper> {
    const bytes = await records?.get(RECORD_KEY);
    await records?.delete(RECORD_KEY);
    return new KeyringKeeper(new OnionKeyring(env, bytes === undefined ? [] : parseSnapshot(bytes)), records);
  }

  async save(): Promise<void> {
    await this.records?.set(RECORD_KEY, encode(this.keyring.snapshot()));
  }
}

function parseSnapshot(bytes: Uint8Array): OnionKeySnapshot[] {
  try {
    return decode(bytes) as OnionKeySnapshot[];
  } catch {
    return []; // our own file, damaged: as after a crash
  }
}
