import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { concat, DecodeError } from '../../../src/core/bytes/index.ts';
import { CircuitChannels, Session } from '../../../src/core/stream/index.ts';
import * as channel from '../../../src/core/wire/channel.ts';
import { CELL_BODY_BYTES, CHANNEL_BYTES, SESSION_ID_BYTES } from '../../../src/core/wire/geometry.ts';
import { encodeMessage } from '../../../src/core/wire/message.ts';
import { CLOSE, END, MESSAGE, STREAM } from '../../../src/core/wire/registry.ts';
import * as stream from '../../../src/core/wire/stream.ts';
import { circuitPair } from '../../support/circuit-pair.ts';
import { pipePair } from '../../support/pipe-pair.ts';
import { testEnv } from '../../support/test-env.ts';

const u32 = fc.integer({ min: 1, max: 0xffffffff });
const u48 = fc.integer({ min: 0, max: 2 ** 48 - 1 });
const credit = fc.record({ stream: u32, received: u48, limit: u48 });

/** Each message: values, what encodes them, what decodes the bytes. */
const CODECS: readonly {
  name: string;
  type: number;
  value: fc.Arbitrary<unknown>;
  encode(value: never): Uint8Array;
  decode(bytes: Uint8Array): unknown;
}[] = [
  {
    name: 'circuitAck',
    type: MESSAGE.circuitAck,
    value: fc.record({ cells: u32, echo: u32, heldMs: fc.integer({ min: 0, max: 0xffff }) }),
    encode: channel.encodeCircuitAck,
    decode: channel.decodeCircuitAck,
  },
  {
    name: 'channelCredit',
    type: MESSAGE.channelCredit,
    value: fc.record({ channel: u32, limit: u32 }),
    encode: channel.encodeChannelCredit,
    decode: channel.decodeChannelCredit,
  },
  {
    name: 'channelClose',
    type: MESSAGE.channelClose,
    value: fc.record({ channel: u32, reason: fc.integer({ min: 0, max: 255 }) }),
    encode: channel.encodeChannelClose,
    decode: channel.decodeChannelClose,
  },
  {
    name: 'streamOpen',
    type: MESSAGE.streamOpen,
    value: fc.record({
      stream: u32,
      kind: fc.integer({ min: 0, max: 255 }),
      creditBytes: u32,
      request: fc.uint8Array({ maxLength: 2048 }),
    }),
    encode: stream.encodeStreamOpen,
    decode: stream.decodeStreamOpen,
  },
  {
    name: 'streamConnected',
    type: MESSAGE.streamConnected,
    value: u32,
    encode: stream.encodeStreamConnected,
    decode: stream.decodeStreamConnected,
  },
  {
    name: 'streamData',
    type: MESSAGE.streamData,
    value: fc.record({ stream: u32, offset: u48, bytes: fc.uint8Array({ maxLength: 100 }) }),
    encode(data: { stream: number; offset: number; bytes: Uint8Array }) {
      const content = new Uint8Array(10 + data.bytes.length);
      stream.writeStreamDataHeader(content, 0, data.stream, data.offset);
      content.set(data.bytes, 10);
      return content;
    },
    decode: stream.decodeStreamData,
  },
  { name: 'streamCredit', type: MESSAGE.streamCredit, value: credit, encode: stream.encodeStreamCredit, decode: stream.decodeStreamCredit },
  {
    name: 'streamEnd',
    type: MESSAGE.streamEnd,
    value: fc.record({ stream: u32, final: u48 }),
    encode: stream.encodeStreamEnd,
    decode: stream.decodeStreamEnd,
  },
  {
    name: 'streamReset',
    type: MESSAGE.streamReset,
    value: fc.record({ stream: u32, reason: fc.integer({ min: 0, max: 255 }) }),
    encode: stream.encodeStreamReset,
    decode: stream.decodeStreamReset,
  },
  {
    name: 'sessionResume',
    type: MESSAGE.sessionResume,
    value: fc.record({
      sessionId: fc.uint8Array({ minLength: SESSION_ID_BYTES, maxLength: SESSION_ID_BYTES }),
      lastPart: fc.boolean(),
      seen: u32,
      entries: fc.array(credit, { maxLength: 20 }),
    }),
    encode: stream.encodeSessionResume,
    decode: stream.decodeSessionResume,
  },
  {
    name: 'sessionHolder',
    type: MESSAGE.sessionHolder,
    value: fc.record({ kind: fc.integer({ min: 0, max: 255 }), token: fc.uint8Array({ minLength: 16, maxLength: 16 }) }),
    encode: stream.encodeSessionHolder,
    decode: stream.decodeSessionHolder,
  },
];

const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value, (_, v) => (v instanceof Uint8Array ? [...v] : v)));

for (const { name, value, encode, decode } of CODECS) {
  describe(name, () => {
    it('is decoded as it was encoded', () => {
      fc.assert(
        fc.property(value, (v) => assert.deepEqual(plain(decode(encode(v as never))), plain(v))),
        { seed: 1 },
      );
    });

    it('answers any bytes with a value or a DecodeError', () => {
      const mutated = fc.tuple(value, fc.nat(), fc.nat(255), fc.integer({ min: -3, max: 3 })).map(([v, at, byte, longer]) => {
        const bytes = encode(v as never);
        const changed = new Uint8Array(Math.max(0, bytes.length + longer));
        changed.set(bytes.subarray(0, changed.length));
        if (changed.length > 0) changed[at % changed.length] = byte;
        return changed;
      });
      fc.assert(
        fc.property(fc.oneof(fc.uint8Array({ maxLength: 64 }), mutated), (bytes) => {
          try {
            decode(bytes);
          } catch (error) {
            assert.ok(error instanceof DecodeError, String(error));
          }
        }),
        { seed: 2, numRuns: 300 },
      );
    });
  });
}

/** Messages that are well formed, of few streams and channels, so that they meet what exists. */
const near = fc.nat(6);
const messages = fc
  .array(
    fc.oneof(
      fc
        .tuple(near, fc.nat(3), fc.nat(200_000), fc.uint8Array({ maxLength: 8 }))
        .map(([id, kind, creditBytes, request]) =>
          encodeMessage(MESSAGE.streamOpen, stream.encodeStreamOpen({ stream: id, kind: kind as never, creditBytes, request })),
        ),
      fc.tuple(near, fc.nat(40), fc.uint8Array({ maxLength: 40 })).map(([id, offset, bytes]) => {
        const content = new Uint8Array(10 + bytes.length);
        stream.writeStreamDataHeader(content, 0, id, offset);
        content.set(bytes, 10);
        return encodeMessage(MESSAGE.streamData, content);
      }),
      fc
        .tuple(near, fc.nat(60), fc.nat(60))
        .map(([id, received, limit]) => encodeMessage(MESSAGE.streamCredit, stream.encodeStreamCredit({ stream: id, received, limit }))),
      fc.tuple(near, fc.nat(40)).map(([id, final]) => encodeMessage(MESSAGE.streamEnd, stream.encodeStreamEnd({ stream: id, final }))),
      fc
        .tuple(near, fc.nat(9))
        .map(([id, reason]) => encodeMessage(MESSAGE.streamReset, stream.encodeStreamReset({ stream: id, reason: reason as never }))),
      fc
        .tuple(near, fc.boolean(), fc.array(fc.record({ stream: near, received: fc.nat(60), limit: fc.nat(60) }), { maxLength: 4 }))
        .map(([seen, lastPart, entries]) =>
          encodeMessage(
            MESSAGE.sessionResume,
            stream.encodeSessionResume({ sessionId: new Uint8Array(SESSION_ID_BYTES), lastPart, seen, entries }),
          ),
        ),
      fc
        .nat(9)
        .map((kind) =>
          encodeMessage(MESSAGE.sessionHolder, stream.encodeSessionHolder({ kind: kind as never, token: new Uint8Array(16) })),
        ),
      fc
        .tuple(near, fc.nat(100))
        .map(([id, limit]) => encodeMessage(MESSAGE.channelCredit, channel.encodeChannelCredit({ channel: id, limit }))),
      fc
        .tuple(near, fc.nat(9))
        .map(([id, reason]) => encodeMessage(MESSAGE.channelClose, channel.encodeChannelClose({ channel: id, reason: reason as never }))),
      fc
        .tuple(near, fc.nat(9))
        .map(([cells, echo]) => encodeMessage(MESSAGE.circuitAck, channel.encodeCircuitAck({ cells, echo, heldMs: 0 }))),
      fc.uint8Array({ maxLength: 30 }),
    ),
    { maxLength: 6 },
  )
  .map((parts) => concat(...parts));

describe('hostile messages', () => {
  it('never throw out of a session: it goes on, or ends', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(messages, { maxLength: 8 }), fc.boolean(), async (payloads, opener) => {
        const env = testEnv();
        const ends: number[] = [];
        const session = new Session(env, {
          opener,
          id: new Uint8Array(SESSION_ID_BYTES),
          onStream(s) {
            void s.write(new Uint8Array(20)).catch(() => {});
            void s.read().catch(() => {});
          },
          onHolder: (message) => session.tell(message),
          onEnd: (reason) => ends.push(reason),
        });
        const pair = pipePair(env, {});
        session.attach(pair.a);
        const own = session.open(STREAM.tcp, new Uint8Array(0));
        void own.write(new Uint8Array(30)).catch(() => {});
        void own.read().catch(() => {});
        for (const payload of payloads) {
          pair.a.handler?.onPayload(payload);
          await env.advance(1);
        }
        assert.equal(session.ended, ends.length === 1);
        for (const reason of ends) assert.ok(reason === END.malformed || reason === END.sessionLost, `ended with ${reason}`);
        assert.ok(!env.logged.some((line) => line.level === 'error'), JSON.stringify(env.logged));
      }),
      { seed: 3, numRuns: 600 },
    );
  });

  it('never throw out of a circuit: it goes on, or ends with the one reason', async () => {
    const bodies = fc.oneof(fc.tuple(fc.nat(3), messages), fc.tuple(u32, fc.uint8Array({ maxLength: 50 }))).map(([number, bytes]) => {
      const body = channel.newBody(number);
      body.set(bytes.subarray(0, CELL_BODY_BYTES - CHANNEL_BYTES), CHANNEL_BYTES);
      return body;
    });
    await fc.assert(
      fc.asyncProperty(fc.array(bodies, { maxLength: 40 }), messages, async (cells, early) => {
        const env = testEnv();
        const ends = circuitPair(env, {});
        const closes: number[] = [];
        const channels = new CircuitChannels(env, ends.last, { onMessage() {}, onClose: (reason) => void closes.push(reason) });
        new Session(env, { opener: false, onStream: (s) => s.reset(END.refused) }).attach(channels.control);
        channels.channel(1);
        channels.channel(2).send(new Uint8Array(channels.channel(2).payloadBytes));
        channels.start(early.length % 2 === 0 ? early : undefined);
        for (const cell of cells) ends.last.handler?.onBody(cell);
        await env.advance(1000);
        assert.equal(channels.closed, closes.length === 1);
        for (const reason of closes) assert.equal(reason, CLOSE.ended);
        assert.ok(!env.logged.some((line) => line.level === 'error'), JSON.stringify(env.logged));
      }),
      { seed: 4, numRuns: 300 },
    );
  });
});
