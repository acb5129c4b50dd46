import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PeerId } from '../../../src/core/bytes/index.ts';
import { Directory, DirectoryServer, learnRelays, lookUpPeers, passFraudOn, publishDescriptor } from '../../../src/core/directory/index.ts';
import { densityOutliers, estimateBits } from '../../../src/core/directory/density.ts';
import type { Ask } from '../../../src/core/ports.ts';
import { type Descriptor, fraudProof } from '../../../src/core/wire/descriptor.ts';
import { decodeDirectoryAnswer, decodeDirectoryRequest, encodeDirectoryAnswer } from '../../../src/core/wire/directory.ts';
import { seededRandom } from '../../../src/sim/random.ts';
import { describe, openPeer, rememberingCrypto, tabPeer, type TestPeer } from '../../support/peers.ts';
import { testEnv } from '../../support/test-env.ts';

/** Open peers that answer each other and whoever asks; `twist` lets one of them lie. */
function network(openCount: number, seed: string) {
  const env = testEnv({ seed, crypto: rememberingCrypto() });
  const peers = Array.from({ length: openCount }, (_, i) => openPeer(i));
  const descriptors = peers.map((peer) => describe(peer, env.now()));
  const servers = new Map<PeerId, DirectoryServer>();
  const twists = new Map<PeerId, (request: Uint8Array, honest: () => Uint8Array) => Uint8Array>();
  const asked: PeerId[] = [];
  for (const own of descriptors) {
    const directory = new Directory(env, { self: own.id });
    directory.setOwn(own);
    for (const other of descriptors) if (other !== own) directory.add(other.bytes);
    servers.set(own.id, new DirectoryServer(env, directory));
  }
  const ask: Ask = async (target, _kind, _via, request) => {
    asked.push(target);
    const server = servers.get(target);
    if (server === undefined) throw new Error('nobody there');
    const honest = () => server.serve(request);
    return twists.get(target)?.(request, honest) ?? honest();
  };
  /** A newcomer that knows the given peers by their links. */
  const newcomer = (known: readonly Descriptor[]) => {
    const directory = new Directory(env);
    for (const one of known) directory.add(one.bytes);
    return { env, directory, ask, via: 'link' as const };
  };
  return { env, peers, descriptors, servers, twists, asked, newcomer };
}

const relays = (directory: Directory) => [...directory.relays()].map(({ descriptor }) => descriptor.id);

test('from three bootstraps a newcomer learns relays that two unrelated ones vouch for', async () => {
  const net = network(20, 'learn');
  const access = net.newcomer(net.descriptors.slice(0, 3));
  const report = await learnRelays(access);
  assert.equal(report.answered, 3);
  assert.ok(relays(access.directory).length >= 10, `${relays(access.directory).length} relays`);
  for (let round = 0; round < 3; round++) await learnRelays(access);
  assert.ok(relays(access.directory).length >= 18, `${relays(access.directory).length} relays`);
});

test('in the smallest network, three open peers, each is vouched for by the other two', async () => {
  const net = network(3, 'three');
  const access = net.newcomer(net.descriptors);
  await learnRelays(access);
  assert.deepEqual(new Set(relays(access.directory)), new Set(net.descriptors.map(({ id }) => id)));
});

test('a tab that published is found by an asker who knows only part of the network', async () => {
  const net = network(60, 'publish');
  const tab = tabPeer(1, [net.peers[0]?.id as PeerId]);
  const own = describe(tab, net.env.now());
  assert.equal(await publishDescriptor(net.newcomer(net.descriptors), own), 6);
  const access = net.newcomer(net.descriptors);
  await lookUpPeers(access, [own.id]);
  assert.equal(access.directory.vouched(own.id)?.id, own.id);
});

test('one answerer alone cannot bring peers into the pool', async () => {
  const net = network(12, 'sybil');
  const sybils = Array.from({ length: 40 }, (_, i) => describe(openPeer(1000 + i), net.env.now()));
  const liar = net.descriptors[0] as Descriptor;
  net.twists.set(liar.id, () =>
    encodeDirectoryAnswer({
      type: 'answer',
      descriptors: sybils.map(({ bytes }) => bytes),
      hashes: sybils.map(({ id, epoch, hash }) => ({ id, epoch, hash })),
      proofs: [],
    }),
  );
  const access = net.newcomer(net.descriptors.slice(0, 3));
  for (let round = 0; round < 4; round++) await learnRelays({ ...access, answerers: net.descriptors.slice(0, 3) });
  const known = relays(access.directory);
  assert.ok(known.length >= 8);
  for (const { id } of sybils) assert.ok(!known.includes(id));
});

test('a relay that shows each asker other keys convicts itself, and the proof travels on', async () => {
  const net = network(8, 'fraud');
  const fraud = openPeer(500);
  for (const [index, server] of [...net.servers.values()].entries()) {
    server.directory.add(describe(fraud, net.env.now(), { setupEffort: index }).bytes);
  }
  const access = net.newcomer(net.descriptors);
  for (let round = 0; round < 6 && !access.directory.frauds.has(fraud.id); round++) await learnRelays(access);
  assert.ok(access.directory.frauds.has(fraud.id));
  assert.equal(access.directory.get(fraud.id), undefined);
  const proof = access.directory.frauds.pick([fraud.id], 1)[0];
  assert.ok(proof);
  passFraudOn(access, proof);
  await net.env.advance(0);
  const convinced = [...net.servers.values()].filter((server) => server.directory.frauds.has(fraud.id)).length;
  assert.ok(convinced >= 5, `${convinced} were told`);
  const other = net.newcomer(net.descriptors);
  for (let round = 0; round < 4; round++) await learnRelays(other);
  assert.ok(other.directory.frauds.has(fraud.id), 'answers carry proofs');
});

test('who names a false hash cannot show it and gets a flag; the honest relay stays', async () => {
  const net = network(6, 'false hash');
  const liar = net.descriptors[0] as Descriptor;
  const victim = net.descriptors[5] as Descriptor;
  net.twists.set(liar.id, (request, honest) => {
    const answer = decodeDirectoryAnswer(honest());
    if (decodeDirectoryRequest(request).type !== 'relays' || answer.type !== 'answer') return honest();
    return encodeDirectoryAnswer({ ...answer, hashes: [{ id: victim.id, epoch: victim.epoch, hash: new Uint8Array(32).fill(7) }] });
  });
  const access = net.newcomer(net.descriptors);
  for (let round = 0; round < 4; round++) await learnRelays(access);
  assert.ok((access.directory.known(liar.id)?.flagScore ?? 0) >= 3);
  assert.ok(access.directory.vouched(victim.id));
});

test('who does not answer gets a flag, and learning goes on with the others', async () => {
  const net = network(6, 'silent');
  const silent = net.descriptors[2] as Descriptor;
  net.servers.delete(silent.id);
  const access = net.newcomer(net.descriptors);
  for (let round = 0; round < 4; round++) await learnRelays(access);
  assert.ok((access.directory.known(silent.id)?.flagScore ?? 0) > 0);
  assert.ok(relays(access.directory).length >= 5);
});

test('the answerers are those nearest to points that only the asker knows', async () => {
  const net = network(40, 'random');
  const access = net.newcomer(net.descriptors);
  for (let round = 0; round < 12; round++) await learnRelays(access);
  const counts = net.descriptors.map(({ id }) => net.asked.filter((one) => one === id).length);
  assert.ok(counts.filter((count) => count > 0).length > 25, 'the load is spread over the network');
});

test('density: the one that hides peers and the one that makes them up stand out, among honest ones nobody does', () => {
  const random = seededRandom('density');
  const ids = Array.from({ length: 400 }, (_, i) => tabPeer(i, []) as TestPeer).map(({ id }) => id);
  const point = random(32);
  const honest = ids;
  const thin = ids.filter((_, i) => i % 16 === 0);
  const view = (name: string, known: readonly PeerId[]) => ({ id: name as PeerId, ids: known });
  assert.ok(Math.abs(estimateBits(point, honest, 8) - Math.log2(400)) < 2);
  assert.deepEqual(densityOutliers(point, [view('a', honest), view('b', honest.slice(40)), view('c', honest.slice(0, 360))], 8), []);
  assert.deepEqual(densityOutliers(point, [view('a', honest), view('b', honest), view('thin', thin)], 8), ['thin']);
  assert.deepEqual(densityOutliers(point, [view('a', thin), view('b', thin), view('dense', honest)], 8), ['dense']);
  assert.deepEqual(densityOutliers(point, [view('a', honest), view('thin', thin)], 8), [], 'of two nobody can tell which one lies');
});

test("a proof of somebody else's making does not convict", () => {
  const net = network(3, 'forged');
  const [a, b] = net.descriptors as [Descriptor, Descriptor];
  assert.equal(net.newcomer(net.descriptors).directory.addProof(fraudProof(a.bytes, b.bytes)), false);
});
