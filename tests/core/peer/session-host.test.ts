import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EMPTY } from '../../../src/core/bytes/bytes.ts';
import { HOST_SESSIONS_MAX } from '../../../src/core/peer/constants.ts';
import { SessionHost } from '../../../src/core/peer/session-host.ts';
import { Session, type SessionStream } from '../../../src/core/stream/index.ts';
import { CLOSE, STREAM } from '../../../src/core/wire/registry.ts';
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
    host.receive({ sessionId: session.id, resumes: false, number: 1, messages: session.takeEarly(2000), pipe: b, guest: undefined });
    session.attach(a);
    await env.advance(1);
  };
  for (let i = 0; i < HOST_SESSIONS_MAX; i++) await visit(false);
  assert.equal(served, 0);
  await visit(true);
  await env.advance(1000);
  assert.equal(served, 1);
});

test('session host: a visitor comes by a new path before the end of the old one is heard of: both ends go on', async () => {
  const env = testEnv();
  const served: SessionStream[] = [];
  const host = new SessionHost(
    new FakeNetwork(env).deps(),
    testPeer('host').identity,
    { [STREAM.site]: (stream) => void served.push(stream) },
    () => undefined,
  );
  const visitor = new Session(env, { opener: true, onStream: () => undefined });
  let number = 0;
  const come = async (resumes: boolean): Promise<void> => {
    const { a, b } = pipePair(env);
    visitor.detach();
    host.receive({ sessionId: visitor.id, resumes, number: ++number, messages: visitor.takeEarly(2000), pipe: b, guest: undefined });
    visitor.attach(a);
    await env.advance(1000);
  };
  const stream = visitor.open(STREAM.site, EMPTY);
  await come(false);
  await come(true);
  await (served[0] as SessionStream).write(Uint8Array.of(1, 2, 3));
  await env.advance(1000);
  assert.deepEqual(await stream.read(), Uint8Array.of(1, 2, 3));
});

test('session host: a hello that a hop held up, and that comes after a later one of its session, moves nothing', async () => {
  const env = testEnv();
  const served: SessionStream[] = [];
  const handlers = { [STREAM.site]: (stream: SessionStream) => void served.push(stream) };
  const host = new SessionHost(new FakeNetwork(env).deps(), testPeer('host').identity, handlers, () => undefined);
  const visitor = new Session(env, { opener: true, onStream: () => undefined });
  const stream = visitor.open(STREAM.site, EMPTY);
  const messages = visitor.takeEarly(2000);
  const come = (number: number) => {
    const pair = pipePair(env);
    host.receive({ sessionId: visitor.id, resumes: false, number, messages, pipe: pair.b, guest: undefined });
    return pair.a;
  };
  visitor.attach(come(2));
  const late = come(1);
  await env.advance(1000);
  assert.equal(late.closed, CLOSE.ended);
  await (served[0] as SessionStream).write(Uint8Array.of(1, 2, 3));
  await env.advance(1000);
  assert.deepEqual(await stream.read(), Uint8Array.of(1, 2, 3));
  assert.equal(served.length, 1);
});
