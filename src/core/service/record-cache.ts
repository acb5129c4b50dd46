import type { Address } from '../bytes/brand.ts';
import { GlobalNetError } from '../bytes/errors.ts';
import type { Env } from '../env.ts';
import { datedPublicKey, periodOf } from '../wire/dated-key.ts';
import type { ServiceRecord } from '../wire/service-record.ts';
import { RECORDS_MAX } from './constants.ts';
import type { RecordNetwork } from './ports.ts';
import { openServiceRecord } from './record-seal.ts';

export interface KnownRecords {
  /** One for each host of the address. */
  readonly records: readonly ServiceRecord[];
  /** From an earlier look-up. */
  readonly cached: boolean;
}

/** Records of the addresses that were visited, until their hello keys retire; in memory only, for they tell where one went. */
export class RecordCache {
  readonly #env: Env;
  readonly #network: RecordNetwork;
  readonly #known = new Map<Address, readonly ServiceRecord[]>();

  constructor(env: Env, network: RecordNetwork) {
    this.#env = env;
    this.#network = network;
  }

  clear(): void {
    this.#known.clear();
  }

  /** @throws GlobalNetError `unknown` when there is no record; `malformed` when the key is none; what the network throws. */
  async get(address: Address, publicKey: Uint8Array, fresh: boolean, signal?: AbortSignal): Promise<KnownRecords> {
    const known = (this.#known.get(address) ?? []).filter((record) => record.freshUntilMs > this.#env.now());
    if (!fresh && known.length > 0) return { records: known, cached: true };
    const records = await this.#find(publicKey, signal);
    this.#known.delete(address);
    if (records.length === 0) throw new GlobalNetError('unknown', `no record of ${address}: it was never published, or not for a day`);
    this.#known.set(address, records);
    for (const oldest of this.#known.keys()) {
      if (this.#known.size <= RECORDS_MAX) break;
      this.#known.delete(oldest);
    }
    return { records, cached: false };
  }

  /** Under the present period's key alone: who runs the query must not see two keys that belong together. */
  async #find(publicKey: Uint8Array, signal: AbortSignal | undefined): Promise<ServiceRecord[]> {
    const period = periodOf(this.#env.now());
    const blindedKey = datedPublicKey(publicKey, period);
    const bySlot = new Map<number, { serial: number; record: ServiceRecord }>();
    for (const { payload, serial, slot } of await this.#network.find(blindedKey, signal)) {
      if (serial <= (bySlot.get(slot)?.serial ?? -1)) continue;
      try {
        const record = openServiceRecord(this.#env.crypto, publicKey, blindedKey, { period, serial, slot }, payload);
        bySlot.set(slot, { serial, record });
      } catch (error) {
        if (!(error instanceof GlobalNetError)) throw error;
        this.#env.log('debug', 'service', `a record was thrown away: ${error.message}`);
      }
    }
    return [...bySlot.values()].map(({ record }) => record);
  }
}
