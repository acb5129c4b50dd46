import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { nodeWebRtc } from '../../node/webrtc-node.ts';
import { nobleCrypto } from '../../src/core/crypto/noble.ts';
import { MeshDialer } from '../../src/core/signal/index.ts';
import type { Transport } from '../../src/core/ports.ts';
import { decodeDescription, encodeDescription } from '../../src/core/wire/signal.ts';
import { rtcPair } from '../support/bridge-pair.ts';
import { linked, TestEnd, until } from '../support/link-suite.ts';
import { realEnv } from '../support/real-env.ts';
import { SignalNet } from '../support/signal-net.ts';

const rtc = nodeWebRtc(nobleCrypto);
after(() => rtc.destroyAll());

const step = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 1));

describe('signalling over WebRTC', () => {
  it('an offer through an open peer becomes a link at both ends', async () => {
    const net = new SignalNet(realEnv, rtc);
    const contact = { onionX25519: net.onionX25519, relays: [net.relay] };
    const dialer = new MeshDialer(realEnv, { self: net.self, rtc, streams: net.streams, contact: () => contact });
    const dialled = await dialer.dial({ peer: net.target, url: undefined });
    await until({ step }, () => net.adopted.length > 0, 'the target opens');
    const pair = async (): Promise<[Transport, Transport]> => [dialled, (net.adopted[0] as { transport: Transport }).transport];
    const { a, b } = await linked({ env: realEnv, step, pair });
    assert.equal(a.link.kind, 'webrtc');
    a.links.closeAll();
    await until({ step }, () => b.closes.length > 0, 'the other end closes');
  });

  it('a man in the signalling path who connects to both sides and hands on every byte is found out', async () => {
    const [alice, man] = await rtcPair(rtc, rtc); // the answer Alice was given is his
    const [manToo, bob] = await rtcPair(rtc, rtc); // and so is the offer that Bob answered
    for (const [from, to] of [
      [man, manToo],
      [manToo, man],
    ] as const)
      from.handler = { onMessage: (message) => to.send(message), onDrain: () => {}, onClose: () => to.close() };
    const [a, b] = [new TestEnd(realEnv), new TestEnd(realEnv)];
    let over = 0;
    for (const transport of [alice, bob]) {
      const close = transport.close.bind(transport);
      transport.close = () => {
        over++;
        close();
      };
    }
    b.links.adopt(bob);
    a.links.adopt(alice, b.peer);
    await until({ step }, () => over === 2, 'both ends give up');
    assert.deepEqual([a.opened.length, b.opened.length], [0, 0]);
  });

  it('an answer whose fingerprint was swapped makes no connection', async () => {
    const offer = await rtc.offer();
    const { description, transport } = await rtc.answer(offer.description);
    const swapped = encodeDescription({ ...decodeDescription(description), fingerprint: new Uint8Array(32).fill(1) });
    transport.catch(() => {});
    await assert.rejects(offer.accept(swapped), (error: { kind: string }) => error.kind === 'unreachable' || error.kind === 'timeout');
  });
});
