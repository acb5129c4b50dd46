import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { GlobalNetError, type PeerId } from '../../../src/core/bytes/index.ts';
import { choosePath, Directory, linkExists, type PathWish } from '../../../src/core/directory/index.ts';
import { type Descriptor, hasRole } from '../../../src/core/wire/descriptor.ts';
import { areRelated } from '../../../src/core/wire/related.ts';
import { ROLE } from '../../../src/core/wire/registry.ts';
import { describe, openPeer, rememberingCrypto, tabPeer, testPeer, websocketAt } from '../../support/peers.ts';
import { testEnv } from '../../support/test-env.ts';

const crypto = rememberingCrypto();

/** A directory in which all of `descriptors` are vouched for and have been seen for an hour. */
async function pool(seed: string, make: (nowMs: number) => Descriptor[], vouched: (descriptor: Descriptor) => boolean = () => true) {
  const env = testEnv({ seed, crypto });
  const directory = new Directory(env);
  for (const one of make(env.now())) directory.remember(one.id, env.now());
  await env.advance(3_600_000);
  const descriptors = make(env.now());
  const witnesses = [900, 901, 902].map((index) => describe(openPeer(index), env.now()));
  for (const one of descriptors) {
    directory.add(one.bytes);
    if (vouched(one)) for (const witness of witnesses) directory.add(one.bytes, witness);
  }
  return { env, directory, descriptors };
}

const openIds = (count: number) => Array.from({ length: count }, (_, i) => openPeer(i).id);

function mixed(openCount: number, tabCount: number) {
  const ids = openIds(openCount);
  return (nowMs: number) => [
    ...Array.from({ length: openCount }, (_, i) => describe(openPeer(i), nowMs)),
    ...Array.from({ length: tabCount }, (_, i) =>
      describe(
        tabPeer(
          i,
          [0, 1, 2].map((k) => ids[(i * 7 + k * 3) % openCount] as PeerId).filter((id, k, all) => all.indexOf(id) === k),
        ),
        nowMs,
      ),
    ),
  ];
}

function checkRules(path: readonly Descriptor[], wish: PathWish, directory: Directory): void {
  assert.equal(path.length, wish.hops);
  assert.ok(wish.guards.includes((path[0] as Descriptor).id), 'the first hop is a guard');
  for (const [i, hop] of path.entries()) {
    assert.ok(!wish.exclude?.has(hop.id));
    for (const other of path.slice(i + 1)) assert.ok(!areRelated(hop, other), 'no two hops are related');
    const before = path[i - 1];
    if (before !== undefined) assert.ok(linkExists(before, hop), 'a link exists or the next can be dialled');
    const given = i === 0 || (i === path.length - 1 && wish.last !== undefined);
    if (!given) assert.ok(directory.isVouched(hop), 'vouched');
  }
  if (wish.last !== undefined) assert.equal(path.at(-1), wish.last);
  else if (wish.lastFits !== undefined) assert.ok(wish.lastFits(path.at(-1) as Descriptor), 'the last hop can do what is asked of it');
}

test('rules 1 to 4 hold for every path of every wish', async () => {
  const { env, directory, descriptors } = await pool('rules', mixed(24, 60), (one) => one.id !== openPeer(23).id);
  const open = descriptors.filter((one) => hasRole(one, ROLE.open));
  const wish = fc.record({
    hops: fc.integer({ min: 2, max: 8 }),
    guards: fc.uniqueArray(fc.integer({ min: 0, max: 22 }), { minLength: 1, maxLength: 3 }),
    last: fc.option(fc.nat(descriptors.length - 1), { nil: undefined }),
    exclude: fc.uniqueArray(fc.nat(descriptors.length - 1), { maxLength: 6 }),
    lastRoles: fc.constantFrom(0, ROLE.store, ROLE.rendezvous),
  });
  fc.assert(
    fc.property(wish, ({ hops, guards, last, exclude, lastRoles }) => {
      const given = last === undefined ? undefined : (descriptors[last] as Descriptor);
      const excluded = new Set(exclude.map((index) => (descriptors[index] as Descriptor).id).filter((id) => id !== given?.id));
      const asked: PathWish = {
        hops,
        guards: guards.map((index) => (open[index] as Descriptor).id),
        exclude: excluded,
        lastFits: (one) => hasRole(one, lastRoles),
        ...(given === undefined ? {} : { last: given }),
      };
      try {
        checkRules(choosePath(env, directory, asked), asked, directory);
      } catch (error) {
        if (!(error instanceof GlobalNetError)) throw error;
        assert.equal(error.kind, 'unreachable');
        const guardsLeft = asked.guards.filter((id) => !excluded.has(id) && id !== given?.id);
        assert.ok(
          guardsLeft.length === 0 || (given !== undefined && !hasRole(given, ROLE.open)),
          `refused without cause: ${error.message}`,
        );
      }
    }),
    { numRuns: 300 },
  );
});

test('named hops stand where the user put them; what is drawn between keeps to the rules, also towards them', async () => {
  const { env, directory, descriptors } = await pool('named', mixed(24, 30));
  const guards = descriptors.slice(0, 3).map(({ id }) => id);
  const open = descriptors.filter((one) => hasRole(one, ROLE.open));
  const places = fc.array(fc.option(fc.nat(open.length - 1), { nil: undefined }), { minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(places, (indexes) => {
      const named = indexes.map((index) => (index === undefined ? undefined : (open[index] as Descriptor)));
      const given = named.filter((hop) => hop !== undefined);
      let path: Descriptor[];
      try {
        path = choosePath(env, directory, { hops: named.length, guards, named });
      } catch (error) {
        assert.ok(error instanceof GlobalNetError && error.kind === 'unreachable');
        const allGuardsNamed = named[0] === undefined && guards.every((id) => given.some((hop) => hop.id === id));
        assert.ok(new Set(given).size < given.length || allGuardsNamed, `refused without cause: ${error.message}`);
        return;
      }
      if (named[0] === undefined) assert.ok(guards.includes((path[0] as Descriptor).id), 'a first hop that is drawn is a guard');
      for (const [place, hop] of path.entries()) {
        if (named[place] !== undefined) assert.equal(hop, named[place]);
        else assert.ok(!path.some((other) => other !== hop && areRelated(other, hop)), 'a drawn hop is related to none');
        if (place > 0) assert.ok(linkExists(path[place - 1] as Descriptor, hop));
      }
      assert.equal(new Set(path).size, path.length);
    }),
    { numRuns: 300 },
  );
});

test('two named hops may be of one owner: the user knows whose they are; none comes twice', async () => {
  const { env, directory, descriptors } = await pool('named-related', (nowMs) =>
    [0, 1, 2].map((i) => describe(testPeer(`one net ${i}`, { roles: ROLE.open, addresses: [websocketAt([20, 20, i, 1])] }), nowMs)),
  );
  assert.deepEqual(choosePath(env, directory, { hops: 3, guards: [], named: descriptors }), descriptors);
  const [first] = descriptors as [Descriptor, ...Descriptor[]];
  assert.throws(() => choosePath(env, directory, { hops: 2, guards: [], named: [first, first] }), { kind: 'unreachable' });
  assert.throws(() => choosePath(env, directory, { hops: 2, guards: [], named: [first, undefined] }), /through the peers that were named/);
});

test('open middle hops of equal age are equally likely, and so are last hops', async () => {
  const { env, directory, descriptors } = await pool('uniform', mixed(13, 0));
  const guards = descriptors.slice(0, 3).map(({ id }) => id);
  const middle = new Map<PeerId, number>();
  const last = new Map<PeerId, number>();
  const runs = 4000;
  for (let i = 0; i < runs; i++) {
    const path = choosePath(env, directory, { hops: 3, guards });
    middle.set((path[1] as Descriptor).id, (middle.get((path[1] as Descriptor).id) ?? 0) + 1);
    last.set((path[2] as Descriptor).id, (last.get((path[2] as Descriptor).id) ?? 0) + 1);
  }
  for (const { id } of descriptors) {
    const expected = runs / 13;
    assert.ok(Math.abs((last.get(id) ?? 0) - expected) < 5 * Math.sqrt(expected), `last ${last.get(id)}`);
    if (!guards.includes(id))
      assert.ok((middle.get(id) ?? 0) > 0.8 * expected && (middle.get(id) ?? 0) < 1.3 * expected, `middle ${middle.get(id)}`);
  }
});

test('circuits run through tabs that are linked to the hop before them', async () => {
  const { env, directory, descriptors } = await pool('tabs', mixed(10, 30));
  const guards = descriptors.slice(0, 3).map(({ id }) => id);
  const through = Array.from(
    { length: 400 },
    () => choosePath(env, directory, { hops: 3, guards, lastFits: (one) => hasRole(one, ROLE.open) })[1] as Descriptor,
  ).filter((hop) => !hasRole(hop, ROLE.open));
  assert.ok(through.length > 100, `${through.length} of 400`);
  for (const tab of through) assert.ok(guards.some((id) => tab.links.includes(id)));
});

test('a newcomer and a flagged peer are drawn less often', async () => {
  const { env, directory, descriptors } = await pool('weights', mixed(12, 0));
  const witnesses = [900, 901].map((index) => describe(openPeer(index), env.now()));
  const fresh = describe(openPeer(50), env.now());
  for (const witness of witnesses) directory.add(fresh.bytes, witness);
  const flagged = descriptors[11] as Descriptor;
  for (let i = 0; i < 2; i++) directory.flag(flagged.id, 'lied');
  const counts = new Map<PeerId, number>();
  for (let i = 0; i < 2000; i++) {
    const { id } = choosePath(env, directory, { hops: 3, guards: [(descriptors[0] as Descriptor).id] })[2] as Descriptor;
    counts.set(id, (counts.get(id) ?? 0) + 1);
  }
  const usual = counts.get((descriptors[5] as Descriptor).id) as number;
  assert.ok((counts.get(fresh.id) ?? 0) < usual / 2);
  assert.ok((counts.get(flagged.id) ?? 0) < usual / 8);
});

test('a guard by which a circuit began moments ago is drawn where no other fits, and seldom else', async () => {
  const { env, directory, descriptors } = await pool('lately', mixed(12, 0));
  const [first, second] = descriptors.map(({ id }) => id) as [PeerId, PeerId];
  const shareOfFirst = (lately: PeerId[]): number => {
    const firsts = Array.from({ length: 300 }, () => choosePath(env, directory, { hops: 3, guards: [first, second], lately })[0]?.id);
    return firsts.filter((id) => id === first).length / firsts.length;
  };
  const share = shareOfFirst([first]);
  assert.ok(share > 0 && share < 0.15, `${share}`);
  const earlier = shareOfFirst([first, second]);
  assert.ok(earlier > 0.85 && earlier < 1, `${earlier}`);
  assert.equal(choosePath(env, directory, { hops: 3, guards: [first], lately: [first] })[0]?.id, first);
});

test('in the smallest network a path of three hops uses all three open peers', async () => {
  const { env, directory, descriptors } = await pool('smallest', mixed(3, 0));
  const guards = descriptors.map(({ id }) => id);
  for (let i = 0; i < 20; i++) checkRules(choosePath(env, directory, { hops: 3, guards }), { hops: 3, guards }, directory);
});

test('a service keeps to its second layer', async () => {
  const { env, directory, descriptors } = await pool('second', mixed(20, 10));
  const guards = descriptors.slice(0, 3).map(({ id }) => id);
  const second = descriptors.slice(3, 7).map(({ id }) => id);
  for (let i = 0; i < 50; i++) assert.ok(second.includes((choosePath(env, directory, { hops: 4, guards, second })[1] as Descriptor).id));
});

test('a guard serves before it is vouched for, a middle hop does not', async () => {
  const { env, directory, descriptors } = await pool('unvouched', mixed(6, 0), (one) => one.id !== openPeer(0).id);
  const guard = (descriptors[0] as Descriptor).id;
  assert.equal(choosePath(env, directory, { hops: 3, guards: [guard] })[0]?.id, guard);
  for (let i = 0; i < 100; i++)
    assert.ok(choosePath(env, directory, { hops: 3, guards: [(descriptors[1] as Descriptor).id] }).every(({ id }) => id !== guard));
});

test('what is missing for a path is said in words', async () => {
  const { env, directory, descriptors } = await pool('words', (nowMs) =>
    [0, 1, 2].map((i) => describe(testPeer(`one net ${i}`, { roles: ROLE.open, addresses: [websocketAt([20, 20, i, 1])] }), nowMs)),
  );
  const guards = [(descriptors[0] as Descriptor).id];
  assert.throws(() => choosePath(env, directory, { hops: 3, guards: [] }), /no guard is linked/);
  assert.throws(
    () => choosePath(env, directory, { hops: 3, guards }),
    (error: unknown) => error instanceof GlobalNetError && error.kind === 'unreachable' && /of one owner/.test(error.message),
  );
  assert.throws(() => choosePath(env, directory, { hops: 9, guards }), RangeError);
});
