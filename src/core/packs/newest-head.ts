import type { Env } from '../env.ts';
import { datedPublicKey, periodOf } from '../wire/dated-key.ts';
import { periodOfHead, verifyHead } from '../wire/head.ts';

/** The newest serial that heads of a site have named. */
export class NewestHead {
  #serial = 0;

  /** @param author the 32-byte key in the site's address. */
  constructor(
    private readonly env: Env,
    private readonly author: Uint8Array,
  ) {}

  /** 0 while there was none. */
  get serial(): number {
    return this.#serial;
  }

  /** An earlier head would say less, not lie; a later one than tomorrow's nobody needs. @throws DecodeError | MismatchError when it is not the author's. */
  note(bytes: Uint8Array): void {
    const period = periodOfHead(bytes);
    if (period > periodOf(this.env.now()) + 1) return;
    const head = verifyHead(this.env.crypto, bytes, { key: datedPublicKey(this.env.crypto, this.author, period), period });
    this.#serial = Math.max(this.#serial, head.serial);
  }
}
