import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nodeCrypto, opensslAead } from '../../../src/adapters/node-crypto.ts';
import { CellLayers } from '../../../src/core/circuit/cell-layers.ts';
import { nobleCrypto } from '../../../src/core/crypto/noble.ts';
import { HopLayer } from '../../../src/core/relay/hop-layer.ts';
import { CELL_AT, cellAround } from '../../../src/core/wire/cell.ts';
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
const AEADS = { addon: nodeCrypto.aead, openssl: opensslAead, noble: nobleCrypto.aead };

/** A body of its own with the same bytes. */
const apart = (body: Uint8Array) => Uint8Array.from(body);

for (const [name, aead] of Object.entries(AEADS)) {
  test(`a body that is sealed where it stands gives the frame that a copied one gives (${name})`, () => {
    const [there, copied] = [new CellLayers(aead, hops, key(99)), new CellLayers(aead, hops, key(99))];
    const [hop, sameHop] = [new HopLayer(aead, keysOf(1)), new HopLayer(aead, keysOf(1))];
    for (let number = 0; number < 40; number++) {
      const body = newBody(number).fill(number, 4);
      const other = new Uint8Array(FRAME_CELL_BYTES);
      copied.wrap(apart(body), other);
      const frame = cellAround(body, CELL_AT.body);
      assert.equal(frame.buffer, body.buffer);
      there.wrap(body, frame);
      assert.deepEqual(frame, other);

      const back = newBody(number).fill(number, 4);
      const otherBack = new Uint8Array(FRAME_CELL_BYTES);
      sameHop.sealOwn(apart(back), otherBack);
      const backFrame = cellAround(back, CELL_AT.body);
      backFrame.fill(0xff, CELL_AT.tag0, CELL_AT.body); // as in a frame that came from elsewhere
      hop.sealOwn(back, backFrame);
      assert.deepEqual(backFrame, otherBack);
    }
  });
}

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
