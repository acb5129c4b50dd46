import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromUtf8, utf8 } from '../../src/core/bytes/bytes.ts';
import { sleep } from '../../src/core/env.ts';
import type { Transport } from '../../src/core/ports.ts';
import { SimNetwork, type SimNode } from '../../src/sim/index.ts';

interface Ear {
  readonly heard: string[];
  closed: string | undefined;
  drains: number;
}

function listen(transport: Transport): Ear {
  const ear: Ear = { heard: [], closed: undefined, drains: 0 };
  transport.handler = {
    onMessage: (message) => void ear.heard.push(fromUtf8(message)),
    onDrain: () => void ear.drains++,
    onClose: (why) => void (ear.closed = why),
  };
  return ear;
}

function pair(network: SimNetwork): { a: SimNode; b: SimNode; near: Transport; far: Transport; atA: Ear; atB: Ear } {
  const [a, b] = [network.node('a'), network.node('b')];
  const [near, far] = network.join(a, b);
  return { a, b, near, far, atA: listen(near), atB: listen(far) };
}

test('a message takes the latency of its wire, and messages keep their order', async () => {
  const network = new SimNetwork({ seed: '1', latencyMs: [30, 30] });
  const { near, atB } = pair(network);
  for (const word of ['one', 'two', 'three']) near.send(utf8(word));
  await network.clock.advance(29);
  assert.deepEqual(atB.heard, []);
  await network.clock.advance(1);
  assert.deepEqual(atB.heard, ['one', 'two', 'three']);
});

test('a narrow wire holds bytes back and says when they are gone', async () => {
  const network = new SimNetwork({ seed: '1', latencyMs: [0, 0], bytesPerSecond: 100_000 });
  const { near, atA, atB } = pair(network);
  for (let i = 0; i < 10; i++) near.send(utf8('x'.repeat(10_000)));
  assert.equal(near.bufferedBytes, 100_000);
  await network.clock.advance(500);
  assert.equal(atB.heard.length, 5);
  await network.clock.advance(500);
  assert.equal(near.bufferedBytes, 0);
  assert.equal(atA.drains, 1);
});

test('a cut loses what is on the way and tells both ends once', async () => {
  const network = new SimNetwork({ seed: '1', latencyMs: [10, 10] });
  const { a, b, near, far, atA, atB } = pair(network);
  near.send(utf8('lost'));
  network.wires(a, b)[0]?.cut();
  await network.clock.advance(100);
  near.send(utf8('late'));
  far.send(utf8('late'));
  await network.clock.advance(100);
  assert.deepEqual([atA.heard, atB.heard], [[], []]);
  assert.deepEqual([atA.closed, atB.closed], ['the wire was cut', 'the wire was cut']);
  assert.deepEqual(network.wires(), []);
});

test('a stall holds what is sent, and resume hands it on in order', async () => {
  const network = new SimNetwork({ seed: '1', latencyMs: [10, 10] });
  const { near, atB } = pair(network);
  const [wire] = network.wires();
  near.send(utf8('before'));
  wire?.stall();
  near.send(utf8('held'));
  near.send(utf8('too'));
  await network.clock.advance(1000);
  assert.deepEqual(atB.heard, ['before']);
  assert.equal(near.bufferedBytes, 7);
  wire?.resume();
  near.send(utf8('after'));
  await network.clock.advance(1000);
  assert.deepEqual(atB.heard, ['before', 'held', 'too', 'after']);
  assert.equal(near.bufferedBytes, 0);
});

test('what was sent before an ordinary close arrives', async () => {
  const network = new SimNetwork({ seed: '1' });
  const { near, atA, atB } = pair(network);
  near.send(utf8('goodbye'));
  near.close();
  await network.clock.advance(1000);
  assert.deepEqual(atB.heard, ['goodbye']);
  assert.notEqual(atB.closed, undefined);
  assert.notEqual(atA.closed, undefined);
});

test('a killed node runs no timer more; its neighbours are told, or are not', async () => {
  for (const how of ['told', 'silently'] as const) {
    const network = new SimNetwork({ seed: '1' });
    const { a, b, near, atA } = pair(network);
    b.env.schedule(10, () => assert.fail('a dead node acted'));
    network.kill(b, how);
    near.send(utf8('anybody?'));
    await network.clock.advance(60_000);
    assert.equal(atA.closed, how === 'told' ? 'b went away' : undefined);
    assert.deepEqual(network.alive, [a]);
  }
});

test('dialling finds who listens at a url, and fails when nobody does', async () => {
  const network = new SimNetwork({ seed: '1' });
  const [a, b] = [network.node('a'), network.node('b', { url: 'ws://b' })];
  let far: Ear | undefined;
  b.onTransport = (transport) => void (far = listen(transport));
  await network.run(async () => {
    const near = await a.dialer.dial({ peer: undefined, url: 'ws://b' });
    near.send(utf8('hello'));
    await sleep(a.env, 1000);
    assert.deepEqual(far?.heard, ['hello']);
    assert.equal(near.dialled, true);
    network.kill(b);
    await assert.rejects(a.dialer.dial({ peer: undefined, url: 'ws://b' }), { kind: 'unreachable' });
    network.node('b', { url: 'ws://b' });
    await assert.rejects(a.dialer.dial({ peer: undefined, url: 'ws://b' }), { kind: 'unreachable' });
  });
});

test('a story that fails names its seed, its time and what was logged last', async () => {
  const network = new SimNetwork({ seed: 'tuesday' });
  const a = network.node('a');
  const story = async (): Promise<void> => {
    await sleep(a.env, 2500);
    a.env.log('warn', 'link', 'something odd');
    throw new Error('no page came');
  };
  await assert.rejects(network.run(story), /seed "tuesday", after 2\.500 s: no page came\n\s+2\.500 s {2}a warn link: something odd/);
});

/** Nodes that pass a token on while wires are cut and nodes are killed and come back: everything that the simulator does, as one text. */
async function chaos(seed: string): Promise<string> {
  const network = new SimNetwork({ seed, latencyMs: [1, 200] });
  const told: string[] = [];
  const start = (name: string): void => {
    const node = network.node(name, { url: `ws://${name}` });
    node.onTransport = (transport) => {
      const ear = listen(transport);
      node.env.schedule(300, () => told.push(`${node.env.now()} ${name}.${node.life} heard ${ear.heard.join()} ${ear.closed ?? ''}`));
    };
  };
  for (let i = 0; i < 10; i++) start(`n${i}`);
  const stops = [
    network.everyAbout(50, () => {
      const [from, to] = [network.pick(network.alive), network.pick(network.alive)];
      from?.dialer.dial({ peer: undefined, url: to?.url }).then(
        (transport) => transport.send(utf8(`from ${from.name} ${from.env.random(2).join('-')}`)),
        (error: Error) => told.push(error.message),
      );
    }),
    network.everyAbout(300, () => network.pick(network.wires())?.cut()),
    network.everyAbout(400, () => network.pick(network.wires())?.stall()),
    network.everyAbout(1000, () => {
      const node = network.pick(network.alive);
      if (node === undefined) return;
      network.kill(node, network.random(1)[0] === 0 ? 'silently' : 'told');
      start(node.name);
    }),
  ];
  await network.clock.advance(20_000);
  for (const stop of stops) stop();
  return told.join('\n');
}

test('the same seed replays a story of faults to the last byte; another seed tells another', async () => {
  const story = await chaos('a');
  assert.ok(story.split('\n').length > 100);
  assert.equal(await chaos('a'), story);
  assert.notEqual(await chaos('b'), story);
});

test('200 nodes and 100,000 messages fit in one test', async () => {
  const network = new SimNetwork({ seed: 'many' });
  const nodes = Array.from({ length: 200 }, (_, i) => network.node(`n${i}`));
  let heard = 0;
  for (const node of nodes) {
    for (let i = 0; i < 5; i++) {
      const [near, far] = network.join(node, network.pick(nodes) as SimNode);
      far.handler = { onMessage: () => void heard++, onDrain: () => {}, onClose: () => {} };
      for (let n = 0; n < 100; n++) near.send(new Uint8Array(1));
    }
  }
  await network.clock.runAll();
  assert.equal(heard, 100_000);
});
