import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nodeCrypto } from '../../src/adapters/node-crypto.ts';
import type { PeerId } from '../../src/core/bytes/brand.ts';
import { readAll } from '../../src/core/stream/index.ts';
import { type Descriptor, hasRole } from '../../src/core/wire/descriptor.ts';
import { END, type EndReason, ROLE } from '../../src/core/wire/registry.ts';
import { SimNetwork } from '../../src/sim/index.ts';
import type { SimPeer } from '../../src/sim/peers.ts';
import { ALL, circuits, exitHouse, isReset, say, simExit, WEB } from '../support/sim-exits.ts';

/** One network for all: its making takes longer than what is told in it. */
test('exits', async (t) => {
  const network = new SimNetwork({ seed: 'exits', crypto: nodeCrypto });
  const exits = [simExit(ALL), simExit(ALL), simExit(WEB)] as const;
  const asked = (): number => exits.reduce((sum, exit) => sum + exit.asked.length, 0);
  const made = await network.run(() => exitHouse(network, exits), 600_000);
  const { client, relays } = made;
  const tell = (words: string, story: () => Promise<void>): Promise<void> => t.test(words, () => network.run(story, 600_000));

  await tell('connections of one isolation key share a circuit of guard, middle and exit; those of two never do', async () => {
    const [one, two] = await Promise.all([say(made, 'a', 'one.example', '1'), say(made, 'a', 'two.example', '2')]);
    assert.deepEqual([one, two], ['one.example 1', 'two.example 2']);
    assert.equal(circuits(made).length, 1);
    const stream = await client.clearNetwork.exits.connect({ host: Uint8Array.of(192, 0, 2, 7), port: 80 }, 'a');
    const listed = client.peer.streams().filter(({ address }) => address === '192.0.2.7');
    assert.deepEqual(
      listed.map(({ kind, ours, port }) => [kind, ours, port]),
      [['exit', true, 80]],
    );
    for (const { peer } of relays) assert.deepEqual(peer.streams(), [], 'where others go');
    stream.reset(END.cancelled);
    assert.deepEqual(
      client.peer.streams().filter(({ address }) => address === '192.0.2.7'),
      [],
    );
    assert.equal(circuits(made).length, 1);
    assert.equal(await say(made, 'b', 'one.example', '3'), 'one.example 3');
    const paths = circuits(made);
    assert.equal(paths.length, 2);
    const guards = client.peer.status().links.flatMap(({ guard, peer }) => (guard ? [peer] : []));
    for (const hops of paths) {
      assert.equal(hops.length, 3);
      assert.ok(guards.includes(hops[0] as string));
      assert.ok(relays.some(({ peer }) => peer.id === hops[2]));
    }
  });

  await tell('an exit is chosen by the ports it says it opens; where none will do, that is said', async () => {
    const before = exits[2].asked.length;
    for (let i = 0; i < 6; i++) await say(made, `port 22 ${i}`, 'a.example', '', 22);
    assert.equal(exits[2].asked.length, before);
    for (let i = 0; exits[2].asked.length === before; i++) await say(made, `port 80 ${i}`, 'a.example', '', 80);
    const nowhere = { kind: 'unreachable', message: /no exit is known that opens connections to such an address and port/ };
    await assert.rejects(client.clearNetwork.exits.find({ host: new Uint8Array(16).fill(0x20), port: 80 }, 'a'), nowhere);
  });

  await tell('an exit that refuses is passed by; the user hears of it only when there is no other', async () => {
    exits[0].no = END.refused;
    const before = exits[0].asked.length;
    for (let i = 0; exits[0].asked.length === before; i++) assert.equal(await say(made, `no ${i}`, 'a.example', 'hi', 22), 'a.example hi');
    exits[1].no = END.refused;
    await assert.rejects(client.clearNetwork.exits.connect({ host: 'a.example', port: 22 }, 'x'), isReset(END.refused));
  });

  await tell('what is wrong with the target is told at once, and no second exit learns of it', async () => {
    for (const reason of [END.portClosed, END.unresolvable, END.unreachable, END.timeout] as EndReason[]) {
      for (const exit of exits) exit.no = reason;
      const before = asked();
      await assert.rejects(client.clearNetwork.exits.connect({ host: 'a.example', port: 80 }, ''), isReset(reason));
      assert.equal(asked(), before + 1);
    }
    for (const exit of exits) exit.no = undefined;
  });

  await tell('an exit that takes connections and never answers is replaced, as one that is dead', async () => {
    exits[0].no = 'silence';
    const before = exits[0].asked.length;
    for (let i = 0; exits[0].asked.length === before; i++)
      assert.equal(await say(made, `silent ${i}`, 'a.example', 'hi', 22), 'a.example hi');
    exits[1].no = 'silence';
    const asked = [exits[0].asked.length, exits[1].asked.length];
    await assert.rejects(client.clearNetwork.exits.connect({ host: 'a.example', port: 22 }, 'all silent'), { kind: 'timeout' });
    assert.deepEqual([exits[0].asked.length, exits[1].asked.length], [(asked[0] as number) + 1, (asked[1] as number) + 1]);
    for (const exit of exits) exit.no = undefined;
  });

  await tell('a chain leads through the hops that the user named, out of the exit that stands last', async () => {
    const { directory } = client.peer;
    const { namedPaths } = client.clearNetwork;
    const isExit = (one: Descriptor): boolean => hasRole(one, ROLE.exit);
    const exit = (relays[1] as SimPeer).peer.id;
    const middle = [...directory.relays()].find(({ descriptor }) => !isExit(descriptor))?.descriptor.id as PeerId;
    const chain = namedPaths.exits(await namedPaths.find(['rand', middle, exit], isExit));
    const through = (): number => circuits(made).filter(([, second, last]) => second === middle && last === exit).length;
    const before = through();
    for (const isolation of ['a', 'b']) {
      const stream = await chain.connect({ host: 'one.example', port: 80 }, isolation);
      stream.end();
      assert.equal(Buffer.from(await readAll(stream, 100)).toString(), 'one.example ');
    }
    assert.equal(through(), before + 2);
    await chain.connect({ host: 'listed.example', port: 80 }, 'a');
    const isListed = (): boolean => client.peer.streams().some(({ address }) => address === 'listed.example');
    assert.equal(isListed(), true);
    chain.stop();
    assert.equal(isListed(), false);
    assert.equal(through(), before);
    const through80 = namedPaths.exits(await namedPaths.find(['rand', 'rand', (relays[2] as SimPeer).peer.id], isExit));
    await assert.rejects(through80.connect({ host: 'one.example', port: 22 }, ''), {
      kind: 'refused',
      message: /^hop 3, .* is no exit, or not one for that/,
    });
    await assert.rejects(namedPaths.find(['rand', exit, middle], isExit), { kind: 'refused', message: /^hop 3, .* is no exit/ });
    assert.ok(isExit((await namedPaths.find(['rand', middle, 'rand'], isExit)).example.at(-1) as Descriptor));
  });

  await tell(
    'a connection on which nobody speaks stands; when its exit dies it ends with a reason, and new ones go through another',
    async () => {
      const numbers = (): number[] => client.peer.status().circuits.map(({ number }) => number);
      const before = numbers();
      const stream = await client.clearNetwork.exits.connect({ host: 'a.example', port: 22 }, 'idle');
      const opened = client.peer.status().circuits.find(({ number, purpose }) => purpose === 'exit' && !before.includes(number));
      const used = opened?.hops[2];
      await new Promise<void>((resolve) => network.clock.schedule(60_000, resolve));
      const quiet = await client.clearNetwork.exits.connect({ host: 'b.example', port: 22 }, 'idle');
      quiet.end();
      assert.equal(Buffer.from(await readAll(quiet, 100)).toString(), 'b.example ');
      network.kill((relays.find(({ peer }) => peer.id === used) as SimPeer).node);
      await assert.rejects(stream.read(), isReset(END.sessionLost));
      for (let i = 0; i < 4; i++) assert.equal(await say(made, `after ${i}`, 'b.example', 'on', 22), 'b.example on');
    },
  );
});
