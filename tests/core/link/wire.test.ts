import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { concat } from '../../../src/core/bytes/bytes.ts';
import { DecodeError } from '../../../src/core/bytes/errors.ts';
import { newFrame } from '../../../src/core/wire/frame.ts';
import {
  type Control,
  decodeControl,
  decodeHandshakeIdentity,
  descriptorFrames,
  encodeControl,
  splitBatch,
} from '../../../src/core/wire/link.ts';
import { WITHDRAWAL_BYTES } from '../../../src/core/wire/geometry.ts';
import { CONTROL, FRAME, LINK_CLOSE } from '../../../src/core/wire/registry.ts';

/** Yields a value or throws a DecodeError: nothing else. */
function decodes(decode: (bytes: Uint8Array) => unknown, bytes: Uint8Array): void {
  try {
    decode(bytes);
  } catch (error) {
    assert.ok(error instanceof DecodeError, String(error));
  }
}

const controls: Control[] = [
  { type: CONTROL.ping, number: 7 },
  { type: CONTROL.pong, number: 0xffff_ffff },
  { type: CONTROL.goodbye, code: LINK_CLOSE.replaced },
  { type: CONTROL.withdrawal, request: new Uint8Array(WITHDRAWAL_BYTES).fill(3) },
  { type: CONTROL.descriptorPart, wholeBytes: 100, offset: 60, bytes: new Uint8Array(40).fill(3) },
];

describe('link formats', () => {
  it('control frames come back as they went', () => {
    for (const control of controls) assert.deepEqual(decodeControl(encodeControl(control)), control);
  });

  it('a descriptor of 4,096 bytes is two control frames, one of 4,084 is one', () => {
    assert.equal(descriptorFrames(new Uint8Array(4096)).length, 2);
    assert.equal(descriptorFrames(new Uint8Array(4084)).length, 1);
  });

  it('a batch is split where its frames end', () => {
    const frames = [newFrame(1, FRAME.cell), newFrame(2, FRAME.setup), newFrame(0, FRAME.control)];
    assert.deepEqual(splitBatch(concat(...frames)), frames);
    assert.deepEqual(splitBatch(new Uint8Array(0)), []);
  });

  it('a batch that is cut anywhere else, or has an unknown type, is refused', () => {
    const batch = concat(newFrame(1, FRAME.cell), newFrame(2, FRAME.cell));
    for (const lengthBytes of [1, 4, 5, 4095, 4097, 4100, 4101, 8191])
      assert.throws(() => splitBatch(batch.subarray(0, lengthBytes)), DecodeError);
    batch[4] = 6;
    assert.throws(() => splitBatch(batch), DecodeError);
  });

  it('bytes that are wrong are refused with a DecodeError', () => {
    const bytes = fc.uint8Array({ maxLength: 200 });
    const mutated = fc.tuple(fc.constantFrom(...controls), fc.nat(60), fc.nat(255)).map(([control, at, value]) => {
      const frame = encodeControl(control);
      frame[5 + at] = value;
      return frame;
    });
    fc.assert(
      fc.property(bytes, mutated, (any, frame) => {
        decodes(decodeControl, any);
        decodes(decodeControl, frame);
        decodes(splitBatch, any);
        decodes(decodeHandshakeIdentity, any);
      }),
      { seed: 3 },
    );
  });
});
