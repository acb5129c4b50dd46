import type { Aead } from '../ports.ts';
import { CELL_AT } from '../wire/cell.ts';
import { CellFill, cellFillAt, type CircuitKeys } from '../wire/circuit-keys.ts';
import { CELL_TAGS_BYTES, MAX_HOPS, TAG_BYTES } from '../wire/geometry.ts';

const LATER_TAGS_BYTES = CELL_TAGS_BYTES - TAG_BYTES;

interface Layer {
  readonly forward: Uint8Array;
  readonly back: Uint8Array;
  readonly forwardFill: CellFill;
  readonly backFill: CellFill;
  /** Cells so far, and the next one's nonce. A hop that joined later counts from its own first cell. */
  sent: number;
  received: number;
}

/** All layers of a circuit at its builder: wraps cells for the last hop, opens what comes back. Synchronous; nothing is allocated but views. */
export class CellLayers {
  readonly #aead: Aead;
  readonly #layers: Layer[] = [];
  /** Stands in the tags that no hop uses; a key that nobody else has. */
  readonly #padding: CellFill;
  #padded = 0;
  readonly #tag = new Uint8Array(TAG_BYTES);
  readonly #tags = new Uint8Array(CELL_TAGS_BYTES);
  readonly #dropped = Array.from({ length: MAX_HOPS }, () => new Uint8Array(TAG_BYTES));

  /** @param paddingKey 32 random bytes. */
  constructor(aead: Aead, keys: readonly CircuitKeys[], paddingKey: Uint8Array) {
    this.#aead = aead;
    this.#padding = new CellFill(aead, paddingKey);
    for (const hop of keys) this.push(hop);
  }

  get hops(): number {
    return this.#layers.length;
  }

  /** One hop more, behind the last. */
  push(keys: CircuitKeys): void {
    const forwardFill = new CellFill(this.#aead, keys.forwardFill);
    const backFill = new CellFill(this.#aead, keys.backFill);
    this.#layers.push({ forward: keys.forward, back: keys.back, forwardFill, backFill, sent: 0, received: 0 });
  }

  /** Seals the body that stands in the frame under all layers. */
  wrap(frame: Uint8Array): void {
    this.#placeFiller(frame);
    const tag0 = frame.subarray(CELL_AT.tag0, CELL_AT.tag1);
    const laterTags = frame.subarray(CELL_AT.tag1, CELL_AT.body);
    const body = frame.subarray(CELL_AT.body);
    const last = this.#layers.length - 1;
    for (let index = last; index >= 0; index--) {
      const layer = this.#layers[index] as Layer;
      if (index < last) {
        // Tag 7 is what this hop will append; the others move one place on, under its stream.
        frame.copyWithin(CELL_AT.tag1, CELL_AT.tag0, CELL_AT.tag7);
        xorInto(frame, CELL_AT.tag1, layer.forwardFill.stretch(layer.sent), cellFillAt(layer.sent), LATER_TAGS_BYTES);
      }
      this.#aead.seal(layer.forward, layer.sent, body, laterTags, body, tag0);
      layer.sent++;
    }
  }

  /** Tags 1..7 as the last hop receives them: unused ones, then what the hops before it append. */
  #placeFiller(frame: Uint8Array): void {
    const padding = this.#padding.stretch(this.#padded);
    const at = cellFillAt(this.#padded++);
    const tags = this.#tags;
    tags.fill(0);
    for (let index = 0; index < this.#layers.length - 1; index++) {
      const layer = this.#layers[index] as Layer;
      tags.copyWithin(0, TAG_BYTES);
      tags.fill(0, LATER_TAGS_BYTES);
      // Only what hops have appended so far is theirs to stream over.
      const from = CELL_TAGS_BYTES - (index + 1) * TAG_BYTES;
      xorInto(tags, from, layer.forwardFill.stretch(layer.sent), cellFillAt(layer.sent) + from, CELL_TAGS_BYTES - from);
    }
    const unusedEnd = CELL_TAGS_BYTES - (this.#layers.length - 1) * TAG_BYTES;
    for (let i = TAG_BYTES; i < CELL_TAGS_BYTES; i++) {
      frame[CELL_AT.tag0 + i] = i < unusedEnd ? (padding[at + i] as number) : (tags[i] as number);
    }
  }

  /** Opens a frame in place, layer by layer; the body then stands at CELL_AT.body. False when any layer fails. */
  open(frame: Uint8Array): boolean {
    this.#reckonDropped();
    const tags = frame.subarray(CELL_AT.tag0, CELL_AT.body);
    const body = frame.subarray(CELL_AT.body);
    for (const [index, layer] of this.#layers.entries()) {
      this.#tag.set(tags.subarray(0, TAG_BYTES));
      tags.set(this.#dropped[index] as Uint8Array); // what was dropped stands in tag 0's place, so that the AAD is one piece
      if (!this.#aead.open(layer.back, layer.received, body, tags, body, this.#tag)) return false;
      xorInto(frame, CELL_AT.tag1, layer.backFill.stretch(layer.received), cellFillAt(layer.received) + TAG_BYTES, LATER_TAGS_BYTES);
      frame.copyWithin(CELL_AT.tag0, CELL_AT.tag1, CELL_AT.body);
      frame.set(this.#dropped[index] as Uint8Array, CELL_AT.tag7);
      layer.received++;
    }
    return true;
  }

  /** What each hop dropped from this cell: it began at the last hop as zeros, and follows from the streams alone. */
  #reckonDropped(): void {
    const tags = this.#tags;
    tags.fill(0);
    for (let index = this.#layers.length - 1; index >= 0; index--) {
      const layer = this.#layers[index] as Layer;
      (this.#dropped[index] as Uint8Array).set(tags.subarray(LATER_TAGS_BYTES));
      tags.copyWithin(TAG_BYTES, 0, LATER_TAGS_BYTES);
      xorInto(tags, TAG_BYTES, layer.backFill.stretch(layer.received), cellFillAt(layer.received) + TAG_BYTES, LATER_TAGS_BYTES);
    }
  }
}

function xorInto(target: Uint8Array, targetAt: number, stream: Uint8Array, streamAt: number, lengthBytes: number): void {
  for (let i = 0; i < lengthBytes; i++) target[targetAt + i] = (target[targetAt + i] as number) ^ (stream[streamAt + i] as number);
}
