import { BLOCK_BYTES, SPARE_BLOCKS_MAX } from './constants.ts';

/**
 * Blocks to be used again, of all queues. What is kept until it is acknowledged lives for a round trip: that makes it old to a collector, and to
 * be rid of old garbage it has to look at the whole heap.
 */
const spare: Uint8Array[] = [];

interface Block {
  /** Offset of its first byte in the stream. */
  readonly start: number;
  readonly bytes: Uint8Array;
  length: number;
}

/** Bytes at running offsets: appended at the end, dropped or taken from the start, copied out anywhere between. Small pieces are
 * gathered into blocks, so that what it holds in memory stays near what it holds in bytes. */
export class ByteQueue {
  #blocks: Block[] = [];
  #start = 0;
  #end = 0;

  /** Offset of the first byte it still has. */
  get start(): number {
    return this.#start;
  }

  /** Offset behind the last. */
  get end(): number {
    return this.#end;
  }

  get length(): number {
    return this.#end - this.#start;
  }

  /** Copies the bytes. */
  append(bytes: Uint8Array): void {
    let done = 0;
    while (done < bytes.length) {
      const part = bytes.subarray(done, done + this.#roomFor(bytes.length - done));
      const last = this.#blocks.at(-1) as Block;
      last.bytes.set(part, last.length);
      last.length += part.length;
      this.#end += part.length;
      done += part.length;
    }
  }

  /** Room in the last block, a new one where there is none. The first is as long as what it is for: most streams never need another. */
  #roomFor(lengthBytes: number): number {
    const last = this.#blocks.at(-1);
    const room = last === undefined ? 0 : last.bytes.length - last.length;
    if (room > 0) return room;
    const capacity = last === undefined ? Math.min(lengthBytes, BLOCK_BYTES) : BLOCK_BYTES;
    const bytes = (capacity === BLOCK_BYTES ? spare.pop() : undefined) ?? new Uint8Array(capacity);
    this.#blocks.push({ start: this.#end, bytes, length: 0 });
    return capacity;
  }

  /** The bytes from `offset` on, as many as `target` holds. They must be there. */
  copyTo(target: Uint8Array, offset: number): void {
    let done = 0;
    for (let i = this.#find(offset); done < target.length; i++) {
      const block = this.#blocks[i] as Block;
      const from = offset + done - block.start;
      const part = block.bytes.subarray(from, Math.min(block.length, from + target.length - done));
      target.set(part, done);
      done += part.length;
    }
  }

  /** Forgets what is before `offset`. */
  dropBefore(offset: number): void {
    if (offset <= this.#start) return;
    this.#start = Math.min(offset, this.#end);
    let gone = 0;
    for (let block = this.#blocks[0]; block !== undefined && block.start + block.length <= this.#start; block = this.#blocks[gone]) gone++;
    if (gone > 0) giveBack(this.#blocks.splice(0, gone));
  }

  /** The first block, as a whole; undefined when there is none. Not to be mixed with `dropBefore`. */
  takeFirst(): Uint8Array | undefined {
    const block = this.#blocks.shift();
    if (block === undefined) return undefined;
    this.#start = block.start + block.length;
    return block.bytes.subarray(0, block.length);
  }

  clear(): void {
    giveBack(this.#blocks);
    this.#blocks = [];
    this.#start = this.#end;
  }

  #find(offset: number): number {
    let low = 0;
    let high = this.#blocks.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if ((this.#blocks[middle] as Block).start <= offset) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}

function giveBack(blocks: readonly Block[]): void {
  for (const { bytes } of blocks) if (bytes.length === BLOCK_BYTES && spare.length < SPARE_BLOCKS_MAX) spare.push(bytes);
}
