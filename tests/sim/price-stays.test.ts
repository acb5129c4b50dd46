import assert from 'node:assert/strict';
import { test } from 'node:test';
import { concat } from '../../src/core/bytes/bytes.ts';
import { HELLO_BYTES } from '../../src/core/wire/geometry.ts';
import { MESSAGE } from '../../src/core/wire/registry.ts';
import { decodeConnect, encodeConnect } from '../../src/core/wire/rendezvous.ts';
import { connect, lastConnect, started, textOf } from '../core/service/fixture.ts';

test('a flood that goes on without work is turned away at the points for as long as it goes on, and one who works gets in at any time', async () => {
  const made = await started();
  await connect(made, 'a');
  const { content } = lastConnect(made);
  const parts = decodeConnect(content);
  const tags = new Map([[lastConnect(made).point, parts.tag]]);
  while (tags.size < 3) {
    await connect(made, 'b');
    const { point, content: there } = lastConnect(made);
    tags.set(point, decodeConnect(there).tag);
  }
  const points = [...tags];
  let turn = 0;
  const flood = async (seconds: number): Promise<void> => {
    for (let i = 0; i < 10 * seconds; i++) {
      for (let n = 0; n < 3; n++) {
        const [point, tag] = points[turn++ % 3] as (typeof points)[number];
        const hello = concat(parts.hello.subarray(0, 8), made.env.random(HELLO_BYTES - 8));
        const { builder } = made.network.circuit(point);
        builder.sendMessage(MESSAGE.connect, encodeConnect({ ...parts, effort: 0, tag, hello }));
      }
      await made.env.advance(100);
    }
  };
  await flood(20);
  for (let minute = 0; minute < 2; minute++) {
    await flood(60);
    assert.ok(made.host.status().effort > 0, `minute ${minute}`);
    assert.equal(textOf((await connect(made, 'worked')).messages), 'WORKED');
  }
  await made.env.advance(300_000);
  assert.equal(made.host.status().effort, 0);
});
