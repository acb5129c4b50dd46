import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nodeCrypto } from '../../src/adapters/node-crypto.ts';
import { identityFromSeed } from '../../src/core/crypto/index.ts';
import { DhtNode, findValues, REPLICAS, Republisher, storePosition, storeValue, valuePosition } from '../../src/core/dht/index.ts';
import { nearestStores } from '../../src/core/dht/table.ts';
import { randomBelow, sample } from '../../src/core/env.ts';
import { decodeDhtAnswer, encodeDhtAnswer, encodeDhtRequest } from '../../src/core/wire/dht.ts';
import { END, KEEP, ROLE } from '../../src/core/wire/registry.ts';
import { type DhtValue, signValue } from '../../src/core/wire/value.ts';
import { DhtNetwork, type TestStorePeer } from '../support/dht-network.ts';
import { describe, openPeer, testPeer, websocketAt } from '../support/peers.ts';

const HOUR_MS = 3_600_000;

function value(network: DhtNetwork, name: number, serial = 1): DhtValue {
  const writer = identityFromSeed(nodeCrypto, new Uint8Array(32).fill(1 + name));
  const content = {
    kind: 'singleWriter' as const,
    record: 1,
    writer: writer.publicKey,
    slot: 0,
    serial,
    expiresAtMs: network.env.now() + 24 * HOUR_MS,
    payload: new Uint8Array(100),
  };
  return signValue(nodeCrypto, (message) => nodeCrypto.ed25519Sign(writer.seed, message), content);
}

/** The sixteen of a key, by position, if everybody knew everybody. */
function holders(network: DhtNetwork, key: Uint8Array): [TestStorePeer[], TestStorePeer[]] {
  const at = (position: 0 | 1) =>
    nearestStores(
      nodeCrypto,
      valuePosition(nodeCrypto, key, position),
      network.up.map(({ own }) => own()),
      REPLICAS,
    ).map(({ id }) => network.byId(id));
  return [at(0), at(1)];
}

const anyone = (network: DhtNetwork) => network.up[randomBelow(network.env, network.up.length)] as TestStorePeer;

test('in a network of 200 store peers a value lies with its sixteen and is found from everywhere', async () => {
  const network = new DhtNetwork('grown');
  await network.grow(200);
  for (let name = 0; name < 10; name++) {
    const stored = value(network, name);
    const { kept } = await network.run(anyone(network).node.store(stored));
    const wanted = new Set(holders(network, stored.key).flat());
    assert.ok(kept >= wanted.size - 1, `kept by ${kept} of ${wanted.size}`);
    assert.ok(
      [...wanted].filter(({ node }) => node.values.get(stored.key).length === 1).length >= wanted.size - 1,
      'by the nearest there are',
    );
    const { values, responders } = await network.run(anyone(network).node.find(stored.key));
    assert.deepEqual(
      values.map(({ hash }) => hash),
      [stored.hash],
    );
    assert.ok(responders.length >= 8);
  }
});

test('a table is bounded and knows its neighbourhood', async () => {
  const network = new DhtNetwork('tables');
  await network.grow(150);
  for (const { node, own, peer } of sample(network.env, network.all, 20)) {
    assert.ok(node.table.size <= 120, `${node.table.size} of 149`);
    const position = node.table.ownPosition() as Uint8Array;
    const nearest = nearestStores(
      nodeCrypto,
      position,
      network.all.map((other) => other.own()),
      9,
    ).filter(({ id }) => id !== peer.id);
    const known = new Set(node.table.peers().map(({ id }) => id));
    assert.ok(nearest.filter(({ id }) => known.has(id)).length >= 7, `${own().id} knows its nearest`);
  }
});

test('with 30 % of the store peers replaced within the hour, values that are republished are found', async () => {
  const network = new DhtNetwork('churn');
  await network.grow(70);
  const values = Array.from({ length: 12 }, (_, name) => value(network, name));
  for (const one of values) await network.run(anyone(network).node.store(one));
  let found = 0;
  let asked = 0;
  for (let minute = 0; minute < 60; minute++) {
    if (minute % 10 === 0) network.turnEpoch();
    if (minute % 3 === 0) {
      anyone(network).up = false;
      await network.run(network.add().node.maintain());
    }
    if (minute % 10 === 9) await network.run(Promise.all(network.up.map(({ node }) => node.maintain())));
    if (minute === 30) for (const one of values) await network.run(storeValue(network.client(), one));
    if (minute % 6 === 5) {
      for (const one of values) {
        asked += 1;
        found += (await network.run(findValues(network.client(), one.key))).length;
      }
    }
    await network.env.advance(Math.max(0, 60_000 - (network.env.now() % 60_000)));
  }
  assert.equal(found, asked, `${found} of ${asked}`);
});

test('a fifth of all peers hostile, each in its own way: every value is found', async () => {
  const network = new DhtNetwork('hostile');
  await network.grow(150);
  const values = Array.from({ length: 20 }, (_, name) => value(network, name));
  for (const one of values) await network.run(anyone(network).node.store(one));
  const foreign = value(network, 200);
  const ways: TestStorePeer['twist'][] = [
    () => undefined,
    async () => encodeDhtAnswer({ type: 'values', values: [], nodes: [] }),
    async (request, honest) =>
      request.type === 'route'
        ? encodeDhtAnswer({ type: 'nodes', nodes: [] })
        : request.type === 'fetch'
          ? encodeDhtAnswer({ type: 'values', values: [], nodes: [] })
          : honest(),
    async () => encodeDhtAnswer({ type: 'values', values: [foreign.bytes, new Uint8Array(4096)], nodes: [new Uint8Array(4096)] }),
    async () => new Uint8Array(1_000_000),
    async () => Uint8Array.of(255, 1, 2, 3),
  ];
  sample(network.env, network.all, 30).forEach((peer, i) => (peer.twist = ways[i % ways.length]));
  for (const one of values) {
    const found = await network.run(findValues(network.client(), one.key));
    assert.deepEqual(
      found.map(({ hash }) => hash),
      [one.hash],
    );
  }
});

test('hostile steps that name places nobody owns, all nearest to the key, hide nothing', async () => {
  const network = new DhtNetwork('made up');
  await network.grow(100);
  const values = Array.from({ length: 12 }, (_, name) => value(network, name));
  for (const one of values) await network.run(anyone(network).node.store(one));
  const madeUp = Array.from({ length: 200 }, (_, i) => describe(openPeer(5000 + i), network.env.now()));
  for (const peer of sample(network.env, network.all, 20)) {
    peer.twist = async (request, honest) => {
      if (request.type !== 'route' && request.type !== 'fetch') return honest();
      const target = request.type === 'route' ? request.target : valuePosition(nodeCrypto, request.key, request.position);
      const nodes = nearestStores(nodeCrypto, target, madeUp, 16).map(({ bytes }) => bytes);
      return encodeDhtAnswer(request.type === 'route' ? { type: 'nodes', nodes } : { type: 'values', values: [], nodes });
    };
  }
  for (const one of values) assert.equal((await network.run(findValues(network.client(), one.key))).length, 1);
  await network.run(Promise.all(network.up.map(({ node }) => node.maintain())));
  const believed = network.up.flatMap(({ node }) => node.table.peers()).filter(({ id }) => madeUp.some((one) => one.id === id));
  assert.equal(believed.length, 0, 'nobody passes on what it has not dialled');
  for (const one of values) assert.equal((await network.run(findValues(network.client(), one.key))).length, 1);
});

test('one honest holder suffices: fifteen of the sixteen keep silent or lie', async () => {
  const network = new DhtNetwork('one honest');
  await network.grow(150);
  for (let name = 0; name < 8; name++) {
    const stored = value(network, name);
    await network.run(anyone(network).node.store(stored));
    const [first, second] = holders(network, stored.key);
    const honest = (name % 2 === 0 ? first : second)[name % REPLICAS] as TestStorePeer;
    const hostile = [...first, ...second].filter((peer) => peer !== honest);
    hostile.forEach(
      (peer, i) => (peer.twist = i % 2 === 0 ? () => undefined : async () => encodeDhtAnswer({ type: 'values', values: [], nodes: [] })),
    );
    const found = await network.run(
      findValues(
        network.client(() => network.up.filter(({ twist }) => twist === undefined).map(({ own }) => own())),
        stored.key,
      ),
    );
    assert.deepEqual(
      found.map(({ hash }) => hash),
      [stored.hash],
      `value ${name}`,
    );
    for (const peer of hostile) peer.twist = undefined;
  }
});

test('an owner of one /16 gets one of the eight places at most, with however many ids', () => {
  const now = 1_800_000_000_000;
  const sybils = Array.from({ length: 60 }, (_, i) =>
    describe(testPeer(`sybil ${i}`, { roles: ROLE.open | ROLE.store, addresses: [websocketAt([66, 6, i, 1])] }), now),
  );
  const positions = new Set(sybils.map((one) => String(storePosition(nodeCrypto, one))));
  assert.ok(positions.size <= 8);
  for (let i = 0; i < 20; i++) assert.equal(nearestStores(nodeCrypto, new Uint8Array(32).fill(i * 12), sybils, REPLICAS).length, 1);
});

test('runners that lie are outvoted by another one; "nobody has it" is believed only after all', async () => {
  const network = new DhtNetwork('runners');
  await network.grow(60);
  const stored = value(network, 1);
  await network.run(storeValue(network.client(), stored));
  const liars = sample(network.env, network.all, 4);
  const honest = network.all.find((peer) => !liars.includes(peer)) as TestStorePeer;
  for (const liar of liars)
    liar.twist = async (request, answer) =>
      request.type === 'find' ? encodeDhtAnswer({ type: 'values', values: [], nodes: [] }) : answer();
  const all = [...liars, honest].map(({ own }) => own());
  assert.equal(
    (
      await network.run(
        findValues(
          network.client(() => all),
          stored.key,
        ),
      )
    ).length,
    1,
  );
  assert.deepEqual(
    await network.run(
      findValues(
        network.client(() => all.slice(0, 4)),
        stored.key,
      ),
    ),
    [],
  );
  await assert.rejects(
    network.run(
      findValues(
        network.client(() => []),
        stored.key,
      ),
    ),
    { kind: 'unreachable' },
  );
  for (const liar of liars) liar.twist = () => undefined;
  await assert.rejects(
    network.run(
      findValues(
        network.client(() => all.slice(0, 4)),
        stored.key,
      ),
    ),
    { kind: 'unreachable' },
  );
});

test('a runner that hides the newer serial is found out where two must agree', async () => {
  const network = new DhtNetwork('rollback');
  await network.grow(60);
  const [old, fresh] = [value(network, 1, 1), value(network, 1, 2)];
  await network.run(storeValue(network.client(), fresh));
  const [liar, honest] = network.all as [TestStorePeer, TestStorePeer];
  liar.twist = async () => encodeDhtAnswer({ type: 'values', values: [old.bytes], nodes: [] });
  const access = network.client(() => [liar.own(), honest.own()]);
  assert.deepEqual(
    (await network.run(findValues(access, old.key, { want: 'agreed' }))).map(({ serial }) => serial),
    [2],
  );
});

test('finding stops when it is cancelled', async () => {
  const network = new DhtNetwork('cancel');
  await network.grow(10);
  for (const peer of network.all) peer.twist = () => undefined;
  const controller = new AbortController();
  const finding = findValues(network.client(), new Uint8Array(32), { signal: controller.signal });
  controller.abort(new Error('enough'));
  await assert.rejects(finding, /enough/);
});

test('values are published again and again until they are withdrawn', async () => {
  const network = new DhtNetwork('republish');
  await network.grow(30);
  let serial = 0;
  const republisher = new Republisher(network.client());
  republisher.publish('head', () => value(network, 1, ++serial));
  await network.env.advance(5000);
  assert.equal((await network.run(findValues(network.client(), value(network, 1).key)))[0]?.serial, 1);
  await network.env.advance(45 * 60_000);
  assert.ok(serial >= 2);
  network.turnEpoch();
  republisher.withdraw('head');
  const last = serial;
  await network.env.advance(2 * HOUR_MS);
  assert.equal(serial, last);
});

test('a value that few have taken is brought to more of them soon', async () => {
  const network = new DhtNetwork('thin');
  await network.grow(12);
  const [few, many] = [network.all.slice(0, 3), network.all.slice(3)];
  for (const peer of many) peer.up = false;
  const republisher = new Republisher(network.client(() => few.map(({ own }) => own())));
  republisher.publish('head', () => value(network, 1));
  await network.env.advance(30_000);
  for (const peer of many) peer.up = true;
  const holders = () => network.all.filter(({ node }) => node.values.keys === 1).length;
  assert.ok(holders() > 0 && holders() <= few.length, `${holders()} at first`);
  await network.env.advance(3 * 60_000);
  assert.ok(holders() >= REPLICAS, `${holders()} later`);
  republisher.stop();
});

test('a value that could not be published is tried again within minutes', async () => {
  const network = new DhtNetwork('retry');
  await network.grow(12);
  for (const peer of network.all) peer.up = false;
  const known = network.all.map(({ own }) => own());
  const republisher = new Republisher(network.client(() => known));
  republisher.publish('head', () => value(network, 1));
  await network.env.advance(60_000);
  for (const peer of network.all) peer.up = true;
  network.turnEpoch();
  await network.env.advance(3 * 60_000);
  assert.ok(network.all.some(({ node }) => node.values.keys === 1));
  republisher.stop();
});

test('junk is answered as malformed, what is not ours to keep is refused, and too many queries are turned away', async () => {
  const network = new DhtNetwork('junk');
  await network.grow(100);
  const { node } = anyone(network);
  const serve = async (bytes: Uint8Array) => decodeDhtAnswer(await node.serve(bytes));
  assert.deepEqual(await serve(Uint8Array.of(77)), { type: 'error', reason: END.malformed });
  assert.deepEqual(await serve(encodeDhtRequest({ type: 'keep', value: new Uint8Array(50) })), { type: 'error', reason: END.malformed });
  const far = Array.from({ length: 60 }, (_, name) => value(network, name)).find(
    ({ key }) =>
      !holders(network, key)
        .flat()
        .some((holder) => holder.node === node),
  ) as DhtValue;
  const kept = await serve(encodeDhtRequest({ type: 'keep', value: far.bytes }));
  assert.ok(kept.type === 'stored' && (kept.kept === 1 || kept.result === KEEP.notMine));
  const many = Array.from({ length: 80 }, () => serve(encodeDhtRequest({ type: 'find', responders: true, soon: false, key: far.key })));
  const answers = await network.run(Promise.all(many));
  assert.ok(answers.some((answer) => answer.type === 'error' && answer.reason === END.full));
  assert.ok(answers.some((answer) => answer.type === 'values'));
});

test('a store peer whose table is empty begins with those that the directory knows', async () => {
  const network = new DhtNetwork('known');
  await network.grow(40);
  const stored = value(network, 1);
  await network.run(storeValue(network.client(), stored));
  const known = () => network.all.slice(0, 5).map(({ own }) => own());
  const newcomer = new DhtNode(network.env, { self: openPeer(999).id, own: () => undefined, ask: network.ask, known });
  assert.equal((await network.run(newcomer.find(stored.key))).values.length, 0, 'nobody was known');
  await network.run(newcomer.serve(encodeDhtRequest({ type: 'find', responders: false, soon: false, key: stored.key })));
  assert.equal((await network.run(newcomer.find(stored.key))).values.length, 1);
});

test('three store peers are a network', async () => {
  const network = new DhtNetwork('three');
  await network.grow(3);
  const stored = value(network, 1);
  assert.equal((await network.run(anyone(network).node.store(stored))).kept, 3);
  assert.equal((await network.run(findValues(network.client(), stored.key))).length, 1);
});
