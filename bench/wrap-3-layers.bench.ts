/** What onion layers cost beyond the ciphers in them: at the builder, three of them, and at a relay, one. */
import { randomBytes } from 'node:crypto';
import { nodeCrypto } from '../src/adapters/node-crypto.ts';
import { CellLayers } from '../src/core/circuit/cell-layers.ts';
import { HopLayer } from '../src/core/relay/hop-layer.ts';
import { CELL_AT } from '../src/core/wire/cell.ts';
import type { CircuitKeys } from '../src/core/wire/circuit-keys.ts';
import { newFrame } from '../src/core/wire/frame.ts';
import { CELL_BODY_BYTES, CELL_TAGS_BYTES, TAG_BYTES } from '../src/core/wire/geometry.ts';
import { FRAME } from '../src/core/wire/registry.ts';
import { type Bench, secondsPerCall } from './harness.ts';

const HOPS = 3;
/** Cells at a time: a layer's counters run, so each contender keeps a circuit of its own and makes what it opens. */
const CELLS = 32;

const { aead } = nodeCrypto;
const secret = (): Uint8Array => new Uint8Array(randomBytes(32));
const keysOfHop = (): CircuitKeys => ({ forward: secret(), forwardFill: secret(), back: secret(), backFill: secret(), inner: secret() });
const newCells = (): Uint8Array[] => Array.from({ length: CELLS }, () => newFrame(1, FRAME.cell));
const megabytes = (CELLS * CELL_BODY_BYTES) / 1e6;

/** The ciphers alone: one seal per layer and cell over the same bytes. */
function bareSeals(layers: number): () => void {
  const keys = Array.from({ length: layers }, secret);
  const body = new Uint8Array(randomBytes(CELL_BODY_BYTES));
  const aad = new Uint8Array(CELL_TAGS_BYTES - TAG_BYTES);
  const tag = new Uint8Array(TAG_BYTES);
  let counter = 0;
  return () => {
    for (let cell = 0; cell < CELLS; cell++, counter++) for (const key of keys) aead.seal(key, counter, body, aad, body, tag);
  };
}

function wrapping(keys: CircuitKeys[], cells: Uint8Array[]): () => void {
  const layers = new CellLayers(aead, keys, secret());
  return () => {
    for (const cell of cells) layers.wrap(cell);
  };
}

/** The whole way of 32 cells: the builder wraps, each hop peels one layer. */
function there(keys: CircuitKeys[]): () => void {
  const cells = newCells();
  const wrap = wrapping(keys, cells);
  const hops = keys.map((key) => new HopLayer(aead, key));
  return () => {
    wrap();
    for (const hop of hops) for (const cell of cells) if (!hop.openForward(cell)) throw new Error('a layer did not open');
  };
}

/** And back: each hop seals, the builder opens all layers. */
function back(keys: CircuitKeys[]): () => void {
  const layers = new CellLayers(aead, keys, secret());
  const hops = keys.map((key) => new HopLayer(aead, key)).reverse();
  const cells = newCells();
  const body = new Uint8Array(randomBytes(CELL_BODY_BYTES));
  return () => {
    for (const cell of cells) {
      cell.fill(0, CELL_AT.tag0, CELL_AT.body);
      cell.set(body, CELL_AT.body);
      for (const hop of hops) hop.sealBack(cell);
      if (!layers.open(cell)) throw new Error('a layer did not open');
    }
  };
}

const bench: Bench = (report) => {
  const hops = (): CircuitKeys[] => Array.from({ length: HOPS }, keysOfHop);
  const contenders = [bareSeals(HOPS), wrapping(hops(), newCells()), bareSeals(2 * HOPS), there(hops()), back(hops())];
  const [three, wrap, six, thereSeconds, backSeconds] = secondsPerCall(contenders) as [number, number, number, number, number];
  const rate = (seconds: number): { value: number; unit: string } => ({ value: megabytes / seconds, unit: 'MB/s' });
  report('AEAD three times', rate(three));
  report('', { ...rate(wrap), versus: 'AEAD three times over the same bytes', ratio: three / wrap });
  report('wrap, and three hops peel, one thread', { ...rate(thereSeconds), versus: 'AEAD six times', ratio: six / thereSeconds });
  report('three hops seal, builder opens, one thread', { ...rate(backSeconds), versus: 'AEAD six times', ratio: six / backSeconds });
  const peelSeconds = (thereSeconds - wrap) / HOPS;
  report('a relay peels one layer: CPU', {
    value: peelSeconds / megabytes,
    unit: 's per MB',
    versus: 'one AEAD',
    ratio: peelSeconds / (three / HOPS),
  });
};

export default bench;
