import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { memoryPair } from '../../../src/adapters/memory-transport.ts';
import { nodeCrypto } from '../../../src/adapters/node-crypto.ts';
import { CircuitBuilder, inlineSetupCrypto } from '../../../src/core/circuit/index.ts';
import { type Identity, newIdentity, peerIdOf } from '../../../src/core/crypto/identity.ts';
import { Links } from '../../../src/core/link/index.ts';
import type { CircuitEnd, Link } from '../../../src/core/ports.ts';
import { OnionKeyring, Relay } from '../../../src/core/relay/index.ts';
import { CELL_BODY_BYTES } from '../../../src/core/wire/geometry.ts';
import { CLOSE } from '../../../src/core/wire/registry.ts';
import { EndLog } from '../../support/circuit-net.ts';
import { type TestEnv, testEnv } from '../../support/test-env.ts';

const DELAY_MS = 10;

/** A peer with real links, as peer.ts wires them. */
class LinkedPeer {
  readonly identity: Identity;
  readonly peer;
  readonly links: Links;
  readonly builder: CircuitBuilder;
  readonly relay: Relay;
  readonly keyring: OnionKeyring;
  readonly ends: { end: CircuitEnd; log: EndLog }[] = [];

  constructor(readonly env: TestEnv) {
    this.identity = newIdentity(env);
    this.peer = peerIdOf(this.identity.publicKey);
    this.keyring = new OnionKeyring(env);
    this.builder = new CircuitBuilder(env, inlineSetupCrypto(env));
    this.relay = new Relay({
      env,
      self: this.peer,
      onionKeys: this.keyring,
      linkTo: (peer) => this.links.get(peer),
      dial: async () => undefined,
      onLastHop: (end, _early, answer) => {
        const log = new EndLog();
        end.handler = log;
        this.ends.push({ end, log });
        answer(new Uint8Array(9));
      },
    });
    this.links = new Links(env, {
      identity: this.identity,
      maxLinks: 10,
      dialers: [],
      handler: {
        onLink: () => undefined,
        onWithdrawal: () => undefined,
        onDescriptor: () => undefined,
        onFrame: (link, frame) => {
          if (!this.builder.onFrame(link, frame)) this.relay.onFrame(link, frame);
        },
        onClose: (link) => {
          this.builder.onLinkClose(link);
          this.relay.onLinkClose(link);
        },
      },
    });
  }

  hopKeys() {
    const { epoch, x25519, kem } = this.keyring.publicKeys();
    const descriptorHash = this.env.random(32);
    this.keyring.bindDescriptor(epoch, descriptorHash, 0);
    return { peer: this.peer, onionX25519: x25519, onionKem: kem, descriptorHash, setupEffort: 0 };
  }
}

async function row(count: number): Promise<{ env: TestEnv; peers: LinkedPeer[] }> {
  const env = testEnv({ seed: 'over links', crypto: nodeCrypto });
  const peers = Array.from({ length: count }, () => new LinkedPeer(env));
  for (let i = 0; i + 1 < count; i++) {
    const [here, there] = memoryPair(env, { delayMs: DELAY_MS });
    peers[i + 1]?.links.adopt(there);
    peers[i]?.links.adopt(here);
  }
  await env.advance(1000);
  return { env, peers };
}

describe('over real links', () => {
  test('a circuit of four hops opens in one round trip of its path, and 500 cells pass each way', async () => {
    const { env, peers } = await row(5);
    const [own, ...hops] = peers as [LinkedPeer, ...LinkedPeer[]];
    const link = own.links.get((hops[0] as LinkedPeer).peer) as Link;
    let openedAt = 0;
    const startedAt = env.now();
    const opening = own.builder.open(
      link,
      hops.map((hop) => hop.hopKeys()),
      new Uint8Array(0),
    );
    opening.then(
      () => void (openedAt = env.now()),
      () => undefined,
    );
    await env.advance(500);
    assert.equal(openedAt - startedAt, 2 * hops.length * DELAY_MS);
    const { circuit } = await opening;
    const log = new EndLog();
    circuit.handler = log;
    const far = hops.at(-1)?.ends[0];
    for (let i = 0; i < 500; i++) {
      circuit.send(new Uint8Array(CELL_BODY_BYTES).fill(1, 0, 4).fill(i, 4));
      far?.end.send(new Uint8Array(CELL_BODY_BYTES).fill(1, 0, 4).fill(i, 4));
    }
    await env.advance(500);
    assert.deepEqual(
      far?.log.bodies.map((body) => body[9]),
      Array.from({ length: 500 }, (_, i) => i & 255),
    );
    assert.deepEqual(
      log.bodies.map((body) => body[9]),
      Array.from({ length: 500 }, (_, i) => i & 255),
    );
    assert(log.drains > 0);
  });

  test('a hop that goes away ends it on both sides', async () => {
    const { env, peers } = await row(4);
    const [own, ...hops] = peers as [LinkedPeer, ...LinkedPeer[]];
    const opening = own.builder.open(
      own.links.get((hops[0] as LinkedPeer).peer) as Link,
      hops.map((hop) => hop.hopKeys()),
      new Uint8Array(0),
    );
    await env.advance(500);
    const { circuit } = await opening;
    const log = new EndLog();
    circuit.handler = log;
    (hops[1] as LinkedPeer).links.close();
    await env.advance(500);
    assert.equal(log.closed, CLOSE.ended);
    assert.equal(hops.at(-1)?.ends[0]?.log.closed, CLOSE.linkLost);
  });
});
