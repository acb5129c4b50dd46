import { chacha20 } from '@noble/ciphers/chacha.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { utf8 } from '../core/bytes/bytes.ts';

const NONCE = new Uint8Array(12);
const BATCH_BYTES = 4096;

/**
 * Bytes that look random and are the same for the same seed: ChaCha20's stream under SHA-256 of the seed. Each consumer that is
 * to stay the same when another one changes gets a seed of its own: `seededRandom(`${seed}/peer 7`)`.
 */
export function seededRandom(seed: string): (lengthBytes: number) => Uint8Array {
  const key = sha256(utf8(seed));
  let batch = new Uint8Array(0);
  let used = 0;
  let block = 0;
  return (lengthBytes) => {
    const bytes = new Uint8Array(lengthBytes);
    for (let done = 0; done < lengthBytes; ) {
      if (used === batch.length) {
        batch = chacha20(key, NONCE, new Uint8Array(BATCH_BYTES), undefined, block);
        block += BATCH_BYTES / 64;
        used = 0;
      }
      const part = batch.subarray(used, used + lengthBytes - done);
      bytes.set(part, done);
      done += part.length;
      used += part.length;
    }
    return bytes;
  };
}
