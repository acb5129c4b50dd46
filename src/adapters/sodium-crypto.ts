import type sodiumType from 'libsodium-wrappers';
import { nobleCrypto } from '../core/crypto/noble.ts';
import type { Aead, CryptoPort } from '../core/ports.ts';
import { isOddKey } from './odd-key.ts';
import { sodiumKem } from './sodium-kem.ts';

/**
 * Primitives by libsodium's WebAssembly: what a tab uses from its first link on. Some 300 KB of code, hence loaded on demand;
 * until then @noble does. SHA-256 stays with @noble.
 */

/** The compiled module beneath the wrappers: these copy in and out of fresh memory on each call, which at 4 KB a cell costs more than the cipher. */
interface SodiumModule {
  readonly HEAPU8: Uint8Array;
  _malloc(lengthBytes: number): number;
  _free(address: number): void;
  _crypto_aead_chacha20poly1305_ietf_encrypt_detached(
    c: number,
    mac: number,
    macLen: number,
    m: number,
    mLen: number,
    mLenHigh: number,
    ad: number,
    adLen: number,
    adLenHigh: number,
    nsec: number,
    npub: number,
    k: number,
  ): number;
  _crypto_aead_chacha20poly1305_ietf_decrypt_detached(
    m: number,
    nsec: number,
    c: number,
    cLen: number,
    cLenHigh: number,
    mac: number,
    ad: number,
    adLen: number,
    adLenHigh: number,
    npub: number,
    k: number,
  ): number;
}

const KEY = 0;
const NONCE = 32;
const TAG = 48;
const AAD = 64;
/** The longest AAD in place is 128 bytes; longer input or AAD makes the area grow. */
const AAD_MIN_BYTES = 256;

/** One area of libsodium's memory, used for every call: nothing here is called twice at once. */
class SodiumAead implements Aead {
  readonly #module: SodiumModule;
  #area = 0;
  #aadBytes = 0;
  #textBytes = 0;

  constructor(module: SodiumModule) {
    this.#module = module;
    this.#reserve(AAD_MIN_BYTES, 16384);
  }

  seal(key: Uint8Array, counter: number, input: Uint8Array, aad: Uint8Array, output: Uint8Array, tag: Uint8Array): void {
    const text = this.#place(key, counter, input, aad);
    const area = this.#area;
    this.#module._crypto_aead_chacha20poly1305_ietf_encrypt_detached(
      text,
      area + TAG,
      0,
      text,
      input.length,
      0,
      area + AAD,
      aad.length,
      0,
      0,
      area + NONCE,
      area + KEY,
    );
    const heap = this.#module.HEAPU8;
    output.set(heap.subarray(text, text + input.length));
    tag.set(heap.subarray(area + TAG, area + TAG + 16));
  }

  open(key: Uint8Array, counter: number, input: Uint8Array, aad: Uint8Array, output: Uint8Array, tag: Uint8Array): boolean {
    const text = this.#place(key, counter, input, aad);
    const area = this.#area;
    this.#module.HEAPU8.set(tag, area + TAG);
    const failed = this.#module._crypto_aead_chacha20poly1305_ietf_decrypt_detached(
      text,
      0,
      text,
      input.length,
      0,
      area + TAG,
      area + AAD,
      aad.length,
      0,
      area + NONCE,
      area + KEY,
    );
    if (failed !== 0) return false;
    output.set(this.#module.HEAPU8.subarray(text, text + input.length));
    return true;
  }

  /** Copies what a call needs into libsodium's memory; answers where the text lies. */
  #place(key: Uint8Array, counter: number, input: Uint8Array, aad: Uint8Array): number {
    if (aad.length > this.#aadBytes || input.length > this.#textBytes) this.#reserve(aad.length, input.length);
    const heap = this.#module.HEAPU8; // memory that has grown is another array
    const area = this.#area;
    heap.set(key, area + KEY);
    for (let i = 0, rest = counter; i < 8; i++, rest = Math.floor(rest / 256)) heap[area + NONCE + 4 + i] = rest % 256;
    heap.set(aad, area + AAD);
    const text = area + AAD + this.#aadBytes;
    heap.set(input, text);
    return text;
  }

  #reserve(aadBytes: number, textBytes: number): void {
    this.#aadBytes = Math.max(this.#aadBytes, Math.ceil(aadBytes / 16) * 16);
    this.#textBytes = Math.max(this.#textBytes, textBytes);
    this.#module._free(this.#area); // nothing, the first time
    this.#area = this.#module._malloc(AAD + this.#aadBytes + this.#textBytes);
    if (this.#area === 0) throw new RangeError(`libsodium has no ${this.#textBytes} bytes of memory left`);
    this.#module.HEAPU8.fill(0, this.#area, this.#area + AAD);
  }
}

/** Loads libsodium. Once: every caller gets the same. */
export function loadSodiumCrypto(): Promise<CryptoPort> {
  loading ??= load();
  return loading;
}

let loading: Promise<CryptoPort> | undefined;

async function load(): Promise<CryptoPort> {
  const { default: sodium } = await import('libsodium-wrappers');
  await sodium.ready;
  const module = (sodium as unknown as { libsodium: SodiumModule }).libsodium;
  return cryptoOf(sodium, new SodiumAead(module));
}

function cryptoOf(sodium: typeof sodiumType, aead: Aead): CryptoPort {
  const pairOf = (seed: Uint8Array) => sodium.crypto_sign_seed_keypair(seed);
  return {
    ...nobleCrypto,
    ...sodiumKem(sodium),
    aead,
    x25519Public: (secret) => sodium.crypto_scalarmult_base(secret),
    x25519(secret, publicKey) {
      try {
        return sodium.crypto_scalarmult(secret, publicKey);
      } catch {
        return undefined; // libsodium refuses the all-zero secret
      }
    },
    ed25519Public: (seed) => pairOf(seed).publicKey,
    ed25519Sign: (seed, message) => sodium.crypto_sign_detached(message, pairOf(seed).privateKey),
    ed25519Verify(key, message, signature) {
      return (!isOddKey(key) && fastVerify(sodium, key, message, signature)) || nobleCrypto.ed25519Verify(key, message, signature);
    },
  };
}

function fastVerify(sodium: typeof sodiumType, key: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  try {
    return sodium.crypto_sign_verify_detached(signature, message, key);
  } catch {
    return false; // wrong lengths
  }
}
