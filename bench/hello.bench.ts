/** What a hello costs in public-key work: its figure the service's, which opens it on the thread that relays; and the visitor's, who makes it. */
import { randomBytes } from 'node:crypto';
import { nodeCrypto } from '../src/adapters/node-crypto.ts';
import { EMPTY } from '../src/core/bytes/bytes.ts';
import { identityFromSeed, peerIdOf } from '../src/core/crypto/identity.ts';
import { nobleCrypto } from '../src/core/crypto/noble.ts';
import { makeHello, openHello } from '../src/core/service/hello.ts';
import { HelloKeyring } from '../src/core/service/hello-keys.ts';
import { SESSION_ID_BYTES } from '../src/core/wire/geometry.ts';
import { nodeEnv } from '../node/node-env.ts';
import { type Bench, secondsPerCall } from './harness.ts';

const bench: Bench = (report) => {
  for (const [name, crypto] of [
    ['node:crypto', nodeCrypto],
    ['@noble', nobleCrypto],
  ] as const) {
    const env = { ...nodeEnv('error'), crypto };
    const keyring = new HelloKeyring(env);
    const key = (): Uint8Array => identityFromSeed(crypto, new Uint8Array(randomBytes(32))).publicKey;
    const target = { service: key(), point: peerIdOf(key()) };
    const words = { sessionId: new Uint8Array(SESSION_ID_BYTES), resumes: false, missed: false, number: 1, messages: EMPTY };
    const make = () => makeHello(env, target, keyring.current.keys, words)?.bytes as Uint8Array;
    const hello = make();
    const [made, opened] = secondsPerCall([
      make,
      () => {
        if (openHello(env, target, keyring.current, hello) === undefined) throw new Error('the hello did not open');
      },
    ]) as [number, number];
    report(crypto === nodeCrypto ? '' : `open, ${name}`, { value: 1000 * opened, unit: 'ms CPU' });
    report(`make, ${name}`, { value: 1000 * made, unit: 'ms CPU' });
  }
};

export default bench;
