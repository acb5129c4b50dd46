import assert from 'node:assert/strict';
import { test } from 'node:test';
import { concat } from '../../../src/core/bytes/bytes.ts';
import { RendezvousPoint } from '../../../src/core/service/index.ts';
import { solveWork, workHolds } from '../../../src/core/service/work.ts';
import { HELLO_BYTES, HELLO_PAYLOADS, MOVE_BYTES, PAYLOAD_BYTES, WORK_BYTES } from '../../../src/core/wire/geometry.ts';
import { CLOSE, CONNECT, ESTABLISH, MESSAGE } from '../../../src/core/wire/registry.ts';
import {
  decodeConnectOk,
  decodeEstablished,
  decodeIncoming,
  encodeConnect,
  encodeEstablish,
  rendezvousTag,
} from '../../../src/core/wire/rendezvous.ts';
import { FakeNetwork, type FakeChannels } from './fake-network.ts';

const SECRET = new Uint8Array(32).fill(5);
const TAG = rendezvousTag(SECRET);

function setUp(limits?: ConstructorParameters<typeof RendezvousPoint>[1]) {
  const network = new FakeNetwork();
  const place = { ...network.points[0]!, point: new RendezvousPoint(network.env, limits) };
  const said: [string, number, Uint8Array][] = [];
  const ends: [string, number][] = [];
  const open = (name: string): FakeChannels => {
    const { builder } = network.circuit(place);
    builder.handler = {
      onMessage: (type, content) => void said.push([name, type, content]),
      onClose: (reason) => void ends.push([name, reason]),
    };
    return builder;
  };
  const last = (name: string): Uint8Array => said.filter(([who]) => who === name).at(-1)![2];
  return { network, env: network.env, point: place.point, open, last, ends, said };
}

const ZERO = { effort: 0, work: new Uint8Array(WORK_BYTES), move: new Uint8Array(MOVE_BYTES) };

async function establish(made: ReturnType<typeof setUp>, name: string, secret: Uint8Array = SECRET, effort = 0) {
  const circuit = made.open(name);
  circuit.sendMessage(MESSAGE.establish, encodeEstablish({ secret, effort }));
  await made.env.advance(200);
  return circuit;
}

async function connect(made: ReturnType<typeof setUp>, name: string, fields: Partial<Parameters<typeof encodeConnect>[0]> = {}) {
  const circuit = made.open(name);
  const hello = new Uint8Array(HELLO_BYTES).map((_, i) => i);
  circuit.sendMessage(MESSAGE.connect, encodeConnect({ tag: TAG, ...ZERO, hello, ...fields }));
  await made.env.advance(200);
  return circuit;
}

test('connect brings the service an incoming message, then the hello in the first payloads of that channel', async () => {
  const made = setUp();
  const service = await establish(made, 'service');
  assert.deepEqual(decodeEstablished(made.last('service')), { code: ESTABLISH.ok, turnedAway: 0 });
  const move = new Uint8Array(MOVE_BYTES).fill(3);
  await connect(made, 'visitor', { move });
  assert.deepEqual(decodeConnectOk(made.last('visitor')), { code: CONNECT.ok, effort: 0 });
  assert.deepEqual(decodeIncoming(made.last('service')), { channel: 1, effort: 0, move });
  const payloads: Uint8Array[] = [];
  service.channel(1).handler = { onPayload: (payload) => void payloads.push(payload), onReady: () => undefined, onClose: () => undefined };
  await made.env.advance(200);
  assert.equal(payloads.length, HELLO_PAYLOADS);
  const whole = concat(...payloads);
  assert.deepEqual(
    whole.subarray(0, HELLO_BYTES),
    new Uint8Array(HELLO_BYTES).map((_, i) => i),
  );
  assert.ok(whole.subarray(HELLO_BYTES).every((byte) => byte === 0));
  await connect(made, 'second');
  assert.equal(decodeIncoming(made.last('service')).channel, 2);
});

test('a tag that nobody waits under is no such service', async () => {
  const made = setUp();
  await connect(made, 'visitor');
  assert.equal(decodeConnectOk(made.last('visitor')).code, CONNECT.noSuchService);
});

test('who knows a tag from the record cannot wait under it', async () => {
  const made = setUp();
  await establish(made, 'service');
  await establish(made, 'thief', TAG);
  await connect(made, 'visitor');
  assert.equal(decodeIncoming(made.last('service')).channel, 1);
  assert.ok(!made.said.some(([who, type]) => who === 'thief' && type === MESSAGE.incoming));
});

test('the service that comes back before the point has seen its circuit die takes its own place', async () => {
  const made = setUp();
  await establish(made, 'old');
  await connect(made, 'visitor');
  await establish(made, 'new');
  assert.equal(decodeEstablished(made.last('new')).code, ESTABLISH.ok);
  assert.deepEqual(made.ends, [['old', CLOSE.ended]]);
  assert.deepEqual(made.point.stats, { services: 1, visitors: 0 });
  await connect(made, 'next');
  assert.equal(decodeIncoming(made.last('new')).channel, 1);
});

test('one circuit waits under one tag, and is not a visitor too', async () => {
  const made = setUp();
  const service = await establish(made, 'service');
  service.sendMessage(MESSAGE.establish, encodeEstablish({ secret: new Uint8Array(32), effort: 0 }));
  await made.env.advance(200);
  assert.equal(decodeEstablished(made.last('service')).code, ESTABLISH.full);
  service.sendMessage(MESSAGE.connect, encodeConnect({ tag: TAG, ...ZERO, hello: new Uint8Array(HELLO_BYTES) }));
  await made.env.advance(200);
  assert.equal(decodeConnectOk(made.last('service')).code, CONNECT.full);
  const visitor = await connect(made, 'visitor');
  visitor.sendMessage(MESSAGE.connect, encodeConnect({ tag: TAG, ...ZERO, hello: new Uint8Array(HELLO_BYTES) }));
  await made.env.advance(200);
  assert.equal(decodeConnectOk(made.last('visitor')).code, CONNECT.full);
});

test('a point takes so many services and visitors, and has room again when they go', async () => {
  const made = setUp({ services: 1, visitorsOfOne: 1 });
  const service = await establish(made, 'service');
  await establish(made, 'too many', new Uint8Array(32));
  assert.equal(decodeEstablished(made.last('too many')).code, ESTABLISH.full);
  const visitor = await connect(made, 'visitor');
  await connect(made, 'second');
  assert.equal(decodeConnectOk(made.last('second')).code, CONNECT.full);
  visitor.close(CLOSE.ended);
  await made.env.advance(200);
  await connect(made, 'third');
  assert.equal(decodeConnectOk(made.last('third')).code, CONNECT.ok);
  service.close(CLOSE.ended);
  await made.env.advance(200);
  assert.deepEqual(made.point.stats, { services: 0, visitors: 0 });
  await establish(made, 'late', new Uint8Array(32));
  assert.equal(decodeEstablished(made.last('late')).code, ESTABLISH.ok);
});

test('when a service’s circuit ends its visitors’ channels end, their circuits do not', async () => {
  const made = setUp();
  const service = await establish(made, 'service');
  const visitor = await connect(made, 'visitor');
  let reason = -1;
  visitor.channel(1).handler = { onPayload: () => undefined, onReady: () => undefined, onClose: (why) => (reason = why) };
  service.close(CLOSE.linkLost);
  await made.env.advance(200);
  assert.equal(reason, CLOSE.linkLost);
  assert.ok(!made.ends.some(([who]) => who === 'visitor'));
});

test('a message that is cut short or too long ends its circuit and nothing else', async () => {
  const made = setUp();
  await establish(made, 'service');
  for (const type of [MESSAGE.establish, MESSAGE.connect]) {
    for (const lengthBytes of [0, 1, 63, 65, 2000]) {
      const name = `bad ${type} ${lengthBytes}`;
      made.open(name).sendMessage(type, new Uint8Array(lengthBytes));
      await made.env.advance(200);
      assert.ok(made.ends.some(([who]) => who === name));
    }
  }
  assert.equal(
    made.point.onMessage(made.open('other').other, MESSAGE.extend, new Uint8Array(3), () => assert.fail()),
    false,
  );
  assert.equal(made.point.stats.services, 1);
});

test('a visitor who reads slowly holds its own sender up, the point keeps a window and no more', async () => {
  const made = setUp();
  made.network.windowPayloads = 4;
  const service = await establish(made, 'service');
  const slow = await connect(made, 'slow');
  const quick = await connect(made, 'quick');
  for (const number of [1, 2]) service.channel(number).consumed(HELLO_PAYLOADS);
  const count = { slow: 0, quick: 0 };
  slow.channel(1).handler = { onPayload: () => void count.slow++, onReady: () => undefined, onClose: () => undefined };
  const pipe = quick.channel(1);
  pipe.handler = {
    onPayload: () => {
      count.quick++;
      pipe.consumed(1);
    },
    onReady: () => undefined,
    onClose: () => undefined,
  };
  await made.env.advance(200);
  let sentToSlow = 0;
  for (let i = 0; i < 100; i++) {
    for (const number of [1, 2]) {
      const channel = service.channel(number);
      if (!channel.ready) continue;
      channel.send(new Uint8Array(PAYLOAD_BYTES));
      if (number === 1) sentToSlow++;
    }
    await made.env.advance(50);
  }
  assert.equal(count.slow, 4, 'its own window');
  assert.equal(sentToSlow, 8, 'that window and the one in front of the point');
  assert.ok(count.quick > 50);
});

test('a point that was told a price checks the work of each connect, and passes on what was done', async () => {
  const made = setUp();
  const service = await establish(made, 'service', SECRET, 64);
  const hello = new Uint8Array(HELLO_BYTES).fill(1);
  await connect(made, 'idle', { hello });
  assert.deepEqual(decodeConnectOk(made.last('idle')), { code: CONNECT.work, effort: 64 });
  const work = await made.env.clock.runFor(solveWork(made.env, TAG, hello, 100));
  await connect(made, 'worker', { hello, effort: 100, work });
  assert.equal(decodeConnectOk(made.last('worker')).code, CONNECT.ok);
  assert.equal(decodeIncoming(made.last('service')).effort, 100);
  for (const changed of [{ effort: 6400 }, { hello: new Uint8Array(HELLO_BYTES) }, { work: new Uint8Array(WORK_BYTES).fill(255) }]) {
    await connect(made, `liar ${Object.keys(changed)}`, { hello, effort: 100, work, ...changed });
    assert.equal(decodeConnectOk(made.last(`liar ${Object.keys(changed)}`)).code, CONNECT.work);
  }
  // The price falls again by a second `establish` on the same circuit, whose answer tells how many were turned away.
  service.sendMessage(MESSAGE.establish, encodeEstablish({ secret: SECRET, effort: 0 }));
  await made.env.advance(200);
  assert.deepEqual(decodeEstablished(made.last('service')), { code: ESTABLISH.ok, turnedAway: 4 });
  service.sendMessage(MESSAGE.establish, encodeEstablish({ secret: SECRET, effort: 0 }));
  await made.env.advance(200);
  assert.deepEqual(decodeEstablished(made.last('service')), { code: ESTABLISH.ok, turnedAway: 0 });
  await connect(made, 'later', { effort: 9999 });
  assert.equal(decodeConnectOk(made.last('later')).code, CONNECT.ok);
  assert.equal(decodeIncoming(made.last('service')).effort, 0, 'an effort that nobody checked is not passed on');
});

test('work takes about as many hashes as its effort says', async () => {
  const made = setUp();
  let hashes = 0;
  const crypto = {
    ...made.env.crypto,
    sha256: (bytes: Uint8Array) => {
      hashes++;
      return made.env.crypto.sha256(bytes);
    },
  };
  const env = { ...made.env, crypto };
  for (let i = 0; i < 64; i++) {
    const hello = new Uint8Array(HELLO_BYTES).fill(i);
    const work = await made.env.clock.runFor(solveWork(env, TAG, hello, 100));
    assert.ok(workHolds(made.env.crypto, TAG, hello, 100, work));
  }
  assert.ok(hashes > 64 * 60 && hashes < 64 * 160, `${hashes} hashes for 64 times 100`);
});

test('visitors of a service whose circuit is silent are let go, and others told so at once; when it is heard again, it takes visitors', async () => {
  const made = setUp();
  const service = await establish(made, 'service');
  const visitor = await connect(made, 'visitor');
  let isOpen = true;
  visitor.channel(1).handler = { onPayload: () => undefined, onReady: () => undefined, onClose: () => (isOpen = false) };
  await made.env.advance(60_000);
  assert.equal(isOpen, true);
  made.network.silent.add(service.other);
  await made.env.advance(1_000);
  assert.equal(isOpen, false);
  await connect(made, 'second');
  assert.equal(decodeConnectOk(made.last('second')).code, CONNECT.noSuchService);
  made.network.silent.clear();
  await connect(made, 'third');
  assert.equal(decodeConnectOk(made.last('third')).code, CONNECT.ok);
  assert.deepEqual(made.ends, []);
});
