/** A message's bytes: beside a transcription of the spec by Node's own crypto, changed, cut, and by chance. */
import assert from 'node:assert/strict';
import { createPrivateKey, sign } from 'node:crypto';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { concat, equal, utf8 } from '../../../src/core/bytes/bytes.ts';
import { DecodeError, GlobalNetError } from '../../../src/core/bytes/errors.ts';
import { identityFromSeed } from '../../../src/core/crypto/identity.ts';
import { nobleCrypto } from '../../../src/core/crypto/noble.ts';
import { Session } from '../../../src/core/stream/index.ts';
import {
  HELLO_MESSAGES_BYTES,
  INBOX_MESSAGE_HEADER_BYTES,
  INBOX_MESSAGE_STEPS_BYTES,
  INBOX_TEXT_MAX_BYTES,
} from '../../../src/core/wire/geometry.ts';
import {
  decodeInboxAnswer,
  encodeInboxAnswer,
  encodeInboxMessage,
  inboxMessageLength,
  verifyInboxMessage,
} from '../../../src/core/wire/inbox.ts';
import { INBOX, STREAM } from '../../../src/core/wire/registry.ts';
import { testEnv } from '../../support/test-env.ts';

const INBOX_KEY = new Uint8Array(32).fill(7);
const ID = Uint8Array.from({ length: 16 }, (_, i) => i);
const ANNA = identityFromSeed(nobleCrypto, new Uint8Array(32).fill(1));

/** PKCS #8 around a seed (RFC 8410 § 7), for Node's crypto. */
function signedByNode(seed: Uint8Array, content: Uint8Array): Uint8Array {
  const key = createPrivateKey({
    key: Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seed]),
    format: 'der',
    type: 'pkcs8',
  });
  return new Uint8Array(sign(null, content, key));
}

/** docs/spec/15-messages.md, by hand. */
function transcribed(text: string, totalBytes: number, isSigned: boolean): Uint8Array {
  const label = utf8('gnet/1 inbox message');
  const content = concat(Uint8Array.of(label.length), label, INBOX_KEY, ID, utf8(text));
  const proof = isSigned ? concat(ANNA.publicKey, signedByNode(ANNA.seed, content)) : new Uint8Array(96);
  const textBytes = utf8(text).length;
  const begun = concat(Uint8Array.of(1, isSigned ? 1 : 0), ID, proof, Uint8Array.of(textBytes >> 8, textBytes & 255), utf8(text));
  return concat(begun, new Uint8Array(totalBytes - begun.length));
}

const encode = (text: string, isSigned: boolean): Uint8Array =>
  encodeInboxMessage(nobleCrypto, { id: ID, text }, INBOX_KEY, isSigned ? ANNA : undefined);
const verify = (bytes: Uint8Array, inbox = INBOX_KEY) => verifyInboxMessage(nobleCrypto, bytes, inbox);
const isRefused = (error: unknown): boolean =>
  error instanceof DecodeError || (error instanceof GlobalNetError && error.kind === 'unverified');

describe('a message to an inbox', () => {
  for (const [what, text, totalBytes] of [
    ['short', 'grüße ☕', 1536],
    ['the longest of the first step', 'x'.repeat(1420), 1536],
    ['one byte more', 'x'.repeat(1421), 4096],
    ['the longest', 'x'.repeat(16_268), 16_384],
  ] as const) {
    it(`is laid out as the spec says: ${what}`, () => {
      for (const isSigned of [false, true]) {
        const bytes = encode(text, isSigned);
        assert.deepEqual(bytes, transcribed(text, totalBytes, isSigned));
        const message = verify(bytes);
        assert.deepEqual([message.text, message.id], [text, ID]);
        assert.deepEqual(message.signedBy, isSigned ? ANNA.publicKey : undefined);
      }
    });
  }

  it('of any text comes back, and tells its length as soon as its header is there', () => {
    const texts = fc.string({ unit: 'binary', minLength: 1, maxLength: 4000 }); // any code points but surrogates
    fc.assert(
      fc.property(texts, fc.boolean(), (text, isSigned) => {
        const bytes = encode(text, isSigned);
        assert.equal(verify(bytes).text, text);
        assert.equal(inboxMessageLength(bytes.subarray(0, INBOX_MESSAGE_HEADER_BYTES)), bytes.length);
        assert.equal(inboxMessageLength(bytes.subarray(0, INBOX_MESSAGE_HEADER_BYTES - 1)), undefined);
      }),
      { numRuns: 12 },
    );
  });

  it('is refused when it is empty, too long, cut, longer than it says, or not UTF-8', () => {
    for (const text of ['', 'x'.repeat(INBOX_TEXT_MAX_BYTES + 1)]) assert.throws(() => encode(text, false), RangeError);
    const whole = encode('hello', false);
    for (const bytes of [whole.subarray(0, 100), whole.subarray(0, 1535), concat(whole, new Uint8Array(1)), new Uint8Array(1536)])
      assert.throws(() => verify(bytes), DecodeError);
    const at = INBOX_MESSAGE_HEADER_BYTES;
    for (const [place, byte] of [
      [at, 0xff],
      [at + 5, 1],
      [0, 2],
      [1, 2],
      [20, 1],
      [60, 1],
    ] as const) {
      const changed = whole.slice();
      changed[place] = byte;
      assert.throws(() => verify(changed), DecodeError, `byte ${place}`);
    }
  });

  it('that is signed is refused with any bit changed, and in another inbox', () => {
    const whole = encode('hello', true);
    const used = INBOX_MESSAGE_HEADER_BYTES + 5;
    for (let at = 0; at < used; at++) {
      const changed = whole.slice();
      changed[at] = (changed[at] as number) ^ (1 << (at % 8));
      assert.throws(() => verify(changed), isRefused, `byte ${at}`);
    }
    assert.throws(() => verify(whole, new Uint8Array(32).fill(8)), { kind: 'unverified' });
  });

  it('of any bytes is refused, or the one encoding of what it says', () => {
    const lengths = fc.constantFrom(0, 1, 115, 116, ...INBOX_MESSAGE_STEPS_BYTES);
    const header = fc.record({ flags: fc.nat(2), textBytes: fc.nat(6), text: fc.uint8Array({ minLength: 6, maxLength: 6 }) });
    let taken = 0;
    fc.assert(
      fc.property(lengths, header, (length, { flags, textBytes, text }) => {
        const bytes = new Uint8Array(length);
        bytes.set(concat(Uint8Array.of(1, flags), ID, new Uint8Array(97), Uint8Array.of(textBytes), text).subarray(0, length));
        try {
          const message = verify(bytes);
          assert.ok(equal(encodeInboxMessage(nobleCrypto, message, INBOX_KEY), bytes));
          taken++;
        } catch (error) {
          assert.ok(isRefused(error), String(error));
        }
      }),
      { numRuns: 120, examples: [[1536, { flags: 0, textBytes: 2, text: Uint8Array.of(104, 105, 0, 0, 0, 0) }]] },
    );
    assert.ok(taken > 0);
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => assert.throws(() => verify(bytes), DecodeError)));
  });

  it('of the first step is whole in one hello', () => {
    const [env, whole] = [testEnv(), encode('x'.repeat(1420), true)];
    const visitor = new Session(env, { opener: true, onStream: () => undefined });
    void visitor.open(STREAM.message, new Uint8Array(0)).write(whole);
    const hello = visitor.takeEarly(HELLO_MESSAGES_BYTES);
    const inbox = new Session(env, { opener: false, id: visitor.id, onStream: () => undefined });
    inbox.acceptEarly(hello);
    assert.deepEqual(
      inbox.streamStats.map(({ receivedBytes }) => receivedBytes),
      [whole.length],
    );
  });
});

describe('an answer of an inbox', () => {
  it('is one byte that is known', () => {
    for (const answer of Object.values(INBOX)) assert.equal(decodeInboxAnswer(encodeInboxAnswer(answer)), answer);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 3 }), (bytes) => {
        if (bytes.length === 1 && (bytes[0] as number) <= 1) return;
        assert.throws(() => decodeInboxAnswer(bytes), DecodeError);
      }),
    );
  });
});
