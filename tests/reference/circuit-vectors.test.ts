import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { hex } from '../../src/core/bytes/bytes.ts';
import { CellLayers } from '../../src/core/circuit/cell-layers.ts';
import { openReply } from '../../src/core/circuit/reply-opener.ts';
import { buildSetup, drawSetup } from '../../src/core/circuit/setup-builder.ts';
import { keystream } from '../../src/core/crypto/derive.ts';
import { identityFromSeed, peerIdOf } from '../../src/core/crypto/identity.ts';
import { nobleCrypto as crypto } from '../../src/core/crypto/noble.ts';
import { HopLayer } from '../../src/core/relay/hop-layer.ts';
import { OnionKeyring } from '../../src/core/relay/onion-keyring.ts';
import { buildReply, freshKeys, peelSetup, sealReply } from '../../src/core/relay/setup-hop.ts';
import { newCell } from '../../src/core/wire/cell.ts';
import { CELL_BODY_BYTES, FRAME_HEADER_BYTES } from '../../src/core/wire/geometry.ts';
import { testEnv } from '../support/test-env.ts';
import { makeVectors } from './circuit-vectors.ts';

type Vectors = ReturnType<typeof makeVectors>;
const vectors = JSON.parse(readFileSync(new URL('../vectors/circuit.json', import.meta.url), 'utf8')) as Vectors;
const digest = (bytes: Uint8Array): string => hex(crypto.sha256(bytes));

/** Runs a case through the fast implementation. `change` may alter what a hop receives or sends. */
function run(vector: Vectors['cases'][number], change: (stage: string, hop: number, bytes: Uint8Array) => void = () => undefined) {
  const stream = keystream(crypto.aead, Buffer.from(vector.seed, 'hex'), 0, 100_000);
  let offset = 0;
  const take = (n: number) => stream.slice(offset, (offset += n));
  const env = testEnv();
  const hops = vector.efforts.map((setupEffort) => {
    const peer = peerIdOf(identityFromSeed(crypto, take(32)).publicKey);
    const snapshot = {
      epoch: 0,
      x25519Secret: take(32),
      kemSeed: take(64),
      descriptorHash: take(32),
      setupEffort,
      seenSalt: new Uint8Array(32),
      seen: new Uint8Array(0),
    };
    const epoch = Math.floor(env.now() / 600_000);
    const keyring = new OnionKeyring(env, [{ ...snapshot, epoch }]);
    const { x25519, kem } = keyring.publicKeys(epoch);
    return { keyring, hop: { peer, onionX25519: x25519, onionKem: kem, descriptorHash: snapshot.descriptorHash, setupEffort } };
  });
  const early = take(vector.earlyBytes);
  const built = buildSetup(
    crypto,
    hops.map(({ hop }) => hop),
    early,
    drawSetup(take, hops.length, early.length),
  );

  const setupSha256: string[] = [];
  const packet = built.packet.slice();
  const peeled = hops.map(({ hop, keyring }, i) => {
    change('setup', i + 1, packet);
    setupSha256.push(digest(packet));
    const result = peelSetup(crypto, hop.peer, keyring, packet);
    if (result === undefined) throw new Error(`refused: setup at hop ${i + 1}`);
    return result;
  });
  assert.deepEqual(peeled.at(-1)?.early, early);
  const own = peeled.map((each) => freshKeys(crypto, each, take(32)));
  const data = take(vector.replyDataBytes);
  const replySha256: string[] = [];
  const reply = buildReply(crypto.aead, peeled.at(-1)!.keys.reply, own.at(-1)!, data);
  for (let i = hops.length - 1; i >= 0; i--) {
    if (i < hops.length - 1) sealReply(crypto.aead, peeled[i]!.keys.reply, own[i]!.fresh, reply);
    change('reply', i + 1, reply);
    replySha256.unshift(digest(reply));
  }
  const opened = openReply(crypto, built.secrets, reply);
  if (opened === undefined) throw new Error('refused: reply');
  assert.deepEqual(opened.data, data);

  const layers = new CellLayers(crypto.aead, opened.keys, new Uint8Array(32));
  const hopLayers = own.map(({ keys }) => new HopLayer(crypto.aead, keys));
  const numbers = new Map(vector.cells.map((cell) => [cell.number, cell]));
  const cells: { number: number; outSha256: string[]; backSha256: string[] }[] = [];
  for (let number = 0; number <= 32; number++) {
    const wanted = numbers.has(number);
    const body = wanted ? take(CELL_BODY_BYTES) : new Uint8Array(CELL_BODY_BYTES);
    if (wanted) take((8 - hops.length) * 16); // unused tags are the builder's own choice: see below
    const frame = newCell(0, body);
    const cell = frame.subarray(FRAME_HEADER_BYTES);
    const outSha256: string[] = [];
    layers.wrap(frame);
    for (const [i, layer] of hopLayers.entries()) {
      change('cell out', i + 1, cell);
      outSha256.push(digest(cell));
      if (!layer.openForward(frame)) throw new Error(`refused: cell at hop ${i + 1}`);
    }
    assert.deepEqual(cell.slice(128), body);
    const back = newCell(0, body);
    const backSha256: string[] = [];
    for (let i = hops.length - 1; i >= 0; i--) {
      if (i === hops.length - 1) hopLayers[i]!.sealOwn(back);
      else hopLayers[i]!.sealBack(back);
      change('cell back', i + 1, back.subarray(FRAME_HEADER_BYTES));
      backSha256.unshift(digest(back.subarray(FRAME_HEADER_BYTES)));
    }
    if (!layers.open(back)) throw new Error('refused: cell back');
    assert.deepEqual(back.slice(133), body);
    if (wanted) cells.push({ number, outSha256, backSha256 });
  }
  return { setupSha256, replySha256, cells, setupKeys: peeled.map((each) => each.keys), circuitKeys: opened.keys };
}

const hexed = (sets: readonly object[]) =>
  sets.map((set) => Object.fromEntries(Object.entries(set).map(([key, value]) => [key, hex(value as Uint8Array)])));

describe('circuit vectors', () => {
  test('are what the reference makes', () => {
    assert.deepEqual(vectors, JSON.parse(JSON.stringify(makeVectors())));
  });

  for (const vector of vectors.cases) {
    test(`${vector.name}: the fast implementation makes the same`, () => {
      const made = run(vector);
      assert.deepEqual(made.setupSha256, vector.setupSha256);
      assert.deepEqual(made.replySha256, vector.replySha256);
      assert.deepEqual(hexed(made.setupKeys), vector.setupKeys);
      assert.deepEqual(hexed(made.circuitKeys), vector.circuitKeys);
      for (const [i, cell] of made.cells.entries()) {
        assert.deepEqual(cell.backSha256, vector.cells[i]?.backSha256);
        // With eight hops no tag is unused: the cell is the same to the byte. With fewer it differs there, and is compared elsewhere.
        if (vector.hops === 8) assert.deepEqual(cell.outSha256, vector.cells[i]?.outSha256);
      }
    });
  }

  const three = vectors.cases.find(({ name }) => name === 'three hops') as Vectors['cases'][number];
  for (const { stage, hop, xorAt, why } of vectors.negative) {
    test(`refused: ${stage} at hop ${hop}, byte ${xorAt} (${why})`, () => {
      let changed = false;
      const spoil = (atStage: string, atHop: number, bytes: Uint8Array) => {
        if (changed || atStage !== stage || atHop !== hop) return;
        bytes[xorAt]! ^= 1;
        changed = true;
      };
      const where = { setup: `setup at hop ${hop}`, reply: 'reply', 'cell out': `cell at hop ${hop}`, 'cell back': 'cell back' }[stage];
      assert.throws(() => run(three, spoil), new RegExp(`^Error: refused: ${where}$`));
    });
  }
});
