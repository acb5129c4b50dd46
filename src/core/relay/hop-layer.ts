import type { Aead } from '../ports.ts';
import { CELL_AT } from '../wire/cell.ts';
import { CellFill, cellFillAt, type CircuitKeys } from '../wire/circuit-keys.ts';
import { CELL_TAGS_BYTES, TAG_BYTES } from '../wire/geometry.ts';

/** One hop's layer: takes it off cells on the way out, puts it on cells on the way back. In place, synchronous. */
export class HopLayer {
  readonly #aead: Aead;
  readonly #forward: Uint8Array;
  readonly #back: Uint8Array;
  readonly #forwardFill: CellFill;
  readonly #backFill: CellFill;
  readonly #tag = new Uint8Array(TAG_BYTES);
  #received = 0;
  #sent = 0;

  constructor(aead: Aead, keys: CircuitKeys) {
    this.#aead = aead;
    this.#forward = keys.forward;
    this.#back = keys.back;
    this.#forwardFill = new CellFill(aead, keys.forwardFill);
    this.#backFill = new CellFill(aead, keys.backFill);
  }

  /** Verifies every byte behind the header, and leaves the cell as the next hop receives it. False when it fails. */
  openForward(frame: Uint8Array): boolean {
    const body = frame.subarray(CELL_AT.body);
    const tag0 = frame.subarray(CELL_AT.tag0, CELL_AT.tag1);
    if (!this.#aead.open(this.#forward, this.#received, body, frame.subarray(CELL_AT.tag1, CELL_AT.body), body, tag0)) return false;
    const stream = this.#forwardFill.stretch(this.#received);
    const at = cellFillAt(this.#received++);
    // All tags move one place on, under the stream, which alone fills the place that is left.
    for (let i = 0; i < CELL_TAGS_BYTES - TAG_BYTES; i++) {
      frame[CELL_AT.tag0 + i] = (frame[CELL_AT.tag1 + i] as number) ^ (stream[at + i] as number);
    }
    for (let i = CELL_TAGS_BYTES - TAG_BYTES; i < CELL_TAGS_BYTES; i++) frame[CELL_AT.tag0 + i] = stream[at + i] as number;
    return true;
  }

  /** Seals what stands in the frame, and what it drops of it. */
  sealBack(frame: Uint8Array): void {
    const stream = this.#backFill.stretch(this.#sent);
    const at = cellFillAt(this.#sent);
    for (let i = 0; i < TAG_BYTES; i++) this.#tag[i] = frame[CELL_AT.tag7 + i] as number;
    for (let i = CELL_TAGS_BYTES - 1; i >= TAG_BYTES; i--) {
      frame[CELL_AT.tag0 + i] = (frame[CELL_AT.tag0 + i - TAG_BYTES] as number) ^ (stream[at + i] as number);
    }
    const tags = frame.subarray(CELL_AT.tag0, CELL_AT.body);
    tags.set(this.#tag); // the dropped one stands in tag 0's place, so that the AAD is one piece
    const body = frame.subarray(CELL_AT.body);
    this.#aead.seal(this.#back, this.#sent++, body, tags, body, this.#tag);
    tags.set(this.#tag);
  }

  /** As the last hop: seals the body that stands in the frame. */
  sealOwn(frame: Uint8Array): void {
    frame.fill(0, CELL_AT.tag0, CELL_AT.body);
    this.sealBack(frame);
  }
}
