import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EMPTY } from '../../../src/core/bytes/bytes.ts';
import { GlobalNetError } from '../../../src/core/bytes/errors.ts';
import type { BuilderCircuit, CircuitBuilder } from '../../../src/core/circuit/index.ts';
import { Circuits, type Ways } from '../../../src/core/peer/circuits.ts';
import { Suspects } from '../../../src/core/peer/suspects.ts';
import type { Descriptor } from '../../../src/core/wire/descriptor.ts';
import { CLOSE } from '../../../src/core/wire/registry.ts';
import { type TestEnv, testEnv } from '../../support/test-env.ts';
import { describe, openPeer } from '../../support/peers.ts';

interface House {
  readonly env: TestEnv;
  readonly circuits: Circuits;
  /** Builds asked for; each waits to be let go. */
  readonly builds: ((error?: Error) => void)[];
  readonly closed: number[];
  paths: number;
  hasPath: boolean;
}

function house(): House {
  const env = testEnv();
  const hops = [1, 2, 3].map((index) => describe(openPeer(index), env.now()));
  const ways: Ways = {
    choosePath: async () => {
      made.paths++;
      if (!made.hasPath) throw new Error('no guard is linked');
      return hops;
    },
    mayFollow: () => true,
    usable: () => hops[2] as Descriptor,
    linkTo: async () => ({}) as never,
    onBuildFailed: () => undefined,
    suspects: new Suspects(env),
  };
  const builder = {
    open: () =>
      new Promise((resolve, reject) => {
        const circuit = { handler: undefined, close: (reason: number) => made.closed.push(reason) } as unknown as BuilderCircuit;
        made.builds.push((error) => (error === undefined ? resolve({ circuit, reply: new Uint8Array(0) }) : reject(error)));
      }),
    circuits: () => [],
  } as unknown as CircuitBuilder;
  const made: House = { env, circuits: new Circuits(env, builder, ways, () => undefined), builds: [], closed: [], paths: 0, hasPath: true };
  return made;
}

test('circuits: a night without a network asks for a path now and then, not ever more often', async () => {
  const made = house();
  made.hasPath = false;
  made.circuits.keepSpares(3);
  await made.env.advance(8 * 3_600_000);
  const before = made.paths;
  await made.env.advance(600_000);
  assert.ok(made.paths - before <= 25, `${made.paths - before} tries in ten minutes`);
  made.circuits.stop();
});

test('circuits: a spare that is built when the peer stops is closed', async () => {
  const { env, circuits, builds, closed } = house();
  circuits.keepSpares(1);
  await env.advance(1);
  circuits.stop();
  builds[0]?.();
  await env.advance(1);
  assert.equal(circuits.spares, 0);
  assert.deepEqual(closed, [CLOSE.ended]);
});

test('circuits: no timer is left when the peer has stopped', async () => {
  const made = house();
  made.hasPath = false;
  made.circuits.keepSpares(2);
  await made.env.advance(20_000);
  made.circuits.stop();
  const before = made.paths;
  await made.env.advance(600_000);
  assert.equal(made.paths, before);
  assert.equal(made.env.clock.waiting, 0);
});

test('circuits: by the same hops another try is made where one of them refused, and none where one was silent', async () => {
  const { env, circuits, builds } = house();
  const open = (): Promise<unknown> =>
    circuits.openAlong(async () => [describe(openPeer(1), env.now())], EMPTY, 'tunnel', undefined, { isFixed: true });
  const opened = open();
  await env.advance(1);
  builds[0]?.(new GlobalNetError('unreachable', 'the circuit ended before it was answered'));
  await env.advance(1);
  builds[1]?.();
  assert.ok(await opened);
  const silent = open();
  silent.catch(() => undefined);
  await env.advance(1);
  builds[2]?.(new GlobalNetError('timeout', 'no answer'));
  await assert.rejects(silent, /no answer/);
  assert.equal(builds.length, 3);
});

test('circuits: who has another point to try builds again where a hop refused, and gives up at the first silence', async () => {
  const { env, circuits, builds } = house();
  const last = { peer: openPeer(3).id, descriptorHash: EMPTY };
  const opened = circuits.openTo(last, EMPTY, 'visit', undefined, { isHasty: true });
  for (const refused of [0, 1]) {
    await env.advance(1);
    builds[refused]?.(new GlobalNetError('unreachable', 'the circuit ended before it was answered'));
  }
  await env.advance(1);
  builds[2]?.();
  assert.ok(await opened);
  const silent = circuits.openTo(last, EMPTY, 'visit', undefined, { isHasty: true });
  silent.catch(() => undefined);
  await env.advance(1);
  builds[3]?.(new GlobalNetError('timeout', 'no answer'));
  await assert.rejects(silent, /no answer/);
  assert.equal(builds.length, 4);
});
