/** A visitor's haste: what he gives up, for how long, and what he comes back to. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GlobalNetError } from '../../../src/core/bytes/errors.ts';
import { ServiceVisitor } from '../../../src/core/service/index.ts';
import { testEnv } from '../../support/test-env.ts';
import { connect, started, type Scene } from './fixture.ts';

test('a visitor who meets silence behind a point goes on to the next one, and the service then asks at its other points', async () => {
  const made = await started();
  const { env, network } = made;
  const points = made.host.status().points.map((peer) => network.at(peer));
  const circuits = points.map(({ circuits: [last] }) => last!.other);
  const [hung] = circuits;
  hung!.handler = undefined; // nothing that comes is heard
  const asked = (): number[] => circuits.map(({ messages }) => messages.length);
  assert.deepEqual(asked(), [0, 0, 0]);
  for (let i = 0; i < 20 && asked()[0] === 0; i++) {
    const beganMs = env.now();
    const { point } = await connect(
      { ...made, visitor: new ServiceVisitor(network.deps(testEnv({ seed: `visitor ${i}`, clock: env.clock }))) },
      'a',
    );
    assert.notEqual(point, points[0]!.peer);
    assert.ok(env.now() - beganMs < 2_500, `${env.now() - beganMs} ms`);
    await env.advance(1_000);
  }
  const [atHung, ...others] = asked();
  assert.equal(atHung, 1);
  assert.deepEqual(others.sort(), [0, 1], 'all but the point that the visitor came by in the end');
  await connect(made, 'b');
  await env.advance(1_000);
  assert.equal(asked()[0], 1, 'not with every visitor');
});

/** A visitor that remembers nothing, whose circuits may fail before they stand. */
function visitorWith(made: Scene, seed: string, fails: (point: string, isHasty: boolean) => GlobalNetError | undefined): Scene {
  const deps = made.network.deps(testEnv({ seed, clock: made.env.clock }));
  const openTo: typeof deps.circuits.openTo = async (last, early, isolation, signal, wish = {}) => {
    const failure = fails(last.peer, wish.isHasty ?? false);
    if (failure !== undefined) throw failure;
    return deps.circuits.openTo(last, early, isolation, signal, wish);
  };
  return { ...made, visitor: new ServiceVisitor({ ...deps, circuits: { openTo } }) };
}

test('a path of ours that cannot be built costs no point: each is tried once more', async () => {
  const made = await started();
  const asked: string[] = [];
  const failing = visitorWith(made, 'broken', (point) => {
    asked.push(point);
    return asked.length <= 3 ? new GlobalNetError('unreachable', 'the circuit ended before it was answered') : undefined;
  });
  const { point } = await connect(failing, 'a');
  assert.equal(new Set(asked.slice(0, 3)).size, 3);
  assert.deepEqual(asked.slice(3), [point]);
  const dead = visitorWith(made, 'dead', () => new GlobalNetError('unreachable', 'no path'));
  await assert.rejects(connect(dead, 'a'), { kind: 'unserved' });
});

test('where all is slow, haste finds nothing: each point is then given the time that it takes', async () => {
  const made = await started();
  for (const hung of made.host.status().points) {
    const slow = visitorWith(made, `slow ${hung}`, (point, isHasty) =>
      isHasty || point === hung ? new GlobalNetError('timeout', 'no answer in time') : undefined,
    );
    assert.notEqual((await connect(slow, 'a')).point, hung);
  }
});
