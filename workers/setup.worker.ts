import { loadSodiumCrypto } from '../src/adapters/sodium-crypto.ts';
import { inlineSetupCrypto, type SetupPort, serveSetupCrypto } from '../src/core/circuit/index.ts';
import { nobleCrypto } from '../src/core/crypto/noble.ts';
import type { CryptoPort } from '../src/core/ports.ts';

/** The tab's setup worker: the builder's public-key work, away from the thread that relays. */
const env: { crypto: CryptoPort; random(lengthBytes: number): Uint8Array } = {
  crypto: nobleCrypto,
  random: (lengthBytes) => crypto.getRandomValues(new Uint8Array(lengthBytes)),
};
serveSetupCrypto(self as unknown as SetupPort, inlineSetupCrypto(env));
// @noble answers until libsodium is there; if it never comes, for good.
loadSodiumCrypto().then(
  (sodium) => void (env.crypto = sodium),
  () => undefined,
);
