import { DecodeError } from './errors.ts';
import { fromUtf8 } from './bytes.ts';

/** Reads big-endian fields off a byte array. Every read checks what is left first, so that no length from outside is trusted. */
export class Reader {
  #offset = 0;
  readonly #view: DataView;

  constructor(
    readonly bytes: Uint8Array,
    /** Named in errors: "descriptor", "manifest". */
    readonly what: string,
  ) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  get offset(): number {
    return this.#offset;
  }

  get left(): number {
    return this.bytes.length - this.#offset;
  }

  fail(problem: string): never {
    throw new DecodeError(this.what, this.#offset, problem);
  }

  #take(lengthBytes: number, field: string): number {
    if (lengthBytes > this.left) this.fail(`${field} wants ${lengthBytes} bytes, ${this.left} are left`);
    const start = this.#offset;
    this.#offset += lengthBytes;
    return start;
  }

  u8(field: string): number {
    return this.#view.getUint8(this.#take(1, field));
  }

  u16(field: string): number {
    return this.#view.getUint16(this.#take(2, field));
  }

  u32(field: string): number {
    return this.#view.getUint32(this.#take(4, field));
  }

  /** 64 bits as a number; refuses what a double cannot hold exactly. */
  u64(field: string): number {
    const value = this.#view.getBigUint64(this.#take(8, field));
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) this.fail(`${field} is over 2^53`);
    return Number(value);
  }

  /** A view, not a copy: it lives as long as the bytes that were handed in. */
  raw(lengthBytes: number, field: string): Uint8Array {
    const start = this.#take(lengthBytes, field);
    return this.bytes.subarray(start, start + lengthBytes);
  }

  /** Bytes behind a 16-bit length of at most `maxBytes`. */
  bytes16(maxBytes: number, field: string): Uint8Array {
    const lengthBytes = this.u16(field);
    if (lengthBytes > maxBytes) this.fail(`${field} is ${lengthBytes} bytes, at most ${maxBytes} are allowed`);
    return this.raw(lengthBytes, field);
  }

  text16(maxBytes: number, field: string): string {
    const bytes = this.bytes16(maxBytes, field);
    try {
      return fromUtf8(bytes);
    } catch {
      return this.fail(`${field} is not UTF-8`);
    }
  }

  rest(): Uint8Array {
    return this.raw(this.left, 'rest');
  }

  /** To be called last: trailing bytes would let two encodings mean one thing. */
  end(): void {
    if (this.left !== 0) this.fail(`${this.left} bytes too many`);
  }
}
