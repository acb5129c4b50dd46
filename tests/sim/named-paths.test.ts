import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nodeCrypto } from '../../src/adapters/node-crypto.ts';
import { EMPTY } from '../../src/core/bytes/bytes.ts';
import type { PeerId } from '../../src/core/bytes/brand.ts';
import { newIdentity, peerIdOf } from '../../src/core/crypto/identity.ts';
import type { PathSession } from '../../src/core/peer/index.ts';
import { ask, StreamReset } from '../../src/core/stream/index.ts';
import { decodeDirectoryAnswer, DIRECTORY_ANSWER_MAX_BYTES, encodeDirectoryRequest } from '../../src/core/wire/directory.ts';
import { hasRole } from '../../src/core/wire/descriptor.ts';
import { END, ROLE, SETUP_BURST, STREAM } from '../../src/core/wire/registry.ts';
import { SimNetwork } from '../../src/sim/index.ts';
import { relayUrl, type SimPeer, simRelay, simTab } from '../../src/sim/peers.ts';
import { untilReady } from '../support/sim-site.ts';

const bootstraps = [relayUrl(0), relayUrl(1)];

interface House {
  readonly network: SimNetwork;
  readonly relays: SimPeer[];
  readonly client: SimPeer;
}

/** Each part of the story goes on in the network that the one before it has left. */
function story(seed: string, ...parts: ((house: House) => Promise<void>)[]): Promise<void> {
  const network = new SimNetwork({ seed, crypto: nodeCrypto });
  return network.run(async () => {
    const relays: SimPeer[] = [];
    for (let i = 0; i < 10; i++) relays.push(await simRelay(network, i, { bootstraps: bootstraps.slice(0, i) }));
    for (const relay of relays) await untilReady(network, relay);
    const client = await simTab(network, 'client', { bootstraps, relaying: false });
    await untilReady(network, client);
    for (const part of parts) await part({ network, relays, client });
  }, 600_000);
}

const anyPeer = (): boolean => true;
const PURPOSE = 'a named path';

/** Hops of the circuits that stand for named paths. */
function standing({ client }: House): string[][] {
  return client.peer.status().circuits.flatMap(({ purpose, hops }) => (purpose === PURPOSE ? [hops] : []));
}

/** A question that only a peer which speaks with us end to end answers. */
async function isAnswered({ client }: House, session: PathSession): Promise<boolean> {
  const stream = await session.openStream(STREAM.directory, EMPTY);
  const request = encodeDirectoryRequest({ type: 'byId', hashOnly: true, ids: [client.peer.id] });
  return decodeDirectoryAnswer(await ask(client.node.env, stream, request, DIRECTORY_ANSWER_MAX_BYTES, 10_000)).type === 'answer';
}

test('named paths: a circuit goes through exactly the hops that were named; the rest is drawn for each; the hop that is wrong is named', () =>
  story('named', exactHops, drawnHops, wrongHop, lookedUp));

test('named paths: of a burst of connections each waits for its turn at the first hop, and none fails', () => story('burst', burst));

test('named paths: a circuit that breaks ends its streams, and the next stream brings another circuit; a dead first hop is said at once', () =>
  story('broken', brokenCircuit, deadFirstHop));

async function exactHops(house: House): Promise<void> {
  const { relays, client } = house;
  const ids = relays.map(({ peer }) => peer.id);
  const guards = new Set(client.peer.links.all().map(({ peer }) => peer));
  const strangers = ids.filter((id) => !guards.has(id));
  for (const named of [strangers.slice(0, 1), strangers.slice(0, 3).reverse(), ids.slice(0, 8)]) {
    const path = await client.clearNetwork.namedPaths.find(
      named.map((id) => id.slice(0, 8)),
      anyPeer,
    );
    assert.deepEqual(path.hops, named);
    const session = client.clearNetwork.namedPaths.session(path, anyPeer, PURPOSE);
    assert.ok(await isAnswered(house, session));
    assert.deepEqual(standing(house), [named]);
    session.close();
    assert.deepEqual(standing(house), []);
  }
}

async function drawnHops(house: House): Promise<void> {
  const { relays, client } = house;
  const last = (relays[9] as SimPeer).peer.id;
  const path = await client.clearNetwork.namedPaths.find(['rand', 'rand', last], anyPeer);
  const sessions = Array.from({ length: 6 }, () => client.clearNetwork.namedPaths.session(path, anyPeer, PURPOSE));
  for (const session of sessions) assert.ok(await isAnswered(house, session));
  const guards = client.peer.status().links.flatMap(({ peer, guard }) => (guard ? [peer] : []));
  for (const hops of standing(house)) assert.ok(hops.length === 3 && guards.includes(hops[0] as string) && hops[2] === last);
  assert.ok(new Set(standing(house).map(String)).size > 1, 'not all alike');
  await assert.rejects(
    client.clearNetwork.namedPaths.find(['rand', 'rand'], (one) => hasRole(one, ROLE.exit)),
    { kind: 'unreachable' },
  );
}

async function wrongHop({ relays, client }: House): Promise<void> {
  const { namedPaths } = client.clearNetwork;
  const [a, b] = relays.map(({ peer }) => peer.id) as [PeerId, PeerId];
  const nobody = peerIdOf(newIdentity(client.node.env).publicKey);
  await assert.rejects(namedPaths.find([a, b, a.slice(0, 9)], anyPeer), {
    kind: 'malformed',
    message: /^hop 3, .* is the same peer as hop 1/,
  });
  await assert.rejects(namedPaths.find([a, nobody.slice(0, 8)], anyPeer), {
    kind: 'unknown',
    message: /^hop 2: no peer is known whose id begins/,
  });
  await assert.rejects(namedPaths.find([a, nobody], anyPeer), { kind: 'unknown', message: /^hop 2: nobody knows a peer/ });
  await assert.rejects(namedPaths.find([a, ''], anyPeer), { kind: 'malformed', message: /^hop 2: '' begins several peer ids/ });
}

async function lookedUp({ relays, client }: House): Promise<void> {
  const { id } = (relays[7] as SimPeer).peer;
  client.peer.directory.drop(id);
  assert.deepEqual((await client.clearNetwork.namedPaths.find(['rand', id.slice(0, 8)], anyPeer)).hops, ['rand', id]);
}

async function brokenCircuit(house: House): Promise<void> {
  const { network, relays, client } = house;
  const [first, last] = [relays[3] as SimPeer, relays[4] as SimPeer];
  const path = await client.clearNetwork.namedPaths.find([first.peer.id, 'rand', last.peer.id], anyPeer);
  const session = client.clearNetwork.namedPaths.session(path, anyPeer, PURPOSE);
  const streams = [await session.openStream(STREAM.directory, EMPTY), await session.openStream(STREAM.directory, EMPTY)];
  assert.deepEqual(
    client.clearNetwork.namedPaths.streamStats.map(({ kind }) => kind),
    [STREAM.directory, STREAM.directory],
  );
  const [hops] = standing(house) as [string[]];
  network.kill((relays.find(({ peer }) => peer.id === hops[1]) as SimPeer).node);
  for (const stream of streams)
    await assert.rejects(stream.read(), (error) => error instanceof StreamReset && error.reason === END.sessionLost);
  assert.equal(session.streams, 0);
  assert.ok(await isAnswered(house, session));
  assert.equal(standing(house).length, 1);
}

/** More than a first hop builds at once: on a path without a choice each has one try. */
async function burst(house: House): Promise<void> {
  const { relays, client } = house;
  const named = relays.slice(5, 7).map(({ peer }) => peer.id);
  const path = await client.clearNetwork.namedPaths.find(named, anyPeer);
  const sessions = Array.from({ length: 2 * SETUP_BURST }, () => client.clearNetwork.namedPaths.session(path, anyPeer, PURPOSE));
  const answers = await Promise.all(sessions.map((session) => isAnswered(house, session)));
  assert.deepEqual(new Set(answers), new Set([true]));
  assert.equal(standing(house).length, sessions.length);
  for (const session of sessions) session.close();
  assert.equal(
    relays.reduce((sum, { peer }) => sum + peer.relay.stats.refusedSetups, 0),
    0,
  );
}

async function deadFirstHop({ network, relays, client }: House): Promise<void> {
  const linked = new Set(client.peer.links.all().map(({ peer }) => peer));
  const dead = relays.find(({ peer }) => !linked.has(peer.id)) as SimPeer;
  network.kill(dead.node);
  await assert.rejects(client.clearNetwork.namedPaths.find([dead.peer.id, 'rand'], anyPeer), {
    kind: 'unreachable',
    message: /^hop 1, .*cannot be linked to/,
  });
}
