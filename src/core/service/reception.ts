import { concat, hex } from '../bytes/bytes.ts';
import type { PeerId } from '../bytes/brand.ts';
import type { Env } from '../env.ts';
import type { Pipe } from '../ports.ts';
import { HELLO_BYTES, HELLO_PAYLOADS } from '../wire/geometry.ts';
import { decodeHello } from '../wire/hello.ts';
import { CLOSE } from '../wire/registry.ts';
import { ANSWER_DELAY_MS, HELLO_TIMEOUT_MS, VISITORS_MAX } from './constants.ts';
import type { HelloKeyring } from './hello-keys.ts';
import { type OpenedHello, openHello } from './hello.ts';
import type { Price } from './price.ts';
import { ReplayGuard } from './replay-guard.ts';
import { SealedPipe } from './sealed-pipe.ts';
import type { Guest, ServiceInvitation, Visit } from './types.ts';

export interface ReceptionOptions {
  readonly env: Env;
  /** The address's key, 32 bytes. */
  readonly service: Uint8Array;
  readonly keyring: HelloKeyring;
  readonly price: Price;
  /** Who may come in; undefined: everybody who knows the address. */
  invitations(): readonly ServiceInvitation[] | undefined;
  onVisitor(visit: Visit): void;
  /** A visitor who came by `point` says that another way has failed. */
  onMissed(point: PeerId): void;
  /** A hello was refused because there are too many. */
  onCrowd(): void;
  onChange(): void;
}

/** Receives visitors: their hello's payloads, its check, the sealed pipe. Every refusal looks alike: the channel closes. */
export class Reception {
  readonly #options: ReceptionOptions;
  readonly #guard: ReplayGuard;
  readonly #visitors = new Set<SealedPipe>();
  #pending = 0;
  #gonePayloads = 0;

  constructor(options: ReceptionOptions) {
    this.#options = options;
    this.#guard = new ReplayGuard(options.env);
  }

  get visitors(): number {
    return this.#visitors.size;
  }

  /** Payloads sent to all visitors so far. */
  get sentPayloads(): number {
    let sum = this.#gonePayloads;
    for (const pipe of this.#visitors) sum += pipe.sentPayloads;
    return sum;
  }

  stop(): void {
    for (const pipe of [...this.#visitors]) pipe.close(CLOSE.ended);
  }

  /** A channel was opened for a visitor who came by `point`. */
  receive(point: PeerId, channel: Pipe): void {
    if (this.#visitors.size + this.#pending >= VISITORS_MAX) return channel.close(CLOSE.budget);
    this.#pending++;
    const parts: Uint8Array[] = [];
    const settle = (): void => {
      cancel();
      channel.handler = undefined;
      this.#pending--;
    };
    const cancel = this.#options.env.schedule(HELLO_TIMEOUT_MS, () => {
      settle();
      channel.close(CLOSE.ended);
    });
    channel.handler = {
      onPayload: (payload) => {
        if (parts.push(payload) < HELLO_PAYLOADS) return;
        settle();
        channel.consumed(HELLO_PAYLOADS);
        this.#welcome(point, channel, concat(...parts).subarray(0, HELLO_BYTES));
      },
      onReady: () => undefined,
      onClose: settle,
    };
  }

  #welcome(point: PeerId, channel: Pipe, bytes: Uint8Array): void {
    const { env, service, keyring, price } = this.#options;
    const { keyId, x25519 } = decodeHello(bytes);
    const secrets = keyring.find(keyId);
    if (secrets === undefined) return channel.close(CLOSE.ended);
    if (!price.take(env.now())) {
      this.#options.onCrowd();
      return channel.close(CLOSE.ended);
    }
    const hello = openHello(env, { service, point }, secrets, bytes);
    if (hello === undefined || !this.#guard.accept(hello.slot, x25519)) return channel.close(CLOSE.ended);
    const guest = this.#guestOf(hello);
    if (guest === 'stranger') return channel.close(CLOSE.ended);
    const answer = hello.answer(env);
    if (answer === undefined) return channel.close(CLOSE.ended);
    const pipe = new SealedPipe(env.crypto.aead, channel, answer.keys, { answerHeader: answer.header });
    if (pipe.ended) return;
    this.#visitors.add(pipe);
    pipe.onEnd = () => {
      this.#gonePayloads += pipe.sentPayloads;
      this.#visitors.delete(pipe);
      this.#options.onChange();
    };
    const { sessionId, resumes, missed, number, messages } = hello.content;
    this.#hand(pipe, { pipe, sessionId, resumes, number, messages, guest });
    if (missed) this.#options.onMissed(point);
  }

  /** Whose invitation the hello proves: undefined where none is wanted. */
  #guestOf(hello: OpenedHello): Guest | 'stranger' | undefined {
    const invitations = this.#options.invitations();
    if (invitations === undefined) return undefined;
    const invitation = invitations.find(({ secret }) => hello.proves(secret));
    return invitation === undefined ? 'stranger' : { invitation, holder: hex(hello.content.holder) };
  }

  #hand(pipe: SealedPipe, visit: Visit): void {
    const { env, onVisitor, onChange } = this.#options;
    try {
      onVisitor(visit);
    } catch (error) {
      env.log('error', 'service', `a visitor could not be received: ${String(error)}`);
      return pipe.close(CLOSE.ended);
    }
    onChange();
    env.schedule(ANSWER_DELAY_MS, () => {
      if (pipe.sentPayloads === 0 && pipe.ready) pipe.send(new Uint8Array(pipe.payloadBytes));
    });
  }
}
