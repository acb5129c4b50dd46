import assert from 'node:assert/strict';
import { identityFromSeed } from '../../../src/core/crypto/identity.ts';
import { nobleCrypto } from '../../../src/core/crypto/noble.ts';
import type { Pipe } from '../../../src/core/ports.ts';
import { ServiceHost, ServiceVisitor, type HostOptions, type Visit } from '../../../src/core/service/index.ts';
import { encodeAddress } from '../../../src/core/wire/address.ts';
import { fromHex, utf8 } from '../../../src/core/bytes/bytes.ts';
import { openServiceRecord } from '../../../src/core/service/record-seal.ts';
import { periodOf } from '../../../src/core/wire/dated-key.ts';
import type { ServiceRecord } from '../../../src/core/wire/service-record.ts';
import { readMessages } from '../../../src/core/wire/message.ts';
import { type CloseReason, MESSAGE } from '../../../src/core/wire/registry.ts';
import { VirtualClock } from '../../../src/sim/clock.ts';
import { testEnv, type TestEnv } from '../../support/test-env.ts';
import { FakeNetwork, type FakePoint } from './fake-network.ts';

export const IDENTITY = identityFromSeed(nobleCrypto, new Uint8Array(32).fill(9));
export const ADDRESS = encodeAddress(IDENTITY.publicKey);
/** Noon: far from where periods meet. */
export const NOON = Date.UTC(2026, 2, 1, 12);

/** A pipe's other end in a test: what came, and how it ended. */
export interface Ear {
  readonly heard: string[];
  closed: CloseReason | undefined;
}

/** Text in a payload, up to the padding. */
export function textOf(payload: Uint8Array): string {
  const end = payload.indexOf(0);
  return new TextDecoder().decode(end < 0 ? payload : payload.subarray(0, end));
}

export function payloadOf(pipe: Pipe, text: string): Uint8Array {
  const payload = new Uint8Array(pipe.payloadBytes);
  payload.set(utf8(text));
  return payload;
}

export function listen(pipe: Pipe): Ear {
  const ear: Ear = { heard: [], closed: undefined };
  pipe.handler = {
    onPayload: (payload) => {
      ear.heard.push(textOf(payload));
      pipe.consumed(1);
    },
    onReady: () => undefined,
    onClose: (reason) => (ear.closed = reason),
  };
  return ear;
}

export interface Scene {
  readonly env: TestEnv;
  readonly network: FakeNetwork;
  readonly host: ServiceHost;
  readonly visitor: ServiceVisitor;
  readonly visits: Visit[];
  readonly ears: Ear[];
}

/** A host that answers each visitor's first words with the same in capitals, then echoes; and somebody to visit it. */
export function scene(options: Partial<HostOptions> & { startMs?: number; seed?: string; network?: FakeNetwork } = {}): Scene {
  const clock = options.network?.env.clock ?? new VirtualClock(options.startMs ?? NOON);
  const seed = options.seed ?? 'scene';
  const env = testEnv({ seed, clock });
  const network = options.network ?? new FakeNetwork(testEnv({ seed: 'network', clock }));
  const visits: Visit[] = [];
  const ears: Ear[] = [];
  const host = new ServiceHost(network.deps(testEnv({ seed: `${seed} host`, clock }), true), {
    identity: IDENTITY,
    onVisitor: (visit) => {
      visits.push(visit);
      ears.push(listen(visit.pipe));
      visit.pipe.send(payloadOf(visit.pipe, textOf(visit.messages).toUpperCase()));
    },
    ...options,
  });
  const visitor = new ServiceVisitor(network.deps(testEnv({ seed: `${seed} visitor`, clock })));
  return { env, network, host, visitor, visits, ears };
}

/** Starts the host and waits for its first record of three points. */
export async function started(options: Parameters<typeof scene>[0] = {}): Promise<Scene> {
  const made = scene(options);
  made.host.start();
  await made.env.advance(5_000);
  return made;
}

/** What was published last, opened. */
export function newestRecord(made: Scene): ServiceRecord {
  const { key, serial, slot, payload } = made.network.published.at(-1)!;
  const place = { period: periodOf(made.env.now()), serial, slot };
  return openServiceRecord(nobleCrypto, IDENTITY.publicKey, fromHex(key), place, payload).record as ServiceRecord;
}

export function connect({ visitor, env }: Scene, text: string, address: string = ADDRESS) {
  return env.clock.runFor(visitor.connect(address, { messages: utf8(text) }), 300_000);
}

/** The connect message of the last visitor, as its point has it. */
export function lastConnect(made: Scene): { point: FakePoint; content: Uint8Array } {
  const { last, early } = made.network.opened.at(-1)!;
  const [message] = [...readMessages(early)];
  assert.equal(message!.type, MESSAGE.connect);
  return { point: made.network.at(last), content: message!.content };
}
