import type { PeerId } from '../bytes/brand.ts';
import { base32 } from '../bytes/base32.ts';
import type { Env } from '../env.ts';
import type { Transport } from '../ports.ts';
import { SIGNAL } from '../wire/registry.ts';
import { decodeSignalRequest, encodeSignalResponse } from '../wire/signal.ts';
import { ANSWER_EVERY_MS, ANSWERS_BURST, BUSY_EFFORT, OFFER_LIFE_MS } from './constants.ts';
import { openOffer } from './sealed-offer.ts';
import type { RtcPort } from './types.ts';
import { workSuffices } from './work.ts';

export interface AnswererOptions {
  readonly self: PeerId;
  readonly rtc: RtcPort;
  /** Secrets of the onion keys that a valid descriptor of ours may name. */
  onionSecrets(): readonly Uint8Array[];
  /** Whether there is room for a link with this peer. */
  wants(peer: PeerId): boolean;
  /** Takes the transport over; the handshake is to expect `peer`. */
  adopt(transport: Transport, peer: PeerId): void;
}

/** Answers offers that were sealed to this peer, within a budget: every answer shows our address to somebody. */
export class Answerer {
  readonly #env: Env;
  readonly #options: AnswererOptions;
  readonly #seen = new Map<string, number>();
  #tokens = ANSWERS_BURST;
  #filledAt: number;

  constructor(env: Env, options: AnswererOptions) {
    this.#env = env;
    this.#options = options;
    this.#filledAt = env.now();
  }

  /** The response to a request; refusals say what would be enough, and nothing about why. Never rejects. */
  async answer(request: Uint8Array): Promise<Uint8Array> {
    try {
      return (await this.#answer(request)) ?? refusal(0);
    } catch (error) {
      this.#env.log('debug', 'signal', `an offer was not answered: ${error instanceof Error ? error.message : 'no reason'}`);
      return refusal(0);
    }
  }

  async #answer(request: Uint8Array): Promise<Uint8Array | undefined> {
    const { self, rtc } = this.#options;
    const { target, work, sealed } = decodeSignalRequest(request);
    const effort = this.#effort();
    if (effort === 0 || rtc.attemptsLeft === 0) return undefined;
    // Before any key exchange: work is what makes a flood cost more than it costs us.
    if (!workSuffices(this.#env, target, sealed, work, effort)) return refusal(effort);
    const offer = openOffer(this.#env, self, this.#options.onionSecrets(), sealed);
    if (offer === undefined || !this.#isFresh(offer.ephemeral, offer.sentAtMs) || !this.#options.wants(offer.from)) return undefined;
    this.#tokens--;
    const { description, transport } = await rtc.answer(offer.description);
    transport.then(
      (opened) => this.#options.adopt(opened, offer.from),
      () => this.#env.log('debug', 'signal', 'an answered offer came to no connection'),
    );
    return encodeSignalResponse({ type: SIGNAL.answer, ...offer.sealAnswer(description) });
  }

  /** What an offer needs now; 0 when none will be answered. */
  #effort(): number {
    const now = this.#env.now();
    const earned = Math.floor(Math.max(0, now - this.#filledAt) / ANSWER_EVERY_MS);
    this.#tokens = Math.min(ANSWERS_BURST, this.#tokens + earned);
    this.#filledAt = this.#tokens === ANSWERS_BURST ? now : this.#filledAt + earned * ANSWER_EVERY_MS;
    if (this.#tokens < 1) return 0;
    return this.#tokens > ANSWERS_BURST / 2 ? 1 : BUSY_EFFORT;
  }

  /** A replayed offer must not make us show a new address: each is answered once, while it is young. */
  #isFresh(ephemeral: Uint8Array, sentAtMs: number): boolean {
    const now = this.#env.now();
    for (const [key, at] of this.#seen) if (now - at > 2 * OFFER_LIFE_MS) this.#seen.delete(key);
    const key = base32(ephemeral);
    if (Math.abs(now - sentAtMs) > OFFER_LIFE_MS || this.#seen.has(key)) return false;
    this.#seen.set(key, now);
    return true;
  }
}

function refusal(effort: number): Uint8Array {
  return encodeSignalResponse({ type: SIGNAL.refused, effort });
}
