import assert from 'node:assert/strict';
import { test } from 'node:test';
import { concat, utf8 } from '../../../src/core/bytes/bytes.ts';
import { peerIdOf } from '../../../src/core/crypto/identity.ts';
import type { Pipe } from '../../../src/core/ports.ts';
import { HelloKeyring } from '../../../src/core/service/hello-keys.ts';
import { makeHello, openHello } from '../../../src/core/service/hello.ts';
import { ReplayGuard } from '../../../src/core/service/replay-guard.ts';
import { HELLO_BYTES, PAYLOAD_BYTES, SESSION_ID_BYTES } from '../../../src/core/wire/geometry.ts';
import { decodeHello } from '../../../src/core/wire/hello.ts';
import { CLOSE, HELLO_SLOT_MS, MESSAGE } from '../../../src/core/wire/registry.ts';
import { decodeConnect, encodeConnect } from '../../../src/core/wire/rendezvous.ts';
import { testEnv } from '../../support/test-env.ts';
import type { FakePoint } from './fake-network.ts';
import { connect, IDENTITY, lastConnect, listen, payloadOf, started, textOf, type Scene } from './fixture.ts';

const ELSEWHERE = [1, 2].map((byte) => peerIdOf(new Uint8Array(32).fill(byte)));

/** Knocks at a point with these bytes; what came back of the channel. */
async function knock(made: Scene, point: FakePoint, content: Uint8Array): Promise<{ answered: boolean; closed: boolean }> {
  const { builder } = made.network.circuit(point);
  const ear = listen(builder.channel(1));
  builder.sendMessage(MESSAGE.connect, content);
  await made.env.advance(2_000);
  return { answered: ear.heard.length > 0, closed: ear.closed !== undefined || builder.closed };
}

test('a hello that is repeated at the same point is refused', async () => {
  const made = await started();
  await connect(made, 'a');
  const { point, content } = lastConnect(made);
  assert.deepEqual(await knock(made, point, content), { answered: false, closed: true });
  assert.equal(made.visits.length, 1);
});

test('a hello that is repeated at another point of the same service is refused', async () => {
  const made = await started();
  const first = await connect(made, 'a');
  const { content } = lastConnect(made);
  const hello = decodeConnect(content).hello.slice();
  const elsewhere = made.host.status().points.find((peer) => peer !== first.point)!;
  // Another visitor shows which tag the service has there.
  while ((await connect(made, 'b')).point !== elsewhere);
  const { point, content: there } = lastConnect(made);
  const before = made.visits.length;
  assert.deepEqual(await knock(made, point, encodeConnect({ ...decodeConnect(there), hello })), { answered: false, closed: true });
  assert.equal(made.visits.length, before);
});

test('a hello that is repeated after the host has started anew is refused', async () => {
  const made = await started();
  await connect(made, 'a');
  const { content } = lastConnect(made);
  const hello = decodeConnect(content).hello.slice();
  made.host.stop();
  const again = await started({ network: made.network, seed: 'restarted' });
  await connect(again, 'b');
  const { point, content: there } = lastConnect(again);
  assert.deepEqual(await knock(again, point, encodeConnect({ ...decodeConnect(there), hello })), { answered: false, closed: true });
  assert.equal(again.visits.length, 1);
});

test('a hello opens for the point, the service and the keys it was made for, in its slot and the two beside it, and nowhere else', () => {
  const env = testEnv();
  const keyring = new HelloKeyring(env);
  const point = ELSEWHERE[0]!;
  const target = { service: IDENTITY.publicKey, point };
  const content = { sessionId: new Uint8Array(SESSION_ID_BYTES), resumes: false, missed: false, number: 1, messages: utf8('a') };
  const hello = makeHello(env, target, keyring.current.keys, content)!;
  const at = (slots: number) => ({ ...env, now: () => env.now() + slots * HELLO_SLOT_MS });
  for (const slots of [-1, 0, 1]) assert.ok(openHello(at(slots), target, keyring.current, hello.bytes), `${slots} slots off`);
  for (const slots of [-3, -2, 2, 3])
    assert.equal(openHello(at(slots), target, keyring.current, hello.bytes), undefined, `${slots} slots off`);
  assert.equal(openHello(env, { ...target, point: ELSEWHERE[1]! }, keyring.current, hello.bytes), undefined);
  assert.equal(openHello(env, { ...target, service: new Uint8Array(32) }, keyring.current, hello.bytes), undefined);
  assert.equal(openHello(env, target, new HelloKeyring(env).current, hello.bytes), undefined);
});

test('the replay memory outlives the slots, and refuses what it has forgotten even if the clock goes back', () => {
  const env = testEnv();
  let offsetMs = 0;
  const guard = new ReplayGuard({ ...env, now: () => env.now() + offsetMs });
  const slot = Math.floor(env.now() / HELLO_SLOT_MS);
  const mark = new Uint8Array(32);
  assert.equal(guard.accept(slot, mark), true);
  assert.equal(guard.accept(slot, mark), false);
  assert.equal(guard.accept(slot + 1, mark), true, 'another slot is another hello');
  offsetMs = HELLO_SLOT_MS;
  assert.equal(guard.accept(slot, mark), false);
  offsetMs = 3 * HELLO_SLOT_MS;
  assert.equal(guard.accept(slot, mark), false);
  offsetMs = 0;
  assert.equal(guard.accept(slot, new Uint8Array(32).fill(1)), false);
});

test('one bit flipped anywhere in a hello is refused', () => {
  const env = testEnv();
  const keyring = new HelloKeyring(env);
  const target = { service: IDENTITY.publicKey, point: ELSEWHERE[0]! };
  const content = { sessionId: new Uint8Array(SESSION_ID_BYTES), resumes: false, missed: false, number: 1, messages: utf8('a') };
  const { bytes } = makeHello(env, target, keyring.current.keys, content)!;
  for (let bit = 3; bit < HELLO_BYTES * 8; bit += 997) {
    const bad = bytes.slice();
    bad[bit >>> 3]! ^= 1 << (bit & 7);
    const secrets = keyring.find(decodeHello(bad).keyId);
    assert.equal(secrets && openHello(env, target, secrets, bad), undefined, `bit ${bit}`);
  }
});

test('one bit flipped anywhere in the answer is refused by the visitor', () => {
  const env = testEnv();
  const keyring = new HelloKeyring(env);
  const target = { service: IDENTITY.publicKey, point: ELSEWHERE[0]! };
  const content = { sessionId: new Uint8Array(SESSION_ID_BYTES), resumes: false, missed: false, number: 1, messages: utf8('a') };
  const hello = makeHello(env, target, keyring.current.keys, content)!;
  const { header, keys } = openHello(env, target, keyring.current, hello.bytes)!.answer(env)!;
  const payload = new Uint8Array(PAYLOAD_BYTES);
  payload.set(header);
  const plain = new Uint8Array(PAYLOAD_BYTES - header.length - 16);
  env.crypto.aead.seal(keys.send, 0, plain, header, payload.subarray(header.length, -16), payload.subarray(-16));
  assert.ok(hello.finish(payload));
  for (let bit = 5; bit < PAYLOAD_BYTES * 8; bit += 997) {
    const bad = payload.slice();
    bad[bit >>> 3]! ^= 1 << (bit & 7);
    assert.equal(hello.finish(bad), undefined, `bit ${bit}`);
  }
});

test('the key share of either side may not be zero or of small order', () => {
  const env = testEnv();
  const keyring = new HelloKeyring(env);
  const target = { service: IDENTITY.publicKey, point: ELSEWHERE[0]! };
  const content = { sessionId: new Uint8Array(SESSION_ID_BYTES), resumes: false, missed: false, number: 1, messages: utf8('a') };
  assert.equal(makeHello(env, target, { ...keyring.current.keys, x25519: new Uint8Array(32) }, content), undefined);
  assert.equal(makeHello(env, target, { ...keyring.current.keys, kem: new Uint8Array(1184).fill(255) }, content), undefined);
  const hello = makeHello(env, target, keyring.current.keys, content)!;
  assert.equal(hello.finish(new Uint8Array(PAYLOAD_BYTES)), undefined);
  const zeroE = hello.bytes.slice().fill(0, 8, 40);
  assert.equal(openHello(env, target, keyring.current, zeroE), undefined);
});

const WORDS = ['one', 'two', 'three', 'four'];

/** What a bad point does to a channel's payloads, from the one with this number on. */
type Act = (from: number) => (payload: Uint8Array, number: number) => Uint8Array[];

const acts: [string, Act][] = [
  ['flips a bit', (from) => (payload, n) => [n === from ? flipped(payload) : payload]],
  ['drops one', (from) => (payload, n) => (n === from ? [] : [payload])],
  ['repeats one', (from) => (payload, n) => (n === from ? [payload, payload.slice()] : [payload])],
  ['puts in one of its own', (from) => (payload, n) => (n === from ? [new Uint8Array(PAYLOAD_BYTES), payload] : [payload])],
  ['swaps two', swap],
];

function swap(from: number): ReturnType<Act> {
  let held: Uint8Array[] = [];
  return (payload, n) => {
    if (n === from) {
      held = [payload];
      return [];
    }
    return [payload, ...held.splice(0)];
  };
}

function flipped(payload: Uint8Array): Uint8Array {
  const bad = payload.slice();
  bad[1000]! ^= 4;
  return bad;
}

for (const [what, act] of acts) {
  for (const way of ['to a visitor', 'to the service'] as const) {
    test(`a point that ${what} on the way ${way} ends that visitor and no other`, async () => {
      const made = await started();
      const good = await connect(made, 'good');
      const bad = await connect(made, 'bad');
      const visitorEars = [good, bad].map(({ pipe }) => listen(pipe));
      const ears = way === 'to a visitor' ? visitorEars : made.ears;
      const senders = way === 'to a visitor' ? made.visits : [good, bad];
      const speak = async ({ pipe }: { pipe: Pipe }): Promise<void> => {
        for (const word of WORDS) pipe.send(payloadOf(pipe, word));
        await made.env.advance(1_000);
      };
      // Payloads are sealed: whose they are only the order of events tells.
      const change = act(1);
      let number = 0;
      made.network.tamper = (payload, to) => (to === 'builder' ? change(payload, number++) : [payload]);
      await speak(senders[1]!);
      made.network.tamper = (payload) => [payload];
      await speak(senders[0]!);
      assert.equal(ears[1]!.closed, CLOSE.ended);
      assert.deepEqual(ears[1]!.heard, WORDS.slice(0, ears[1]!.heard.length), 'nothing but true words in order');
      assert.ok(ears[1]!.heard.length < WORDS.length);
      assert.deepEqual(ears[0]!.heard, WORDS);
      assert.equal(made.host.status().visitors, 1);
      assert.equal(made.host.status().points.length, 3);
    });
  }
}

test('a point that tampers with an answer is passed by: the visitor comes in by another', async () => {
  const made = await started();
  const evil = made.host.status().points[0]!;
  made.network.tamper = (payload, to) => {
    const atEvil = made.network.opened.at(-1)!.last === evil;
    return [to === 'builder' && atEvil && payload.length > 0 ? flipped(payload) : payload];
  };
  for (let i = 0; i < 4; i++) assert.notEqual((await connect(made, 'a')).point, evil);
});

test('junk where a hello should be costs the host a closed channel', async () => {
  const made = await started();
  await connect(made, 'a');
  const { point, content } = lastConnect(made);
  const connectParts = decodeConnect(content);
  const junk = concat(connectParts.hello.subarray(0, 8), made.env.random(HELLO_BYTES - 8));
  assert.deepEqual(await knock(made, point, encodeConnect({ ...connectParts, hello: junk })), { answered: false, closed: true });
  assert.deepEqual(await knock(made, point, encodeConnect({ ...connectParts, hello: made.env.random(HELLO_BYTES) })), {
    answered: false,
    closed: true,
  });
  assert.equal(made.host.status().points.length, 3);
});

test('a flood of hellos under the true key id is cut to what the host can open, its record then asks for work, and a visitor who works gets in', async () => {
  const made = await started();
  await connect(made, 'a');
  const { point, content } = lastConnect(made);
  const parts = decodeConnect(content);
  for (let i = 0; i < 200; i++) {
    const hello = concat(parts.hello.subarray(0, 8), made.env.random(HELLO_BYTES - 8));
    const { builder } = made.network.circuit(point);
    builder.sendMessage(MESSAGE.connect, encodeConnect({ ...parts, hello }));
  }
  await made.env.advance(90_000);
  assert.ok(made.host.status().effort > 0);
  const visit = await connect(made, 'worked');
  assert.equal(textOf(visit.messages), 'WORKED');
  assert.equal(decodeConnect(lastConnect(made).content).effort, made.host.status().effort);
  await made.env.advance(120_000);
  assert.equal(made.host.status().effort, 0);
});
