import type { Identity } from '../crypto/identity.ts';
import type { BlindedSigner } from '../crypto/blind.ts';
import { randomBelow, type Env } from '../env.ts';
import { datedSigner, periodExpiresAtMs, periodOf, standingPeriods } from '../wire/dated-key.ts';
import { PERIOD_OVERLAP_MS } from '../wire/registry.ts';
import type { ServiceRecord } from '../wire/service-record.ts';
import { HOUSEKEEPING_MS, PUBLISH_APART_MS, PUBLISH_RETRY_MS, PUBLISH_SETTLE_MS, REPUBLISH_MS } from './constants.ts';
import type { RecordNetwork } from './ports.ts';
import { sealServiceRecord } from './record-seal.ts';

export interface PublisherOptions {
  readonly env: Env;
  readonly records: RecordNetwork;
  readonly identity: Identity;
  readonly slot: number;
  /** What is to be published; undefined while there is nothing worth it. */
  record(): ServiceRecord | undefined;
  /** A record of the present period is held by so many. */
  onPublished(holders: number): void;
}

interface Publication {
  readonly period: number;
  readonly signer: BlindedSigner;
  serial: number;
  payload: Uint8Array | undefined;
  /** The content has changed since `payload` was sealed. */
  stale: boolean;
  busy: boolean;
  misses: number;
  cancel: () => void;
}

/** Keeps the service's record under each dated key that readers may look under now. */
export class RecordPublisher {
  readonly #options: PublisherOptions;
  readonly #publications = new Map<number, Publication>();
  #cancelPlan: () => void = () => undefined;
  #stopped = false;
  #started = false;

  constructor(options: PublisherOptions) {
    this.#options = options;
  }

  start(): void {
    this.#plan();
    this.#started = true;
  }

  stop(): void {
    this.#stopped = true;
    this.#cancelPlan();
    for (const publication of this.#publications.values()) publication.cancel();
    this.#publications.clear();
  }

  /** The record's content is another now. */
  changed(): void {
    for (const publication of this.#publications.values()) {
      publication.stale = true;
      publication.misses = 0;
      this.#schedule(publication, this.#soonMs(publication.period));
    }
  }

  /** At once for the present period, a while later for the one beside it. */
  #soonMs(period: number): number {
    const { env } = this.#options;
    if (period === periodOf(env.now())) return PUBLISH_SETTLE_MS;
    return PUBLISH_SETTLE_MS + randomBelow(env, PUBLISH_APART_MS);
  }

  #plan(): void {
    const { env, identity } = this.#options;
    const standing = standingPeriods(env.now());
    for (const [period, publication] of this.#publications) {
      if (standing.includes(period)) continue;
      publication.cancel();
      this.#publications.delete(period);
    }
    for (const period of standing) {
      if (this.#publications.has(period)) continue;
      const signer = datedSigner(identity, period);
      const made = { period, signer, serial: 0, payload: undefined, stale: true, busy: false, misses: 0, cancel: () => undefined };
      this.#publications.set(period, made);
      // A new period's key appears with those of all other services, spread over the overlap's first third.
      this.#schedule(made, this.#started ? randomBelow(env, PERIOD_OVERLAP_MS / 3) : this.#soonMs(period));
    }
    this.#cancelPlan = env.schedule(HOUSEKEEPING_MS, () => this.#plan());
  }

  #schedule(publication: Publication, delayMs: number): void {
    publication.cancel();
    publication.cancel = this.#options.env.schedule(delayMs, () => void this.#publish(publication));
  }

  async #publish(publication: Publication): Promise<void> {
    const record = this.#options.record();
    if (publication.busy) return; // it comes back to what has changed meanwhile
    if (record === undefined) return this.#schedule(publication, PUBLISH_RETRY_MS);
    publication.busy = true;
    const { payload, serial } = this.#seal(publication, record);
    const { records, slot, env } = this.#options;
    const { signer, period } = publication;
    const expiresAtMs = periodExpiresAtMs(period);
    const holders = await records
      .publish({ blindedKey: signer.publicKey, sign: signer.sign, slot, serial, expiresAtMs, payload })
      .catch(() => 0);
    publication.busy = false;
    if (this.#stopped || this.#publications.get(period) !== publication) return;
    if (holders === 0) await this.#catchUp(publication);
    else if (period === periodOf(env.now())) this.#options.onPublished(holders);
    if (!this.#stopped) this.#schedule(publication, this.#nextMs(publication, holders));
  }

  #nextMs(publication: Publication, holders: number): number {
    const { env } = this.#options;
    publication.misses = holders > 0 ? 0 : publication.misses + 1;
    if (holders > 0 && publication.stale) return this.#soonMs(publication.period);
    const waitMs = holders > 0 ? REPUBLISH_MS : Math.min(REPUBLISH_MS, PUBLISH_RETRY_MS * 2 ** (publication.misses - 1));
    return waitMs * 0.8 + randomBelow(env, Math.ceil(waitMs * 0.4));
  }

  /** A change takes a higher serial: the clock's second, so that it also grows over a restart. */
  #seal(publication: Publication, record: ServiceRecord): { payload: Uint8Array; serial: number } {
    const { env, identity, slot } = this.#options;
    if (publication.stale || publication.payload === undefined) {
      publication.serial = Math.max(publication.serial + 1, Math.floor(env.now() / 1000));
      const place = { period: publication.period, serial: publication.serial, slot };
      publication.payload = sealServiceRecord(env, identity.publicKey, publication.signer, place, record);
      publication.stale = false;
    }
    return { payload: publication.payload, serial: publication.serial };
  }

  /** Nobody took it. Perhaps the clock was set back and a higher serial is out there: go on from that one. */
  async #catchUp(publication: Publication): Promise<void> {
    const { records, slot } = this.#options;
    const found = await records.find(publication.signer.publicKey).catch(() => []);
    for (const { serial, slot: otherSlot } of found) {
      if (otherSlot !== slot || serial < publication.serial) continue;
      publication.serial = serial;
      publication.stale = true;
    }
  }
}
