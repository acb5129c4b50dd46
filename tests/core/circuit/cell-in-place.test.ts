import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nodeCrypto, opensslAead } from '../../../src/adapters/node-crypto.ts';
import { CellLayers } from '../../../src/core/circuit/cell-layers.ts';
import { nobleCrypto } from '../../../src/core/crypto/noble.ts';
import type { Aead } from '../../../src/core/ports.ts';
import { HopLayer } from '../../../src/core/relay/hop-layer.ts';
import { CELL_AT, newCell } from '../../../src/core/wire/cell.ts';
import { bodyAround, newBody, newPayload } from '../../../src/core/wire/channel.ts';
import { CELL_BODY_BYTES, FRAME_CELL_BYTES, PAYLOAD_BYTES } from '../../../src/core/wire/geometry.ts';

const key = (byte: number) => new Uint8Array(32).fill(byte);
const keysOf = (hop: number) => ({
  forward: key(hop),
  back: key(hop + 10),
  forwardFill: key(hop + 20),
  backFill: key(hop + 30),
  inner: key(hop + 40),
});
const hops = [1, 2, 3].map(keysOf);
const AEADS = [nodeCrypto.aead, opensslAead, nobleCrypto.aead];

/** The frames of 40 cells each way, sealed where their bodies stand. */
function sealed(aead: Aead): Uint8Array[] {
  const layers = new CellLayers(aead, hops, key(99));
  const hop = new HopLayer(aead, keysOf(1));
  return Array.from({ length: 40 }, (_, number) => {
    const out = newCell(1, newBody(number).fill(number, 4));
    layers.wrap(out);
    const back = newCell(1, newBody(number).fill(number, 4));
    back.fill(number, CELL_AT.tag0, CELL_AT.body); // as in a frame that came from elsewhere
    hop.sealOwn(back);
    return [out, back];
  }).flat();
}

test('a body that is sealed where it stands gives one and the same frame by every cipher of ours', () => {
  const [first, ...others] = AEADS.map(sealed);
  for (const other of others) assert.deepEqual(other, first);
});

test('a cell takes the body’s own array where it was made for one, and no other', () => {
  const made = newBody(3);
  assert.equal(newCell(1, made).buffer, made.buffer);
  const apart = Uint8Array.from(made);
  assert.notEqual(newCell(1, apart).buffer, apart.buffer);
  assert.throws(() => newCell(1, new Uint8Array(CELL_BODY_BYTES - 1)), RangeError);
});

test('a payload is framed where it stands only if a frame was made for it', () => {
  const made = newPayload().fill(7);
  assert.equal(bodyAround(9, made).buffer, made.buffer);
  const longer = new Uint8Array(2 * FRAME_CELL_BYTES).fill(7);
  const at = CELL_AT.body + 4;
  for (const payload of [new Uint8Array(PAYLOAD_BYTES).fill(7), longer.subarray(at, at + PAYLOAD_BYTES)]) {
    const body = bodyAround(9, payload);
    assert.notEqual(body.buffer, payload.buffer);
    assert.deepEqual([body.length, body[3], body[4], body.at(-1)], [CELL_BODY_BYTES, 9, 7, 7]);
  }
  assert.ok(
    longer.every((byte) => byte === 7),
    'what is not ours to write to stays as it was',
  );
});
