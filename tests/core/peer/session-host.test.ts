import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EMPTY } from '../../../src/core/bytes/bytes.ts';
import { HOST_SESSIONS_MAX } from '../../../src/core/peer/constants.ts';
import { SessionHost } from '../../../src/core/peer/session-host.ts';
import type { Visit } from '../../../src/core/service/index.ts';
import { Session } from '../../../src/core/stream/index.ts';
import { STREAM } from '../../../src/core/wire/registry.ts';
import { FakeNetwork } from '../service/fake-network.ts';
import { pipePair } from '../../support/pipe-pair.ts';
import { testPeer } from '../../support/peers.ts';
import { testEnv } from '../../support/test-env.ts';

test('session host: visitors who come and ask nothing do not keep others out', async () => {
  const env = testEnv();
  const deps = new FakeNetwork(env).deps();
  let served = 0;
  const host = new SessionHost(deps, testPeer('host').identity, { [STREAM.site]: () => void served++ }, () => undefined);
  const visit = async (asks: boolean): Promise<void> => {
    const { a, b } = pipePair(env);
    const session = new Session(env, { opener: true, onStream: () => undefined });
    if (asks) session.open(STREAM.site, EMPTY);
    host.receive({ sessionId: session.id, resumes: false, messages: session.takeEarly(2000), pipe: b } as unknown as Visit);
    session.attach(a);
    await env.advance(1);
  };
  for (let i = 0; i < HOST_SESSIONS_MAX; i++) await visit(false);
  assert.equal(served, 0);
  await visit(true);
  await env.advance(1000);
  assert.equal(served, 1);
});
