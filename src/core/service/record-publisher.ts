import type { Identity } from '../crypto/identity.ts';
import type { BlindedSigner } from '../crypto/blind.ts';
import { randomBelow, type Env } from '../env.ts';
import { datedSigner, periodExpiresAtMs, periodOf, standingPeriods } from '../wire/dated-key.ts';
import { PERIOD_OVERLAP_MS } from '../wire/registry.ts';
import type { ServiceRecord } from '../wire/service-record.ts';
import {
  HOLDERS_ENOUGH,
  HOUSEKEEPING_MS,
  PUBLISH_APART_MS,
  PUBLISH_RETRY_MS,
  PUBLISH_SETTLE_MS,
  REPUBLISH_MS,
  SLOT_CHECK_MS,
} from './constants.ts';
import { type HostPart, hostPart, isAnothers, type LyingPart, partsIn, slotFor } from './host-part.ts';
import type { RecordNetwork } from './ports.ts';
import { sealServiceRecord } from './record-seal.ts';

export interface PublisherOptions {
  readonly env: Env;
  readonly records: RecordNetwork;
  readonly identity: Identity;
  /** 32 bytes. */
  readonly hostKey: Uint8Array;
  /** Secrets of those who may read it; undefined: all who know the address. */
  invited(): readonly Uint8Array[] | undefined;
  /** What is to be published; undefined while there is nothing worth it. */
  record(): ServiceRecord | undefined;
  /** A record of the present period is held by so many. */
  onPublished(holders: number): void;
}

interface Publication {
  readonly period: number;
  readonly signer: BlindedSigner;
  readonly part: HostPart;
  /** Undefined until it was looked up which slots other hosts hold. */
  slot: number | undefined;
  looking: Promise<number> | undefined;
  serial: number;
  payload: Uint8Array | undefined;
  /** The content has changed since `payload` was sealed. */
  stale: boolean;
  busy: boolean;
  misses: number;
  cancel: () => void;
  /** Ends the wait for a second look at the slot. */
  cancelCheck: (() => void) | undefined;
}

/** Keeps this host's part of the service's record under each dated key that readers may look under now. */
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
    for (const publication of this.#publications.values()) forget(publication);
    this.#publications.clear();
  }

  /** The record's content is another now. */
  changed(): void {
    for (const publication of this.#publications.values()) {
      publication.stale = true;
      publication.misses = 0;
      const waitMs = this.#soonMs(publication.period);
      // Looked up while what changes together comes together: the first record is not later for it.
      if (waitMs === PUBLISH_SETTLE_MS) void this.#slotOf(publication);
      this.#schedule(publication, waitMs);
    }
  }

  /** At once for the present period, a while later for the one beside it. */
  #soonMs(period: number): number {
    const { env } = this.#options;
    if (period === periodOf(env.now())) return PUBLISH_SETTLE_MS;
    return PUBLISH_SETTLE_MS + randomBelow(env, PUBLISH_APART_MS);
  }

  #plan(): void {
    const { env } = this.#options;
    const standing = standingPeriods(env.now());
    for (const [period, publication] of this.#publications) {
      if (standing.includes(period)) continue;
      forget(publication);
      this.#publications.delete(period);
    }
    for (const period of standing) {
      if (this.#publications.has(period)) continue;
      const made = this.#made(period);
      this.#publications.set(period, made);
      // A new period's key appears with those of all other services, spread over the overlap's first third.
      this.#schedule(made, this.#started ? randomBelow(env, PERIOD_OVERLAP_MS / 3) : this.#soonMs(period));
    }
    this.#cancelPlan = env.schedule(HOUSEKEEPING_MS, () => this.#plan());
  }

  #made(period: number): Publication {
    const { identity, hostKey } = this.#options;
    const nothing = {
      slot: undefined,
      looking: undefined,
      serial: 0,
      payload: undefined,
      stale: true,
      busy: false,
      misses: 0,
      cancelCheck: undefined,
    };
    return { period, signer: datedSigner(identity, period), part: hostPart(hostKey, period), ...nothing, cancel: () => undefined };
  }

  #schedule(publication: Publication, delayMs: number): void {
    publication.cancel();
    publication.cancel = this.#options.env.schedule(delayMs, () => void this.#publish(publication));
  }

  async #publish(publication: Publication): Promise<void> {
    if (publication.busy) return; // it comes back to what has changed meanwhile
    if (this.#options.record() === undefined) return this.#schedule(publication, PUBLISH_RETRY_MS);
    publication.busy = true;
    const slot = await this.#slotOf(publication);
    const record = this.#options.record();
    const holders = record === undefined || this.#isOver(publication) ? 0 : await this.#store(publication, slot, record);
    publication.busy = false;
    if (this.#isOver(publication)) return;
    if (holders === 0) await this.#catchUp(publication, publication.serial);
    else this.#onStored(publication, holders);
    if (!this.#stopped) this.#schedule(publication, this.#nextMs(publication, holders));
  }

  async #slotOf(publication: Publication): Promise<number> {
    publication.looking ??= this.#lying(publication).then((lying) => slotFor(publication.part, lying));
    return (publication.slot ??= await publication.looking);
  }

  #isOver(publication: Publication): boolean {
    return this.#stopped || this.#publications.get(publication.period) !== publication;
  }

  async #store(publication: Publication, slot: number, record: ServiceRecord): Promise<number> {
    const { payload, serial } = this.#seal(publication, slot, record);
    const { signer, period } = publication;
    const { publicKey: blindedKey, sign } = signer;
    const expiresAtMs = periodExpiresAtMs(period);
    return this.#options.records.publish({ blindedKey, sign, slot, serial, expiresAtMs, payload }).catch(() => 0);
  }

  #onStored(publication: Publication, holders: number): void {
    const { env, onPublished } = this.#options;
    if (publication.period === periodOf(env.now())) onPublished(holders);
    // Two hosts that start in one moment both see a slot free.
    const afterMs = SLOT_CHECK_MS + randomBelow(env, SLOT_CHECK_MS);
    publication.cancelCheck ??= env.schedule(afterMs, () => void this.#check(publication));
  }

  #nextMs(publication: Publication, holders: number): number {
    const { env } = this.#options;
    publication.misses = holders >= HOLDERS_ENOUGH ? 0 : publication.misses + 1;
    if (holders > 0 && publication.stale) return this.#soonMs(publication.period);
    const { misses } = publication;
    const waitMs = misses === 0 ? REPUBLISH_MS : Math.min(REPUBLISH_MS, PUBLISH_RETRY_MS * 2 ** (misses - 1));
    return waitMs * 0.8 + randomBelow(env, Math.ceil(waitMs * 0.4));
  }

  /** A change takes a higher serial: the clock's second, so that it also grows over a restart. */
  #seal(publication: Publication, slot: number, record: ServiceRecord): { payload: Uint8Array; serial: number } {
    const { env, identity, invited } = this.#options;
    const { period, part } = publication;
    if (publication.stale || publication.payload === undefined) {
      publication.serial = Math.max(publication.serial + 1, Math.floor(env.now() / 1000));
      const place = { period, serial: publication.serial, slot };
      const toSeal = { record, hostPart: part.name, invited: invited() };
      publication.payload = sealServiceRecord(env, identity.publicKey, publication.signer, place, toSeal);
      publication.stale = false;
    }
    return { payload: publication.payload, serial: publication.serial };
  }

  /**
   * Perhaps another host has our slot: then we take another one. Or the clock was set back, and a serial of `least` or more is out there:
   * then we go on from that one. True when our part must be stored anew.
   */
  async #catchUp(publication: Publication, least: number): Promise<boolean> {
    const lying = await this.#lying(publication);
    const there = lying.find(({ slot }) => slot === publication.slot);
    if (there === undefined || this.#isOver(publication)) return false;
    if (isAnothers(there, publication.part)) {
      this.#options.env.log('info', 'service', 'another host of this address holds our slot; taking another');
      // Ours may lie there beside it, where both have one serial.
      const others = lying.filter((one) => isAnothers(one, publication.part));
      publication.slot = slotFor(publication.part, others);
    } else if (there.serial >= least) publication.serial = there.serial;
    else return false;
    publication.stale = true;
    return true;
  }

  async #check(publication: Publication): Promise<void> {
    const isAstray = await this.#catchUp(publication, publication.serial + 1);
    if (isAstray && !this.#isOver(publication)) this.#schedule(publication, 0);
  }

  /** Parts that lie under the period's key; none when that cannot be told: a clash shows later. */
  async #lying({ signer, period }: Publication): Promise<LyingPart[]> {
    const { records, env, identity } = this.#options;
    const found = await records.find(signer.publicKey).catch(() => []);
    return partsIn(env.crypto, identity.publicKey, signer.publicKey, period, found);
  }
}

function forget(publication: Publication): void {
  publication.cancel();
  publication.cancelCheck?.();
}
