import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { equal } from '../../../src/core/bytes/index.ts';
import { Splice } from '../../../src/core/service/splice.ts';
import { ask, Session } from '../../../src/core/stream/index.ts';
import { CLOSE, STREAM } from '../../../src/core/wire/registry.ts';
import { Bottleneck, circuitPair } from '../../support/circuit-pair.ts';
import { type TestEnv, testEnv } from '../../support/test-env.ts';
import { startedChannels } from '../../support/started-channels.ts';

const MB = 1_000_000;
const ROUND_TRIP_MS = 400;

/** A visitor's and a service's circuit, four links of 25 ms each, joined at their point; `fetch` asks for that many bytes. */
function joined(visitorBytesPerSecond: number, env: TestEnv = testEnv()) {
  const near = circuitPair(env, { delayMs: ROUND_TRIP_MS / 4, back: new Bottleneck(env, visitorBytesPerSecond) });
  const far = circuitPair(env, { delayMs: ROUND_TRIP_MS / 4, out: new Bottleneck(env, 20 * MB) });
  const visitor = startedChannels(env, near.builder);
  const pointNear = startedChannels(env, near.last);
  const pointFar = startedChannels(env, far.last);
  const service = startedChannels(env, far.builder);
  new Splice(pointNear.channel(1), pointFar.channel(9), []).start(() => {});
  const opener = new Session(env, { opener: true, onStream() {} });
  const host = new Session(env, {
    opener: false,
    id: opener.id,
    onStream(stream) {
      void stream.write(body(new DataView(stream.request.slice().buffer).getUint32(0))).catch(() => {});
      stream.end();
    },
  });
  opener.attach(visitor.channel(1));
  host.attach(service.channel(9));
  const fetch = async (lengthBytes: number): Promise<number> => {
    const request = new Uint8Array(4);
    new DataView(request.buffer).setUint32(0, lengthBytes);
    const startMs = env.now();
    const answer = await env.clock.runFor(ask(env, opener.open(STREAM.site, request), new Uint8Array(0), lengthBytes, 600_000));
    assert.ok(equal(answer, body(lengthBytes)));
    return (env.now() - startMs) / ROUND_TRIP_MS;
  };
  return { env, visitor, pointFar, service, fetch };
}

const body = (lengthBytes: number): Uint8Array => Uint8Array.from({ length: lengthBytes }, (_, i) => i * 13 + (i >>> 9));

describe('a session over two circuits and a point', () => {
  it('brings a page in one round trip of the whole path, 1 MB on new circuits in three, 20 MB at a quarter of the rate and more', async () => {
    const { fetch } = joined(20 * MB);
    const page = await fetch(20_000);
    assert.ok(page <= 1.1, `${page} round trips`);
    const site = await fetch(1_000_000);
    assert.ok(site <= 3, `${site} round trips`);
    const bulk = await fetch(20_000_000);
    assert.ok(bulk <= 8, `${bulk} round trips`); // the wire alone takes 2.5, and the first byte 1
    const again = await fetch(1_000_000);
    assert.ok(again <= 1.5, `${again} round trips`);
  });

  it('a slow visitor makes its point hold little', async () => {
    const { env, fetch, pointFar } = joined(0.5 * MB);
    let most = 0;
    const look = (): void => {
      most = Math.max(most, pointFar.stats.heldPayloads);
      env.schedule(50, look);
    };
    look();
    await fetch(4_000_000);
    // A second at the visitor's rate: 125 payloads.
    assert.ok(most <= 128, `${most} payloads`);
  });

  it("the loss of the visitor's circuit closes the service's channel and no more", async () => {
    const { env, visitor, service } = joined(20 * MB);
    const other = service.channel(10);
    visitor.close(CLOSE.ended);
    await env.advance(2 * ROUND_TRIP_MS);
    assert.equal(service.closed, false);
    assert.equal(service.stats.channels, 1);
    assert.equal(other.ready, true);
  });
});
