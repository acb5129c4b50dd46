/** A live service between the peer's end of a site's port and the service worker's: real ports, the real filter, answers from this test. */
import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import { deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { serveSitePort } from '../../src/adapters/serve-site-port.ts';
import { concat, fromUtf8, utf8 } from '../../src/core/bytes/bytes.ts';
import { GlobalNetError } from '../../src/core/bytes/errors.ts';
import type { OpenSite, Peer } from '../../src/core/peer/index.ts';
import { identityFromSeed, nobleCrypto } from '../../src/core/crypto/index.ts';
import { signManifest } from '../../src/core/wire/manifest.ts';
import { failureOf } from '../../src/shared/outcome.ts';
import type { HttpAnswerHead, HttpRequest } from '../../src/shared/site-port.ts';
import type { FileAnswer } from '../../src/shared/site-shell.ts';
import { explain } from '../../src/ui/words.ts';
import { safeFileName } from '../../sw/site/file-name.ts';
import { giveFile } from '../../sw/site/give-file.ts';
import { LiveSite } from '../../sw/site/live-site.ts';
import { redirectOf } from '../../sw/site/redirect.ts';
import { SitePeer } from '../../sw/site/site-peer.ts';
import { VerifiedSite } from '../../sw/site/verified-site.ts';
import { type Wanted, wantedBy } from '../../sw/site/wanted.ts';
import { readSite, siteSource } from '../../workers/site-answers.ts';

const HOST = `${'a'.repeat(56)}.gnet`;
const ORIGIN = 'http://label.gnet.localhost:8080';
const PLAIN: HttpAnswerHead = {
  status: 200,
  mediaType: undefined,
  lengthBytes: undefined,
  contentRange: undefined,
  acceptsRanges: false,
  validator: undefined,
  coding: undefined,
  isAttachment: false,
  fileName: undefined,
  location: undefined,
};

interface Answer {
  head?: Partial<HttpAnswerHead>;
  /** As often as it is asked for. */
  body?: () => AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
}

const ports: MessagePort[] = [];
afterEach(() => {
  for (const port of ports.splice(0)) port.close();
});

/** @param answer to each request. */
function house(answer: (request: HttpRequest) => Answer) {
  const asked: HttpRequest[] = [];
  const signals: AbortSignal[] = [];
  const { port1, port2 } = new MessageChannel() as unknown as { port1: MessagePort; port2: MessagePort };
  ports.push(port1, port2);
  serveSitePort(port1, {
    manifest: async () => 'live',
    chunks: () => assert.fail('a live service has no chunks'),
    async http(request, signal) {
      asked.push(request);
      signals.push(signal);
      const { head = {}, body = () => [] } = answer(request);
      return { head: { ...PLAIN, ...head }, body: pieces(body()) };
    },
  });
  const peer = new SitePeer(port2);
  return { peer, asked, signals, live: new LiveSite(HOST, 'http://gnet.localhost:8080', peer) };
}

async function* pieces(parts: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const part of parts) yield Uint8Array.from(part); // a buffer of its own, which is given away
}

async function* megabytes(): AsyncGenerator<Uint8Array> {
  for (;;) yield new Uint8Array(1e6);
}

async function collected(parts: AsyncIterable<Uint8Array>): Promise<Uint8Array[]> {
  const all: Uint8Array[] = [];
  for await (const part of parts) all.push(part);
  return all;
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 5));
}

const text = (words: string) => () => [utf8(words)];
const at = (path: string): URL => new URL(path, ORIGIN);
const wants = (path: string): Wanted => wantedBy(at(path));
const get = (path: string, headers = {}): Request => new Request(at(path), { headers });
const post = (path: string, body: string): Request => new Request(at(path), { method: 'POST', body });

async function pageOf({ live }: ReturnType<typeof house>, path: string): Promise<Response> {
  const page = await live.page(wants(path));
  if (!(page instanceof Response)) throw new Error(`no page: ${JSON.stringify(page)}`);
  return page;
}

describe('a live service in the service worker', () => {
  it('says that it is live', async () => {
    assert.equal(await house(() => ({})).peer.manifest(undefined), 'live');
  });

  it('is shown through the filter and under our headers, whatever it says of itself', async () => {
    const html = `<script>x</script><a href="http://${HOST}/b?c#d">b</a><img src="http://${HOST}/e"><img src="http://elsewhere/f">`;
    const all = house(() => ({ head: { mediaType: 'text/html; charset=utf-8', status: 404 }, body: text(html) }));
    const page = await pageOf(all, '/a');
    assert.equal(page.status, 404);
    assert.equal(await page.text(), '<a href="/b?c#d">b</a><img src="/e"><img>');
    assert.match(page.headers.get('content-security-policy') ?? '', /default-src 'none'; script-src 'none'/);
    assert.equal(page.headers.get('cache-control'), 'no-store');
    assert.deepEqual(all.asked, [{ method: 'GET', target: '/a', wants: 'page' }]);
  });

  it('is taken for HTML when it begins like it and does not say what it is, else for text', async () => {
    for (const [body, kind] of [
      ['  <h1>x</h1>', 'text/html; charset=utf-8'],
      ['x <h1>', 'text/plain; charset=utf-8'],
    ] as const)
      assert.equal(
        (
          await pageOf(
            house(() => ({ body: text(body) })),
            '/',
          )
        ).headers.get('content-type'),
        kind,
      );
  });

  for (const [what, answer, words] of [
    ['nothing', { head: { status: 204 } }, /nothing to show at this place \(status 204\)/],
    ['a page without end', {}, /too large for a page/],
  ] as [string, Answer, RegExp][]) {
    it(`does not show ${what}, and reads no more of it`, async () => {
      const { live, signals } = house(() => ({ body: megabytes, ...answer }));
      await assert.rejects(live.page(wants('/')), (error) => error instanceof GlobalNetError && words.test(error.message));
      await new Promise((resolve) => setTimeout(resolve, 20));
      assert.equal(signals[0]?.aborted, true);
    });
  }

  it('leads on within the site, to itself at most ten times, and out of it never unasked', async () => {
    const leads = (location: string) => house(() => ({ head: { status: 302, location } }));
    assert.deepEqual(await leads('../b?x#y').live.page(wants('/a/')), { goTo: '/b?x#y' });
    assert.deepEqual(await leads(`https://${HOST}/b`).live.page(wants('/a')), { goTo: '/b' });
    const circle = leads('/a');
    assert.match(await (await pageOf(circle, '/a')).text(), /leads round in circles/);
    assert.equal(circle.asked.length, 11);
    const out = await (await pageOf(leads('http://elsewhere/?a=1&"<'), '/')).text();
    assert.match(out, /<a href="\/_gnet\/outside\/http%3A%2F%2Felsewhere%2F%3Fa%3D1%26%2522%253C">/);
  });

  it('gets a form once; what it answers is there for the frame once', async () => {
    const all = house(({ method }) => ({ body: text(method) }));
    assert.deepEqual(await all.live.send(post('/form?x=1', 'a=b'), at('/form?x=1')), { goTo: '/form?x=1' });
    assert.equal(await (await pageOf(all, '/form?x=1')).text(), 'POST');
    assert.equal(await (await pageOf(all, '/form?x=1')).text(), 'GET');
    assert.deepEqual(all.asked[0]?.body, { mediaType: 'text/plain;charset=UTF-8', bytes: utf8('a=b') });
    await all.live.send(post('/form', 'a=b'), at('/form'));
    await pageOf(all, '/elsewhere');
    assert.equal(await (await pageOf(all, '/form')).text(), 'GET', 'an answer that nobody came for is thrown away');
  });

  it('a form is sent on only where HTTP says that it must be', async () => {
    for (const [status, goTo, methods] of [
      [303, '/next', ['POST']],
      [302, '/next', ['POST']],
      [307, '/next', ['POST', 'POST']],
    ] as const) {
      const all = house(({ target }) => (target === '/form' ? { head: { status, location: '/next' } } : {}));
      assert.deepEqual(await all.live.send(post('/form', 'a'), at('/form')), { goTo });
      assert.deepEqual(
        all.asked.map(({ method }) => method),
        methods,
      );
    }
  });

  it('gives parts of media by range, and asks for no other range than one', async () => {
    const head = { status: 206, mediaType: 'video/mp4', lengthBytes: 3, contentRange: 'bytes 2-4/9', acceptsRanges: true };
    const all = house(() => ({ head, body: text('abc') }));
    const part = await all.live.part(get('/v', { range: 'bytes=2-4' }), at('/v'));
    assert.equal(part.status, 206);
    assert.equal(part.headers.get('content-range'), 'bytes 2-4/9');
    assert.equal(await part.text(), 'abc');
    await all.live.part(get('/v', { range: 'bytes=0-1,3-4' }), at('/v'));
    assert.deepEqual(
      all.asked.map(({ range }) => range),
      ['bytes=2-4', undefined],
    );
  });

  it('gives a part of what a service without ranges sends whole', async () => {
    const head = { mediaType: 'audio/wav', lengthBytes: 10 };
    const all = house(() => ({ head, body: () => ['0', '1234', '56', '789'].map(utf8) }));
    for (const [range, status, contentRange, got] of [
      ['bytes=0-', 206, 'bytes 0-9/10', '0123456789'],
      ['bytes=3-5', 206, 'bytes 3-5/10', '345'],
      ['bytes=5-5', 206, 'bytes 5-5/10', '5'],
      ['bytes=-2', 206, 'bytes 8-9/10', '89'],
      ['bytes=20-', 200, null, '0123456789'],
    ] as const) {
      const part = await all.live.part(get('/a.wav', { range }), at('/a.wav'));
      assert.deepEqual([part.status, part.headers.get('content-range'), await part.text()], [status, contentRange, got]);
    }
  });

  it('a body is read no faster than the page takes it, and left when nobody wants it', async () => {
    let given = 0;
    async function* endless(): AsyncGenerator<Uint8Array> {
      for (; ; given++) yield new Uint8Array(10_000);
    }
    const all = house(() => ({ head: { mediaType: 'image/png' }, body: endless }));
    const part = await all.live.part(get('/p'), at('/p'));
    await new Promise((resolve) => setTimeout(resolve, 50));
    assert.ok(given > 0 && given < 20, `${given} pieces, and nobody has read one`);
    await part.body?.cancel();
    await new Promise((resolve) => setTimeout(resolve, 20));
    assert.equal(all.signals[0]?.aborted, true);
  });

  it('an answer that fails, fails in words', async () => {
    const all = house(() => {
      throw new GlobalNetError('unserved', 'the web server behind it does not run');
    });
    await assert.rejects(all.live.page(wants('/')), { kind: 'unserved', message: 'the web server behind it does not run' });
  });
});

it('an address that was signed a moment ago is not shown unsigned', async () => {
  const author = identityFromSeed(nobleCrypto, new Uint8Array(32).fill(5));
  const fields = { type: 'site', serial: 1, previous: undefined, title: '', tags: [], references: [], files: [] } as const;
  const signed = signManifest(nobleCrypto, author, { ...fields, infoHash: undefined, createdMs: 1 });
  const answers = [signed.bytes, 'live'] as const;
  let asked = 0;
  const site = new VerifiedSite(author.publicKey, { manifest: async () => answers[asked++] } as unknown as SitePeer);
  assert.notEqual(await site.newest(), 'live');
  await assert.rejects(site.newest(), { kind: 'unverified' });
});

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

it('a published site has no other port, and what is signed is shown at none', async () => {
  const newest = { hash: new Uint8Array(32), bytes: new Uint8Array(1) };
  const source = (port: number) => siteSource({ reader: { newest: async () => newest } } as unknown as OpenSite, port);
  assert.deepEqual(await source(80).manifest(undefined), newest.bytes);
  const refusal = await source(8080)
    .manifest(undefined)
    .then(() => assert.fail('shown'), failureOf);
  assert.match(refusal.message, /published site is at this address.*opens without the port, 8080/);
  assert.doesNotMatch(Object.values(explain(refusal)).join(), /Nothing was found|Check the address/);
  const peer = { sites: { read: async () => ({}) } } as unknown as Peer;
  await assert.rejects(readSite(peer, HOST, '/', 8080), { kind: 'unsupported' });
});

describe('a redirect', () => {
  for (const [location, wanted] of [
    ['/b', { path: '/b' }],
    ['?q', { path: '/a?q' }],
    [`//${HOST}/b`, { path: '/b' }],
    [`${ORIGIN}/b`, { path: '/b' }],
    ['//elsewhere/b', { url: 'http://elsewhere/b' }],
    ['javascript:alert(1)', { url: 'javascript:alert(1)' }],
    [`ftp://${HOST}/`, { url: `ftp://${HOST}/` }],
    ['http://[', { url: 'http://[' }],
  ] as const) {
    it(`to ${location} leads to ${JSON.stringify(wanted)}`, () =>
      assert.deepEqual(redirectOf({ status: 302, location }, at('/a'), HOST), wanted));
  }
  it('to another port leads out of the site', () => {
    const to = (location: string, host: string) => redirectOf({ status: 302, location }, at('/a'), host);
    assert.deepEqual(to(`http://${HOST}:8080/b`, `${HOST}:8080`), { path: '/b' });
    assert.deepEqual(to(`http://${HOST}:8080/b`, HOST), { url: `http://${HOST}:8080/b` });
    assert.deepEqual(to(`http://${HOST}/b`, `${HOST}:8080`), { url: `http://${HOST}/b` });
  });

  it('is none without a place, or by another status', () => {
    assert.equal(redirectOf({ status: 302, location: undefined }, at('/'), HOST), undefined);
    assert.equal(redirectOf({ status: 201, location: '/b' }, at('/'), HOST), undefined);
  });
});

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
