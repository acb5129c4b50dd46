import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { GlobalNetError } from '../../../src/core/bytes/errors.ts';
import { newIdentity } from '../../../src/core/crypto/identity.ts';
import {
  formatAppLink,
  formatMagnetLink,
  formatWebLink,
  type PackLink,
  parseOpenPart,
  parsePackLink,
} from '../../../src/core/packs/pack-link.ts';
import { pathOfUrl, urlOfPath } from '../../../src/core/packs/resolve-path.ts';
import { encodeAddress } from '../../../src/core/wire/address.ts';
import { pathProblem } from '../../../src/core/wire/path.ts';
import { testEnv } from '../../support/test-env.ts';

const address = encodeAddress(newIdentity(testEnv()).publicKey);
const link: PackLink = { address, path: 'a folder/ü & ?#%.html', name: 'My "site" & more' };

test('a link in each of its spellings is read as it was written', () => {
  assert.deepEqual(parsePackLink(formatMagnetLink(link)), link);
  assert.deepEqual(parsePackLink(formatAppLink('https://gnet.example/', link)), { ...link, name: undefined });
  assert.deepEqual(parsePackLink(formatWebLink(link)), { ...link, name: undefined });
  assert.equal(formatAppLink('http://localhost:8080/?x=1#/panel', { address, path: '' }), `http://localhost:8080/?x=1#/open/${address}/`);
});

test('spellings that people and browsers make of it are read too', () => {
  const front = { address, path: '', name: undefined };
  for (const text of [
    address,
    `${address}/`,
    ` ${address.toUpperCase()} `,
    `web+gnet://${address}`,
    `WEB+GNET:${address}/`,
    `magnet:?xt=urn:gnet:${address.slice(0, -5)}`,
    `web+gnet:?xt=urn:gnet:${address}`,
  ]) {
    assert.deepEqual(parsePackLink(text), front, text);
  }
  assert.equal(parsePackLink(`${address}/docs/?q=1#part`).path, 'docs/');
  assert.deepEqual(parseOpenPart(encodeURIComponent(formatMagnetLink(link))), link);
  assert.deepEqual(parseOpenPart(encodeURIComponent(formatWebLink(link))), { ...link, name: undefined });
  assert.deepEqual(parsePackLink(`magnet:?xt=urn:btih:${'a'.repeat(40)}&dn=a+b&xt=urn:gnet:${address}`), { ...front, name: 'a b' });
});

test('a wrong link is refused and says why', () => {
  const cases: [string, RegExp][] = [
    ['', /empty/],
    ['ftp://x', /'ftp:'/],
    ['javascript:alert(1)', /'javascript:'/],
    ['https://example.com/', /#\/open\//],
    [`https://example.com/#/open/${address.replace(/^./, (c) => (c === 'a' ? 'b' : 'a'))}/`, /checksum/],
    [`magnet:?xt=urn:btih:${'a'.repeat(40)}`, /torrent client/],
    ['magnet:?dn=x', /urn:gnet/],
    ['magnet:xt', /magnet:\?/],
    [`magnet:?xt=urn:gnet:${address}&xt=urn:gnet:${address}`, /two packs/],
    [`magnet:?xt=urn:gnet:${address}&dn=%zz`, /'%'/],
    [`${address}/../etc/passwd`, /'\.\.'/],
    [`${address}/%2e%2e/x`, /'\.\.'/],
    [`${address}/a%00b`, /control/],
    [`${address}/%ff`, /UTF-8/],
    ['x'.repeat(9000), /longer/],
    ['hello', /\.gnet/],
  ];
  for (const [text, words] of cases) {
    assert.throws(
      () => parsePackLink(text),
      (error: unknown) => error instanceof GlobalNetError && error.kind === 'malformed' && words.test(error.message),
      text.slice(0, 80),
    );
  }
});

test('a name cannot carry controls, reversed text or a page of words', () => {
  const read = parsePackLink(`magnet:?xt=urn:gnet:${address}&dn=${encodeURIComponent(`a\u202eb\n${'x'.repeat(1000)}`)}`);
  assert.equal(read.name?.length, 200);
  assert.ok(read.name?.startsWith('abx'));
});

test('every path survives the way through a URL, and no text makes anything but a link or an error', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 30 }), (text) => {
      const path = text.normalize('NFC');
      if (pathProblem(path) === undefined) assert.equal(pathOfUrl(`/${urlOfPath(path)}`), path);
    }),
    { seed: 1 },
  );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.string().map((tail) => `magnet:?${tail}`),
        fc.string().map((tail) => `${address}/${tail}`),
      ),
      (text) => {
        try {
          parsePackLink(text);
        } catch (error) {
          assert.ok(error instanceof GlobalNetError && error.kind === 'malformed', String(error));
        }
      },
    ),
    { seed: 2, numRuns: 500 },
  );
});
