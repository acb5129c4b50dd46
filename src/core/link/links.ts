import type { PeerId } from '../bytes/brand.ts';
import { compare } from '../bytes/bytes.ts';
import { type ErrorKind, GlobalNetError } from '../bytes/errors.ts';
import { peerIdBytes, peerIdOf } from '../crypto/identity.ts';
import type { Env } from '../env.ts';
import type { Dialer, DialTarget, Link, LinkHandler, Transport } from '../ports.ts';
import { LINK_CLOSE, type LinkCloseCode } from '../wire/registry.ts';
import { DUPLICATE_CHECK_MAX_MS, DUPLICATE_CHECK_MS, DUPLICATE_QUIET_MS, PENDING_MAX } from './constants.ts';
import { Handshake } from './handshake.ts';
import { openLink } from './open-link.ts';
import { PeerLink } from './peer-link.ts';
import type { Defer, Expected, LinksOptions } from './types.ts';

const ERROR_OF_CLOSE: Partial<Record<LinkCloseCode, ErrorKind>> = {
  [LINK_CLOSE.identity]: 'unverified',
  [LINK_CLOSE.breach]: 'unverified',
  [LINK_CLOSE.timeout]: 'timeout',
  [LINK_CLOSE.version]: 'unsupported',
  [LINK_CLOSE.budget]: 'full',
};

/** Of a link that is told goodbye before anybody here heard of it. */
const NOBODY: LinkHandler = { onFrame: () => {}, onDescriptor: () => {}, onWithdrawal: () => {}, onClose: () => {} };

const microtask: Defer = (task) => void Promise.resolve().then(task);

/** All links of this peer: dials, takes what comes in, keeps one per peer. */
export class Links implements Dialer {
  readonly #env: Env;
  readonly #options: LinksOptions;
  readonly #self: PeerId;
  readonly #links = new Map<PeerId, PeerLink[]>();
  readonly #dials = new Map<string, Promise<Link>>();
  readonly #linkHandler: LinkHandler;
  #count = 0;
  /** Of links that have closed. */
  readonly #closedBytes = { sent: 0, received: 0 };
  #pending = 0;
  #closed = false;

  constructor(env: Env, options: LinksOptions) {
    this.#env = env;
    this.#options = options;
    this.#self = peerIdOf(options.identity.publicKey);
    const { handler } = options;
    this.#linkHandler = {
      onFrame: (link, frame) => handler.onFrame(link, frame),
      onDescriptor: (link, descriptor) => handler.onDescriptor(link, descriptor),
      onWithdrawal: (link, request) => handler.onWithdrawal(link, request),
      onClose: (link, code) => {
        this.#remove(link);
        handler.onClose(link, code);
      },
    };
  }

  /** Links that stand, both directions. */
  get count(): number {
    return this.#count;
  }

  /** Room for one more. */
  get hasRoom(): boolean {
    return this.#count < this.#options.maxLinks && !this.#closed;
  }

  /** Bytes of frames over all links that ever stood. */
  get totals(): { sentBytes: number; receivedBytes: number } {
    const links = this.all();
    return {
      sentBytes: links.reduce((sum, link) => sum + link.sentBytes, this.#closedBytes.sent),
      receivedBytes: links.reduce((sum, link) => sum + link.receivedBytes, this.#closedBytes.received),
    };
  }

  all(): PeerLink[] {
    return [...this.#links.values()].flat();
  }

  /**
   * The link to `peer`, if any stands. Of several the oldest that was heard from since the newest one came, so that the others come out of
   * use; else the newest, since the old ones may be dead.
   */
  get(peer: PeerId): PeerLink | undefined {
    const links = this.#links.get(peer);
    const newest = links?.at(-1);
    return links?.find((link) => link === newest || link.heardAt > (newest as PeerLink).openedAt);
  }

  /**
   * Takes over a transport that somebody dialled, or that signalling made. Nothing is told of a failure but in the log:
   * strangers may fail as they like.
   */
  adopt(transport: Transport, expected?: Expected): void {
    if (this.#closed || this.#pending >= PENDING_MAX) {
      transport.close();
      return;
    }
    this.#open(transport, this.#handshake(transport.dialled, expected)).catch((error: GlobalNetError) =>
      this.#env.log('debug', 'link', `incoming ${transport.kind}: ${error.message}`),
    );
  }

  /** Always a new link; `linkTo` is what most callers want. */
  async dial(target: DialTarget, signal?: AbortSignal): Promise<Link> {
    if (target.peer === this.#self) throw new GlobalNetError('refused', 'that is this peer itself');
    if (!this.hasRoom) throw new GlobalNetError('full', `${this.#options.maxLinks} links stand: no room for another`);
    const dialer = this.#options.dialers.find((candidate) => candidate.handles(target));
    if (dialer === undefined) throw new GlobalNetError('unsupported', `nothing here can dial ${target.url ?? 'through the mesh'}`);
    const handshake = this.#handshake(true, target.peer);
    const transport = await dialer.dial(target, signal, handshake.hello);
    if (signal?.aborted) {
      transport.close();
      signal.throwIfAborted();
    }
    return this.#open(transport, handshake);
  }

  /**
   * The link that stands, or a new one: callers who want the same at the same time wait for one dial.
   * An aborted caller stops waiting; the dial goes on for the others.
   */
  linkTo(target: DialTarget, signal?: AbortSignal): Promise<Link> {
    const standing = target.peer === undefined ? undefined : this.get(target.peer);
    if (standing !== undefined) return Promise.resolve(standing);
    const key = `${target.peer ?? ''} ${target.url ?? ''}`;
    let dial = this.#dials.get(key);
    if (dial === undefined) {
      dial = this.dial(target).finally(() => this.#dials.delete(key));
      this.#dials.set(key, dial);
    }
    return signal === undefined ? dial : abortable(dial, signal);
  }

  /** Says goodbye on every link and takes no more. */
  close(code: LinkCloseCode = LINK_CLOSE.done): void {
    this.#closed = true;
    this.closeAll(code);
  }

  /** Says goodbye on every link. */
  closeAll(code: LinkCloseCode = LINK_CLOSE.done): void {
    for (const link of this.all()) link.close(code);
  }

  #handshake(dialled: boolean, expected: Expected): Handshake {
    const { identity, descriptor } = this.#options;
    return new Handshake(this.#env, { identity, dialled, expected, descriptor: dialled ? undefined : descriptor?.() });
  }

  #open(transport: Transport, handshake: Handshake): Promise<PeerLink> {
    this.#pending++;
    return new Promise((resolve, reject) => {
      openLink(this.#env, transport, handshake, (opening) => {
        this.#pending--;
        if ('failed' in opening) {
          const kind = ERROR_OF_CLOSE[opening.failed] ?? 'unreachable';
          reject(new GlobalNetError(kind, `the handshake failed with link close code ${opening.failed}`));
          return;
        }
        const handler = this.hasRoom ? this.#linkHandler : NOBODY;
        const link = new PeerLink(this.#env, transport, opening.shaken, handler, this.#options.defer ?? microtask);
        if (handler === NOBODY) {
          link.close(LINK_CLOSE.budget);
          reject(new GlobalNetError('full', 'the last room for a link has gone'));
          return;
        }
        this.#add(link);
        this.#options.handler.onLink(link, handshake.shown);
        if (opening.shaken.descriptor !== undefined) this.#options.handler.onDescriptor(link, opening.shaken.descriptor);
        resolve(link);
      });
    });
  }

  #add(link: PeerLink): void {
    this.#count++;
    const standing = this.#links.get(link.peer);
    if (standing === undefined) {
      this.#links.set(link.peer, [link]);
      return;
    }
    standing.push(link);
    // One end decides, else each might close the link that the other kept.
    if (standing.length === 2 && compare(peerIdBytes(this.#self), peerIdBytes(link.peer)) < 0) this.#watchDuplicates(link.peer);
  }

  #remove(link: Link): void {
    const standing = this.#links.get(link.peer);
    const at = standing?.indexOf(link as PeerLink) ?? -1;
    if (standing === undefined || at < 0) return;
    standing.splice(at, 1);
    this.#count--;
    this.#closedBytes.sent += link.sentBytes;
    this.#closedBytes.received += link.receivedBytes;
    if (standing.length === 0) this.#links.delete(link.peer);
  }

  /** Runs while a peer has several links: closes the newest one out of use until one is left; a link in use stays, a dead one is found by its ping. */
  #watchDuplicates(peer: PeerId, waitMs = DUPLICATE_CHECK_MS): void {
    const askedAt = this.#env.now();
    for (const link of this.#links.get(peer) ?? []) link.ping();
    this.#env.schedule(waitMs, () => {
      const links = this.#links.get(peer) ?? [];
      if (links.length < 2) return;
      const alive = links.filter((link) => link.heardAt >= askedAt);
      const unused = alive.filter((link) => this.#env.now() - link.usedAt >= DUPLICATE_QUIET_MS && this.#options.carries?.(link) !== true);
      if (alive.length >= 2) unused.at(-1)?.close(LINK_CLOSE.replaced);
      this.#watchDuplicates(peer, Math.min(2 * waitMs, DUPLICATE_CHECK_MAX_MS));
    });
  }
}

function abortable<T>(wait: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(new GlobalNetError('cancelled', 'the caller no longer waits'));
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    wait.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}
