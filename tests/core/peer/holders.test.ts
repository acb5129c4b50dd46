/** One invitation, two programs that use it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EMPTY } from '../../../src/core/bytes/bytes.ts';
import { CHALLENGE_MS, CHALLENGERS_MAX, CONTESTED_MS, WARN_EVERY_MS } from '../../../src/core/peer/constants.ts';
import { ServiceSession } from '../../../src/core/peer/service-session.ts';
import { SessionHost } from '../../../src/core/peer/session-host.ts';
import type { ConnectOptions, ServiceInvitation } from '../../../src/core/service/index.ts';
import { Session, type SessionStream, StreamReset } from '../../../src/core/stream/index.ts';
import { sleep } from '../../../src/core/env.ts';
import { CLOSE, END, HOLDER, STREAM } from '../../../src/core/wire/registry.ts';
import type { SessionHolder } from '../../../src/core/wire/stream.ts';
import { pipePair } from '../../support/pipe-pair.ts';
import { testPeer } from '../../support/peers.ts';
import { testEnv } from '../../support/test-env.ts';
import { FakeNetwork } from '../service/fake-network.ts';

const ANNA: ServiceInvitation = { name: 'anna', secret: new Uint8Array(32).fill(1) };
const BOB: ServiceInvitation = { name: 'bob', secret: new Uint8Array(32).fill(2) };

interface Program {
  readonly service: ServiceSession;
  /** What its user was told: 'refused', or 'warned' of another that was. */
  readonly told: string[];
  /** Its paths break, and no new one is found until this is false. */
  isCutOff: boolean;
  cut(): void;
}

/** A service that accepts every stream, and programs that come to it: pipes are only time. */
function house() {
  const env = testEnv();
  const served: SessionStream[] = [];
  const identity = testPeer('host').identity;
  const serve = (stream: SessionStream): void => {
    stream.accept();
    served.push(stream);
  };
  const handlers = { [STREAM.tcp]: serve };
  const options = { invitations: [ANNA, BOB] };
  const host = new SessionHost(new FakeNetwork(env).deps(env, true), identity, handlers, () => undefined, options);

  const program = (holder: string, invitation = ANNA): Program => {
    const pipes: ReturnType<typeof pipePair>[] = [];
    const connect = async (_: string, { sessionId, resumes, hellos, messages }: ConnectOptions) => {
      if (made.isCutOff) {
        await sleep(env, 1000);
        throw new Error('no path');
      }
      const pair = pipePair(env, { delayMs: 50 });
      pipes.push(pair);
      const number = ++hellos!.made;
      env.schedule(50, () =>
        host.receive({ sessionId: sessionId!, resumes: resumes ?? false, number, messages, pipe: pair.b, guest: { invitation, holder } }),
      );
      return { pipe: pair.a, sessionId: sessionId!, messages: EMPTY, point: 'p' as never, hops: [] };
    };
    const events = {
      onPath: () => undefined,
      onPathLost: () => undefined,
      onContested: (isRefused: boolean) => void made.told.push(isRefused ? 'refused' : 'warned'),
    };
    const service = new ServiceSession(env, { find: async () => undefined, connect }, 'address', events);
    const made: Program = {
      service,
      told: [],
      isCutOff: false,
      cut() {
        made.isCutOff = true;
        for (const { a, b } of pipes.splice(0)) {
          a.close(CLOSE.linkLost);
          b.close(CLOSE.linkLost);
          b.handler?.onClose(CLOSE.linkLost);
          a.handler?.onClose(CLOSE.linkLost);
        }
      },
    };
    return made;
  };
  /** Opens a stream: how it went, once the clock has run so long. */
  const open = async ({ service }: Program, withinMs: number): Promise<string> => {
    let outcome = 'waits';
    const stream = await service.openStream(STREAM.tcp, EMPTY).catch((error: Error) => error);
    if (stream instanceof Error) return stream.message;
    stream.connected.then(
      () => (outcome = 'open'),
      (error) => (outcome = error instanceof StreamReset && error.reason === END.refused ? 'refused' : String(error)),
    );
    await env.advance(withinMs);
    return outcome;
  };
  /** A session that answers nothing by itself. */
  const come = async (holder: string) => {
    const heard: SessionHolder[] = [];
    const session = new Session(env, { opener: true, onStream: () => undefined, onHolder: (message) => void heard.push(message) });
    session.open(STREAM.tcp, EMPTY);
    const { a, b } = pipePair(env, { delayMs: 1 });
    const guest = { invitation: ANNA, holder };
    host.receive({ sessionId: session.id, resumes: false, number: 1, messages: session.takeEarly(2000), pipe: b, guest });
    session.attach(a);
    await env.advance(100);
    return { session, heard };
  };
  return { env, host, served, program, open, come };
}

test('holders: while the first one answers, a second one is refused, and both are told', async () => {
  const { env, program, open } = house();
  const [first, second] = [program('first'), program('second')];
  assert.equal(await open(first, 200), 'open');
  assert.equal(await open(second, 1000), 'refused');
  assert.deepEqual([first.told, second.told], [['warned'], ['refused']]);
  assert.equal(await open(first, 200), 'open', 'the first goes on');
  assert.match(await open(second, 0), /another program uses your invitation/);
  await env.advance(CONTESTED_MS);
  assert.equal(await open(second, 1000), 'refused');
  assert.deepEqual([first.told, second.told], [['warned'], ['refused', 'refused']], 'a thief who knocks all day is told of once a minute');
  await env.advance(WARN_EVERY_MS);
  assert.equal(await open(second, 1000), 'refused');
  assert.deepEqual(first.told, ['warned', 'warned']);
});

test('holders: when the first one is silent for ten seconds, the second one comes in with what it has asked', async () => {
  const { env, served, program, open } = house();
  const [first, second] = [program('first'), program('second')];
  assert.equal(await open(first, 200), 'open');
  first.cut();
  assert.equal(await open(second, CHALLENGE_MS - 1000), 'waits');
  await env.advance(2000);
  assert.equal(served.length, 2);
  assert.deepEqual(second.told, []);
  assert.equal(await open(second, 200), 'open');
});

test('holders: a first one whose path died, and who comes back within ten seconds, answers then', async () => {
  const { env, program, open } = house();
  const [first, second] = [program('first'), program('second')];
  assert.equal(await open(first, 200), 'open');
  first.cut();
  assert.equal(await open(second, 3000), 'waits');
  first.isCutOff = false;
  await env.advance(CHALLENGE_MS);
  assert.deepEqual([first.told, second.told], [['warned'], ['refused']]);
});

test('holders: a first one that yielded finds the second one there when it comes back', async () => {
  const { env, program, open } = house();
  const [first, second] = [program('first'), program('second')];
  await open(first, 200);
  first.cut();
  await open(second, CHALLENGE_MS + 1000);
  first.isCutOff = false;
  await env.advance(60_000);
  assert.equal(await open(first, 1000), 'refused');
  assert.deepEqual([first.told, second.told], [['refused'], ['warned']]);
});

test('holders: who has left is not asked, so that a program that was started again is in at once', async () => {
  const { env, program, open } = house();
  const [first, second] = [program('first'), program('second')];
  await open(first, 200);
  first.service.close();
  await env.advance(1000);
  assert.equal(await open(second, 200), 'open');
});

test('holders: one program may have many sessions, and other invitations are not its affair', async () => {
  const { program, open } = house();
  const [first, alike, bob] = [program('first'), program('first'), program('bob', BOB)];
  for (const one of [first, alike, bob]) assert.equal(await open(one, 200), 'open');
  assert.deepEqual([first.told, alike.told, bob.told], [[], [], []]);
});

test('holders: a session is its holder’s own: who knows its id, and is invited too, does not get in', async () => {
  const { env, come, host } = house();
  const first = await come('first');
  for (const guest of [
    { invitation: BOB, holder: 'bob' },
    { invitation: ANNA, holder: 'second' },
  ]) {
    const { a, b } = pipePair(env, { delayMs: 1 });
    host.receive({ sessionId: first.session.id, resumes: true, number: 2, messages: EMPTY, pipe: b, guest });
    await env.advance(100);
    assert.equal(a.closed, CLOSE.ended);
  }
  assert.equal(first.session.attached, true);
  assert.deepEqual(first.heard, []);
});

test('holders: of those who wait, one holder comes in and the rest are refused; of too many, the last are turned away', async () => {
  const { env, program, open } = house();
  const first = program('first');
  await open(first, 200);
  first.cut();
  const others = Array.from({ length: CHALLENGERS_MAX + 2 }, (_, i) => program(i < 2 ? 'second' : `other ${i}`));
  for (const other of others) assert.equal(await open(other, 60), 'waits');
  await env.advance(CHALLENGE_MS + 1000);
  const refused = others.map(({ told }) => told.includes('refused'));
  assert.deepEqual(refused.slice(0, CHALLENGERS_MAX), [false, false, ...Array<boolean>(CHALLENGERS_MAX - 2).fill(true)]);
  for (const { service } of others.slice(0, 2)) assert.equal(service.attached, true);
});

test('holders: an answer that was given before the challenge, or to another one, counts for nothing', async () => {
  const { env, come, program, open } = house();
  const [first, second] = [await come('first'), program('second')];
  const guess = { kind: HOLDER.here, token: new Uint8Array(16) };
  first.session.tell(guess);
  assert.equal(await open(second, 1000), 'waits');
  assert.equal(first.heard[0]?.kind, HOLDER.challenge);
  first.session.tell(guess);
  first.session.tell({ kind: HOLDER.refused, token: guess.token });
  await env.advance(CHALLENGE_MS);
  assert.deepEqual(second.told, []);
  assert.equal(second.service.attached, true);
  assert.equal(first.session.ended || !first.session.attached, true);
});

test('holders: whose invitation is taken back loses its sessions at once, and nobody else', async () => {
  const { env, host, program, open } = house();
  const [anna, bob] = [program('first'), program('bob', BOB)];
  await open(anna, 200);
  const outcome = anna.service
    .openStream(STREAM.tcp, EMPTY)
    .then(async (stream) => stream.read().catch((error: StreamReset) => error.reason));
  await open(bob, 200);
  host.invite([BOB]);
  await env.advance(1000);
  assert.equal(await outcome, END.refused);
  assert.equal(bob.service.attached, true);
  assert.equal(anna.service.attached, false);
});
