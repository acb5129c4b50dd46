import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { nodeWebRtc } from '../../node/webrtc-node.ts';
import { concat } from '../../src/core/bytes/bytes.ts';
import { nobleCrypto } from '../../src/core/crypto/noble.ts';
import { bridged, rtcPair } from '../support/bridge-pair.ts';
import type { LinkSetup } from '../support/link-suite.ts';
import { realEnv } from '../support/real-env.ts';
import { runLinkTests } from '../support/run-link-tests.ts';

const rtc = nodeWebRtc(nobleCrypto, { bind: concat });
const [one, two] = [bridged(rtc), bridged(rtc)];
after(() => {
  one.page.close();
  two.page.close();
  rtc.destroyAll();
});

const setup = (): LinkSetup => ({
  env: realEnv,
  pair: () => rtcPair(one.bridge, two.bridge),
  step: () => new Promise((resolve) => setTimeout(resolve, 1)),
});

runLinkTests('WebRTC across the bridge', setup);

describe('WebRTC across the bridge', () => {
  it('an end that is bridged and one that is not compute one binding', async () => {
    const [a, b] = await rtcPair(one.bridge, nodeWebRtc(nobleCrypto));
    assert.deepEqual(a.binding, b.binding);
    a.close();
    b.close();
  });

  it('a refusal crosses the bridge with its kind', async () => {
    await assert.rejects(one.bridge.answer(new Uint8Array(100)), { kind: 'malformed' });
  });

  it('a page that closes takes the transports of its worker with it', async () => {
    const { bridge, page } = bridged(rtc);
    const [a] = await rtcPair(bridge, two.bridge);
    const closed = new Promise((resolve) => {
      a.handler = { onMessage: () => {}, onDrain: () => {}, onClose: resolve };
    });
    rtc.destroyAll();
    await closed;
    page.close();
  });
});
