import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { equal, utf8 } from '../../../src/core/bytes/index.ts';
import type { Pipe } from '../../../src/core/ports.ts';
import { ask, CircuitChannels, Session } from '../../../src/core/stream/index.ts';
import { bodyChannel } from '../../../src/core/wire/cell.ts';
import { encodeChannelCredit, encodeCircuitAck, newBody } from '../../../src/core/wire/channel.ts';
import { CELL_BODY_BYTES, CHANNEL_BYTES, CHANNEL_FIRST_CREDIT, PAYLOAD_BYTES } from '../../../src/core/wire/geometry.ts';
import { encodeMessage } from '../../../src/core/wire/message.ts';
import { CLOSE, MESSAGE, STREAM } from '../../../src/core/wire/registry.ts';
import { Bottleneck, circuitPair } from '../../support/circuit-pair.ts';
import { testEnv } from '../../support/test-env.ts';
import { startedChannels } from '../../support/started-channels.ts';

const EMPTY = new Uint8Array(0);

/** @param early has not started. */
function connect(early?: 'builder' | 'last') {
  const env = testEnv();
  const ends = circuitPair(env, { delayMs: 10, out: new Bottleneck(env, 3_000_000) });
  const heard: { who: string; type: number; content: Uint8Array }[] = [];
  const closes: string[] = [];
  const make = (who: 'builder' | 'last') => {
    const channels = new CircuitChannels(env, ends[who], {
      onMessage: (type, content) => void heard.push({ who, type, content: content.slice() }),
      onClose: (reason) => void closes.push(`${who} ${reason}`),
    });
    if (who !== early) channels.start();
    return channels;
  };
  return { env, ends, heard, closes, builder: make('builder'), last: make('last') };
}

/** Takes what comes; `use` false: never uses anything up. */
function listen(pipe: Pipe, use = true) {
  const seen = { payloads: [] as Uint8Array[], closed: undefined as number | undefined, ready: 0 };
  pipe.handler = {
    onPayload(payload) {
      seen.payloads.push(payload.slice());
      if (use) pipe.consumed(1);
    },
    onReady: () => void seen.ready++,
    onClose: (reason) => void (seen.closed = reason),
  };
  return seen;
}

function pour(pipe: Pipe, mark: number): void {
  let count = 0;
  const fill = (): void => {
    while (pipe.ready) {
      const payload = new Uint8Array(PAYLOAD_BYTES).fill(mark);
      new DataView(payload.buffer).setUint32(0, count++);
      pipe.send(payload);
    }
  };
  pipe.handler = { onPayload() {}, onReady: fill, onClose() {} };
  fill();
}

/** A cell of channel 0 with these messages, as a peer that writes its own would send it. */
function controlBody(...messages: Uint8Array[]): Uint8Array {
  const body = newBody(0);
  let offset = CHANNEL_BYTES;
  for (const message of messages) {
    body.set(message, offset);
    offset += message.length;
  }
  return body;
}

describe('CircuitChannels', () => {
  it('delivers payloads of a channel in order, far past its first credit', async () => {
    const { env, builder, last } = connect();
    const seen = listen(last.channel(7));
    pour(builder.channel(7), 1);
    await env.advance(2000);
    assert.ok(seen.payloads.length > 10 * CHANNEL_FIRST_CREDIT);
    seen.payloads.forEach((payload, i) => assert.equal(new DataView(payload.buffer).getUint32(0), i));
  });

  it('stops at the first credit when nothing is used up, and holds the circuit open for others', async () => {
    const { env, builder, last } = connect();
    const stuck = listen(last.channel(1), false);
    const flowing = listen(last.channel(2));
    pour(builder.channel(1), 1);
    pour(builder.channel(2), 2);
    await env.advance(2000);
    assert.equal(stuck.payloads.length, CHANNEL_FIRST_CREDIT);
    assert.equal(last.stats.heldPayloads, CHANNEL_FIRST_CREDIT);
    assert.ok(flowing.payloads.length > 10 * CHANNEL_FIRST_CREDIT);
  });

  it('gives channels equal turns', async () => {
    const env = testEnv();
    const ends = circuitPair(env, { delayMs: 10, out: new Bottleneck(env, 1_000_000) });
    const builder = startedChannels(env, ends.builder);
    const last = startedChannels(env, ends.last);
    const seen = [1, 2, 3, 4].map((channel) => listen(last.channel(channel)));
    for (const channel of [1, 2, 3, 4]) pour(builder.channel(channel), channel);
    await env.advance(10_000);
    const counts = seen.map((one) => one.payloads.length);
    assert.ok(Math.max(...counts) - Math.min(...counts) <= CHANNEL_FIRST_CREDIT, String(counts));
  });

  it('holds payloads until somebody listens', async () => {
    const { env, builder, last } = connect();
    pour(builder.channel(1), 1);
    const pipe = last.channel(1);
    await env.advance(500);
    const seen = listen(pipe, false);
    assert.equal(seen.payloads.length, CHANNEL_FIRST_CREDIT);
  });

  it('carries messages, many in one cell when they come together', async () => {
    const { env, ends, heard, builder } = connect();
    builder.sendMessage(MESSAGE.establish, utf8('first'));
    await env.advance(100);
    const before = ends.builder.sentCells;
    const held = Array.from({ length: 40 }, () => new Uint8Array(100));
    // While the window is full they wait, and come together.
    pour(builder.channel(1), 1);
    for (const content of held) builder.sendMessage(MESSAGE.incoming, content);
    await env.advance(1000);
    assert.deepEqual(heard[0], { who: 'last', type: MESSAGE.establish, content: utf8('first') });
    assert.equal(heard.length, 41);
    assert.ok(ends.builder.sentCells - before <= 64 + 3, `${ends.builder.sentCells - before} cells`);
  });

  it('acks one cell in sixteen, and is then silent', async () => {
    const { env, ends, builder, last } = connect();
    listen(last.channel(1));
    const pipe = builder.channel(1);
    for (let i = 0; i < 320; i++) {
      if (pipe.ready) pipe.send(new Uint8Array(PAYLOAD_BYTES));
      await env.advance(1);
    }
    await env.runAll();
    const sent = ends.builder.sentCells;
    assert.ok(sent > 250);
    assert.ok(ends.last.sentCells <= sent / 8 + 2, `${ends.last.sentCells} cells back for ${sent}`);
    assert.equal(builder.stats.cellsInFlight, 0);
  });

  it('closes the channel that holds most when all together hold too much', async () => {
    const env = testEnv();
    const ends = circuitPair(env, { delayMs: 1_000_000 }); // the other end, which sent none of this, hears no ack of it
    const builder = startedChannels(env, ends.builder);
    const seen = Array.from({ length: 300 }, (_, i) => listen(builder.channel(i + 1), false));
    for (let i = 0; i < 300; i++) {
      // The seventh holds its whole credit, the others a little less.
      for (let count = 0; count < (i === 6 ? CHANNEL_FIRST_CREDIT : CHANNEL_FIRST_CREDIT - 4); count++)
        ends.builder.handler?.onBody(newBody(i + 1));
    }
    assert.equal(builder.closed, false);
    assert.equal((seen[6] as { closed: number | undefined }).closed, CLOSE.budget);
    assert.ok(builder.stats.heldPayloads <= 16_384);
    assert.ok(builder.stats.channels > 250);
  });

  it('a channel that is closed ends at both ends, and the others go on', async () => {
    const { env, builder, last, closes } = connect();
    const there = listen(last.channel(1));
    const here = builder.channel(1);
    here.send(new Uint8Array(PAYLOAD_BYTES));
    here.close(CLOSE.budget);
    assert.equal(here.ready, false);
    await env.advance(100);
    assert.equal(there.payloads.length, 1);
    assert.equal(there.closed, CLOSE.budget);
    assert.equal(builder.stats.channels + last.stats.channels, 0);
    const other = listen(last.channel(2));
    builder.channel(2).send(new Uint8Array(PAYLOAD_BYTES));
    await env.advance(100);
    assert.equal(other.payloads.length, 1);
    assert.deepEqual(closes, []);
  });

  it('drops payloads that were on their way when their channel closed', async () => {
    const { env, builder, last, closes } = connect();
    listen(last.channel(1));
    pour(builder.channel(1), 1);
    last.channel(1).close(CLOSE.ended);
    await env.advance(1000);
    assert.deepEqual(closes, []);
    assert.equal(last.stats.channels, 0);
  });

  it('the end of a circuit is told to every pipe', async () => {
    const { env, builder, last, closes } = connect();
    const seen = [listen(last.control), listen(last.channel(1)), listen(builder.channel(1)), listen(builder.control)];
    builder.close(CLOSE.timeout);
    await env.advance(100);
    assert.deepEqual(closes, [`builder ${CLOSE.timeout}`, `last ${CLOSE.timeout}`]);
    for (const one of seen) assert.equal(one.closed, CLOSE.timeout);
    assert.throws(() => builder.channel(2), RangeError);
  });

  it('runs a session on channel 0 beside messages', async () => {
    const { env, builder, last, heard } = connect();
    const opener = new Session(env, { opener: true, onStream() {} });
    const acceptor = new Session(env, {
      opener: false,
      onStream: (stream) =>
        void (async () => {
          for (let bytes = await stream.read(); bytes !== undefined; bytes = await stream.read()) await stream.write(bytes);
          stream.end();
        })(),
    });
    opener.attach(builder.control);
    acceptor.attach(last.control);
    const bytes = Uint8Array.from({ length: 1_500_000 }, (_, i) => (i * 7 + (i >>> 10)) & 255);
    const answer = ask(env, opener.open(STREAM.tcp, EMPTY), bytes, bytes.length, 600_000);
    await env.advance(50);
    last.sendMessage(MESSAGE.incoming, utf8('beside'));
    assert.ok(equal(await env.clock.runFor(answer), bytes));
    assert.deepEqual(heard, [{ who: 'builder', type: MESSAGE.incoming, content: utf8('beside') }]);
    // Stream bytes are nearly all of what was sent: acks and credit ride along.
    assert.ok(builder.stats.sentCells <= 1.1 * (bytes.length / 3900), `${builder.stats.sentCells} cells`);
  });

  it('takes early messages as if they had come in channel 0', async () => {
    const { last, heard } = connect('last');
    const seen = listen(last.control);
    const open = encodeMessage(MESSAGE.streamOpen, new Uint8Array(9));
    const data = encodeMessage(MESSAGE.streamData, new Uint8Array(20));
    const early = new Uint8Array(1000);
    early.set(open);
    early.set(data, open.length);
    early.set(encodeMessage(MESSAGE.establish, utf8('x')), open.length + data.length);
    last.start(early);
    assert.equal(seen.payloads.length, 1, 'stream messages that stand together come together');
    assert.equal((seen.payloads[0] as Uint8Array).length, open.length + data.length);
    assert.equal(heard.length, 1);
  });

  for (const { what, bodies } of [
    {
      what: 'an ack of more than was sent',
      bodies: [controlBody(encodeMessage(MESSAGE.circuitAck, encodeCircuitAck({ cells: 9, echo: 0, heldMs: 0 })))],
    },
    {
      what: 'an ack whose sender has not seen the cell',
      bodies: [controlBody(encodeMessage(MESSAGE.circuitAck, encodeCircuitAck({ cells: 1, echo: 1234567, heldMs: 0 })))],
    },
    { what: 'a payload beyond the credit', bodies: Array.from({ length: CHANNEL_FIRST_CREDIT + 1 }, () => newBody(1)) },
    { what: 'a message cut short', bodies: [controlBody(Uint8Array.of(MESSAGE.establish, 0xff, 0xff))] },
    { what: 'an ack of a wrong length', bodies: [controlBody(encodeMessage(MESSAGE.circuitAck, new Uint8Array(9)))] },
    {
      what: 'credit for channel 0',
      bodies: [controlBody(encodeMessage(MESSAGE.channelCredit, encodeChannelCredit({ channel: 0, limit: 1 })))],
    },
  ]) {
    it(`${what} ends the circuit`, async () => {
      const { env, ends, builder, closes } = connect();
      listen(builder.channel(1), false);
      builder.channel(1).send(new Uint8Array(PAYLOAD_BYTES));
      for (const body of bodies) ends.builder.handler?.onBody(body);
      await env.advance(100);
      assert.deepEqual(closes, [`builder ${CLOSE.ended}`, `last ${CLOSE.ended}`]);
    });
  }

  it('an ack in early data ends the circuit', () => {
    const { last, closes } = connect('last');
    last.start(encodeMessage(MESSAGE.circuitAck, encodeCircuitAck({ cells: 0, echo: 0, heldMs: 0 })));
    assert.deepEqual(closes, [`last ${CLOSE.ended}`]);
  });

  it('messages that pile up for a peer that does not ack end the circuit', () => {
    const env = testEnv();
    const { builder: end } = circuitPair(env, { delayMs: 1_000_000 });
    const builder = startedChannels(env, end);
    for (let i = 0; i < 100; i++) builder.sendMessage(MESSAGE.incoming, new Uint8Array(3000));
    assert.equal(builder.closed, true);
  });

  it('every counted cell ends in bytes that its receiver alone can repeat', async () => {
    const env = testEnv();
    const bodies: Uint8Array[] = [];
    const end = {
      name: 'x',
      isBuilder: true,
      queuedCells: 0,
      handler: undefined,
      send: (body: Uint8Array) => void bodies.push(body),
      close() {},
    };
    const builder = startedChannels(env, end);
    for (let i = 0; i < 20; i++) builder.sendMessage(MESSAGE.incoming, new Uint8Array(8));
    assert.equal(bodies.length, 20);
    const tails = new Set(bodies.map((body) => String(body.subarray(CELL_BODY_BYTES - 4))));
    assert.equal(tails.size, 20);
    for (const body of bodies) assert.equal(bodyChannel(body), 0);
  });
});
