import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { GlobalNetError } from '../../../src/core/bytes/errors.ts';
import { buildExtension, drawExtension } from '../../../src/core/circuit/extension-builder.ts';
import { encodeExtendParts, isExtendPart } from '../../../src/core/wire/extend.ts';
import { frameType } from '../../../src/core/wire/frame.ts';
import {
  EARLY_DATA_MAX_BYTES,
  EXTEND_HEADS_BYTES,
  EXTENDED_BYTES,
  FRAME_HEADER_BYTES,
  FRAME_SETUP_BYTES,
  REPLY_BYTES,
} from '../../../src/core/wire/geometry.ts';
import { CLOSE, FRAME, LINK_CLOSE, MESSAGE } from '../../../src/core/wire/registry.ts';
import { type Arrived, CircuitNet, EndLog } from '../../support/circuit-net.ts';
import { destroysSent } from '../../support/fake-link.ts';

interface Grown {
  reply: Uint8Array | undefined;
  error: (Error & { kind?: string }) | undefined;
}

const errorKind = ({ error }: Grown): string | undefined => error?.kind;

async function extend(
  net: CircuitNet,
  circuit: Awaited<ReturnType<CircuitNet['open']>>['circuit'],
  to: number,
  early: Uint8Array,
  signal?: AbortSignal,
): Promise<Grown> {
  const grown: Grown = { reply: undefined, error: undefined };
  circuit.extend(net.at(to).hop, early, signal).then(
    (reply) => void (grown.reply = reply),
    (error: Error) => void (grown.error = error),
  );
  await net.wire.settle();
  return grown;
}

describe('growing a circuit', () => {
  for (const earlyBytes of [0, EXTEND_HEADS_BYTES[0] - 2, EXTEND_HEADS_BYTES[0] - 1, EARLY_DATA_MAX_BYTES]) {
    test(`by one hop, with ${earlyBytes} bytes of early data, then cells both ways`, async () => {
      const net = new CircuitNet(`extend ${earlyBytes}`, 5);
      const answer = net.env.random(300);
      net.at(4).autoAnswer = answer;
      const { circuit, log, far } = await net.open(3);
      circuit.send(net.body());
      far.end.send(net.body());
      await net.wire.settle();
      const early = net.env.random(earlyBytes);
      const { reply, error } = await extend(net, circuit, 4, early);
      assert.equal(error, undefined);
      assert.deepEqual(reply, answer);
      assert.equal(log.closed, CLOSE.ended); // the end at hop 3 is over on both sides
      assert.equal(far.log.closed, CLOSE.ended);
      assert.equal(far.log.bodies.length, 1);
      assert.deepEqual(circuit.hops.length, 4);
      const end = net.at(4).arrived[0] as Arrived;
      assert.deepEqual(end.early, early);
      const grown = new EndLog();
      circuit.handler = grown;
      const [out, back] = [net.body(0), net.body()];
      for (let i = 0; i < 35; i++) {
        circuit.send(out.slice());
        end.end.send(back.slice());
      }
      await net.wire.settle();
      assert.deepEqual(
        end.log.bodies.map((b) => b.slice()),
        Array(35).fill(out),
      );
      assert.deepEqual(
        grown.bodies.map((b) => b.slice()),
        Array(35).fill(back),
      );
    });
  }

  test('again and again, to the longest path, and no further', async () => {
    const net = new CircuitNet('extend to eight', 10);
    const { circuit } = await net.open(1);
    for (let hop = 2; hop <= 8; hop++) assert.equal((await extend(net, circuit, hop, net.env.random(50))).error, undefined);
    circuit.handler = new EndLog();
    circuit.send(net.body());
    net.at(8).arrived[0]!.end.send(net.body());
    await net.wire.settle();
    assert.equal(net.at(8).arrived[0]!.log.bodies.length, 1);
    assert.equal((circuit.handler as EndLog).bodies.length, 1);
    await assert.rejects(circuit.extend(net.at(9).hop, new Uint8Array(0)), RangeError);
  });

  test('looks to the new hop like any setup, and to the hops before like two cells and three', async () => {
    const net = new CircuitNet('extend looks', 5);
    const { circuit } = await net.open(3);
    const shape = (from: number, to: number) =>
      net
        .at(from)
        .to(net.at(to))
        .sent.map(({ frame, frameClass }) => [frameType(frame), frame.length, frameClass]);
    await extend(net, circuit, 4, net.env.random(EARLY_DATA_MAX_BYTES));
    assert.deepEqual(shape(3, 4), [[FRAME.setup, FRAME_SETUP_BYTES, 'relayed']]);
    assert.equal(shape(1, 2).length, 1 + 2);
    assert.equal(shape(2, 1).length, 1 + 3);
  });

  test('keeps a cell that follows the answer, and throws away what the old end still had to say', async () => {
    const net = new CircuitNet('extend held', 4);
    net.at(3).autoAnswer = undefined;
    const { circuit, far } = await net.open(2);
    const growing = extend(net, circuit, 3, new Uint8Array(0));
    far.end.send(net.body());
    await growing;
    const { end, answer } = net.at(3).arrived[0]!;
    const body = net.body();
    answer(new Uint8Array(1));
    end.send(body.slice());
    await net.wire.settle();
    const log = new EndLog();
    circuit.handler = log;
    assert.deepEqual(
      log.bodies.map((b) => b.slice()),
      [body],
    );
  });

  test('sends nothing between request and answer', async () => {
    const net = new CircuitNet('extend quiet', 4);
    net.at(3).autoAnswer = undefined;
    const { circuit } = await net.open(2);
    await extend(net, circuit, 3, new Uint8Array(0));
    const before = net.at(0).to(net.at(1)).sent.length;
    circuit.send(net.body());
    assert.equal(net.at(0).to(net.at(1)).sent.length, before);
  });

  test('that cannot reach the peer, or is refused by it, ends the circuit in the public words', async () => {
    const cases: ((net: CircuitNet) => void)[] = [
      (net) => net.at(3).to(net.at(4)).close(LINK_CLOSE.transport),
      (net) => (net.at(4).relay = net.at(4).newRelay(net.at(0).keyring)),
      (net) => (net.at(3).to(net.at(4)).tamper = (frame) => [frame.with(9000, (frame[9000] as number) ^ 1)]),
    ];
    for (const [number, spoil] of cases.entries()) {
      const net = new CircuitNet(`extend refused ${number}`, 5);
      const { circuit } = await net.open(3);
      spoil(net);
      const { error } = await extend(net, circuit, 4, new Uint8Array(0));
      assert.equal(error?.kind, 'unreachable');
      assert.equal(circuit.state, 'closed');
      assert.deepEqual(
        destroysSent(net.at(1).to(net.at(0))).map((frame) => frame.subarray(FRAME_HEADER_BYTES).some((byte) => byte !== 0)),
        [false],
      );
      assert.deepEqual(
        net.peers.map(({ relay }) => relay.stats.circuits),
        [0, 0, 0, 0, 0],
      );
    }
  });

  test('refuses the previous hop and itself as the next, though the request is well made', async () => {
    for (const next of [1, 2]) {
      const net = new CircuitNet(`extend back ${next}`, 4);
      const { circuit, log } = await net.open(2);
      await assert.rejects(circuit.extend(net.at(next).hop, new Uint8Array(0)), RangeError); // an honest builder does not even ask
      const before = net.at(2).to(net.at(1)).sent.length;
      const { request } = buildExtension(net.env.crypto, net.at(next).hop, new Uint8Array(0), drawExtension(net.env.random, 0));
      for (const body of encodeExtendParts(MESSAGE.extend, request)) circuit.send(body);
      await net.wire.settle();
      assert.equal(log.closed, CLOSE.ended);
      assert.deepEqual(
        net
          .at(2)
          .to(net.at(1))
          .sent.slice(before)
          .map(({ frame }) => frameType(frame)),
        [FRAME.destroy],
      );
    }
  });

  test("with a flipped bit in the new hop's F, tag or body fails late and as unverified; what is not passed on cannot matter", async () => {
    const spots: [number, boolean][] = [
      [0, true],
      [31, true],
      [32, true],
      [47, true],
      [48, false],
      [383, false],
      [384, true],
      [400, true],
      [REPLY_BYTES - 1, true],
    ];
    for (const [at, matters] of spots) {
      const net = new CircuitNet(`extend answer ${at}`, 4);
      const { circuit } = await net.open(2);
      net.at(3).to(net.at(2)).tamper = (frame) => {
        if (frameType(frame) === FRAME.reply) frame[FRAME_HEADER_BYTES + at]! ^= 1;
        return undefined;
      };
      const grown = await extend(net, circuit, 3, new Uint8Array(0));
      if (matters) assert.equal(grown.reply, undefined);
      else assert(grown.reply !== undefined);
      await net.env.advance(2_000);
      await net.wire.settle();
      assert.equal(errorKind(grown), matters ? 'unverified' : undefined);
      assert.equal(circuit.state, matters ? 'closed' : 'open');
    }
  });

  test('is cancelled with the circuit', async () => {
    const net = new CircuitNet('extend cancel', 4);
    net.at(3).autoAnswer = undefined;
    const { circuit } = await net.open(2);
    const controller = new AbortController();
    const grown = await extend(net, circuit, 3, new Uint8Array(0), controller.signal);
    controller.abort();
    await net.wire.settle();
    assert.equal(grown.error?.kind, 'cancelled');
    assert.deepEqual(
      net.peers.map(({ relay }) => relay.stats.circuits),
      [0, 0, 0, 0],
    );
  });

  test('past a hop whose keys are of no use leaves the circuit as it was', async () => {
    const net = new CircuitNet('extend bad keys', 4);
    const { circuit, log, far } = await net.open(2);
    await assert.rejects(circuit.extend({ ...net.at(3).hop, onionX25519: new Uint8Array(32) }, new Uint8Array(0)), GlobalNetError);
    circuit.send(net.body());
    await net.wire.settle();
    assert.equal(log.closed, undefined);
    assert.equal(far.log.bodies.length, 1);
  });
});

describe('junk for the last hop that asks it to extend', () => {
  const parts = (net: CircuitNet, lengthBytes: number) => encodeExtendParts(MESSAGE.extend, net.env.random(lengthBytes));
  const junk: [string, (net: CircuitNet) => Uint8Array[]][] = [
    ['a length that no request has', (net) => parts(net, 2000)],
    ['parts out of order', (net) => parts(net, 7987).reverse()],
    ['a part twice', (net) => [parts(net, 7987)[0]!, parts(net, 7987)[0]!]],
    ['another body between two parts', (net) => [parts(net, 7987)[0]!, net.body()]],
    ['more parts than any request', (net) => parts(net, 40_000)],
    ['an empty message', () => encodeExtendParts(MESSAGE.extend, new Uint8Array(1)).map((body) => body.fill(0, 5))],
    ['a short part that is not the last', (net) => [parts(net, 7987)[0]!.map((byte, i) => (i === 5 || i === 6 ? 0 : byte))]],
    ['a message longer than its payload', (net) => parts(net, 7987).map((body) => body.fill(255, 5, 7))],
    ['a peer that nobody knows', (net) => parts(net, 1272 + 2682)],
  ];
  for (const [what, make] of junk) {
    test(`${what}: the circuit ends, the link stays, nothing goes on`, async () => {
      const net = new CircuitNet(`junk ${what}`, 4);
      const { circuit, log } = await net.open(2);
      for (const body of make(net)) circuit.send(body);
      await net.wire.settle();
      assert.equal(log.closed, CLOSE.ended);
      assert.equal(net.at(2).to(net.at(3)).sent.length, 0);
      assert.equal(net.at(2).to(net.at(1)).closedWith, undefined);
      assert.equal(net.at(2).relay.stats.circuits, 0);
    });
  }

  test('more extends than its link may cause: refused', async () => {
    const net = new CircuitNet('extend flood', 4, { limits: { setupBurst: 2, setupsPerSecond: 0 } });
    const first = await net.open(2);
    assert.equal((await extend(net, first.circuit, 3, new Uint8Array(0))).error, undefined);
    await net.env.advance(1000);
    const outcome = net.opening(2);
    await net.wire.settle();
    assert(outcome.error !== undefined);
    assert.equal(net.at(3).arrived.length, 1);
  });

  test('an answer that nobody asked for fails the circuit at its builder', async () => {
    const net = new CircuitNet('unasked', 3);
    const { log, far } = await net.open(2);
    const [body] = encodeExtendParts(MESSAGE.extended, new Uint8Array(EXTENDED_BYTES));
    assert(isExtendPart(MESSAGE.extended, body!));
    far.end.send(body!);
    await net.wire.settle();
    await net.env.advance(2_000);
    assert.equal(log.closed, CLOSE.ended);
    assert.equal(log.bodies.length, 0);
  });
});
