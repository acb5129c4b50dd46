import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { memoryPair } from '../../../src/adapters/memory-transport.ts';
import { GlobalNetError } from '../../../src/core/bytes/errors.ts';
import { newIdentity, peerIdOf } from '../../../src/core/crypto/identity.ts';
import { Links, PONG_TIMEOUT_MS, SILENCE_IDLE_MS, SILENCE_IN_USE_MS, SILENT_MS } from '../../../src/core/link/index.ts';
import type { Transport } from '../../../src/core/ports.ts';
import { newFrame } from '../../../src/core/wire/frame.ts';
import { FRAME_CELL_BYTES, FRAME_SETUP_BYTES } from '../../../src/core/wire/geometry.ts';
import { encodeControl } from '../../../src/core/wire/link.ts';
import { CONTROL, FRAME, LINK_CLOSE } from '../../../src/core/wire/registry.ts';
import { linked, type LinkSetup, numbered, TestEnd } from '../../support/link-suite.ts';
import { type TestEnv, testEnv } from '../../support/test-env.ts';

const BINDING = new Uint8Array(32).fill(1);

function memory(env: TestEnv, binding: Uint8Array | undefined = BINDING): LinkSetup {
  return { env, pair: async () => memoryPair(env, { delayMs: 10, ...(binding && { binding }) }), step: () => env.advance(1) };
}

/** Links that dial `to` by memory; every dialled transport is counted. */
function dialling(env: TestEnv, to: TestEnd, maxLinks = 5): { links: Links; dials: () => number } {
  let dials = 0;
  const dial = async (): Promise<Transport> => {
    dials++;
    const [here, there] = memoryPair(env, { delayMs: 10 });
    to.links.adopt(there);
    return here;
  };
  const links = new Links(env, {
    identity: newIdentity(env),
    maxLinks,
    dialers: [{ handles: ({ url }) => url?.startsWith('ws:') ?? false, dial }],
    handler: { onLink: () => {}, onFrame: () => {}, onWithdrawal: () => undefined, onDescriptor: () => {}, onClose: () => {} },
  });
  return { links, dials: () => dials };
}

const kind =
  (wanted: string) =>
  (error: unknown): boolean =>
    error instanceof GlobalNetError && error.kind === wanted;

describe('links', () => {
  it('callers who want a link at the same time wait for one dial, and later ones get the same link', async () => {
    const env = testEnv();
    const b = new TestEnd(env);
    const { links, dials } = dialling(env, b);
    const target = { peer: b.peer, url: 'ws://b' };
    const waits = Promise.all([links.linkTo(target), links.linkTo(target)]);
    await env.advance(100);
    const [one, two] = await waits;
    assert.equal(one, two);
    assert.equal(await links.linkTo(target), one);
    assert.deepEqual([dials(), b.opened.length, links.count], [1, 1, 1]);
  });

  it('a caller who gives up stops waiting; the others get the link', async () => {
    const env = testEnv();
    const b = new TestEnd(env);
    const { links } = dialling(env, b);
    const stop = new AbortController();
    const given = links.linkTo({ peer: b.peer, url: 'ws://b' }, stop.signal);
    const kept = links.linkTo({ peer: b.peer, url: 'ws://b' });
    stop.abort();
    await assert.rejects(given, kind('cancelled'));
    await env.advance(100);
    assert.equal((await kept).peer, b.peer);
  });

  it('says in which way a dial failed', async () => {
    const env = testEnv();
    const b = new TestEnd(env, undefined, 1);
    const { links } = dialling(env, b, 1);
    const other = peerIdOf(newIdentity(env).publicKey);
    const wrong = assert.rejects(links.dial({ peer: other, url: 'ws://b' }), kind('unverified'));
    await env.advance(100);
    await wrong;
    await assert.rejects(links.dial({ peer: b.peer, url: undefined }), kind('unsupported'));
    void links.linkTo({ peer: b.peer, url: 'ws://b' });
    await env.advance(100);
    await assert.rejects(links.dial({ peer: other, url: 'ws://b' }), kind('full'));
  });

  it('a listener without room says so with a code', async () => {
    const env = testEnv();
    const b = new TestEnd(env, undefined, 1);
    await linked(memory(env), new TestEnd(env), b);
    const late = new TestEnd(env);
    const [here, there] = memoryPair(env);
    b.links.adopt(there);
    late.links.adopt(here);
    await env.advance(100);
    assert.deepEqual(late.closes, [LINK_CLOSE.budget]);
    assert.deepEqual([b.links.count, b.closes.length], [1, 0]);
  });

  it('a transport that says nothing is closed at the deadline', async () => {
    const env = testEnv();
    const b = new TestEnd(env);
    const [here, there] = memoryPair(env);
    let closed = false;
    here.handler = { onMessage: () => {}, onDrain: () => {}, onClose: () => (closed = true) };
    b.links.adopt(there);
    await env.advance(11_000);
    assert.equal(closed, true);
  });

  it('two peers that dial each other at once keep one link, the same on both ends', async () => {
    const env = testEnv();
    const setup = memory(env);
    const { a, b } = await linked(setup);
    await linked(setup, b, a);
    assert.deepEqual([a.links.count, b.links.count], [2, 2]);
    await env.advance(30_000);
    assert.deepEqual([a.links.count, b.links.count], [1, 1]);
    assert.deepEqual([a.closes, b.closes], [[LINK_CLOSE.replaced], [LINK_CLOSE.replaced]]);
    assert.equal(a.links.get(b.peer)?.dialled, !b.links.get(a.peer)?.dialled, 'they kept different ones');
  });

  it('a second link never ends one in use', async () => {
    const env = testEnv();
    const setup = memory(env);
    const { a, b } = await linked(setup);
    const [first, firstOfB] = [a.link, b.link];
    await linked(setup, b, a);
    for (let i = 0; i < 30; i++) {
      first.sendFrame(numbered(0x8000_0001, i), 'own');
      await env.advance(1000);
    }
    assert.ok(first.open && firstOfB.open);
    assert.equal(b.frames.length, 30);
    assert.deepEqual([a.links.count, b.links.count], [1, 1]);
  });

  it('a peer that comes back before its old link was missed is reached by the new one', async () => {
    const env = testEnv();
    const setup = memory(env);
    const { a, b, transports } = await linked(setup);
    transports[0].send = () => {}; // the network has swallowed it without a word
    transports[1].send = () => {};
    await env.advance(1000);
    await linked(setup, a, b);
    const [newer, newerOfB] = [a.link, b.link];
    assert.equal(a.links.get(b.peer), newer);
    await env.advance(SILENCE_IDLE_MS + 2 * PONG_TIMEOUT_MS);
    assert.ok(newer.open && newerOfB.open);
    assert.deepEqual([a.links.count, b.links.count], [1, 1]);
  });

  it('a link whose other end is silent is asked, and closed when it does not answer', async () => {
    const env = testEnv();
    const { a, b, transports } = await linked(memory(env));
    await env.advance(SILENCE_IDLE_MS + 3 * PONG_TIMEOUT_MS);
    assert.ok(a.link.open && b.link.open, 'idle is not dead');
    transports[1].send = () => {};
    a.link.sendFrame(numbered(0x8000_0001, 1), 'own');
    await env.advance(SILENCE_IN_USE_MS + PONG_TIMEOUT_MS + 15_000);
    assert.deepEqual(a.closes, [LINK_CLOSE.timeout]);
  });

  it('an idle link costs a few cells an hour', async () => {
    const env = testEnv();
    const { a } = await linked(memory(env));
    await env.advance(3_600_000);
    const cells = (a.link.sentBytes + a.link.receivedBytes) / 4096;
    assert.ok(cells <= 50, `${cells} cells`);
  });

  it('a hundred pings are answered by few pongs', async () => {
    const env = testEnv();
    const { a, b, transports } = await linked(memory(env));
    const batch = new Uint8Array(16 * 4096);
    for (let i = 0; i < 16; i++) batch.set(encodeControl({ type: CONTROL.ping, number: i }), i * 4096);
    for (let i = 0; i < 10; i++) transports[0].send(batch.slice());
    await env.advance(100);
    assert.ok(b.link.sentBytes <= 10 * 4096, `${b.link.sentBytes} bytes`);
    assert.ok(a.link.open);
  });

  it('all frames of one turn leave in one message; after a silence cut where what TCP sends at once ends, and small then', async () => {
    const env = testEnv();
    const { a, transports } = await linked(memory(env));
    const lengths: number[] = [];
    const send = transports[0].send.bind(transports[0]);
    transports[0].send = (message) => {
      lengths.push(message.length);
      send(message);
    };
    const turn = async (frames: number): Promise<number[]> => {
      for (let i = 0; i < frames; i++) a.link.sendFrame(numbered(0x8000_0001 + i, 0), i % 2 ? 'own' : 'relayed');
      await env.advance(0);
      return lengths.splice(0);
    };
    const cells = (...counts: number[]): number[] => counts.map((count) => count * FRAME_CELL_BYTES);
    assert.deepEqual(await turn(10), cells(3, 1, 1, 1, 1, 1, 2));
    for (let i = 0; i < 10; i++) await turn(10);
    assert.deepEqual(await turn(10), cells(10));
    await env.advance(SILENT_MS);
    assert.deepEqual(await turn(10), cells(10), 'that was no silence');
    await env.advance(SILENT_MS + 1);
    assert.deepEqual(await turn(1), cells(1));
    assert.deepEqual(await turn(3), cells(2, 1), 'with what went before');
    await env.advance(SILENT_MS + 1);
    a.link.sendFrame(newFrame(0x8000_0001, FRAME.setup), 'own');
    assert.deepEqual(await turn(1), [FRAME_SETUP_BYTES, FRAME_CELL_BYTES], 'a setup packet goes whole');
  });

  it('a frame where its type or direction does not belong is a breach', async () => {
    const wrong = [
      newFrame(1, FRAME.control),
      newFrame(1, FRAME.padding),
      newFrame(0, FRAME.cell),
      newFrame(0, FRAME.setup),
      newFrame(1, FRAME.setup), // the listener's half of the ids
      newFrame(0x8000_0001, FRAME.reply), // to a circuit of the sender's own
      newFrame(0, FRAME.control), // control of type 0
      new Uint8Array(0),
    ];
    for (const frame of wrong) {
      const env = testEnv();
      const { b, transports } = await linked(memory(env));
      transports[0].send(frame);
      await env.advance(100);
      assert.deepEqual(b.closes, [LINK_CLOSE.breach], `type ${frame[4]}`);
    }
  });

  it('cover is thrown away', async () => {
    const env = testEnv();
    const { a, b } = await linked(memory(env));
    a.link.sendFrame(newFrame(0, FRAME.padding), 'own');
    await env.advance(100);
    assert.deepEqual([b.frames.length, b.link.receivedBytes], [0, 4096]);
  });

  it('parts of a descriptor out of order, and too many descriptors, are a breach', async () => {
    const part = (wholeBytes: number, offset: number): Uint8Array =>
      encodeControl({ type: CONTROL.descriptorPart, wholeBytes, offset, bytes: new Uint8Array(10) });
    const attacks = [
      [part(20, 10)],
      [part(20, 0), part(20, 0)],
      [part(20, 0), part(30, 10)],
      Array.from({ length: 31 }, () => part(10, 0)),
    ];
    for (const frames of attacks) {
      const env = testEnv();
      const { b, transports } = await linked(memory(env));
      for (const frame of frames) transports[0].send(frame);
      await env.advance(100);
      assert.deepEqual(b.closes, [LINK_CLOSE.breach]);
    }
  });

  it('without a binding a message changed, repeated, left out or out of order closes the link with a breach', async () => {
    const attacks: ((messages: Uint8Array[]) => Uint8Array[])[] = [
      ([one]) => [(one as Uint8Array).map((byte, i) => (i === 100 ? byte ^ 1 : byte))],
      ([one]) => [(one as Uint8Array).slice(), one as Uint8Array],
      ([, two]) => [two as Uint8Array],
      ([one, two]) => [two as Uint8Array, one as Uint8Array],
      ([one]) => [(one as Uint8Array).subarray(0, 10)],
    ];
    for (const [number, attack] of attacks.entries()) {
      const env = testEnv();
      const { a, b, transports } = await linked({ ...memory(env), pair: async () => memoryPair(env) });
      const held: Uint8Array[] = [];
      const send = transports[0].send.bind(transports[0]);
      transports[0].send = (message) => void held.push(message);
      for (let i = 0; i < 2; i++) {
        a.link.sendFrame(numbered(0x8000_0001, i), 'own');
        await env.advance(0);
      }
      for (const message of attack(held)) send(message);
      await env.advance(100);
      assert.deepEqual(b.closes, [LINK_CLOSE.breach], `attack ${number}`);
      assert.ok(b.frames.length <= 1);
    }
  });

  it('any bytes close the link with a breach, or are frames', async () => {
    const env = testEnv();
    const end = new TestEnd(env);
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 9000, size: 'max' }), fc.option(fc.nat(5)), async (bytes, type) => {
        const { transports } = await linked(memory(env), new TestEnd(env), end);
        const before = end.closes.length;
        // Half of them begin like a frame and have a frame's length.
        const message = type === null ? bytes : newFrame(0x8000_0001, type);
        if (type !== null) message.set(bytes.subarray(0, message.length - 5), 5);
        transports[0].send(message);
        await env.advance(50);
        assert.ok(end.closes.length === before || end.closes.at(-1) === LINK_CLOSE.breach);
        end.links.closeAll();
        await env.advance(50);
      }),
      { seed: 2, numRuns: 40 },
    );
  });
});
