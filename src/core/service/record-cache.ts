import type { Address } from '../bytes/brand.ts';
import { GlobalNetError } from '../bytes/errors.ts';
import { datedPublicKey, periodOf } from '../wire/dated-key.ts';
import type { ServiceRecord } from '../wire/service-record.ts';
import { RECORDS_MAX } from './constants.ts';
import { type OpenedRecord, openServiceRecord } from './record-seal.ts';
import type { FindRecordOptions } from './ports.ts';
import type { ServiceDeps } from './types.ts';

/** Whom a visitor looks for, and by which right. */
export interface Visited {
  readonly address: Address;
  readonly publicKey: Uint8Array;
  readonly secret: Uint8Array | undefined;
}

export interface KnownRecords {
  /** One for each host of the address, as far as this visitor may read them. */
  readonly records: readonly ServiceRecord[];
  /** From an earlier look-up. */
  readonly cached: boolean;
}

type CacheDeps = Pick<ServiceDeps, 'env' | 'records'>;

/** Records of the addresses that were visited, until their hello keys retire; in memory only, for they tell where one went. */
export class RecordCache {
  readonly #deps: CacheDeps;
  readonly #known = new Map<Address, readonly ServiceRecord[]>();

  constructor(deps: CacheDeps) {
    this.#deps = deps;
  }

  clear(): void {
    this.#known.clear();
  }

  /**
   * @param fresh what an earlier look-up brought led nowhere: ask again, and thoroughly.
   * @throws GlobalNetError `unknown` when there is no record; `refused` when it is for others who are invited; `malformed` when the key is
   * none; what the network throws.
   */
  async get(visited: Visited, fresh: boolean, signal?: AbortSignal): Promise<KnownRecords> {
    const { address } = visited;
    const nowMs = this.#deps.env.now();
    const known = (this.#known.get(address) ?? []).filter((record) => record.freshUntilMs > nowMs);
    if (!fresh && known.length > 0) return { records: known, cached: true };
    const opened = await this.#find(visited, { soon: !fresh, ...(signal === undefined ? {} : { signal }) });
    const records = opened.flatMap(({ record }) => record ?? []);
    this.#known.delete(address);
    if (opened.length === 0) throw new GlobalNetError('unknown', `no record of ${address}: it was never published, or not for a day`);
    if (records.length === 0) throw new GlobalNetError('refused', whyClosed(visited));
    this.#known.set(address, records);
    for (const oldest of this.#known.keys()) {
      if (this.#known.size <= RECORDS_MAX) break;
      this.#known.delete(oldest);
    }
    return { records, cached: false };
  }

  /** Each host's newest. Under the present period's key alone: who runs the query must not see two keys that belong together. */
  async #find({ publicKey, secret }: Visited, options: FindRecordOptions): Promise<OpenedRecord[]> {
    const { env, records } = this.#deps;
    const period = periodOf(env.now());
    const blindedKey = datedPublicKey(env.crypto, publicKey, period);
    const bySlot = new Map<number, { serial: number; opened: OpenedRecord }>();
    for (const { payload, serial, slot } of await records.find(blindedKey, options)) {
      if (serial <= (bySlot.get(slot)?.serial ?? -1)) continue;
      try {
        const opened = openServiceRecord(env.crypto, publicKey, blindedKey, { period, serial, slot }, payload, secret);
        bySlot.set(slot, { serial, opened });
      } catch (error) {
        if (!(error instanceof GlobalNetError)) throw error;
        env.log('debug', 'service', `a record was thrown away: ${error.message}`);
      }
    }
    return [...bySlot.values()].map(({ opened }) => opened);
  }
}

/** The record says that it is sealed for invited visitors, and no more than that. */
function whyClosed({ address, secret }: Visited): string {
  return secret === undefined
    ? `${address} is for invited visitors alone: ask its owner for an invitation`
    : `the invitation to ${address} does not open its record: it was taken back, or its owner has made a new one`;
}
