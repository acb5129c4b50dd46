/** What an inbox does with streams, and a sender with inboxes, over sessions in memory. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { concat, EMPTY } from '../../../src/core/bytes/bytes.ts';
import { GlobalNetError } from '../../../src/core/bytes/errors.ts';
import { sleep } from '../../../src/core/env.ts';
import {
  INBOX_AT_ONCE_MAX,
  INBOX_RECEIVE_MS,
  INBOX_SESSION_MESSAGES_MAX,
  type Inbox,
  InboxReception,
  SEND_TRIES,
} from '../../../src/core/inbox/index.ts';
import { Messages } from '../../../src/core/peer/index.ts';
import type { ServiceConnection } from '../../../src/core/service/index.ts';
import { readAll, Session, type SessionStream, StreamReset } from '../../../src/core/stream/index.ts';
import { decodeAddress, encodeAddress } from '../../../src/core/wire/address.ts';
import { encodeInboxMessage, type InboxMessage } from '../../../src/core/wire/inbox.ts';
import { END, INBOX, STREAM } from '../../../src/core/wire/registry.ts';
import { pipePair } from '../../support/pipe-pair.ts';
import { testPeer } from '../../support/peers.ts';
import { type TestEnv, testEnv } from '../../support/test-env.ts';

const { publicKey: KEY } = testPeer('inbox').identity;
const ADDRESS = encodeAddress(KEY);

function house(env: TestEnv, inbox: Inbox) {
  const reception = new InboxReception(env, KEY, inbox);
  /** A visitor's session, and the inbox's end of it. */
  const visit = (): { visitor: Session; cut(): void } => {
    const visitor: Session = new Session(env, { opener: true, onStream: () => undefined });
    const host: Session = new Session(env, {
      opener: false,
      id: visitor.id,
      onStream: (stream) => void reception.receive(stream, host),
    });
    const { a, b, cut } = pipePair(env, { delayMs: 10 });
    visitor.attach(a);
    host.attach(b);
    return { visitor, cut };
  };
  return { visit };
}

let drawn = 0;
function message(env: TestEnv, text: string): Uint8Array {
  return encodeInboxMessage(env.crypto, { id: new Uint8Array(16).fill(++drawn), text }, KEY);
}

async function ask(visitor: Session, bytes: Uint8Array, request: Uint8Array = EMPTY): Promise<number | undefined> {
  const stream = visitor.open(STREAM.message, request);
  void stream.write(bytes).catch(() => undefined);
  return (await readAll(stream, 1))[0];
}

const resetBy = (reason: number) => (error: unknown) => error instanceof StreamReset && error.reason === reason;

/** Keeps every message, in memory. */
class Kept implements Inbox {
  readonly messages: InboxMessage[] = [];

  async keep(one: InboxMessage): Promise<typeof INBOX.kept> {
    this.messages.push(one);
    return INBOX.kept;
  }
}

test('inbox: a message is answered before its sender has ended; so is one that finds no room', async () => {
  const [env, kept] = [testEnv(), new Kept()];
  const { visitor } = house(env, kept).visit();
  assert.equal(await env.clock.runFor(ask(visitor, message(env, 'hello'))), INBOX.kept);
  assert.deepEqual(
    kept.messages.map(({ text }) => text),
    ['hello'],
  );
  const full = house(env, { keep: async () => INBOX.full }).visit();
  assert.equal(await env.clock.runFor(ask(full.visitor, message(env, 'x'.repeat(16_000)))), INBOX.full);
});

test('inbox: what is no message is refused, and what cannot be kept is said', async () => {
  const [env, kept] = [testEnv(), new Kept()];
  const { visitor } = house(env, kept).visit();
  const forged = message(env, 'hello');
  forged[1] = 1;
  await assert.rejects(env.clock.runFor(ask(visitor, forged)), resetBy(END.malformed));
  await assert.rejects(env.clock.runFor(ask(visitor, message(env, 'hello'), Uint8Array.of(1))), resetBy(END.malformed));
  const longer = concat(message(env, 'hello'), new Uint8Array(1));
  await assert.rejects(env.clock.runFor(ask(visitor, longer)), resetBy(END.malformed));
  const cut = visitor.open(STREAM.message, EMPTY);
  void cut.write(message(env, 'hello').subarray(0, -1));
  cut.end();
  await assert.rejects(env.clock.runFor(cut.read()), resetBy(END.malformed));
  assert.equal(kept.messages.length, 0);
  const broken = house(env, { keep: () => Promise.reject(new Error('a disk')) }).visit();
  await assert.rejects(env.clock.runFor(ask(broken.visitor, message(env, 'hello'))), resetBy(END.internal));
  assert.match(env.logged.map((line) => line.message).join(), /could not be kept: Error: a disk/);
});

test('inbox: one session brings so many messages, all sessions so many at a time, and a slow one has a minute', async () => {
  const [env, kept] = [testEnv(), new Kept()];
  const { visit } = house(env, kept);
  const { visitor } = visit();
  for (let i = 0; i < INBOX_SESSION_MESSAGES_MAX; i++) await env.clock.runFor(ask(visitor, message(env, String(i))));
  await assert.rejects(env.clock.runFor(ask(visitor, message(env, 'one more'))), resetBy(END.full));
  const slow: SessionStream[] = [];
  for (let i = 0; i < INBOX_AT_ONCE_MAX; i++) {
    const stream = visit().visitor.open(STREAM.message, EMPTY);
    void stream.write(Uint8Array.of(1));
    slow.push(stream);
  }
  await env.advance(1000);
  await assert.rejects(env.clock.runFor(ask(visit().visitor, message(env, 'no room'))), resetBy(END.full));
  const ends = slow.map((stream) => assert.rejects(stream.read(), resetBy(END.timeout)));
  await env.advance(INBOX_RECEIVE_MS);
  await Promise.all(ends);
  assert.equal(await env.clock.runFor(ask(visit().visitor, message(env, 'room again'))), INBOX.kept);
  assert.equal(kept.messages.length, INBOX_SESSION_MESSAGES_MAX + 1);
});

/** Sends by way of these inboxes, one for each try; undefined: nobody answers. */
function sender(env: TestEnv, inboxes: readonly (Inbox | undefined)[]) {
  const sessions: Session[] = [];
  let tries = 0;
  const connect = async (
    _: string,
    { sessionId, messages }: { sessionId?: Uint8Array; messages: Uint8Array },
  ): Promise<ServiceConnection> => {
    await sleep(env, 10);
    const inbox = inboxes[Math.min(tries++, inboxes.length - 1)];
    if (inbox === undefined) throw new GlobalNetError('unserved', 'nobody answers');
    const reception = new InboxReception(env, KEY, inbox);
    const host: Session = new Session(env, {
      opener: false,
      ...(sessionId === undefined ? {} : { id: sessionId }),
      onStream: (stream) => void reception.receive(stream, host),
    });
    const { a: pipe, b } = pipePair(env, { delayMs: 10 });
    host.acceptEarly(messages);
    host.attach(b);
    sessions.push(host);
    return { pipe, messages: EMPTY, sessionId, hops: [] } as unknown as ServiceConnection;
  };
  const messages = new Messages({
    env,
    visitor: { find: async () => undefined, connect },
    ready: async () => undefined,
    onEvent: () => undefined,
  });
  return { messages, sessions, tries: () => tries };
}

test('sender: an inbox that dies between keeping and answering is told again, by the id that it knows', async () => {
  const [env, kept] = [testEnv(), new Kept()];
  const dies: Inbox = {
    async keep(one) {
      kept.messages.push(one);
      sessions[0]?.end(END.sessionLost);
      return INBOX.kept;
    },
  };
  const { messages, sessions } = sender(env, [dies, undefined, kept]);
  const id = await env.clock.runFor(messages.send(ADDRESS.toUpperCase(), 'hello'));
  assert.deepEqual(
    kept.messages.map((one) => one.id),
    [id, id],
  );
  assert.equal(messages.sessions().length, 0);
});

test('sender: says why a message was not taken, and does not try again where that is in vain', async () => {
  const env = testEnv();
  const wrong = `a${ADDRESS.slice(1)}`;
  for (const [inboxes, address, text, kind, words, tries] of [
    [[], wrong, 'hello', 'malformed', /checksum/, 0],
    [[], ADDRESS, '', 'malformed', /empty/, 0],
    [[], ADDRESS, 'ü'.repeat(8_135), 'malformed', /16270 bytes, and a message holds at most 16268/, 0],
    [[undefined], ADDRESS, 'hello', 'unserved', /nobody answers/, SEND_TRIES],
    [[{ keep: async () => INBOX.full }], ADDRESS, 'hello', 'full', /the inbox is full/, 1],
    [[{ keep: () => Promise.reject(new Error('a disk')) }], ADDRESS, 'hello', 'refused', /could not keep/, 1],
    [
      [{ keep: () => new Promise(() => undefined) }],
      ADDRESS,
      'hello',
      'timeout',
      /no answer within 60 s: it may have kept the message or not/,
      1,
    ],
  ] as [(Inbox | undefined)[], string, string, string, RegExp, number][]) {
    const { messages, tries: tried } = sender(env, inboxes);
    await assert.rejects(env.clock.runFor(messages.send(address, text)), { kind, message: words });
    assert.equal(tried(), tries, words.source);
  }
});

test('sender: gives an inbox up that goes away each time, and stops when it is told to', async () => {
  const env = testEnv();
  const dies: Inbox = {
    async keep() {
      sessions.at(-1)?.end(END.sessionLost);
      return INBOX.kept;
    },
  };
  const { messages, sessions, tries } = sender(env, [dies]);
  await assert.rejects(env.clock.runFor(messages.send(ADDRESS, 'hello')), {
    kind: 'unserved',
    message: /the inbox went away: it may have kept/,
  });
  assert.equal(tries(), SEND_TRIES);
  const silent = sender(env, [{ keep: () => new Promise(() => undefined) }]).messages;
  const stopped = assert.rejects(silent.send(ADDRESS, 'hello'), { kind: 'cancelled' });
  await env.advance(1000);
  assert.equal(silent.sessions().length, 1);
  silent.stop();
  await env.clock.runFor(stopped);
});

test('sender: a signature is of the key it was signed by', async () => {
  const [env, kept] = [testEnv(), new Kept()];
  const { identity } = testPeer('anna');
  const { messages } = sender(env, [kept]);
  await env.clock.runFor(messages.send(ADDRESS, 'signed', identity));
  await env.clock.runFor(messages.send(ADDRESS, 'not signed'));
  assert.deepEqual(
    kept.messages.map(({ signedBy }) => signedBy),
    [identity.publicKey, undefined],
  );
  assert.deepEqual(decodeAddress(ADDRESS), KEY);
});
