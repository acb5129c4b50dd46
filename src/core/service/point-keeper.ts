import type { PeerId } from '../bytes/brand.ts';
import { DecodeError, GlobalNetError } from '../bytes/errors.ts';
import { randomBelow } from '../env.ts';
import { RENDEZVOUS_SECRET_BYTES } from '../wire/geometry.ts';
import { encodeMessage } from '../wire/message.ts';
import { CLOSE, ESTABLISH, MESSAGE } from '../wire/registry.ts';
import { decodeEstablished, decodeIncoming, encodeEstablish, type Established, type Incoming, rendezvousTag } from '../wire/rendezvous.ts';
import type { ServicePoint } from '../wire/service-record.ts';
import {
  ESTABLISH_TIMEOUT_MS,
  LOOK_AGAIN_MS,
  LOOK_WITHIN_MS,
  POINT_FAILURES_MAX,
  POINT_STABLE_MS,
  POINTS_LEFT_MAX,
  PROBE_MS,
  REOPEN_MAX_MS,
  REOPEN_MIN_MS,
} from './constants.ts';
import { abortAfter } from './deadline.ts';
import type { PathGroup } from '../ports.ts';
import type { BuilderChannels, PointRef } from './ports.ts';
import type { ServiceDeps } from './types.ts';

export interface KeeperHandler {
  /** Of all keepers: one peer that hangs leaves the service another point. */
  readonly paths: PathGroup;
  /** Points of the other keepers: none of them twice. */
  taken(): PeerId[];
  /** It stands, or has gone, or will be another. */
  onChange(): void;
  /** A circuit that stood at this point has ended. */
  onLost(peer: PeerId): void;
  onIncoming(peer: PeerId, channels: BuilderChannels, incoming: Incoming): void;
  /** The point has refused so many visitors for want of work since it said so last. */
  onTurnedAway(visitors: number): void;
}

interface Target {
  readonly ref: PointRef;
  /** Stays with the point, so that a circuit that died and was built again needs no new record. */
  readonly secret: Uint8Array;
  failures: number;
  /** It took us in once, so that it may stand in a record. */
  stood: boolean;
}

/**
 * waiting   until the timer opens a circuit
 * opening   a point is being chosen, a circuit built, `established` awaited
 * up        visitors can arrive
 * stopped   for good
 */
export type KeeperState = 'waiting' | 'opening' | 'up' | 'stopped';

/** Keeps one circuit to one rendezvous point; when it dies it is built again, and when that fails another point is drawn. */
export class PointKeeper {
  readonly #deps: ServiceDeps;
  readonly #isolation: string;
  readonly #handler: KeeperHandler;
  #state: KeeperState = 'waiting';
  #target: Target | undefined;
  #channels: BuilderChannels | undefined;
  /** Points that failed lately, not to be drawn again at once. */
  #left: PeerId[] = [];
  #effort = 0;
  #misses = 0;
  #upSinceMs = 0;
  #probed = false;
  #lookedAtMs = Number.NEGATIVE_INFINITY;
  #cancelLook: () => void = () => undefined;
  #cancelTimer: () => void = () => undefined;
  #abort: () => void = () => undefined;

  constructor(deps: ServiceDeps, isolation: string, handler: KeeperHandler) {
    this.#deps = deps;
    this.#isolation = isolation;
    this.#handler = handler;
  }

  get state(): KeeperState {
    return this.#state;
  }

  get peer(): PeerId | undefined {
    return this.#target?.ref.peer;
  }

  /** What visitors need to know. It stays the same while a lost circuit to the same point is being built again. */
  get point(): ServicePoint | undefined {
    if (!this.#target?.stood) return undefined;
    const { ref, secret } = this.#target;
    const descriptorHash = this.#deps.points.descriptorHash(ref.peer) ?? ref.descriptorHash;
    return { peer: ref.peer, descriptorHash, tag: rendezvousTag(secret) };
  }

  start(): void {
    void this.#open();
  }

  stop(): void {
    this.#state = 'stopped';
    this.#cancelTimer();
    this.#cancelLook();
    this.#abort();
    this.#channels?.close(CLOSE.ended);
    this.#channels = undefined;
  }

  /** Says what is to be asked of visitors; the point answers how many it has turned away. */
  setEffort(effort: number): void {
    this.#effort = effort;
    this.#tell();
  }

  /** Says again on which terms we wait; the point answers. */
  #tell(): void {
    if (this.#state !== 'up' || this.#target === undefined) return;
    this.#channels?.sendMessage(MESSAGE.establish, encodeEstablish({ secret: this.#target.secret, effort: this.#effort }));
  }

  /**
   * Asks the point soon, as there is reason to: an answer or silence shows in a moment. Not at once, nor often: visitors bring it about, and
   * points that talk to each other should not see one service asking all of them at one moment.
   */
  look(): void {
    const { env } = this.#deps;
    if (this.#state !== 'up' || env.now() - this.#lookedAtMs < LOOK_AGAIN_MS) return;
    this.#lookedAtMs = env.now();
    this.#cancelLook = env.schedule(randomBelow(env, LOOK_WITHIN_MS), () => this.#tell());
  }

  /** A circuit that died without a word looks like one where no visitor comes: the point is asked now and then. */
  #probeLater(): void {
    const { env } = this.#deps;
    this.#cancelTimer = env.schedule(PROBE_MS / 2 + randomBelow(env, PROBE_MS), () => {
      this.#probed = true;
      this.#tell();
      this.#cancelTimer = env.schedule(ESTABLISH_TIMEOUT_MS, () => {
        if (this.#probed) this.#channels?.close(CLOSE.timeout);
        else this.#probeLater();
      });
    });
  }

  async #open(): Promise<void> {
    this.#state = 'opening';
    try {
      const target = this.#target ?? (await this.#choose());
      if (this.#ended()) return;
      await this.#establish(target);
    } catch {
      if (!this.#ended()) this.#failed();
    }
  }

  #ended(): boolean {
    return this.#state === 'stopped';
  }

  async #choose(): Promise<Target> {
    for (;;) {
      const [ref] = await this.#deps.points.choose(1, [...this.#handler.taken(), ...this.#left]);
      if (ref === undefined) {
        this.#left = [];
        throw new GlobalNetError('unreachable', 'no peer with the rendezvous role is left');
      }
      // Another keeper, which began in the same turn, may have drawn it meanwhile.
      if (this.#handler.taken().includes(ref.peer)) continue;
      return (this.#target = { ref, secret: this.#deps.env.random(RENDEZVOUS_SECRET_BYTES), failures: 0, stood: false });
    }
  }

  async #establish(target: Target): Promise<void> {
    const { env, circuits, openChannels } = this.#deps;
    const deadline = abortAfter(env, ESTABLISH_TIMEOUT_MS);
    this.#abort = deadline.abort;
    const early = encodeMessage(MESSAGE.establish, encodeEstablish({ secret: target.secret, effort: this.#effort }));
    try {
      const opened = await circuits.openTo(target.ref, early, this.#isolation, deadline.signal, { group: this.#handler.paths });
      if (deadline.signal.aborted) return opened.end.close(CLOSE.ended);
      const channels: BuilderChannels = openChannels(opened.end, {
        onMessage: (type, content) => this.#onMessage(channels, type, content),
        onClose: () => this.#onClosed(channels),
      });
      this.#channels = channels;
      channels.start(opened.reply);
      // A point answers in the reply; `established` that has not come with it does not come.
      if (this.#state !== 'up') channels.close(CLOSE.ended);
    } finally {
      deadline.done();
    }
    if (this.#state !== 'up') throw new GlobalNetError('refused', 'the point did not take us in');
  }

  #onMessage(channels: BuilderChannels, type: number, content: Uint8Array): void {
    try {
      if (type === MESSAGE.established) this.#onEstablished(channels, decodeEstablished(content));
      else if (type === MESSAGE.incoming && this.#state === 'up' && this.#target !== undefined) {
        this.#handler.onIncoming(this.#target.ref.peer, channels, decodeIncoming(content));
      }
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      channels.close(CLOSE.ended);
    }
  }

  #onEstablished(channels: BuilderChannels, { code, turnedAway }: Established): void {
    if (code !== ESTABLISH.ok) return channels.close(CLOSE.ended);
    this.#probed = false;
    this.#handler.onTurnedAway(turnedAway);
    if (this.#state !== 'opening' || this.#target === undefined) return;
    this.#state = 'up';
    this.#target.stood = true;
    this.#upSinceMs = this.#deps.env.now();
    this.#misses = 0;
    this.#probed = false;
    this.#probeLater();
    this.#deps.env.log('debug', 'service', `waiting at ${this.peer}`);
    this.#handler.onChange();
  }

  #onClosed(channels: BuilderChannels): void {
    if (this.#channels !== channels) return;
    this.#channels = undefined;
    this.#cancelTimer();
    this.#cancelLook();
    if (this.#state !== 'up') return; // `#establish` reports it
    if (this.peer !== undefined) this.#handler.onLost(this.peer);
    if (this.#target !== undefined && this.#deps.env.now() - this.#upSinceMs >= POINT_STABLE_MS) this.#target.failures = 0;
    this.#failed();
  }

  #failed(): void {
    if (this.#target !== undefined && ++this.#target.failures >= POINT_FAILURES_MAX) {
      this.#left = [this.#target.ref.peer, ...this.#left].slice(0, POINTS_LEFT_MAX);
      this.#target = undefined;
    }
    const waitMs = Math.min(REOPEN_MAX_MS, REOPEN_MIN_MS * 2 ** this.#misses++);
    this.#state = 'waiting';
    this.#cancelTimer = this.#deps.env.schedule(waitMs / 2 + randomBelow(this.#deps.env, waitMs), () => void this.#open());
    this.#handler.onChange();
  }
}
