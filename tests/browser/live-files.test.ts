/** What a live service sends that is no page: how it is offered, saved and named. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { concat, fromUtf8 } from '../../src/core/bytes/bytes.ts';
import type { FileAnswer } from '../../src/shared/site-shell.ts';
import { safeFileName } from '../../sw/site/file-name.ts';
import { giveFile } from '../../sw/site/give-file.ts';
import { VerifiedSite } from '../../sw/site/verified-site.ts';
import { at, collected, house, megabytes, ports, post, text, until, wants } from './support/live-house.ts';

describe('a file of a live service', () => {
  const zip = { mediaType: 'application/zip', lengthBytes: 3 };
  const offer = async ({ live }: ReturnType<typeof house>, path: string) => {
    const page = await live.page(wants(path));
    assert.ok('offered' in page, JSON.stringify(page));
    return page.offered;
  };

  it('is offered, and neither shown nor read before somebody saves it', async () => {
    const all = house(() => ({ head: zip, body: megabytes }));
    assert.deepEqual(await offer(all, '/a/b%20c.zip?d'), { name: 'b c.zip', mediaType: 'application/zip', sizeBytes: 3, isLive: true });
    await until(() => all.signals.length === 1);
    assert.equal(all.signals[0]?.aborted, false, 'it is kept');
    await all.live.page(wants('/elsewhere'));
    await until(() => all.signals[0]?.aborted === true);
  });

  for (const [what, head, path, name] of [
    ['that its service calls one', { mediaType: 'text/html', isAttachment: true, fileName: 'a/../../x.html' }, '/a', 'x.html'],
    ['of a kind that not every browser shows', { mediaType: 'video/quicktime' }, '/film.mov', 'film.mov'],
    ['that a viewer would show', { mediaType: 'application/pdf' }, '/paper.pdf', 'paper.pdf'],
    ['that is too large for a page', { mediaType: 'text/html', lengthBytes: 9e6 }, '/', 'file'],
    ['that does not say what it is, and is no text', { mediaType: undefined }, '/a.jpg', 'a.jpg'],
    ['that a link wants saved', { mediaType: 'text/html' }, '/_gnet/save/a.html', 'a.html'],
  ] as const) {
    it(`is one ${what}`, async () => {
      const binary = house(() => ({ head, body: () => [Uint8Array.of(255, 216, 0)] }));
      assert.equal((await offer(binary, path)).name, name);
    });
  }

  it('is saved from the answer that it was offered with, and asked for anew when that has gone', async () => {
    const all = house(({ method }) => ({ head: { ...zip, validator: '"v1"' }, body: text(method) }));
    assert.deepEqual(await all.live.send(post('/export', 'a=b'), at('/export')), { goTo: '/export' });
    await offer(all, '/export');
    const saved = async () => {
      const { head, body } = await all.live.file(at('/export'));
      return [fromUtf8(concat(...(await collected(body)))), head.validator];
    };
    assert.deepEqual(await saved(), ['POST', undefined], 'a form is not sent twice for its file, nor gone on with by another request');
    assert.deepEqual(await saved(), ['GET', '"v1"']);
  });

  it('that is not there is said to be missing', async () => {
    const all = house(() => ({ head: { ...zip, status: 404 } }));
    for (const asked of [all.live.page(wants('/a.zip')), all.live.file(at('/a.zip'))])
      await assert.rejects(asked, { kind: 'unknown', message: /status 404/ });
  });

  it('goes out as it is pulled, whole, and stops when nobody wants it', async () => {
    const { port1, port2 } = new MessageChannel() as unknown as { port1: MessagePort; port2: MessagePort };
    ports.push(port1, port2);
    const all = house(() => ({ head: zip, body: megabytes }));
    const got: FileAnswer[] = [];
    port1.onmessage = ({ data }: MessageEvent<FileAnswer>) => void got.push(data);
    giveFile({ live: all.live, site: new VerifiedSite(new Uint8Array(32), all.peer) }, at('/_gnet/save/a.zip'), port2);
    port1.postMessage({ type: 'pull', id: 0, chunks: 2 });
    await until(() => got.length === 3);
    await new Promise((resolve) => setTimeout(resolve, 20));
    assert.deepEqual(
      got.map(({ type }) => type),
      ['file', 'chunk', 'chunk'],
    );
    assert.equal(all.asked[0]?.target, '/a.zip');
    port1.postMessage({ type: 'cancel', id: 0 });
    await until(() => all.signals[0]?.aborted === true);
  });
});

describe('the name of a file', () => {
  for (const [wanted, name] of [
    ['report.pdf', 'report.pdf'],
    ['Bericht über 2026.odt', 'Bericht über 2026.odt'],
    ['../../etc/passwd', 'passwd'],
    ['C:\\Windows\\x.dll', 'x.dll'],
    ['.bashrc', 'bashrc'],
    ['-rf', 'rf'],
    ['photo\u202egpj.exe', 'photogpj.exe'],
    ['a\u200b.\u00adtxt', 'a.txt'],
    ['a\0\n\tb.txt', 'ab.txt'],
    ['invoice.pdf                         .exe', 'invoice.pdf .exe'],
    ['a\u3000\u2003b', 'a b'],
    ['con', '_con'],
    ['NUL.txt', '_NUL.txt'],
    ['a:b*c?.txt. .', 'a_b_c_.txt'],
    ['', 'file'],
    ['..', 'file'],
    ['\u{e0041}\u{e0042}', 'file'],
    [`${'x'.repeat(300)}.tar.gz`, `${'x'.repeat(96)}….gz`],
  ] as const) {
    it(`${JSON.stringify(wanted.slice(0, 40))} is ${JSON.stringify(name.slice(0, 40))}`, () => assert.equal(safeFileName(wanted), name));
  }

  it('is one part and shows all of itself, whatever is wanted', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (wanted) => {
        const name = safeFileName(wanted);
        assert.match(name, /^[^\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}/\\:*?"<>|.\s~-][^\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}/\\:*?"<>|]{0,99}$/u);
        assert.doesNotMatch(name, /[. ]$/);
        assert.equal(safeFileName(name), name);
      }),
      { numRuns: 2000 },
    );
  });
});
