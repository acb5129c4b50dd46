import assert from 'node:assert/strict';
import fc from 'fast-check';
import { DecodeError, GlobalNetError } from '../../src/core/bytes/index.ts';

/** Decodes, or throws a DecodeError and nothing else; what decodes has this one encoding. */
export function survives<T>(input: Uint8Array, decode: (bytes: Uint8Array) => T, encode: (value: T) => Uint8Array): void {
  let value: T;
  try {
    value = decode(input);
  } catch (error) {
    assert.ok(error instanceof DecodeError, String(error));
    return;
  }
  assert.deepEqual(encode(value), input);
}

/** What is valid, cut short, with one byte changed. */
export function mutated(valid: fc.Arbitrary<Uint8Array>): fc.Arbitrary<Uint8Array> {
  return fc.tuple(valid, fc.nat(), fc.nat(255), fc.nat(40)).map(([input, at, byte, cut]) => {
    const changed = input.slice(0, Math.max(1, input.length - cut));
    changed[at % changed.length] = byte;
    return changed;
  });
}

/** The kind of GlobalNetError that it throws; 'nothing' when it throws none. */
export function kindOf(run: () => unknown): string {
  try {
    run();
    return 'nothing';
  } catch (error) {
    assert.ok(error instanceof GlobalNetError, String(error));
    return error.kind;
  }
}
