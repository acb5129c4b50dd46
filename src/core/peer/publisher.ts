import { EMPTY } from '../bytes/bytes.ts';
import type { Identity } from '../crypto/identity.ts';
import {
  type Directory,
  type DirectoryAccess,
  type Guards,
  nextPublishDelayMs,
  OwnDescriptors,
  publishDescriptor,
} from '../directory/index.ts';
import { type Env, sample } from '../env.ts';
import type { Links } from '../link/index.ts';
import type { RecordStore } from '../ports.ts';
import type { OnionKeyring } from '../relay/index.ts';
import { type Descriptor, epochAt, epochStartMs, hasRole } from '../wire/descriptor.ts';
import { encodeDirectoryRequest, signForget } from '../wire/directory.ts';
import { DESCRIPTOR_LINKS_MAX } from '../wire/geometry.ts';
import type { PeerAddress } from '../wire/peer-address.ts';
import { ROLE } from '../wire/registry.ts';
import { PUBLISH_RETRY_MS, SOFTWARE } from './constants.ts';

/** What a relaying peer says of itself. */
export interface SelfDescription {
  /** ROLE bits. */
  readonly roles: number;
  readonly addresses: readonly PeerAddress[];
  readonly operator: string;
  /** Items for its descriptor: an exit's summary. */
  readonly extension?: Uint8Array;
}

export interface PublisherOptions {
  readonly env: Env;
  readonly identity: Identity;
  readonly keyring: OnionKeyring;
  readonly directory: Directory;
  readonly guards: Guards;
  readonly links: Links;
  /** Where the identity outlives the process, what it signed must too. */
  readonly records: RecordStore | undefined;
  readonly self: SelfDescription;
  readonly access: () => DirectoryAccess;
}

/** Signs one descriptor an epoch, gives it to those we link to, and publishes it. */
export class Publisher {
  readonly #own: OwnDescriptors;
  #cancel: (() => void) | undefined;
  #publishedEpoch: number | undefined;
  #blockedUntilMs: number | undefined;
  #running = false;

  constructor(private readonly options: PublisherOptions) {
    this.#own = new OwnDescriptors(options.env, options.identity, options.records);
  }

  get blockedUntilMs(): number | undefined {
    return this.#blockedUntilMs;
  }

  get descriptor(): Descriptor | undefined {
    return this.options.directory.own;
  }

  /** From now on this peer offers itself as a relay. */
  async start(): Promise<void> {
    this.#running = true;
    await this.#renew();
  }

  /** Worth a try before the next round: there are links now, and somebody to publish to. */
  nudge(): void {
    if (this.#running && this.#publishedEpoch === undefined) void this.#renew();
  }

  /** Offers itself no longer, and says so. */
  stop(): void {
    this.#running = false;
    this.#cancel?.();
    const own = this.descriptor;
    this.options.directory.setOwn(undefined);
    this.#publishedEpoch = undefined;
    if (own !== undefined) this.#withdraw(own);
  }

  /** On the links alone: a tab that is closed has no time for questions, and those who hear of it pass it on. */
  #withdraw(descriptor: Descriptor): void {
    const { env, identity, links } = this.options;
    const request = encodeDirectoryRequest(signForget(env.crypto, identity, descriptor.epoch));
    for (const link of links.all()) link.sendWithdrawal(request);
  }

  async #renew(): Promise<void> {
    const { env } = this.options;
    this.#cancel?.();
    this.#cancel = env.schedule(PUBLISH_RETRY_MS, () => void this.#renew());
    try {
      await this.#publish();
    } catch (error) {
      env.log('warn', 'relay', `no descriptor could be signed: ${(error as Error).message}`); // a full disk: the next try may do
    }
  }

  async #publish(): Promise<void> {
    const { env, directory, links, access } = this.options;
    const descriptor = await this.#sign();
    if (descriptor === undefined || !this.#running) return;
    const isNew = this.descriptor !== descriptor;
    directory.setOwn(descriptor);
    if (isNew) for (const link of links.all()) link.sendDescriptor(descriptor.bytes);
    if (this.#publishedEpoch === descriptor.epoch) return;
    const takers = await publishDescriptor(access(), descriptor);
    if (!this.#running) return this.#withdraw(descriptor); // some took it after they were told to forget it
    if (takers === 0) return;
    this.#publishedEpoch = descriptor.epoch;
    this.#cancel?.();
    this.#cancel = env.schedule(nextPublishDelayMs(env), () => {
      this.#publishedEpoch = undefined;
      void this.#renew();
    });
  }

  /** Undefined while there is nothing worth signing: a peer that nobody can dial is of use only by the links it lists. */
  async #sign(): Promise<Descriptor | undefined> {
    const { env, keyring, self, guards } = this.options;
    const isOpen = (self.roles & ROLE.open) !== 0;
    // Before there are guards a link is listed that may become one.
    const links = isOpen || guards.drawn ? this.#listable() : [];
    if (!isOpen && links.length === 0) return undefined;
    const descriptor = await this.#own.current((epoch) => {
      const { x25519, kem } = keyring.publicKeys(epoch);
      return { extension: EMPTY, ...self, onionX25519: x25519, onionKem: kem, setupEffort: 0, software: SOFTWARE, links };
    });
    this.#blockedUntilMs = descriptor === undefined ? epochStartMs(epochAt(env.now()) + 1) : undefined;
    if (descriptor === undefined) {
      env.log('warn', 'relay', 'this identity has signed other keys for the running epoch: it relays again from the next one');
      return undefined;
    }
    if (!keyring.isBound(descriptor.epoch)) keyring.bindDescriptor(descriptor.epoch, descriptor.hash, descriptor.setupEffort);
    return descriptor;
  }

  /** Links to open peers that others' circuits may use. Guard links are never listed: they would tell where our own circuits begin. */
  #listable(): Descriptor['id'][] {
    const { env, links, directory, guards } = this.options;
    const ids = new Set(links.all().map(({ peer }) => peer));
    const open = [...ids].filter((id) => {
      const descriptor = directory.get(id);
      return descriptor !== undefined && hasRole(descriptor, ROLE.open) && !guards.isGuard(id);
    });
    return sample(env, open, DESCRIPTOR_LINKS_MAX);
  }
}
