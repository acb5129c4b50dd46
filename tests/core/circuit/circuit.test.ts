import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { frameType } from '../../../src/core/wire/frame.ts';
import { EARLY_DATA_MAX_BYTES, REPLY_DATA_MAX_BYTES } from '../../../src/core/wire/geometry.ts';
import { CLOSE, FRAME, LINK_CLOSE } from '../../../src/core/wire/registry.ts';
import { CircuitNet, EndLog, kindOf } from '../../support/circuit-net.ts';
import { destroysSent } from '../../support/fake-link.ts';

describe('a circuit', () => {
  for (const hops of [1, 2, 3, 8]) {
    test(`of ${hops} hops opens in one flight, carries early data and an answer, then cells both ways`, async () => {
      const net = new CircuitNet(`open ${hops}`, hops + 1);
      const early = net.env.random(EARLY_DATA_MAX_BYTES);
      const answer = net.env.random(REPLY_DATA_MAX_BYTES);
      net.at(hops).autoAnswer = answer;
      const { circuit, reply, log, far } = await net.open(hops, early);
      assert.deepEqual(far.early, early);
      assert.deepEqual(reply, answer);
      assert.deepEqual(
        circuit.hops,
        net.path(hops).map(({ peer }) => peer),
      );

      const out = Array.from({ length: 40 }, () => net.body());
      const back = Array.from({ length: 40 }, () => net.body());
      for (let i = 0; i < 40; i++) {
        circuit.send(out[i]!.slice());
        far.end.send(back[i]!.slice());
      }
      await net.wire.settle();
      assert.deepEqual(
        far.log.bodies.map((b) => b.slice()),
        out,
      );
      assert.deepEqual(
        log.bodies.map((b) => b.slice()),
        back,
      );
      for (const peer of net.peers) for (const link of peer.links.values()) assert.equal(link.closedWith, undefined);
    });
  }

  test('tells nothing of position by sizes and counts: each link of the path carries the same frames', async () => {
    const net = new CircuitNet('sizes', 6);
    const { circuit, far } = await net.open(5, net.env.random(77));
    for (let i = 0; i < 3; i++) circuit.send(net.body());
    far.end.send(net.body());
    await net.wire.settle();
    const shapes = net.peers.slice(0, -1).map((peer, i) => ({
      out: peer.to(net.at(i + 1)).sent.map(({ frame }) => [frameType(frame), frame.length]),
      back: net
        .at(i + 1)
        .to(peer)
        .sent.map(({ frame }) => [frameType(frame), frame.length]),
    }));
    for (const shape of shapes) assert.deepEqual(shape, shapes[0]);
    assert.deepEqual(
      shapes[0]?.out.map(([type]) => type),
      [FRAME.setup, FRAME.cell, FRAME.cell, FRAME.cell],
    );
    assert.deepEqual(
      shapes[0]?.back.map(([type]) => type),
      [FRAME.reply, FRAME.cell],
    );
  });

  test('has its own class of frames at both ends, and that of relayed ones in between', async () => {
    const net = new CircuitNet('classes', 4);
    const { circuit, far } = await net.open(3);
    circuit.send(net.body());
    far.end.send(net.body());
    await net.wire.settle();
    const classes = (from: number, to: number) =>
      new Set(
        net
          .at(from)
          .to(net.at(to))
          .sent.map(({ frameClass }) => frameClass),
      );
    assert.deepEqual(classes(0, 1), new Set(['own']));
    assert.deepEqual(classes(1, 2), new Set(['relayed']));
    assert.deepEqual(classes(3, 2), new Set(['own']));
    assert.deepEqual(classes(2, 1), new Set(['relayed']));
  });

  test('that its builder closes is gone at every hop, and the far end is told', async () => {
    const net = new CircuitNet('close', 4);
    const { circuit, log, far } = await net.open(3);
    circuit.close(CLOSE.ended);
    await net.wire.settle();
    assert.equal(far.log.closed, CLOSE.ended);
    assert.equal(log.closed, undefined);
    assert.deepEqual(
      net.peers.map(({ relay }) => relay.stats.circuits),
      [0, 0, 0, 0],
    );
    assert.equal([...net.at(0).builder.circuits()].length, 0);
  });

  test('that the far end closes is gone at the builder too', async () => {
    const net = new CircuitNet('far close', 4);
    const { circuit, log, far } = await net.open(3);
    far.end.close(CLOSE.ended);
    await net.wire.settle();
    assert.equal(log.closed, CLOSE.ended);
    assert.equal(circuit.state, 'closed');
    assert.equal(far.log.closed, undefined);
  });

  test('ends on both sides of a link that goes away', async () => {
    const net = new CircuitNet('link lost', 5);
    const { log, far } = await net.open(4);
    net.at(2).to(net.at(3)).close(LINK_CLOSE.transport);
    await net.wire.settle();
    assert.equal(log.closed, CLOSE.ended);
    assert.equal(far.log.closed, CLOSE.ended);
    assert.deepEqual(
      net.peers.map(({ relay }) => relay.stats.circuits),
      [0, 0, 0, 0, 0],
    );
  });

  test('says that its own link is lost', async () => {
    const net = new CircuitNet('own link lost', 3);
    const { log } = await net.open(2);
    net.at(0).to(net.at(1)).close(LINK_CLOSE.transport);
    assert.equal(log.closed, CLOSE.linkLost);
  });

  test('that nobody answers is given up at a time that is drawn, and cleared away', async () => {
    const net = new CircuitNet('deadline', 4);
    net.at(3).autoAnswer = undefined;
    const outcome = net.opening(3);
    await net.wire.settle();
    assert.equal(outcome.error, undefined);
    await net.env.advance(10_000 - 1);
    assert.equal(outcome.error, undefined);
    await net.env.advance(4_001);
    await net.wire.settle();
    assert.equal(kindOf(outcome), 'timeout');
    assert.deepEqual(
      net.peers.map(({ relay }) => relay.stats.circuits),
      [0, 0, 0, 0],
    );
  });

  test('that is not wanted any more is cancelled and cleared away', async () => {
    const net = new CircuitNet('cancel', 4);
    net.at(3).autoAnswer = undefined;
    const controller = new AbortController();
    const outcome = net.opening(3, undefined, controller.signal);
    await net.wire.settle();
    controller.abort();
    await net.wire.settle();
    assert.equal(kindOf(outcome), 'cancelled');
    assert.deepEqual(
      net.peers.map(({ relay }) => relay.stats.circuits),
      [0, 0, 0, 0],
    );
  });

  test('whose next hop cannot be reached fails as unreachable', async () => {
    const net = new CircuitNet('unreachable', 4);
    net.at(2).to(net.at(3)).close(LINK_CLOSE.transport);
    const outcome = net.opening(3);
    await net.wire.settle();
    assert.equal(kindOf(outcome), 'unreachable');
    assert.equal(net.at(2).dials, 1);
  });

  test('goes over a link that its hop dials for it', async () => {
    const net = new CircuitNet('dial', 4);
    net.at(2).to(net.at(3)).close(LINK_CLOSE.transport);
    net.at(2).canDial = true;
    const { circuit, far } = await net.open(3);
    circuit.send(net.body());
    await net.wire.settle();
    assert.equal(far.log.bodies.length, 1);
  });

  test('refuses a path that cannot be: too long, through one peer twice, off its link', async () => {
    const net = new CircuitNet('paths', 3);
    const { builder } = net.at(0);
    const link = net.at(0).to(net.at(1));
    const [a, b] = net.path(2) as [never, never];
    const none = new Uint8Array(0);
    await assert.rejects(builder.open(link, [], none), RangeError);
    await assert.rejects(builder.open(link, [a, b, a], none), RangeError);
    await assert.rejects(builder.open(link, [b, a], none), RangeError);
    await assert.rejects(builder.open(link, [a], new Uint8Array(EARLY_DATA_MAX_BYTES + 1)), RangeError);
  });

  test('keeps cells that come before it has a handler, in order', async () => {
    const net = new CircuitNet('held', 4);
    const outcome = net.opening(3);
    await net.wire.settle();
    const { end } = net.at(3).arrived[0]!;
    const bodies = Array.from({ length: 20 }, () => net.body());
    for (const body of bodies) end.send(body.slice());
    await net.wire.settle();
    const log = new EndLog();
    outcome.value!.circuit.handler = log;
    assert.deepEqual(
      log.bodies.map((b) => b.slice()),
      bodies,
    );
  });

  test('asks for more once its link has room again', async () => {
    const net = new CircuitNet('drain', 3);
    const { circuit, log, far } = await net.open(2);
    const link = net.at(0).to(net.at(1));
    link.stalled = true;
    for (let i = 0; i < 40; i++) circuit.send(net.body());
    assert.equal(circuit.queuedCells, 40);
    link.unstall();
    await net.wire.settle();
    assert.equal(log.drains, 1);
    assert.equal(far.log.bodies.length, 40);
  });

  test('the last hop may speak before it answers: its cells follow the reply', async () => {
    const net = new CircuitNet('early words', 3);
    net.at(2).autoAnswer = undefined;
    const outcome = net.opening(2);
    await net.wire.settle();
    const { end, answer } = net.at(2).arrived[0]!;
    const body = net.body();
    end.send(body.slice());
    assert.equal(end.queuedCells, 1);
    answer(new Uint8Array(5));
    await net.wire.settle();
    const log = new EndLog();
    outcome.value!.circuit.handler = log;
    assert.deepEqual(
      log.bodies.map((b) => b.slice()),
      [body],
    );
  });

  test('does nothing more once closed', async () => {
    const net = new CircuitNet('after', 3);
    const { circuit, far } = await net.open(2);
    circuit.close(CLOSE.ended);
    circuit.close(CLOSE.ended);
    circuit.send(net.body());
    far.end.send(net.body());
    await net.wire.settle();
    assert.equal(destroysSent(net.at(0).to(net.at(1))).length, 1);
    far.end.send(net.body());
    far.end.close(CLOSE.ended);
    assert.equal(
      net
        .at(0)
        .to(net.at(1))
        .sent.filter(({ frame }) => frameType(frame) === FRAME.cell).length,
      0,
    );
  });
});
