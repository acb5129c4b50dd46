/**
 * What a circuit costs in public-key work, its figure the hop's by node:crypto: to its builder (on the setup worker) and to each hop (on the
 * thread that relays). Then, over real sockets: how long it takes, and how long what is relayed stands still meanwhile.
 */
import { randomBytes } from 'node:crypto';
import { nodeCrypto } from '../src/adapters/node-crypto.ts';
import { loadSodiumCrypto } from '../src/adapters/sodium-crypto.ts';
import { openReply } from '../src/core/circuit/reply-opener.ts';
import { buildFreshSetup } from '../src/core/circuit/setup-builder.ts';
import type { BuiltSetup, HopKeys } from '../src/core/circuit/types.ts';
import { identityFromSeed, peerIdOf } from '../src/core/crypto/identity.ts';
import { nobleCrypto } from '../src/core/crypto/noble.ts';
import type { CryptoPort } from '../src/core/ports.ts';
import { OnionKeyring } from '../src/core/relay/onion-keyring.ts';
import { buildReply, freshKeys, peelSetup, sealReply } from '../src/core/relay/setup-hop.ts';
import { type Bench, secondsPerCall } from './harness.ts';
import { measureGaps, measureRoundTrips } from './setup-over-chain.ts';

const HOPS = 3;
const random = (lengthBytes: number): Uint8Array => new Uint8Array(randomBytes(lengthBytes));

function newHop(crypto: CryptoPort): { keyring: OnionKeyring; hop: HopKeys } {
  const keyring = new OnionKeyring({ crypto, random, now: () => Date.now() });
  const { epoch, x25519, kem } = keyring.publicKeys();
  const peer = peerIdOf(identityFromSeed(crypto, random(32)).publicKey);
  const descriptorHash = random(32);
  keyring.bindDescriptor(epoch, descriptorHash, 0);
  return { keyring, hop: { peer, onionX25519: x25519, onionKem: kem, descriptorHash, setupEffort: 0 } };
}

/** One packet through all hops and the reply back to before the builder. */
function through(crypto: CryptoPort, hops: ReturnType<typeof newHop>[], built: BuiltSetup): Uint8Array {
  const peeled = hops.map(({ hop, keyring }) => {
    const each = peelSetup(crypto, hop.peer, keyring, built.packet);
    if (each === undefined) throw new Error('a hop refused the packet');
    return { each, own: freshKeys(crypto, each, random(32)) };
  });
  const last = peeled.pop() as (typeof peeled)[number];
  const reply = buildReply(crypto.aead, last.each.keys.reply, last.own, random(100));
  for (const { each, own } of peeled.reverse()) sealReply(crypto.aead, each.keys.reply, own.fresh, reply);
  return reply;
}

const bench: Bench = async (report) => {
  const ports: [string, CryptoPort][] = [
    ['node:crypto', nodeCrypto],
    ['libsodium', await loadSodiumCrypto()],
    ['@noble', nobleCrypto],
  ];
  for (const [name, crypto] of ports) {
    const hops = Array.from({ length: HOPS }, () => newHop(crypto));
    const keys = hops.map(({ hop }) => hop);
    const sample = buildFreshSetup({ crypto, random }, keys);
    const reply = through(crypto, hops, { ...sample, packet: sample.packet.slice() });
    const [build, whole, open] = secondsPerCall([
      () => buildFreshSetup({ crypto, random }, keys),
      () => through(crypto, hops, buildFreshSetup({ crypto, random }, keys)),
      () => {
        if (openReply(crypto, sample.secrets, reply.slice()) === undefined) throw new Error('the reply did not open');
      },
    ]) as [number, number, number];
    const ms = (seconds: number): { value: number; unit: string } => ({ value: (1000 * seconds) / HOPS, unit: 'ms CPU a hop' });
    report(`build, ${name}`, ms(build));
    report(crypto === nodeCrypto ? '' : `peel, and seal the reply, ${name}`, ms(whole - build));
    report(`open the reply, ${name}`, ms(open));
  }
  await measureRoundTrips(report);
  await measureGaps(report);
};

export default bench;
