import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { nodeWebRtc } from '../../node/webrtc-node.ts';
import { nobleCrypto } from '../../src/core/crypto/noble.ts';
import type { Transport } from '../../src/core/ports.ts';
import type { LinkSetup } from '../support/link-suite.ts';
import { rtcPair } from '../support/bridge-pair.ts';
import { realEnv } from '../support/real-env.ts';
import { runLinkTests } from '../support/run-link-tests.ts';

const rtc = nodeWebRtc(nobleCrypto);

after(() => rtc.destroyAll());

const pair = (): Promise<[Transport, Transport]> => rtcPair(rtc, rtc);
const setup = (): LinkSetup => ({ env: realEnv, pair, step: () => new Promise((resolve) => setTimeout(resolve, 1)) });

runLinkTests('WebRTC in Node', setup);

describe('WebRTC transports', () => {
  it('both ends compute one binding, another for each connection', async () => {
    const [a, b] = await pair();
    const [c] = await pair();
    assert.deepEqual(a.binding, b.binding);
    assert.notDeepEqual(a.binding, c.binding);
    assert.equal(a.binding?.length, 32);
  });

  it('a description fits in a few hundred bytes', async () => {
    const offer = await rtc.offer();
    assert.ok(offer.description.length < 500, `${offer.description.length} bytes`);
    offer.cancel();
  });

  it('what is no description is refused before a connection is made', async () => {
    await assert.rejects(rtc.answer(new Uint8Array(100)), { kind: 'malformed' });
  });
});
