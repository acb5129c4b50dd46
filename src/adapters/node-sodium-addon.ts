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
