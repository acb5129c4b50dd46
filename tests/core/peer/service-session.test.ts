import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { GlobalNetError } from '../../../src/core/bytes/errors.ts';
import { ServiceSession } from '../../../src/core/peer/service-session.ts';
import type { Pipe } from '../../../src/core/ports.ts';
import type { ConnectOptions, ServiceConnection } from '../../../src/core/service/index.ts';
import { CLOSE, STREAM } from '../../../src/core/wire/registry.ts';
import { testEnv } from '../../support/test-env.ts';

const NOTHING = new Uint8Array(0);

function pipe(): Pipe {
  return {
    payloadBytes: 1000,
    ready: true,
    roundTripMs: undefined,
    handler: undefined,
    send: () => undefined,
    consumed: () => undefined,
    close: () => undefined,
  };
}

function house() {
  const env = testEnv();
  const visits: { options: ConnectOptions; let: (pipe: Pipe) => void }[] = [];
  const connect = (_address: string, options: ConnectOptions): Promise<ServiceConnection> =>
    new Promise((resolve) => {
      const through = (pipe: Pipe): void =>
        resolve({ pipe, messages: NOTHING, hops: [], sessionId: options.sessionId } as unknown as ServiceConnection);
      visits.push({ options, let: through });
    });
  const find = (): Promise<void> => Promise.resolve();
  const service = new ServiceSession(env, { find, connect }, 'address', {
    onPath: () => undefined,
    onPathLost: () => undefined,
    onContested: () => undefined,
  });
  return { env, service, visits };
}

test('service session: who opens a stream while an old session still looks for a path gets a path of its own', async () => {
  const { env, service, visits } = house();
  const first = pipe();
  const opened = service.openStream(STREAM.site, NOTHING);
  await env.advance(1);
  visits[0]!.let(first);
  await opened;
  first.handler!.onClose(CLOSE.ended);
  await env.advance(130_000); // longer than a session without a path lives
  assert.equal(visits.length, 2);
  let done: 'opened' | GlobalNetError | undefined;
  service.openStream(STREAM.site, NOTHING).then(
    () => (done = 'opened'),
    (error) => (done = error),
  );
  await env.advance(1);
  visits[1]!.let(pipe());
  await env.advance(10_000);
  assert.equal(visits.length, 3);
  assert.notDeepEqual(visits[2]!.options.sessionId, visits[1]!.options.sessionId);
  visits[2]!.let(pipe());
  await env.advance(1);
  assert.equal(done, 'opened');
  assert.ok(service.attached);
});
