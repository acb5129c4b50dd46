import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Session, type SessionStream } from '../../../src/core/stream/index.ts';
import { GROWTH_IDLE_MS, SESSION_UNREAD_MAX_BYTES, UNREAD_LOOK_EVERY_BYTES } from '../../../src/core/stream/constants.ts';
import { encodeMessage, readMessages } from '../../../src/core/wire/message.ts';
import { END, MESSAGE, STREAM } from '../../../src/core/wire/registry.ts';
import {
  decodeStreamCredit,
  encodeSessionResume,
  encodeStreamCredit,
  encodeStreamOpen,
  type StreamCredit,
  writeStreamDataHeader,
} from '../../../src/core/wire/stream.ts';
import { pipePair } from '../../support/pipe-pair.ts';
import { testEnv } from '../../support/test-env.ts';

const EMPTY = new Uint8Array(0);

describe('a peer that breaks the rules of sessions', () => {
  /** A session, and a pipe whose other end writes what it likes. */
  function victim() {
    const env = testEnv();
    const ends: number[] = [];
    const opened: SessionStream[] = [];
    const session = new Session(env, {
      opener: false,
      id: new Uint8Array(16),
      onStream: (stream) => void opened.push(stream),
      onEnd: (reason) => ends.push(reason),
    });
    const pair = pipePair(env, {});
    session.attach(pair.a);
    const answers: number[] = [];
    const heard: { onCredit?: (credit: StreamCredit) => void } = {};
    pair.b.handler = {
      onPayload(payload) {
        for (const { type, content } of readMessages(payload)) {
          answers.push(type);
          if (type === MESSAGE.streamCredit) heard.onCredit?.(decodeStreamCredit(content));
        }
        pair.b.consumed(1);
      },
      onReady() {},
      onClose() {},
    };
    const say = (type: number, content: Uint8Array): void => session.acceptEarly(encodeMessage(type, content));
    const open = (stream: number, creditBytes = 0): void =>
      say(MESSAGE.streamOpen, encodeStreamOpen({ stream, kind: STREAM.tcp, creditBytes, request: EMPTY }));
    return Object.assign(heard, { env, session, ends, opened, answers, say, open });
  }
  const data = (stream: number, offset: number, lengthBytes: number): Uint8Array => {
    const content = new Uint8Array(10 + lengthBytes);
    writeStreamDataHeader(content, 0, stream, offset);
    return content;
  };
  const resume = encodeSessionResume({ sessionId: new Uint8Array(16), lastPart: true, seen: 0, entries: [] });

  for (const { what, act } of [
    { what: 'data above its credit', act: (v: Victim) => v.say(MESSAGE.streamData, data(1, 0, 16385)) },
    { what: 'data that leaves a gap', act: (v: Victim) => v.say(MESSAGE.streamData, data(1, 5, 5)) },
    { what: 'data of a stream that was never opened', act: (v: Victim) => v.say(MESSAGE.streamData, data(3, 0, 5)) },
    { what: 'an open of our parity', act: (v: Victim) => v.open(2) },
    {
      what: 'an acknowledgement of what was never sent',
      act: (v: Victim) => v.say(MESSAGE.streamCredit, encodeStreamCredit({ stream: 1, received: 1, limit: 0 })),
    },
    { what: 'a message of the circuit', act: (v: Victim) => v.say(MESSAGE.circuitAck, new Uint8Array(10)) },
    {
      what: 'a second resume on one path',
      act: (v: Victim) => {
        v.say(
          MESSAGE.sessionResume,
          encodeSessionResume({ sessionId: new Uint8Array(16), lastPart: true, seen: 0, entries: [{ stream: 1, received: 0, limit: 0 }] }),
        );
        assert.deepEqual(v.ends, []);
        v.say(MESSAGE.sessionResume, resume);
      },
    },
    { what: 'a resume of another session', act: (v: Victim) => v.say(MESSAGE.sessionResume, new Uint8Array(21).fill(1, 0, 16)) },
  ]) {
    it(`${what} ends the session`, () => {
      const v = victim();
      v.open(1);
      act(v);
      assert.deepEqual(v.ends, [END.malformed]);
    });
  }

  it('data up to its credit, and data sent again, do not', async () => {
    const v = victim();
    v.open(1);
    v.say(MESSAGE.streamData, data(1, 0, 16384));
    v.say(MESSAGE.streamData, data(1, 100, 200));
    assert.deepEqual(v.ends, []);
    assert.equal(v.session.stats.receivedBytes, 16384);
  });

  it('a stream above STREAMS_MAX is refused', async () => {
    const v = victim();
    for (let i = 0; i < 1025; i++) v.open(1 + 2 * i);
    await v.env.advance(10);
    assert.equal(v.opened.length, 1024);
    assert.deepEqual(v.answers, [MESSAGE.streamReset]);
    assert.deepEqual(v.ends, []);
  });

  it('a reader that grants much and acknowledges nothing is sent no more than is kept', async () => {
    const env = testEnv();
    const session = new Session(env, {
      opener: false,
      onStream: (stream) => void stream.write(new Uint8Array(3_000_000)),
      sentKeepBytes: 500_000,
    });
    const pair = pipePair(env, { window: 10_000 });
    session.attach(pair.a);
    session.acceptEarly(
      encodeMessage(MESSAGE.streamOpen, encodeStreamOpen({ stream: 1, kind: STREAM.site, creditBytes: 0xffffffff, request: EMPTY })),
    );
    await env.advance(1000);
    assert.equal(session.stats.sentBytes, 500_000);
    assert.equal(session.stats.unackedBytes, 500_000);
    session.acceptEarly(encodeMessage(MESSAGE.streamCredit, encodeStreamCredit({ stream: 1, received: 100_000, limit: 0 })));
    await env.advance(1000);
    assert.equal(session.stats.sentBytes, 600_000);
  });

  it('a peer that fills at once what many streams were granted one after the other loses streams, and is held no more than the bound', async () => {
    const v = victim();
    const limits = new Map<number, number>();
    v.onCredit = (credit) => void limits.set(credit.stream, credit.limit);
    const sent: number[] = [];
    const fill = async (i: number): Promise<void> => {
      for (const part = 60_000; (sent[i] as number) < (limits.get(2 * i + 1) ?? 16_384); ) {
        const lengthBytes = Math.min(part, (limits.get(2 * i + 1) ?? 16_384) - (sent[i] as number));
        v.say(MESSAGE.streamData, data(2 * i + 1, sent[i] as number, lengthBytes));
        sent[i] = (sent[i] as number) + lengthBytes;
      }
      await v.env.advance(1);
    };
    for (let i = 0; i < 6; i++) {
      v.open(2 * i + 1);
      sent[i] = 0;
      while ((sent[i] as number) < 12_000_000) {
        await fill(i);
        for (const stream = v.opened[i] as SessionStream; v.session.stats.unreadBytes > 0; ) await stream.read();
        await v.env.advance(1);
      }
      await v.env.advance(GROWTH_IDLE_MS);
    }
    assert.ok([...limits].reduce((sum, [, limit]) => sum + limit, 0) - sent.reduce((a, b) => a + b) > SESSION_UNREAD_MAX_BYTES);
    let most = 0;
    for (let i = 0; i < 6; i++) {
      await fill(i);
      most = Math.max(most, v.session.stats.unreadBytes);
    }
    assert.deepEqual(v.ends, []);
    assert.ok(v.answers.includes(MESSAGE.streamReset));
    assert.ok(most <= SESSION_UNREAD_MAX_BYTES + UNREAD_LOOK_EVERY_BYTES, `${most} bytes`);
  });

  type Victim = ReturnType<typeof victim>;
});
