/** How a live service is shown: pages, forms, media, redirects. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { utf8 } from '../../src/core/bytes/bytes.ts';
import { GlobalNetError } from '../../src/core/bytes/errors.ts';
import type { OpenSite, Peer } from '../../src/core/peer/index.ts';
import { identityFromSeed, nobleCrypto } from '../../src/core/crypto/index.ts';
import { signManifest } from '../../src/core/wire/manifest.ts';
import { failureOf } from '../../src/shared/outcome.ts';
import { explain } from '../../src/ui/words.ts';
import { redirectOf } from '../../sw/site/redirect.ts';
import type { SitePeer } from '../../sw/site/site-peer.ts';
import { VerifiedSite } from '../../sw/site/verified-site.ts';
import { readSite, siteSource } from '../../workers/site-answers.ts';
import { at, get, HOST, type Answer, house, megabytes, ORIGIN, pageOf, post, text, wants } from './support/live-house.ts';

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
