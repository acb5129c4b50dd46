import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { utf8 } from '../../src/core/bytes/bytes.ts';
import { GlobalNetError } from '../../src/core/bytes/errors.ts';
import type { HttpAnswerHead } from '../../src/shared/site-port.ts';
import { at, get, house, pageOf, pieces, until, wants } from './support/live-house.ts';

describe('an answer that was compressed for the way', () => {
  const PAGE = `<p>${'onion '.repeat(20_000)}</p>`;
  const head = { mediaType: 'text/html', coding: 'gzip' } as const;
  const compressed = (bytes: Uint8Array, head: Partial<HttpAnswerHead>) => house(() => ({ head, body: () => pieces(cut(bytes, 1_000)) }));

  function* cut(bytes: Uint8Array, lengthBytes: number): Generator<Uint8Array> {
    for (let at = 0; at < bytes.length; at += lengthBytes) yield bytes.subarray(at, at + lengthBytes);
  }

  for (const [what, bytes, coding] of [
    ['by gzip', gzipSync(PAGE), 'gzip'],
    ['by deflate', deflateSync(PAGE), 'deflate'],
    ['by deflate without its wrapper', deflateRawSync(PAGE), 'deflate'],
  ] as const) {
    it(`is shown as it was: ${what}`, async () => {
      const page = await pageOf(compressed(bytes, { ...head, coding, lengthBytes: bytes.length }), '/');
      assert.equal(await page.text(), PAGE);
    });
  }

  it('as a part has neither the length of what came nor ranges of it', async () => {
    const css = gzipSync('p { color: red }');
    const all = compressed(css, { mediaType: 'text/css', coding: 'gzip', lengthBytes: css.length, acceptsRanges: true });
    const part = await all.live.part(get('/s.css'), at('/s.css'));
    assert.deepEqual([part.headers.get('content-length'), part.headers.get('accept-ranges')], [null, null]);
    assert.equal(await part.text(), 'p { color: red }');
  });

  it('may be empty', async () => assert.equal(await (await pageOf(compressed(new Uint8Array(0), head), '/')).text(), ''));

  const whole = gzipSync(PAGE);
  for (const [what, bytes] of [
    ['is not', utf8(PAGE)],
    ['was cut', whole.subarray(0, -9)],
    ['was changed', whole.map((byte, i) => (i === whole.length >> 1 ? byte ^ 255 : byte))],
  ] as const) {
    it(`fails in words when it ${what}`, async () => {
      await assert.rejects(compressed(bytes, head).live.page(wants('/')), (error) => {
        return error instanceof GlobalNetError && error.kind === 'unsupported' && /compressed \(gzip\), and it is not/.test(error.message);
      });
    });
  }

  it('fails as the connection does', async () => {
    async function* broken(): AsyncGenerator<Uint8Array> {
      yield whole.subarray(0, 100);
      throw new GlobalNetError('closed', 'the web server broke off');
    }
    await assert.rejects(house(() => ({ head, body: broken })).live.page(wants('/')), {
      kind: 'closed',
      message: 'the web server broke off',
    });
  });

  it('that would fill the memory is read no further', async () => {
    const bomb = gzipSync(new Uint8Array(30_000_000));
    const picture = { mediaType: 'image/png', coding: 'gzip' } as const;
    let givenBytes = 0;
    const all = compressed(bomb, picture);
    const part = await all.live.part(get('/p'), at('/p'));
    await assert.rejects(async () => {
      for await (const bytes of part.body as ReadableStream<Uint8Array>) givenBytes += bytes.length;
    }, /more than 250 times its size/);
    assert.ok(givenBytes < 20_000_000, `${givenBytes} bytes of it were given out`);
    await until(() => all.signals[0]?.aborted === true);
  });

  it('never comes out as something else, whatever a byte of it is', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 255 }), async (where, change) => {
        const bytes = whole.map((byte, i) => (i === where ? byte ^ change : byte));
        try {
          const page = await pageOf(compressed(bytes, head), '/');
          assert.equal(await page.text(), PAGE); // times and names in gzip's own head say nothing
        } catch (error) {
          assert.ok(error instanceof GlobalNetError, String(error));
        }
      }),
      { numRuns: 60 },
    );
  });
});
