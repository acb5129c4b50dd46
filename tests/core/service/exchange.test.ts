import assert from 'node:assert/strict';
import { test } from 'node:test';
import { equal } from '../../../src/core/bytes/bytes.ts';
import { CLOSE } from '../../../src/core/wire/registry.ts';
import { connect, listen, payloadOf, started, textOf } from './fixture.ts';

test('a visitor is answered in one round trip: its first words ride in the hello, the first answer in the first payload', async () => {
  const made = await started();
  const startMs = made.env.now();
  const visit = await connect(made, 'hello there');
  assert.equal(textOf(visit.messages), 'HELLO THERE');
  // 50 ms to look the record up; then a flight to the point (the reply comes while the hello goes on), one to the service, two back.
  assert.equal(made.env.now() - startMs, 50 + 200);
  assert.ok(equal(made.visits[0]!.sessionId, visit.sessionId));
  assert.equal(made.visits[0]!.resumes, false);
});

test('payloads go both ways afterwards, more of them than a window holds, in order', async () => {
  const made = await started();
  const visit = await connect(made, 'a');
  const ear = listen(visit.pipe);
  const words = Array.from({ length: 100 }, (_, i) => `word ${i}`);
  const pump = async (pipe: typeof visit.pipe): Promise<void> => {
    for (const word of words) {
      while (!pipe.ready) await made.env.advance(10);
      pipe.send(payloadOf(pipe, word));
    }
  };
  await pump(visit.pipe);
  await pump(made.visits[0]!.pipe);
  await made.env.advance(1_000);
  assert.deepEqual(made.ears[0]!.heard, words);
  assert.deepEqual(ear.heard, words);
  assert.equal(made.host.status().visitors, 1);
});

test('a host that says nothing by itself still answers, so that the visitor knows it is let in', async () => {
  const made = await started({ onVisitor: () => undefined });
  const visit = await connect(made, 'anybody?');
  assert.equal(textOf(visit.messages), '');
});

test('a handler that throws costs one visitor its pipe and the host nothing', async () => {
  let calls = 0;
  const made = await started({
    onVisitor: () => {
      if (++calls <= 3) throw new Error('broken');
    },
  });
  await assert.rejects(connect(made, 'a'), { kind: 'unserved' });
  await connect(made, 'b');
});

test('a visitor that leaves ends its own channel and its circuit, and no other visitor notices', async () => {
  const made = await started();
  const first = await connect(made, 'first');
  const second = await connect(made, 'second');
  const ear = listen(second.pipe);
  first.pipe.close(CLOSE.ended);
  await made.env.advance(1_000);
  assert.equal(made.ears[0]!.closed, CLOSE.ended);
  assert.equal(made.ears[1]!.closed, undefined);
  assert.equal(made.host.status().visitors, 1);
  made.visits[1]!.pipe.send(payloadOf(made.visits[1]!.pipe, 'still here'));
  await made.env.advance(1_000);
  assert.deepEqual(ear.heard, ['still here']);
});

test('a session comes back over a fresh circuit with its id, by another point than the one that failed', async () => {
  const made = await started();
  const first = await connect(made, 'a');
  made.network.kill(first.point);
  const promise = made.visitor.connect(made.host.status().address, {
    sessionId: first.sessionId,
    resumes: true,
    messages: new Uint8Array(0),
    avoid: first.point,
  });
  const again = await made.env.clock.runFor(promise, 60_000);
  assert.notEqual(again.point, first.point);
  assert.ok(equal(again.sessionId, first.sessionId));
  assert.equal(made.visits.at(-1)!.resumes, true);
  assert.ok(equal(made.visits.at(-1)!.sessionId, first.sessionId));
});

test('circuits of one address are isolated from those of others, and each point of a host has its own', async () => {
  const made = await started();
  await connect(made, 'a');
  const names = made.network.opened.map(({ isolation }) => isolation);
  assert.equal(new Set(names).size, 4);
  assert.ok(names.every((name) => name.includes(made.host.status().address)));
});
