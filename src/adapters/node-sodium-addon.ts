import { createRequire } from 'node:module';

/** What we use of libsodium as a native addon. It works on the buffers that it is given, which may be one and the same, and makes none. */
export interface SodiumAddon {
  crypto_aead_chacha20poly1305_ietf_encrypt_detached(
    output: Uint8Array,
    tag: Uint8Array,
    input: Uint8Array,
    aad: Uint8Array,
    secretNonce: null,
    nonce: Uint8Array,
    key: Uint8Array,
  ): void;
  /** @throws Error when the tag does not match; `output` is zero then. */
  crypto_aead_chacha20poly1305_ietf_decrypt_detached(
    output: Uint8Array,
    secretNonce: null,
    input: Uint8Array,
    tag: Uint8Array,
    aad: Uint8Array,
    nonce: Uint8Array,
    key: Uint8Array,
  ): void;
  crypto_scalarmult_base(publicKey: Uint8Array, secret: Uint8Array): void;
  /** @throws Error when the shared secret is zero. */
  crypto_scalarmult(shared: Uint8Array, secret: Uint8Array, publicKey: Uint8Array): void;
  /** @throws Error when the key is not the one form of a point of the prime-order group, or its neutral element. */
  crypto_scalarmult_ed25519_noclamp(product: Uint8Array, scalar: Uint8Array, publicKey: Uint8Array): void;
  /** @param secret 64 bytes: the seed and the public key. */
  crypto_sign_seed_keypair(publicKey: Uint8Array, secret: Uint8Array, seed: Uint8Array): void;
  crypto_sign_detached(signature: Uint8Array, message: Uint8Array, secret: Uint8Array): void;
  /** @param signature 64 bytes or more: the rest is not looked at. @throws Error for other lengths. */
  crypto_sign_verify_detached(signature: Uint8Array, message: Uint8Array, publicKey: Uint8Array): boolean;
}

/**
 * Undefined where it has no build for this platform. The file itself is loaded: the package's own way there reads and makes 5 MB of other things
 * first, and takes 15 ms.
 */
export function sodiumAddon(): SodiumAddon | undefined {
  try {
    const path = `sodium-native/prebuilds/${process.platform}-${process.arch}/sodium-native.node`;
    return createRequire(import.meta.url)(path) as SodiumAddon;
  } catch {
    return undefined;
  }
}
