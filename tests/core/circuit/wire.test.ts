import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { DecodeError } from '../../../src/core/bytes/errors.ts';
import { peerIdOf } from '../../../src/core/crypto/identity.ts';
import {
  decodeExtendRequest,
  encodeExtendParts,
  encodeExtendRequest,
  ExtendParts,
  isExtendPart,
  readExtendAnswer,
} from '../../../src/core/wire/extend.ts';
import {
  CELL_BODY_BYTES,
  EXTEND_HEADS_BYTES,
  EXTENDED_BYTES,
  REPLY_DATA_MAX_BYTES,
  ROUTE_BYTES,
  SETUP_BODY_BYTES,
  SETUP_SLOT_BYTES,
} from '../../../src/core/wire/geometry.ts';
import { MESSAGE } from '../../../src/core/wire/registry.ts';
import { decodeRoute, encodeRoute, readData, writeData } from '../../../src/core/wire/setup.ts';

/** Decodes, or says that the bytes are wrong; anything else is a fault. */
function attempt<T>(decode: () => T): T | undefined {
  try {
    return decode();
  } catch (error) {
    if (error instanceof DecodeError) return undefined;
    throw error;
  }
}

const bytes = (lengthBytes: number) => fc.uint8Array({ minLength: lengthBytes, maxLength: lengthBytes });

describe('routes', () => {
  test('come back as they went', () => {
    fc.assert(
      fc.property(fc.option(bytes(32), { nil: undefined }), (id) => {
        const route = { next: id && peerIdOf(id) };
        assert.deepEqual(decodeRoute(encodeRoute(route)), route);
      }),
      { seed: 1 },
    );
  });

  test('of any bytes are read or refused', () => {
    fc.assert(
      fc.property(fc.oneof(bytes(ROUTE_BYTES), fc.uint8Array({ maxLength: 100 })), (any) => void attempt(() => decodeRoute(any))),
      { seed: 2 },
    );
    assert.equal(
      attempt(() => decodeRoute(new Uint8Array(ROUTE_BYTES).fill(2, 0, 1))),
      undefined,
    );
    assert.equal(
      attempt(() => decodeRoute(new Uint8Array(ROUTE_BYTES - 1))),
      undefined,
    );
  });
});

describe('early and reply data', () => {
  test('come back, and what does not fit is refused on both sides', () => {
    for (const room of [SETUP_BODY_BYTES, REPLY_DATA_MAX_BYTES + 2]) {
      for (const lengthBytes of [0, 1, 255, 256, room - 2]) {
        const data = new Uint8Array(lengthBytes).fill(9);
        const body = new Uint8Array(room).fill(1);
        writeData(body, data);
        assert.deepEqual(readData(body), data);
      }
      assert.throws(() => writeData(new Uint8Array(room), new Uint8Array(room - 1)), RangeError);
      assert.equal(
        attempt(() => readData(new Uint8Array(room).fill(255, 0, 2))),
        undefined,
      );
    }
  });
});

describe('extend requests and their parts', () => {
  const request = fc.record({
    next: bytes(32).map(peerIdOf),
    seed: bytes(32),
    slot0: bytes(SETUP_SLOT_BYTES),
    bodyHead: fc.constantFrom(...EXTEND_HEADS_BYTES).chain(bytes),
  });

  test('come back as they went, in as few cells as can be', () => {
    fc.assert(
      fc.property(request, (each) => {
        const bodies = encodeExtendParts(MESSAGE.extend, encodeExtendRequest(each));
        assert.equal(bodies.length, 1 + EXTEND_HEADS_BYTES.indexOf(each.bodyHead.length as never));
        const parts = new ExtendParts(MESSAGE.extend);
        let whole: Uint8Array | undefined;
        for (const body of bodies) {
          assert.equal(whole, undefined);
          assert.equal(body.length, CELL_BODY_BYTES);
          assert(isExtendPart(MESSAGE.extend, body) && !isExtendPart(MESSAGE.extended, body));
          whole = parts.add(body);
        }
        assert.deepEqual(decodeExtendRequest(whole as Uint8Array), { ...each });
      }),
      { seed: 3, numRuns: 30 },
    );
  });

  test('of any bytes are read or refused, with a part more or less changed', () => {
    const body = fc.tuple(fc.uint8Array({ maxLength: 40 }), fc.nat(60)).map(([junk, at]) => {
      const [valid] = encodeExtendParts(MESSAGE.extended, new Uint8Array(EXTENDED_BYTES)) as [Uint8Array];
      valid.set(junk, at);
      return valid;
    });
    fc.assert(
      fc.property(fc.array(body, { maxLength: 7 }), (bodies) => {
        const parts = new ExtendParts(MESSAGE.extended);
        for (const each of bodies) attempt(() => parts.add(each));
      }),
      { seed: 4, numRuns: 300 },
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 9000 }), (any) => void attempt(() => decodeExtendRequest(any))),
      { seed: 5 },
    );
  });

  test('whose count changes on the way are refused', () => {
    const [first] = encodeExtendParts(MESSAGE.extended, new Uint8Array(EXTENDED_BYTES)) as [Uint8Array];
    const [, second] = encodeExtendParts(MESSAGE.extended, new Uint8Array(7000)) as [Uint8Array, Uint8Array];
    const parts = new ExtendParts(MESSAGE.extended);
    parts.add(first);
    assert.equal(
      attempt(() => parts.add(second) ?? first),
      undefined,
    );
  });

  test('an answer has one length', () => {
    assert.equal(readExtendAnswer(new Uint8Array(EXTENDED_BYTES - 1)), undefined);
    assert.equal(readExtendAnswer(new Uint8Array(EXTENDED_BYTES))?.body.length, 11_811);
  });
});
