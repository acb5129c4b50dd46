import { memoryPair } from '../../src/adapters/memory-transport.ts';
import type { PeerId } from '../../src/core/bytes/index.ts';
import { EMPTY } from '../../src/core/bytes/bytes.ts';
import { GlobalNetError } from '../../src/core/bytes/errors.ts';
import { newIdentity, peerIdOf } from '../../src/core/crypto/identity.ts';
import type { Env } from '../../src/core/env.ts';
import type { ByteStream, PeerStreams, Transport } from '../../src/core/ports.ts';
import { Answerer, type RtcPort, serveSignal, signalThrough } from '../../src/core/signal/index.ts';
import type { EndReason, StreamKind } from '../../src/core/wire/registry.ts';

/** The serving end of a stream whose request is its first bytes; what is written comes out of `response`. */
export function servedStream(kind: StreamKind, request: Uint8Array): { served: ByteStream; asking: ByteStream } {
  let answer: Uint8Array = EMPTY;
  let settle: { resolve(): void; reject(error: Error): void } | undefined;
  const over = new Promise<void>((resolve, reject) => {
    settle = { resolve, reject };
  });
  over.catch(() => {});
  let read = false;
  const served: ByteStream = {
    kind,
    request,
    read: async () => undefined,
    write: async (bytes) => void (answer = bytes),
    end: () => settle?.resolve(),
    reset: (reason: EndReason) => settle?.reject(new GlobalNetError('closed', `reset with ${reason}`)),
  };
  const asking: ByteStream = {
    ...served,
    async read() {
      await over;
      if (read) return undefined;
      read = true;
      return answer;
    },
    end: () => {},
    reset: () => {},
  };
  return { served, asking };
}

/** WebRTC by memory: a description is a number under which the other end is found. */
export function memoryRtc(env: Env): { rtc: RtcPort; offered: () => number; answered: () => number; cancelled: () => number } {
  const counts = { offered: 0, answered: 0, cancelled: 0 };
  const rtc: RtcPort = {
    attemptsLeft: 400,
    async offer() {
      const number = ++counts.offered;
      return {
        description: Uint8Array.of(1, number),
        accept: async (answer) => wires.get(answer.join())?.[0] as Transport,
        cancel: () => void counts.cancelled++,
      };
    },
    async answer(offer) {
      counts.answered++;
      const description = Uint8Array.from([2, ...offer]);
      const wire = memoryPair(env, { binding: new Uint8Array(32).fill(8) });
      wires.set(description.join(), wire);
      return { description, transport: Promise.resolve(wire[1]) };
    },
  };
  const wires = new Map<string, [Transport, Transport]>();
  return { rtc, offered: () => counts.offered, answered: () => counts.answered, cancelled: () => counts.cancelled };
}

/** A dialler's view: one relay that is linked with one target. */
export class SignalNet {
  readonly self: PeerId;
  readonly relay: PeerId;
  readonly target: PeerId;
  readonly onionSecret: Uint8Array;
  readonly adopted: { transport: Transport; peer: PeerId }[] = [];
  readonly requests: Uint8Array[] = [];
  readonly answerer: Answerer;
  wants = true;
  linked = true;
  readonly #env: Env;

  constructor(env: Env, rtc: RtcPort) {
    this.#env = env;
    const id = (): PeerId => peerIdOf(newIdentity(env).publicKey);
    [this.self, this.relay, this.target] = [id(), id(), id()];
    this.onionSecret = env.random(32);
    this.answerer = new Answerer(env, {
      self: this.target,
      rtc,
      onionSecrets: () => [env.random(32), this.onionSecret],
      wants: () => this.wants,
      adopt: (transport, peer) => void this.adopted.push({ transport, peer }),
    });
  }

  get onionX25519(): Uint8Array {
    return this.#env.crypto.x25519Public(this.onionSecret);
  }

  readonly streams: PeerStreams = {
    open: async (peer, kind, _via, request) => {
      this.requests.push(request);
      const { served, asking } = servedStream(kind, request);
      const forward = async (_target: PeerId, bytes: Uint8Array) =>
        this.linked ? signalThrough(this.streams, this.target, bytes, 'link') : undefined;
      void serveSignal(served, { self: peer, forward, answer: (bytes) => this.answerer.answer(bytes) });
      return asking;
    },
  };
}
