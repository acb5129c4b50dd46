import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { buildFreshSetup, buildSetup, drawSetup } from '../../../src/core/circuit/setup-builder.ts';
import type { HopKeys } from '../../../src/core/circuit/types.ts';
import { encodeDestroy } from '../../../src/core/wire/cell.ts';
import { frameContent, frameLengthBytes, frameType, newFrame } from '../../../src/core/wire/frame.ts';
import { FRAME_HEADER_BYTES, SETUP_SLOT_BYTES } from '../../../src/core/wire/geometry.ts';
import { CLOSE, EPOCH_MS, FRAME, LINK_CLOSE } from '../../../src/core/wire/registry.ts';
import { peelSetup } from '../../../src/core/relay/setup-hop.ts';
import { OnionKeyring } from '../../../src/core/relay/onion-keyring.ts';
import { CircuitNet, type TestPeer } from '../../support/circuit-net.ts';
import { destroysSent } from '../../support/fake-link.ts';

/** Hands a packet to peer 1 as if peer 0 had sent it, on a new circuit. */
async function offer(net: CircuitNet, packet: Uint8Array): Promise<number> {
  const link = net.at(0).to(net.at(1));
  const id = link.newCircuitId();
  const frame = newFrame(id, FRAME.setup);
  frameContent(frame).set(packet);
  link.sendFrame(frame, 'own');
  await net.wire.settle();
  return id;
}

const onward = (net: CircuitNet, from: number) =>
  net
    .at(from)
    .to(net.at(from + 1))
    .sent.filter(({ frame }) => frameType(frame) === FRAME.setup);

/** Chi-square of the byte values against an even spread: 360 of 255 degrees comes by chance once in 10^5, and the seed is fixed. */
function assertLooksRandom(what: string, samples: readonly Uint8Array[]): void {
  const counts = new Float64Array(256);
  for (const sample of samples) for (const byte of sample) counts[byte]!++;
  const expected = counts.reduce((sum, n) => sum + n) / 256;
  const chi = counts.reduce((sum, n) => sum + (n - expected) ** 2 / expected, 0);
  assert(chi < 360, `${what}: chi-square ${chi}`);
}

describe('a setup packet', () => {
  test('is taken once, under whatever circuit id', async () => {
    const net = new CircuitNet('replay', 3);
    const { packet } = buildFreshSetup(net.env, net.path(2));
    await offer(net, packet.slice());
    await offer(net, packet.slice());
    assert.equal(onward(net, 1).length, 1);
    assert.equal(net.at(1).relay.stats.refusedSetups, 1);
  });

  test('is not taken again after a restart from the keys that were stored', async () => {
    const net = new CircuitNet('restart', 3);
    const { packet } = buildFreshSetup(net.env, net.path(2));
    await offer(net, packet.slice());
    const kept = net.at(1).keyring.snapshot();
    net.at(1).relay = net.at(1).newRelay(new OnionKeyring(net.env, kept));
    await offer(net, packet.slice());
    assert.equal(onward(net, 1).length, 1);
    const fresh = buildFreshSetup(net.env, net.path(2));
    await offer(net, fresh.packet);
    assert.equal(onward(net, 1).length, 2); // the restored keys are the published ones
  });

  test('is not taken again by another worker that shares the keyring', async () => {
    const net = new CircuitNet('workers', 3);
    const { packet } = buildFreshSetup(net.env, net.path(2));
    await offer(net, packet.slice());
    net.at(1).relay = net.at(1).newRelay(net.at(1).keyring);
    await offer(net, packet.slice());
    assert.equal(onward(net, 1).length, 1);
  });

  test('made for keys that have been erased is refused, and so are all that they had opened', async () => {
    const net = new CircuitNet('erased', 3);
    const { packet } = buildFreshSetup(net.env, net.path(2));
    await offer(net, packet.slice());
    await net.env.advance(3 * EPOCH_MS);
    await offer(net, packet.slice());
    await offer(net, buildFreshSetup(net.env, net.path(2)).packet);
    assert.equal(onward(net, 1).length, 1);
  });

  test('with E or C swapped, zero, of small order, or of another hop is refused', async () => {
    const net = new CircuitNet('swapped', 4);
    const [one, two] = [buildFreshSetup(net.env, net.path(2)).packet, buildFreshSetup(net.env, net.path(2)).packet];
    const mixed = (change: (packet: Uint8Array) => void) => {
      const packet = one.slice();
      change(packet);
      return packet;
    };
    const other = buildFreshSetup(net.env, [net.at(2).hop]).packet;
    const packets = [
      mixed((p) => p.set(two.subarray(0, 32), 0)),
      mixed((p) => p.set(two.subarray(32, 1120), 32)),
      mixed((p) => p.set(two.subarray(0, 1120), 0)),
      mixed((p) => p.fill(0, 0, 32)),
      mixed((p) => p.fill(0, 32, 1120)),
      mixed((p) => p.fill(0, 0, 1120)),
      mixed((p) => p.fill(0, 1, 32).fill(1, 0, 1)),
      mixed((p) => p.set(other.subarray(0, 1120), 0)),
      mixed((p) => p.set(two.subarray(0, SETUP_SLOT_BYTES), 0)),
      other,
      new Uint8Array(one.length),
    ];
    for (const packet of packets) await offer(net, packet);
    assert.equal(net.at(1).relay.stats.refusedSetups, packets.length);
    assert.equal(onward(net, 1).length, 0);
    await offer(net, one); // none of it was counted as seen
    assert.equal(onward(net, 1).length, 1);
  });

  test('made for the same keys under another id, or out of another descriptor, is refused', async () => {
    const net = new CircuitNet('other id', 3);
    const hop = net.at(1).hop;
    for (const wrong of [
      { ...hop, peer: net.at(2).peer },
      { ...hop, descriptorHash: net.env.random(32) },
    ]) {
      await offer(net, buildFreshSetup(net.env, [wrong]).packet);
    }
    assert.equal(net.at(1).relay.stats.refusedSetups, 2);
    assert.equal(net.at(1).arrived.length, 0);
  });

  test('must bring the work that the descriptor asks for, bound to this relay and this packet', async () => {
    const net = new CircuitNet('work', 3, { effort: 64 });
    await offer(net, buildFreshSetup(net.env, net.path(1)).packet);
    assert.equal(net.at(1).arrived.length, 1);
    for (let i = 0; i < 4; i++) {
      const cheap = buildFreshSetup(net.env, [{ ...net.at(1).hop, setupEffort: 0 } satisfies HopKeys]).packet;
      await offer(net, cheap);
    }
    assert(net.at(1).arrived.length < 4); // one in 64 is lucky
    assert(net.at(1).relay.stats.refusedSetups > 0);
  });

  test('whose next hop is the previous one or the relay itself goes nowhere', async () => {
    const net = new CircuitNet('circle', 3);
    for (const next of [net.at(0).hop, net.at(1).hop]) {
      const before = net.at(1).to(net.at(0)).sent.length;
      await offer(net, buildFreshSetup(net.env, [net.at(1).hop, next]).packet);
      assert.deepEqual(
        net
          .at(1)
          .to(net.at(0))
          .sent.slice(before)
          .map(({ frame }) => frameType(frame)),
        [FRAME.destroy],
      );
    }
    assert.equal(net.at(1).relay.stats.circuits, 0);
  });

  test('that breaks at an honest hop frames nobody: the link to whoever brought it stays', async () => {
    const net = new CircuitNet('framing', 4);
    const draw = drawSetup(net.env.random, 3, 0);
    // The builder itself makes the layer of hop 2 fail, so that hop 1, which is honest, delivers something broken.
    const broken = net.path(3).map((hop, i) => (i === 1 ? { ...hop, descriptorHash: new Uint8Array(32) } : hop));
    await offer(net, buildSetup(net.env.crypto, broken, new Uint8Array(0), draw).packet);
    assert.equal(net.at(2).relay.stats.refusedSetups, 1);
    assert.equal(net.at(2).to(net.at(1)).closedWith, undefined);
    assert.equal(net.at(1).to(net.at(0)).closedWith, undefined);
    const { far, circuit } = await net.open(3); // and both still serve others
    circuit.send(net.body());
    await net.wire.settle();
    assert.equal(far.log.bodies.length, 1);
  });

  test('shows a hop nothing that depends on the length of the path, behind slot 0', () => {
    const net = new CircuitNet('lengths', 9);
    for (const hops of [1, 3, 8]) {
      const packets = Array.from({ length: 6 }, () => buildFreshSetup(net.env, net.path(hops)).packet.subarray(SETUP_SLOT_BYTES));
      assertLooksRandom(`setup of ${hops} hops`, packets);
    }
  });

  test('opened by the last hop, shows it nothing but its own part: unused slots and filler look alike', () => {
    const net = new CircuitNet('unused slots', 9);
    for (const hops of [1, 3, 8]) {
      const slots = Array.from({ length: 6 }, () => {
        const { packet } = buildFreshSetup(net.env, net.path(hops));
        for (const peer of net.peers.slice(1, 1 + hops)) assert(peelSetup(net.env.crypto, peer.peer, peer.keyring, packet));
        return packet.subarray(SETUP_SLOT_BYTES, 8 * SETUP_SLOT_BYTES);
      });
      assertLooksRandom(`unused slots of ${hops} hops`, slots);
    }
  });

  test('and a cell, as the last hop receives it and opens it, has tags that look alike', async () => {
    for (const hops of [1, 3, 8]) {
      const net = new CircuitNet(`tags ${hops}`, hops + 1);
      const { circuit } = await net.open(hops);
      for (let i = 0; i < 300; i++) circuit.send(net.body());
      await net.wire.settle();
      const cells = net
        .at(hops - 1)
        .to(net.at(hops))
        .sent.filter(({ frame }) => frameType(frame) === FRAME.cell);
      assertLooksRandom(
        `tags of ${hops} hops`,
        cells.map(({ frame }) => frame.subarray(FRAME_HEADER_BYTES, FRAME_HEADER_BYTES + 128)),
      );
    }
  });
});

describe('a relay bounds', () => {
  test('half-built circuits of one link, and frees them when they end', async () => {
    const net = new CircuitNet('half-built', 3, { limits: { halfBuiltPerLink: 2 } });
    net.at(1).autoAnswer = undefined;
    const ids = [];
    for (let i = 0; i < 3; i++) ids.push(await offer(net, buildFreshSetup(net.env, net.path(1)).packet));
    assert.equal(net.at(1).arrived.length, 2);
    net.at(1).arrived[0]!.answer(new Uint8Array(0));
    await offer(net, buildFreshSetup(net.env, net.path(1)).packet);
    assert.equal(net.at(1).arrived.length, 3);
    net.at(0).to(net.at(1)).sendFrame(encodeDestroy(ids[1]!), 'control');
    await net.wire.settle();
    await offer(net, buildFreshSetup(net.env, net.path(1)).packet);
    assert.equal(net.at(1).arrived.length, 4);
  });

  test('setup packets of one link over time, before it spends anything on them', async () => {
    const net = new CircuitNet('setup rate', 2, { limits: { setupBurst: 2, setupsPerSecond: 1 } });
    const send = async () => void (await offer(net, buildFreshSetup(net.env, net.path(1)).packet));
    for (let i = 0; i < 4; i++) await send();
    assert.equal(net.at(1).arrived.length, 2);
    await net.env.advance(1000);
    await send();
    assert.equal(net.at(1).arrived.length, 3);
  });

  test('links dialled for others', async () => {
    const net = new CircuitNet('dials', 3, { limits: { dialBurst: 1, dialsPerMinute: 0 } });
    net.at(1).to(net.at(2)).close(LINK_CLOSE.transport);
    for (let i = 0; i < 3; i++) await offer(net, buildFreshSetup(net.env, net.path(2)).packet);
    assert.equal(net.at(1).dials, 1);
    assert.equal(net.at(1).relay.stats.circuits, 0);
  });

  test('circuits in all', async () => {
    const net = new CircuitNet('circuits', 2, { limits: { circuits: 2 } });
    for (let i = 0; i < 3; i++) await offer(net, buildFreshSetup(net.env, net.path(1)).packet);
    assert.equal(net.at(1).relay.stats.circuits, 2);
  });

  test('the wait for a reply', async () => {
    const net = new CircuitNet('reply deadline', 2);
    net.at(1).autoAnswer = undefined;
    await offer(net, buildFreshSetup(net.env, net.path(1)).packet);
    await net.env.advance(30_000);
    assert.equal(net.at(1).arrived[0]!.log.closed, CLOSE.timeout);
    assert.equal(destroysSent(net.at(1).to(net.at(0))).length, 1);
    assert.equal(net.at(1).relay.stats.circuits, 0);
  });

  test('cells that wait on the next link: a circuit that goes over its share ends, others stay', async () => {
    const net = new CircuitNet('queue', 4, { limits: { queuedCells: 10 } });
    const flood = await net.open(3);
    const calm = await net.open(3);
    net.at(1).to(net.at(2)).stalled = true;
    calm.circuit.send(net.body());
    for (let i = 0; i < 12; i++) flood.circuit.send(net.body());
    await net.wire.settle();
    assert.equal(flood.log.closed, CLOSE.ended);
    assert.equal(
      net
        .at(1)
        .to(net.at(2))
        .queuedFrames(2 ** 31 + 1),
      1,
    ); // its destroy
    net.at(1).to(net.at(2)).unstall();
    await net.wire.settle();
    assert.equal(calm.far.log.bodies.length, 1);
    assert.equal(calm.log.closed, undefined);
  });

  test('nothing of a circuit that has ended: frames for ids that nobody knows are thrown away', async () => {
    const net = new CircuitNet('unknown', 3);
    for (const type of [FRAME.cell, FRAME.reply, FRAME.destroy]) net.at(0).to(net.at(1)).sendFrame(newFrame(7, type), 'own');
    await net.wire.settle();
    assert.equal(net.at(1).to(net.at(0)).sent.length, 0);
    assert.equal(net.at(1).to(net.at(2)).sent.length, 0);
  });
});

describe('a last hop', () => {
  test('may refuse: the circuit ends in the public words', async () => {
    const net = new CircuitNet('refuse', 3);
    net.at(2).autoAnswer = undefined;
    const outcome = net.opening(2);
    await net.wire.settle();
    net.at(2).arrived[0]!.end.close(CLOSE.noSuchService);
    await net.wire.settle();
    assert(outcome.error !== undefined);
    assert(
      destroysSent(net.at(2).to(net.at(1))).every((frame) => frame.subarray(FRAME_HEADER_BYTES).every((byte) => byte === CLOSE.ended)),
    );
  });

  test('answers once: the second answer is not sent', async () => {
    const net = new CircuitNet('answers', 3);
    const { far } = await net.open(2);
    const before = net.at(2).to(net.at(1)).sent.length;
    far.answer(new Uint8Array(3));
    assert.equal(net.at(2).to(net.at(1)).sent.length, before);
  });

  test('is told of the end when relaying is switched off', async () => {
    const net = new CircuitNet('switched off', 3);
    const { far, log } = await net.open(2);
    net.at(2).relay.close();
    net.at(1).relay.close();
    await net.wire.settle();
    assert.equal(far.log.closed, CLOSE.ended);
    assert.equal(log.closed, CLOSE.ended);
  });
});

describe('whatever comes', () => {
  const frames = fc.record({
    from: fc.nat(2),
    id: fc.oneof(fc.constantFrom(1, 2, 3, 2 ** 31 + 1, 2 ** 31 + 2, 2 ** 31 + 3), fc.nat()),
    type: fc.oneof(fc.constantFrom(FRAME.cell, FRAME.setup, FRAME.reply, FRAME.destroy), fc.nat(255)),
    fill: fc.uint8Array({ minLength: 1, maxLength: 64 }),
    lengthBytes: fc.option(fc.integer({ min: 5, max: 20_000 }), { nil: undefined }),
  });

  test('a relay throws nothing and keeps its books', async () => {
    const net = new CircuitNet('fuzz', 4);
    await net.open(3);
    const middle: TestPeer = net.at(1);
    await fc.assert(
      fc.asyncProperty(fc.array(frames, { minLength: 1, maxLength: 8 }), async (list) => {
        for (const { from, id, type, fill, lengthBytes } of list) {
          const link = from === 0 ? middle.to(net.at(0)) : middle.to(net.at(2));
          const frame = new Uint8Array(lengthBytes ?? frameLengthBytes(type) ?? 4096);
          for (let at = FRAME_HEADER_BYTES; at < frame.length; at += fill.length) frame.set(fill.subarray(0, frame.length - at), at);
          new DataView(frame.buffer).setUint32(0, id);
          frame[4] = type;
          middle.onFrame(link, frame);
        }
        await net.wire.settle();
      }),
      { seed: 7, numRuns: 150 },
    );
    assert.equal(middle.relay.stats.circuits, 0); // the one that was open has met junk by now
    const again = await net.open(3);
    assert.equal(again.circuit.state, 'open');
  });
});
