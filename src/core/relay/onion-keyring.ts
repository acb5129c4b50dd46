import { EMPTY } from '../bytes/bytes.ts';
import type { Env } from '../env.ts';
import { CLOCK_SKEW_MS, DESCRIPTOR_EPOCHS, EPOCH_MS } from '../wire/registry.ts';
import { SeenSet } from './seen-set.ts';

/** What a descriptor publishes. */
export interface OnionPublicKeys {
  readonly epoch: number;
  readonly x25519: Uint8Array;
  readonly kem: Uint8Array;
}

/** One epoch's keys, and every setup packet they have opened: neither outlives the other. */
export interface OnionKey extends OnionPublicKeys {
  readonly x25519Secret: Uint8Array;
  readonly kemSecret: Uint8Array;
  /** Of the one descriptor that published them; undefined until there is one, and until then nothing is opened with them. */
  descriptorHash: Uint8Array | undefined;
  /** Hashes asked for: what that descriptor says. */
  setupEffort: number;
  readonly seen: SeenSet;
}

/** All that must be kept for a relay to start again under the same identity in the same epoch. Secret. */
export interface OnionKeySnapshot {
  readonly epoch: number;
  readonly x25519Secret: Uint8Array;
  /** 64 bytes. */
  readonly kemSeed: Uint8Array;
  /** Empty when none was bound. */
  readonly descriptorHash: Uint8Array;
  readonly setupEffort: number;
  readonly seenSalt: Uint8Array;
  readonly seen: Uint8Array;
}

interface HeldKey extends OnionKey {
  readonly kemSeed: Uint8Array;
}

/**
 * A relay's onion keys: one pair an epoch, the same for everyone; erased with their set of seen packets once they are too old to
 * be used. A peer that starts under a new identity draws new ones. A peer that keeps its identity must keep them too, since a
 * second descriptor for one epoch is a proof of fraud: its owner stores `snapshot()` whenever `changes` has moved.
 */
export class OnionKeyring {
  readonly #env: Pick<Env, 'now' | 'random' | 'crypto'>;
  readonly #keys = new Map<number, HeldKey>();
  #changes = 0;

  constructor(env: Pick<Env, 'now' | 'random' | 'crypto'>, restore: readonly OnionKeySnapshot[] = []) {
    this.#env = env;
    for (const kept of restore) {
      const seen = SeenSet.restore(env.crypto, kept.seenSalt, kept.seen);
      this.#keys.set(kept.epoch, this.#hold(kept.epoch, kept.x25519Secret.slice(), kept.kemSeed.slice(), seen));
      if (kept.descriptorHash.length > 0) this.bindDescriptor(kept.epoch, kept.descriptorHash, kept.setupEffort);
    }
    this.expire();
  }

  /** Grows with every change that `snapshot` would show. */
  get changes(): number {
    return this.#changes;
  }

  get epoch(): number {
    return Math.floor(this.#env.now() / EPOCH_MS);
  }

  /** The keys of the epoch that is now, or of another that may be used; drawn when first asked for. */
  publicKeys(epoch: number = this.epoch): OnionPublicKeys {
    this.expire();
    return this.#keys.get(epoch) ?? this.#draw(epoch);
  }

  /** Says which descriptor published the epoch's keys, and the price it names. Once an epoch. @throws RangeError for a second one. */
  bindDescriptor(epoch: number, descriptorHash: Uint8Array, setupEffort: number): void {
    const key = this.#keys.get(epoch);
    if (key === undefined) throw new RangeError(`no onion keys of epoch ${epoch}: ask for publicKeys first`);
    if (key.descriptorHash !== undefined)
      throw new RangeError(`the onion keys of epoch ${epoch} have a descriptor: a second one would be a proof of fraud`);
    key.descriptorHash = descriptorHash.slice();
    key.setupEffort = setupEffort;
    this.#changes++;
  }

  /** Whether a descriptor has published the epoch's keys. */
  isBound(epoch: number): boolean {
    return this.#keys.get(epoch)?.descriptorHash !== undefined;
  }

  /** Secrets of all keys that a valid descriptor of ours may name: for what is sealed to a peer outside of circuits. */
  x25519Secrets(): Uint8Array[] {
    this.expire();
    return [...this.#keys.values()].map(({ x25519Secret }) => x25519Secret);
  }

  /** The keys that a packet's first work byte names, if they may still be used. */
  find(hint: number): OnionKey | undefined {
    this.expire();
    for (const key of this.#keys.values()) if (key.x25519[0] === hint) return key;
    return undefined;
  }

  /** Marks a packet as opened. False when it was before, or when the set is full. */
  insertSeen(key: OnionKey, ephemeral: Uint8Array): boolean {
    this.#changes++;
    return key.seen.insert(ephemeral);
  }

  /** Erases keys, and their sets, that are too old. */
  expire(): void {
    for (const [epoch, key] of this.#keys) {
      // A builder whose clock is behind ours still takes the descriptor for good.
      if (this.#env.now() < (epoch + DESCRIPTOR_EPOCHS) * EPOCH_MS + CLOCK_SKEW_MS) continue;
      for (const secret of [key.x25519Secret, key.kemSecret, key.kemSeed]) secret.fill(0);
      this.#keys.delete(epoch);
      this.#changes++;
    }
  }

  snapshot(): OnionKeySnapshot[] {
    this.expire();
    return [...this.#keys.values()].map(({ epoch, x25519Secret, kemSeed, descriptorHash, setupEffort, seen }) => ({
      epoch,
      x25519Secret: x25519Secret.slice(),
      kemSeed: kemSeed.slice(),
      descriptorHash: descriptorHash ?? EMPTY,
      setupEffort,
      seenSalt: seen.salt,
      seen: seen.entries(),
    }));
  }

  #draw(epoch: number): HeldKey {
    for (;;) {
      const key = this.#hold(epoch, this.#env.random(32), this.#env.random(64), new SeenSet(this.#env.crypto, this.#env.random(32)));
      // The first byte of B tells a packet's key, so that one packet never costs two decapsulations: no two keys share it.
      if (this.find(key.x25519[0] as number) !== undefined) continue;
      this.#keys.set(epoch, key);
      this.#changes++;
      return key;
    }
  }

  #hold(epoch: number, x25519Secret: Uint8Array, kemSeed: Uint8Array, seen: SeenSet): HeldKey {
    const { publicKey: kem, secretKey: kemSecret } = this.#env.crypto.kemKeyPair(kemSeed);
    const x25519 = this.#env.crypto.x25519Public(x25519Secret);
    return { epoch, x25519, kem, x25519Secret, kemSecret, kemSeed, descriptorHash: undefined, setupEffort: 0, seen };
  }
}
