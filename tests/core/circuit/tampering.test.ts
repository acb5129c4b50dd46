import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { frameType } from '../../../src/core/wire/frame.ts';
import { FRAME_HEADER_BYTES, REPLY_BYTES, REPLY_SLOT_BYTES, SETUP_BYTES, SETUP_SLOT_BYTES } from '../../../src/core/wire/geometry.ts';
import { CLOSE, FRAME, LINK_CLOSE } from '../../../src/core/wire/registry.ts';
import { CircuitNet, kindOf } from '../../support/circuit-net.ts';
import { destroysSent, type FakeLink } from '../../support/fake-link.ts';

/** From now on flips bits of the next frame of that type that leaves this end; `undo` at another end flips them back. */
function flip(link: FakeLink, type: number, at: number, mask = 1): { done: boolean } {
  const flipped = { done: false };
  link.tamper = (frame) => {
    if (frameType(frame) === type && !flipped.done) {
      frame[at]! ^= mask;
      flipped.done = true;
    }
    return undefined;
  };
  return flipped;
}

/** Offsets in a frame, spread over all its parts. */
const H = FRAME_HEADER_BYTES;
const SETUP_SPOTS = [
  ['E', H],
  ['the last byte of E', H + 31],
  ['C', H + 32],
  ['the last byte of C', H + 1119],
  ['the key byte of work', H + 1120],
  ['work', H + 1127],
  ['tag', H + 1128],
  ['route', H + 1144],
  ['route, reserved', H + 1207],
  ...Array.from({ length: 7 }, (_, i) => [`slot ${i + 1}`, H + SETUP_SLOT_BYTES * (i + 1) + 600] as const),
  ['body', H + 9664],
  ['the last byte', H + SETUP_BYTES - 1],
] as const;

describe('a mark on the way out', () => {
  for (const [what, at] of SETUP_SPOTS) {
    test(`in ${what} of a setup packet dies at the next honest hop, wherever it was made`, async () => {
      for (const position of [0, 1, 2]) {
        const net = new CircuitNet(`setup ${at} ${position}`, 5);
        flip(net.at(position).to(net.at(position + 1)), FRAME.setup, at);
        const outcome = net.opening(4);
        await net.wire.settle();
        assert.equal(kindOf(outcome), 'unreachable');
        assert.equal(net.at(position + 1).relay.stats.refusedSetups, 1);
        // Nothing left the hop that saw it but the word to the one before.
        assert.equal(net.at(position + 1).to(net.at(position + 2)).sent.length, 0);
      }
    });
  }

  test('in any tag or the body of a cell dies at the next honest hop, at each position', async () => {
    const spots = [...Array.from({ length: 8 }, (_, i) => H + 16 * i), H + 127, H + 128, H + 4090];
    for (const position of [0, 1, 2, 3]) {
      for (const at of spots) {
        const net = new CircuitNet(`cell ${position} ${at}`, 5);
        const { circuit, log, far } = await net.open(4);
        flip(net.at(position).to(net.at(position + 1)), FRAME.cell, at);
        const before = net.at(position + 1).links.size > 1 && position < 3 ? net.at(position + 1).to(net.at(position + 2)).sent.length : 0;
        circuit.send(net.body());
        await net.wire.settle();
        assert.equal(far.log.bodies.length, 0);
        assert.equal(log.closed, CLOSE.ended);
        if (position < 3) {
          const onward = net
            .at(position + 1)
            .to(net.at(position + 2))
            .sent.slice(before);
          assert.deepEqual(
            onward.map(({ frame }) => frameType(frame)),
            [FRAME.destroy],
          );
        }
      }
    }
  });

  test('made at one hop cannot be undone at another past an honest one', async () => {
    for (const at of [H + 16 * 7, H + 16 * 3, H + 2000]) {
      const net = new CircuitNet(`undo ${at}`, 5);
      const { circuit, far } = await net.open(4);
      flip(net.at(1).to(net.at(2)), FRAME.cell, at); // hops 1 and 3 collude, hop 2 is honest
      const undone = flip(net.at(3).to(net.at(4)), FRAME.cell, at);
      circuit.send(net.body());
      await net.wire.settle();
      assert.equal(undone.done, false);
      assert.equal(far.log.bodies.length, 0);
    }
  });
});

describe('a mark on the way back', () => {
  test('in F, tag, each slot or the body of a reply, at each hop, fails the circuit alike', async () => {
    const spots = [
      H,
      H + 31,
      H + 32,
      H + 47,
      ...Array.from({ length: 7 }, (_, i) => H + REPLY_SLOT_BYTES * (i + 1) + 5),
      H + 384,
      H + 400,
      H + REPLY_BYTES - 1,
    ];
    for (const hops of [1, 4]) {
      for (let position = 1; position <= hops; position++) {
        for (const at of spots) {
          const net = new CircuitNet(`reply ${hops} ${position} ${at}`, hops + 1);
          flip(net.at(position).to(net.at(position - 1)), FRAME.reply, at, 0x40);
          const outcome = net.opening(hops);
          await net.wire.settle();
          // No relay on the way has noticed: only the builder can, and it says nothing yet.
          assert.equal(outcome.error, undefined);
          assert.equal(destroysSent(net.at(0).to(net.at(1))).length, 0);
          await net.env.advance(2_000);
          await net.wire.settle();
          assert.equal(kindOf(outcome), 'unverified');
          assert.deepEqual(
            net.peers.map(({ relay }) => relay.stats.circuits),
            net.peers.map(() => 0),
          );
        }
      }
    }
  });

  test('cannot be undone by a colluder nearer the builder', async () => {
    for (const at of [H, H + 32, H + REPLY_SLOT_BYTES, H + 383, H + 384, H + 9000]) {
      const net = new CircuitNet(`reply undo ${at}`, 5);
      flip(net.at(3).to(net.at(2)), FRAME.reply, at); // hop 3 marks, hop 2 is honest, hop 1 looks for the mark and takes it out
      for (const shifted of [at, at + REPLY_SLOT_BYTES]) flip(net.at(1).to(net.at(0)), FRAME.reply, Math.min(shifted, H + REPLY_BYTES - 1));
      const outcome = net.opening(4);
      await net.wire.settle();
      await net.env.advance(2_000);
      await net.wire.settle();
      assert.equal(kindOf(outcome), 'unverified');
    }
  });

  test('in any tag or the body of a cell, at each hop, fails the circuit at the builder, late and in the public words', async () => {
    const spots = [...Array.from({ length: 8 }, (_, i) => H + 16 * i + 3), H + 128, H + 4090];
    for (const position of [1, 2, 3, 4]) {
      for (const at of spots) {
        const net = new CircuitNet(`back ${position} ${at}`, 5);
        const { log, far } = await net.open(4);
        flip(net.at(position).to(net.at(position - 1)), FRAME.cell, at);
        far.end.send(net.body());
        await net.wire.settle();
        assert.equal(log.bodies.length, 0);
        assert.equal(log.closed, undefined);
        await net.env.advance(99);
        assert.equal(log.closed, undefined);
        await net.env.advance(2_000);
        await net.wire.settle();
        assert.equal(log.closed, CLOSE.ended);
        assert.equal(far.log.closed, CLOSE.ended);
      }
    }
  });

  test('is found whatever the length of the path: survival does not depend on position', async () => {
    for (const hops of [1, 2, 7, 8]) {
      for (const position of new Set([1, Math.ceil(hops / 2), hops])) {
        const net = new CircuitNet(`lengths ${hops} ${position}`, hops + 1);
        const { log, far } = await net.open(hops);
        flip(net.at(position).to(net.at(position - 1)), FRAME.cell, H + 16 * 7 + 15);
        far.end.send(net.body());
        await net.wire.settle();
        await net.env.advance(2_000);
        assert.equal(log.closed, CLOSE.ended);
      }
    }
  });
});

describe('the order of frames', () => {
  const replayed = (type: number) => (frame: Uint8Array) => (frameType(frame) === type ? [frame.slice(), frame] : undefined);

  test('a second reply ends the circuit at the next hop', async () => {
    const net = new CircuitNet('second reply', 4);
    net.at(3).to(net.at(2)).tamper = replayed(FRAME.reply);
    const outcome = net.opening(3);
    await net.wire.settle();
    assert.equal(
      net
        .at(2)
        .to(net.at(1))
        .sent.filter(({ frame }) => frameType(frame) === FRAME.reply).length,
      1,
    );
    assert.equal(outcome.value?.circuit.state ?? 'closed', 'closed');
    assert.equal(net.at(2).relay.stats.circuits, 0);
  });

  test('a second reply from the first hop fails the circuit at its builder', async () => {
    const net = new CircuitNet('second reply, first hop', 2);
    net.at(1).to(net.at(0)).tamper = replayed(FRAME.reply);
    const outcome = net.opening(1);
    await net.wire.settle();
    await net.env.advance(2_000);
    await net.wire.settle();
    assert.equal(outcome.value?.circuit.state ?? 'closed', 'closed');
  });

  test('a cell that comes twice ends the circuit, out and back', async () => {
    const out = new CircuitNet('cell twice', 4);
    const forward = await out.open(3);
    out.at(1).to(out.at(2)).tamper = replayed(FRAME.cell);
    forward.circuit.send(out.body());
    await out.wire.settle();
    assert.equal(forward.log.closed, CLOSE.ended);
    assert.equal(forward.far.log.bodies.length <= 1, true);

    const back = new CircuitNet('cell twice, back', 4);
    const backward = await back.open(3);
    back.at(2).to(back.at(1)).tamper = replayed(FRAME.cell);
    backward.far.end.send(back.body());
    await back.wire.settle();
    await back.env.advance(2_000);
    await back.wire.settle();
    assert.equal(backward.log.bodies.length, 1);
    assert.equal(backward.log.closed, CLOSE.ended);
  });

  test('a cell that is held back, or comes in the wrong place, ends the circuit', async () => {
    const net = new CircuitNet('reordered', 4);
    const { circuit, log, far } = await net.open(3);
    const kept: Uint8Array[] = [];
    net.at(1).to(net.at(2)).tamper = (frame) =>
      frameType(frame) !== FRAME.cell ? undefined : kept.push(frame) === 1 ? [] : kept.reverse();
    circuit.send(net.body());
    circuit.send(net.body());
    await net.wire.settle();
    assert.equal(far.log.bodies.length, 0);
    assert.equal(log.closed, CLOSE.ended);
  });

  test('all ends look the same on every link: one destroy, one reason, nothing beside', async () => {
    const seen = new Set<string>();
    const endings: ((net: CircuitNet, opened: Awaited<ReturnType<CircuitNet['open']>>) => void)[] = [
      (_, { circuit }) => circuit.close(CLOSE.timeout),
      (_, { far }) => far.end.close(CLOSE.budget),
      (net) => net.at(2).to(net.at(3)).close(LINK_CLOSE.done),
      (net, { circuit }) => {
        flip(net.at(1).to(net.at(2)), FRAME.cell, H + 500);
        circuit.send(net.body());
      },
      (net, { far }) => {
        flip(net.at(2).to(net.at(1)), FRAME.cell, H + 500);
        far.end.send(net.body());
      },
      (net, { circuit }) => {
        net.at(2).to(net.at(3)).tamper = replayed(FRAME.cell);
        circuit.send(net.body());
      },
    ];
    for (const [number, end] of endings.entries()) {
      const net = new CircuitNet(`ending ${number}`, 5);
      end(net, await net.open(4));
      await net.wire.settle();
      await net.env.advance(2_000);
      await net.wire.settle();
      let destroys = 0;
      for (const peer of net.peers)
        for (const link of peer.links.values())
          for (const frame of destroysSent(link)) {
            destroys++;
            seen.add(frame.subarray(H).join());
          }
      assert(destroys > 0);
    }
    assert.equal(seen.size, 1);
  });
});
