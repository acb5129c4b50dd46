import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { GlobalNetError } from '../../../src/core/bytes/errors.ts';
import { peerIdBytes } from '../../../src/core/crypto/identity.ts';
import { ANSWERS_BURST, MeshDialer, OFFER_LIFE_MS, openOffer, sealOffer, workSuffices } from '../../../src/core/signal/index.ts';
import type { Transport } from '../../../src/core/ports.ts';
import { SIGNAL } from '../../../src/core/wire/registry.ts';
import { decodeSignalRequest, decodeSignalResponse, encodeSignalRequest } from '../../../src/core/wire/signal.ts';
import { memoryRtc, servedStream, SignalNet } from '../../support/signal-net.ts';
import { serveSignal } from '../../../src/core/signal/index.ts';
import { testEnv } from '../../support/test-env.ts';

function stage() {
  const env = testEnv();
  const rtc = memoryRtc(env);
  const net = new SignalNet(env, rtc.rtc);
  const contact = { onionX25519: net.onionX25519, relays: [net.relay] };
  const dialer = new MeshDialer(env, {
    self: net.self,
    rtc: rtc.rtc,
    streams: net.streams,
    contact: (peer) => (peer === net.target ? contact : undefined),
  });
  const target = { peer: net.target, url: undefined };
  const dial = (signal?: AbortSignal): Promise<Transport> => env.clock.runFor(dialer.dial(target, signal));
  return { env, rtc, net, dialer, target, dial, contact };
}

/** A request as a dialler makes it, without work. */
function request({ env, net }: ReturnType<typeof stage>): Uint8Array {
  const { sealed } = sealOffer(env, net.self, { peer: net.target, onionX25519: net.onionX25519 }, Uint8Array.of(1, 9));
  return encodeSignalRequest({ target: peerIdBytes(net.target), work: new Uint8Array(8), sealed });
}

const typeOf = (response: Uint8Array): number => decodeSignalResponse(response).type;

describe('signalling', () => {
  it('an offer through an open peer becomes a transport at both ends, each expecting the other', async () => {
    const { net, dial } = stage();
    const transport = await dial();
    assert.equal(transport.dialled, true);
    assert.deepEqual(
      net.adopted.map(({ peer }) => peer),
      [net.self],
    );
  });

  it('whoever carries an offer reads neither who asks nor what', async () => {
    const { net, dial } = stage();
    await dial();
    const [carried] = net.requests;
    assert.ok(carried);
    assert.ok(!Buffer.from(carried).includes(Buffer.from(peerIdBytes(net.self))));
    assert.equal(openOffer(testEnv(), net.target, [new Uint8Array(32).fill(9)], decodeSignalRequest(carried).sealed), undefined);
  });

  it('an offer sealed to one peer opens for no other, and not after any change', () => {
    const { env, net } = stage();
    const { sealed } = sealOffer(env, net.self, { peer: net.target, onionX25519: net.onionX25519 }, Uint8Array.of(5));
    assert.equal(openOffer(env, net.relay, [net.onionSecret], sealed), undefined, 'the id is bound');
    assert.equal(openOffer(env, net.target, [net.onionSecret], sealed)?.from, net.self);
    for (let at = 0; at < sealed.length; at++) {
      const changed = sealed.map((byte, i) => (i === at ? byte ^ 1 : byte));
      // x25519 ignores the top bit of a key's last byte; the key itself is in the derivation, so that changes too.
      assert.equal(openOffer(env, net.target, [net.onionSecret], changed), undefined, `byte ${at}`);
    }
  });

  it('an answer that a man between made is not taken', async () => {
    const { net, dial, rtc } = stage();
    const honest = net.answerer.answer.bind(net.answerer);
    net.answerer.answer = async (bytes) => {
      const response = await honest(bytes);
      response[3] = (response[3] as number) ^ 1;
      return response;
    };
    await assert.rejects(dial(), { kind: 'unverified' });
    assert.equal(rtc.cancelled(), 1);
  });

  it('the same offer is answered once', async () => {
    const all = stage();
    const bytes = request(all);
    assert.equal(typeOf(await all.net.answerer.answer(bytes)), SIGNAL.answer);
    assert.equal(typeOf(await all.net.answerer.answer(bytes)), SIGNAL.refused);
    assert.equal(all.rtc.answered(), 1);
  });

  it('an old offer is not answered', async () => {
    const all = stage();
    const bytes = request(all);
    await all.env.advance(OFFER_LIFE_MS + 1000);
    assert.equal(typeOf(await all.net.answerer.answer(bytes)), SIGNAL.refused);
  });

  it('a flood is asked for work, then refused, and answered again later', async () => {
    const all = stage();
    const responses = [];
    for (let i = 0; i < 3 * ANSWERS_BURST; i++) responses.push(decodeSignalResponse(await all.net.answerer.answer(request(all))));
    const free = responses.filter(({ type }) => type === SIGNAL.answer).length;
    assert.equal(free, ANSWERS_BURST / 2);
    const last = responses.at(-1);
    assert.ok(last?.type === SIGNAL.refused && last.effort > 1, 'it says what would be enough');
    await all.env.advance(3_600_000);
    assert.equal(typeOf(await all.net.answerer.answer(request(all))), SIGNAL.answer);
  });

  it('a dialler does the work that is asked for, and is answered', async () => {
    const all = stage();
    for (let i = 0; i < ANSWERS_BURST; i++) await all.net.answerer.answer(request(all));
    const transport = await all.dial();
    assert.equal(transport.dialled, true);
    const { work, sealed, target } = decodeSignalRequest(all.net.requests.at(-1) as Uint8Array);
    assert.ok(workSuffices(all.env, target, sealed, work, 4096));
  });

  it('a relay that asks for absurd work is refused', async () => {
    const { net, dial } = stage();
    net.answerer.answer = async () => Uint8Array.of(SIGNAL.refused, 0xff, 0, 0, 0);
    await assert.rejects(dial(), { kind: 'refused' });
  });

  it('no link at the relay, and no wish at the target, look alike', async () => {
    const one = stage();
    one.net.linked = false;
    await assert.rejects(one.dial(), { kind: 'refused' });
    const two = stage();
    two.net.wants = false;
    await assert.rejects(two.dial(), { kind: 'refused' });
    assert.equal(two.rtc.answered(), 0, 'no address was shown');
  });

  it('where there is no WebRTC nothing is dialled or answered this way', async () => {
    const all = stage();
    (all.rtc.rtc as { attemptsLeft: number }).attemptsLeft = 0;
    assert.equal(all.dialer.handles(all.target), false);
    assert.equal(typeOf(await all.net.answerer.answer(request(all))), SIGNAL.refused);
  });

  it('below the reserve only others are answered', () => {
    const all = stage();
    assert.equal(all.dialer.handles(all.target), true);
    (all.rtc.rtc as { attemptsLeft: number }).attemptsLeft = 50;
    assert.equal(all.dialer.handles(all.target), false);
  });

  it('a target that stays silent is given up, and its connection given back', async () => {
    const { net, dial, rtc } = stage();
    net.answerer.answer = () => new Promise(() => {});
    await assert.rejects(dial(), { kind: 'timeout' });
    assert.equal(rtc.cancelled(), 1);
  });

  it('a connection that does not open is tried once more', async () => {
    const { rtc, net, dial } = stage();
    const honest = rtc.rtc.offer;
    let failures = 1;
    rtc.rtc.offer = async () => {
      const offer = await honest();
      const accept = async (answer: Uint8Array): Promise<Transport> => {
        if (failures-- > 0) throw new GlobalNetError('unreachable', 'no connection');
        return offer.accept(answer);
      };
      return { ...offer, accept };
    };
    assert.equal((await dial()).dialled, true);
    assert.deepEqual([rtc.offered(), rtc.cancelled(), net.adopted.length], [2, 1, 2]);
  });

  it('a dial that is given up ends at once', async () => {
    const { net, dial, rtc } = stage();
    net.answerer.answer = () => new Promise(() => {});
    const stop = new AbortController();
    const given = assert.rejects(dial(stop.signal), { kind: 'cancelled' });
    stop.abort();
    await given;
    assert.equal(rtc.cancelled(), 1);
  });

  it('a malformed request resets its stream', async () => {
    const { net } = stage();
    const { served, asking } = servedStream(3, Uint8Array.of(1, 2, 3));
    await serveSignal(served, { self: net.target, forward: async () => undefined, answer: async () => new Uint8Array(0) });
    await assert.rejects(asking.read(), { kind: 'closed' });
  });
});
