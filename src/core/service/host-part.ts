import { compare, equal } from '../bytes/bytes.ts';
import { GlobalNetError } from '../bytes/errors.ts';
import { Writer } from '../bytes/writer.ts';
import { deriveKeys } from '../crypto/derive.ts';
import type { CryptoPort } from '../ports.ts';
import { HOST_PART_BYTES } from '../wire/geometry.ts';
import { LABEL } from '../wire/registry.ts';
import { HOST_SLOTS } from './constants.ts';
import type { FoundRecord } from './ports.ts';
import { openServiceRecord } from './record-seal.ts';

/** One host's part of an address's record, in one period; another period's has nothing in common with it. */
export interface HostPart {
  /** HOST_PART_BYTES, by which the address's hosts know their parts. */
  readonly name: Uint8Array;
  /** All slots, in the order in which this host takes them. */
  readonly slots: readonly number[];
}

const DRAWN_BYTES = 4;

export function hostPart(hostKey: Uint8Array, period: number): HostPart {
  const context = [new Writer(8).u64(period).done()];
  const lengths = [HOST_PART_BYTES, HOST_SLOTS * DRAWN_BYTES];
  const [name, drawn] = deriveKeys(LABEL.hostPart, hostKey, context, lengths) as [Uint8Array, Uint8Array];
  const drawnFor = (slot: number): Uint8Array => drawn.subarray(slot * DRAWN_BYTES, (slot + 1) * DRAWN_BYTES);
  const slots = Array.from({ length: HOST_SLOTS }, (_, slot) => slot).sort((a, b) => compare(drawnFor(a), drawnFor(b)));
  return { name, slots };
}

/** What lies in a slot. */
export interface LyingPart {
  /** Undefined when it is nothing that this version can read. */
  readonly name: Uint8Array | undefined;
  readonly slot: number;
  readonly serial: number;
}

/** What a service's hosts have published under one dated key, whoever may read the bodies. */
export function partsIn(
  crypto: CryptoPort,
  publicKey: Uint8Array,
  blindedKey: Uint8Array,
  period: number,
  found: readonly FoundRecord[],
): LyingPart[] {
  return found.map(({ payload, serial, slot }) => {
    try {
      const { hostPart: name } = openServiceRecord(crypto, publicKey, blindedKey, { period, serial, slot }, payload);
      return { name, slot, serial };
    } catch (error) {
      if (!(error instanceof GlobalNetError)) throw error;
      return { name: undefined, slot, serial };
    }
  });
}

export function isAnothers({ name }: LyingPart, part: HostPart): boolean {
  return name !== undefined && !equal(name, part.name);
}

/** Where a host's part belongs: where it lies, or the first slot of its order that no other host holds; when all are held, the oldest part gives way. */
export function slotFor(part: HostPart, lying: readonly LyingPart[]): number {
  const own = lying.find(({ name }) => name !== undefined && equal(name, part.name));
  if (own !== undefined) return own.slot;
  const others = lying.filter((one) => isAnothers(one, part));
  const free = part.slots.find((slot) => others.every((other) => other.slot !== slot));
  return free ?? others.reduce((oldest, other) => (other.serial < oldest.serial ? other : oldest)).slot;
}
