import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MemoryRecords } from '../../../src/adapters/memory-store.ts';
import type { PeerId } from '../../../src/core/bytes/index.ts';
import { nobleCrypto } from '../../../src/core/crypto/index.ts';
import { Directory, DirectoryServer, OwnDescriptors } from '../../../src/core/directory/index.ts';
import type { RecordStore } from '../../../src/core/ports.ts';
import { type Descriptor, epochAt, type FraudProof } from '../../../src/core/wire/descriptor.ts';
import { decodeDirectoryAnswer, encodeDirectoryRequest, signForget } from '../../../src/core/wire/directory.ts';
import { END, EPOCH_MS } from '../../../src/core/wire/registry.ts';
import { describe, openPeer, tabPeer, testPeer, websocketAt } from '../../support/peers.ts';
import { testEnv } from '../../support/test-env.ts';

const env = testEnv();
const open = [0, 1, 2, 3].map((index) => describe(openPeer(index), env.now())) as [Descriptor, Descriptor, Descriptor, Descriptor];

test('a descriptor counts as vouched once two unrelated answerers named it', () => {
  const directory = new Directory(env);
  const [relay, a, b] = open;
  assert.equal(directory.add(relay.bytes), 'new');
  assert.equal(directory.vouched(relay.id), undefined);
  assert.equal(directory.add(relay.bytes, a), 'known');
  assert.equal(directory.vouched(relay.id), undefined);
  directory.add(relay.bytes, a);
  assert.equal(directory.vouched(relay.id), undefined, 'the same answerer twice is one');
  directory.vouch(relay.id, relay.epoch, relay.hash, b);
  assert.equal(directory.vouched(relay.id)?.id, relay.id);
});

test('neither the relay itself, nor a tab, nor two answerers of one /16 or operator vouch', () => {
  const directory = new Directory(env);
  const [relay, a] = open;
  const neighbour = describe(testPeer('neighbour', { roles: 1, addresses: [websocketAt([11, 1 + 0, 9, 9])] }), env.now());
  const sameNet = describe(testPeer('same net', { roles: 1, addresses: [websocketAt([12, 0, 200, 9])] }), env.now());
  const operated = [1, 2].map((i) =>
    describe(testPeer(`op ${i}`, { roles: 1, operator: 'acme', addresses: [websocketAt([90 + i, 1, 1, 1])] }), env.now()),
  );
  for (const voucher of [relay, a, sameNet, describe(tabPeer(1, []), env.now())]) directory.add(relay.bytes, voucher);
  assert.equal(directory.vouched(relay.id), undefined, 'a and its neighbour in 12.0 count once');
  const other = new Directory(env);
  for (const voucher of operated) other.add(relay.bytes, voucher);
  assert.equal(other.vouched(relay.id), undefined, 'one operator counts once');
  other.add(relay.bytes, neighbour);
  assert.equal(other.vouched(relay.id)?.id, relay.id);
});

test('a hash may be named before the descriptor comes', () => {
  const directory = new Directory(env);
  const [relay, a, b] = open;
  assert.equal(directory.vouch(relay.id, relay.epoch, relay.hash, a), false);
  assert.equal(directory.lacks(relay.hash), true);
  directory.add(relay.bytes, b);
  assert.equal(directory.vouched(relay.id)?.id, relay.id);
});

test('two descriptors of one epoch: the proof is kept and told, the peer is dropped for good', () => {
  const told: [PeerId, FraudProof][] = [];
  const directory = new Directory(env, { onFraud: (id, proof) => told.push([id, proof]) });
  const second = describe(openPeer(0), env.now(), { setupEffort: 3 });
  directory.add(open[0].bytes);
  assert.equal(directory.add(second.bytes), 'fraud');
  assert.equal(directory.get(open[0].id), undefined);
  assert.equal(directory.add(open[0].bytes), 'refused');
  assert.equal(told.length, 1);
  const elsewhere = new Directory(env);
  elsewhere.add(open[0].bytes);
  assert.equal(elsewhere.addProof((told[0] as [PeerId, FraudProof])[1]), true);
  assert.equal(elsewhere.get(open[0].id), undefined);
  assert.equal(elsewhere.addProof((told[0] as [PeerId, FraudProof])[1]), false, 'passed on once');
});

test('a hash that contradicts what is held is pointed out, not believed', () => {
  const directory = new Directory(env);
  directory.add(open[0].bytes);
  assert.equal(directory.vouch(open[0].id, open[0].epoch, new Uint8Array(32), open[1]), true);
  assert.equal(directory.get(open[0].id)?.id, open[0].id);
});

test('private addresses are taken only where the network is private', () => {
  const local = describe(testPeer('local', { roles: 1, addresses: [websocketAt([127, 0, 0, 1], 8080)] }), env.now());
  assert.equal(new Directory(env).add(local.bytes), 'refused');
  assert.equal(new Directory(env, { privateAddresses: true }).add(local.bytes), 'new');
});

test('in a full table newcomers displace newcomers', async () => {
  const own = testEnv({ seed: 'full' });
  const directory = new Directory(own, { capacity: 32 });
  const old = Array.from({ length: 16 }, (_, i) => describe(openPeer(i), own.now()));
  for (const one of old) directory.add(one.bytes);
  await own.advance(60_000);
  for (let i = 0; i < 100; i++) directory.add(describe(tabPeer(i, []), own.now()).bytes);
  assert.ok(directory.size <= 32);
  for (const one of old) assert.ok(directory.get(one.id), 'those known before the flood are still there');
});

test('descriptors go when they end; an open peer is remembered with its first-seen time, a tab is not', async () => {
  const own = testEnv({ seed: 'prune' });
  const directory = new Directory(own);
  const peer = openPeer(1);
  const tab = tabPeer(1, []);
  directory.add(describe(peer, own.now()).bytes);
  directory.add(describe(tab, own.now()).bytes);
  const firstSeenMs = directory.known(peer.id)?.firstSeenMs;
  await own.advance(3 * EPOCH_MS);
  directory.add(open[3].bytes);
  assert.equal(directory.get(peer.id), undefined);
  assert.equal(directory.known(tab.id), undefined);
  directory.add(describe(peer, own.now()).bytes);
  assert.equal(directory.known(peer.id)?.firstSeenMs, firstSeenMs);
});

test('between two epochs the vouched one serves until the new one is vouched', async () => {
  const own = testEnv({ seed: 'turn' });
  const directory = new Directory(own);
  const peer = openPeer(9);
  const before = describe(peer, own.now());
  for (const voucher of open.slice(0, 2)) directory.add(before.bytes, voucher);
  await own.advance(EPOCH_MS);
  const after = describe(peer, own.now());
  directory.add(after.bytes, open[0]);
  assert.equal(directory.get(peer.id)?.epoch, after.epoch);
  assert.equal(directory.vouched(peer.id)?.epoch, before.epoch);
  directory.add(after.bytes, open[1]);
  assert.equal(directory.vouched(peer.id)?.epoch, after.epoch);
});

test('a flag halves with every hour', async () => {
  const own = testEnv({ seed: 'flags' });
  const directory = new Directory(own);
  directory.add(open[0].bytes);
  directory.flag(open[0].id, 'breach');
  const known = directory.known(open[0].id);
  assert.ok(known);
  assert.equal(known.flagScore, 3);
  await own.advance(3_600_000);
  directory.flag(open[0].id, 'density');
  assert.equal(known.flagScore, 2.5);
});

test('the server publishes, answers by id and by point, forgets by signature only, and says malformed to junk', () => {
  const directory = new Directory(env);
  const server = new DirectoryServer(env, directory);
  const peer = tabPeer(5, []);
  const tab = describe(peer, env.now());
  const ask = (request: Parameters<typeof encodeDirectoryRequest>[0]) =>
    decodeDirectoryAnswer(server.serve(encodeDirectoryRequest(request)));
  assert.equal(ask({ type: 'publish', descriptor: tab.bytes }).type, 'answer');
  assert.deepEqual(ask({ type: 'publish', descriptor: tab.bytes.subarray(1) }), { type: 'error', reason: END.refused });
  const byId = ask({ type: 'byId', hashOnly: false, ids: [tab.id, open[0].id] });
  assert.deepEqual(byId.type === 'answer' ? byId.descriptors : [], [tab.bytes]);
  for (const one of open) directory.add(one.bytes);
  const near = ask({
    type: 'relays',
    roles: 0,
    perPoint: 2,
    points: [{ hashOnly: true, point: directory.known(tab.id)?.key as Uint8Array }],
  });
  assert.deepEqual(near.type === 'answer' ? near.hashes[0]?.id : '', tab.id);
  assert.equal(near.type === 'answer' ? near.hashes.length : 0, 2);
  const stores = ask({ type: 'relays', roles: 4, perPoint: 16, points: [{ hashOnly: true, point: new Uint8Array(32) }] });
  assert.equal(stores.type === 'answer' ? stores.hashes.length : 0, 4);
  const forged = { ...signForget(nobleCrypto, openPeer(0).identity, tab.epoch), id: tab.id };
  assert.deepEqual(ask(forged), { type: 'error', reason: END.refused });
  assert.ok(directory.get(tab.id));
  ask(signForget(nobleCrypto, peer.identity, epochAt(env.now())));
  assert.equal(directory.get(tab.id), undefined);
  assert.deepEqual(decodeDirectoryAnswer(server.serve(Uint8Array.of(99))), { type: 'error', reason: END.malformed });
});

test('a flood of publications is refused past the budget, and questions are still answered', async () => {
  const own = testEnv({ seed: 'flood' });
  const server = new DirectoryServer(own, new Directory(own));
  const junk = encodeDirectoryRequest({ type: 'publish', descriptor: new Uint8Array(10) });
  const reasons = Array.from({ length: 400 }, () => decodeDirectoryAnswer(server.serve(junk)));
  assert.deepEqual(reasons.at(-1), { type: 'error', reason: END.full });
  assert.equal(decodeDirectoryAnswer(server.serve(encodeDirectoryRequest({ type: 'byId', hashOnly: true, ids: [] }))).type, 'answer');
  await own.advance(1000);
  assert.deepEqual(decodeDirectoryAnswer(server.serve(junk)), { type: 'error', reason: END.refused });
});

test('over a restart within one epoch a peer signs no second descriptor', async () => {
  const own = testEnv({ seed: 'own' });
  const store = new MemoryRecords();
  const peer = openPeer(7);
  const first = await new OwnDescriptors(own, peer.identity, store).current(() => peer.content);
  assert.ok(first);
  const again = await new OwnDescriptors(own, peer.identity, store).current(() => ({ ...peer.content, links: [open[0].id] }));
  assert.deepEqual(again?.bytes, first.bytes, 'the same keys: the same descriptor, whatever has changed besides');
  const lost = await new OwnDescriptors(own, peer.identity, store).current(() => ({ ...peer.content, onionX25519: new Uint8Array(32) }));
  assert.equal(lost, undefined, 'other keys: nothing until the next epoch');
  await own.advance(EPOCH_MS);
  const next = await new OwnDescriptors(own, peer.identity, store).current(() => ({ ...peer.content, onionX25519: new Uint8Array(32) }));
  assert.equal(next?.epoch, first.epoch + 1);
});

test('two callers at once get one descriptor, and a store that fails is asked again', async () => {
  const own = testEnv({ seed: 'own twice' });
  const peer = openPeer(8);
  const store = new MemoryRecords();
  const signer = new OwnDescriptors(own, peer.identity, store);
  const contents = [0, 1].map((setupEffort) => signer.current(() => ({ ...peer.content, setupEffort })));
  const [first, second] = await Promise.all(contents);
  assert.deepEqual(first?.bytes, second?.bytes);
  await own.advance(EPOCH_MS);
  let broken = true;
  const shaky: RecordStore = {
    get: (key) => store.get(key),
    delete: (key) => store.delete(key),
    keys: (prefix) => store.keys(prefix),
    set: async (key, value) => (broken ? Promise.reject(new Error('disk full')) : store.set(key, value)),
  };
  const other = new OwnDescriptors(own, peer.identity, shaky);
  await assert.rejects(
    other.current(() => peer.content),
    /disk full/,
  );
  broken = false;
  assert.equal((await other.current(() => peer.content))?.epoch, epochAt(own.now()));
});
