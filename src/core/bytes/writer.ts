import { utf8 } from './bytes.ts';

/** Writes big-endian fields into a growing byte array. */
export class Writer {
  #bytes: Uint8Array;
  #view: DataView;
  #length = 0;

  constructor(expectedBytes = 256) {
    this.#bytes = new Uint8Array(expectedBytes);
    this.#view = new DataView(this.#bytes.buffer);
  }

  get length(): number {
    return this.#length;
  }

  #room(lengthBytes: number): number {
    const start = this.#length;
    const wanted = start + lengthBytes;
    if (wanted > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(wanted, 2 * this.#bytes.length));
      larger.set(this.#bytes);
      this.#bytes = larger;
      this.#view = new DataView(larger.buffer);
    }
    this.#length = wanted;
    return start;
  }

  u8(value: number): this {
    const start = this.#room(1);
    this.#view.setUint8(start, value);
    return this;
  }

  u16(value: number): this {
    if (value > 0xffff) throw new RangeError(`${value} does not fit in 16 bits`);
    const start = this.#room(2);
    this.#view.setUint16(start, value);
    return this;
  }

  u32(value: number): this {
    const start = this.#room(4);
    this.#view.setUint32(start, value);
    return this;
  }

  u64(value: number): this {
    const start = this.#room(8);
    this.#view.setBigUint64(start, BigInt(value));
    return this;
  }

  raw(bytes: Uint8Array): this {
    const start = this.#room(bytes.length);
    this.#bytes.set(bytes, start);
    return this;
  }

  bytes16(bytes: Uint8Array): this {
    return this.u16(bytes.length).raw(bytes);
  }

  text16(text: string): this {
    return this.bytes16(utf8(text));
  }

  /** The bytes written so far; the writer is not to be used afterwards. */
  done(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }
}
