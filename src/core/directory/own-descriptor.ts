import type { PeerId } from '../bytes/brand.ts';
import { equal } from '../bytes/bytes.ts';
import { type Identity, peerIdBytes, peerIdOf } from '../crypto/identity.ts';
import { type Env, randomBelow, sample } from '../env.ts';
import type { RecordStore } from '../ports.ts';
import {
  decodeDescriptor,
  type Descriptor,
  type DescriptorContent,
  epochAt,
  epochStartMs,
  type FraudProof,
  signDescriptor,
  verifyDescriptor,
} from '../wire/descriptor.ts';
import { encodeDirectoryRequest } from '../wire/directory.ts';
import { STREAM } from '../wire/registry.ts';
import { PUBLISH_SPREAD_MS, PUBLISH_TO } from './constants.ts';
import { answerersOf, askDirectory, type DirectoryAccess } from './learn.ts';
import { nearestTo } from '../bytes/distance.ts';
import { unrelated } from '../wire/related.ts';

/** What a peer says about itself; id and epoch are added. */
export type OwnContent = Omit<DescriptorContent, 'id' | 'epoch'>;

/** The longest answer to a request that wants none: the empty one, or an error. */
const ERROR_MAX_BYTES = 8;
const RECORD_KEY = 'directory/own';

/**
 * Signs at most one descriptor an epoch, over restarts too: a second one would be a proof of fraud against ourselves. So it is
 * stored before anybody sees it.
 */
export class OwnDescriptors {
  #last: Descriptor | undefined;
  #signing: Promise<Descriptor | undefined> = Promise.resolve(undefined);

  constructor(
    readonly env: Env,
    readonly identity: Identity,
    /** Undefined only for an identity that does not outlive the process. */
    readonly store: RecordStore | undefined,
  ) {}

  /**
   * The one descriptor of the running epoch. `content` is asked for only when none was signed yet. Undefined when an earlier
   * run signed one with onion keys that are no longer ours: then nothing may be published before the next epoch.
   */
  current(content: (epoch: number) => OwnContent): Promise<Descriptor | undefined> {
    // One at a time: two callers that both found nothing stored would both sign.
    const again = () => this.#current(content);
    this.#signing = this.#signing.then(again, again);
    return this.#signing;
  }

  async #current(content: (epoch: number) => OwnContent): Promise<Descriptor | undefined> {
    const epoch = epochAt(this.env.now());
    if (this.#last?.epoch === epoch) return this.#last;
    const wanted = content(epoch);
    const stored = await this.#stored();
    if (stored !== undefined && stored.epoch >= epoch) {
      const usable = stored.epoch === epoch && equal(stored.onionX25519, wanted.onionX25519) && equal(stored.onionKem, wanted.onionKem);
      if (usable) this.#last = stored;
      return usable ? stored : undefined;
    }
    const descriptor = signDescriptor(this.env.crypto, this.identity, { ...wanted, id: peerIdOf(this.identity.publicKey), epoch });
    await this.store?.set(RECORD_KEY, descriptor.bytes);
    this.#last = descriptor;
    return descriptor;
  }

  async #stored(): Promise<Descriptor | undefined> {
    const bytes = await this.store?.get(RECORD_KEY);
    if (bytes === undefined) return undefined;
    try {
      const { epoch, id } = decodeDescriptor(bytes).content;
      if (id !== peerIdOf(this.identity.publicKey)) return undefined; // of an identity given up
      return verifyDescriptor(this.env.crypto, bytes, epochStartMs(epoch));
    } catch {
      return undefined;
    }
  }
}

/** Milliseconds until the next epoch's descriptor is to be published: a random moment early in it. */
export function nextPublishDelayMs(env: Env): number {
  return epochStartMs(epochAt(env.now()) + 1) - env.now() + randomBelow(env, PUBLISH_SPREAD_MS);
}

/** Hands our descriptor to the unrelated open peers nearest to our id. How many took it. */
export async function publishDescriptor(access: DirectoryAccess, own: Descriptor): Promise<number> {
  const answers = await Promise.all(
    publishTargets(access, own.id).map((target) => askDirectory(access, target.id, { type: 'publish', descriptor: own.bytes })),
  );
  return answers.filter((answer) => answer !== undefined).length;
}

/** Passes a peer's own word that it leaves on to those who have its descriptor. Waits for nobody. */
export function passWithdrawalOn(access: DirectoryAccess, leaving: PeerId, request: Uint8Array): void {
  for (const target of publishTargets(access, leaving))
    void access.ask(target.id, STREAM.directory, access.via, request, ERROR_MAX_BYTES).catch(() => undefined);
}

function publishTargets(access: DirectoryAccess, id: PeerId): Descriptor[] {
  const others = answerersOf(access).filter((descriptor) => descriptor.id !== id);
  const near = nearestTo(peerIdBytes(id), others, others.length, (descriptor) => peerIdBytes(descriptor.id));
  return unrelated(near, PUBLISH_TO, (descriptor) => descriptor);
}

/** Passes a proof on, once: each of them that had not known it does the same (`DirectoryOptions.onFraud`). */
export function passFraudOn(access: DirectoryAccess, proof: FraudProof): void {
  const request = encodeDirectoryRequest({ type: 'fraud', proof });
  const targets = unrelated(sample(access.env, answerersOf(access), PUBLISH_TO), PUBLISH_TO, (descriptor) => descriptor);
  for (const target of targets) void access.ask(target.id, STREAM.directory, access.via, request, ERROR_MAX_BYTES).catch(() => undefined);
}
