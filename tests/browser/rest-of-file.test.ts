/** What a service worker gives out of a file that broke off: real ports between it, the peer and whoever saves. */
import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import { serveSitePort } from '../../src/adapters/serve-site-port.ts';
import { base32 } from '../../src/core/bytes/base32.ts';
import { concat } from '../../src/core/bytes/index.ts';
import { identityFromSeed, nobleCrypto } from '../../src/core/crypto/index.ts';
import { CHUNK_BYTES } from '../../src/core/wire/geometry.ts';
import { signManifest } from '../../src/core/wire/manifest.ts';
import type { HttpAnswerHead, HttpRequest } from '../../src/shared/site-port.ts';
import type { FileAnswer, SavedPart } from '../../src/shared/site-shell.ts';
import { giveFile } from '../../sw/site/give-file.ts';
import { LiveSite } from '../../sw/site/live-site.ts';
import { SitePeer } from '../../sw/site/site-peer.ts';
import { VerifiedSite } from '../../sw/site/verified-site.ts';

const AUTHOR = identityFromSeed(nobleCrypto, new Uint8Array(32).fill(7));
const FILE = Uint8Array.from({ length: 2 * CHUNK_BYTES + 5 }, (_, i) => (i * 7 + (i >> 8)) & 255);
const PART: SavedPart = { sizeBytes: 4, validator: '"v1"' };

const ports: MessagePort[] = [];
afterEach(() => {
  for (const port of ports.splice(0)) port.close();
});

function portPair(): [MessagePort, MessagePort] {
  const { port1, port2 } = new MessageChannel() as unknown as { port1: MessagePort; port2: MessagePort };
  ports.push(port1, port2);
  return [port1, port2];
}

type Live = (request: HttpRequest) => { status: number; body: Uint8Array } & Partial<HttpAnswerHead>;

function signedManifest(file: Uint8Array): Uint8Array {
  const chunkHashes = concat(
    ...Array.from({ length: 3 }, (_, i) => nobleCrypto.sha256(file.subarray(i * CHUNK_BYTES, (i + 1) * CHUNK_BYTES))),
  );
  const entry = { path: 'a.bin', mediaType: 'x/y', sizeBytes: file.length, hash: nobleCrypto.sha256(file), chunkHashes };
  const fields = { type: 'site', serial: 1, previous: undefined, title: '', tags: [], references: [], infoHash: undefined } as const;
  return signManifest(nobleCrypto, AUTHOR, { ...fields, files: [entry], createdMs: 1 }).bytes;
}

/** Saves /a.bin: what was said of it, its bytes, and what was asked for. */
async function saved(have: SavedPart | undefined, live?: Live) {
  const asked: (HttpRequest | number)[] = [];
  const [forPeer, forWorker] = portPair();
  serveSitePort(forPeer, {
    manifest: async () => (live === undefined ? signedManifest(FILE) : 'live'),
    async *chunks(_manifest, _path, first, end) {
      asked.push(first);
      for (let i = first; i < end; i++) yield FILE.slice(i * CHUNK_BYTES, (i + 1) * CHUNK_BYTES);
    },
    async http(request) {
      asked.push(request);
      const { body, ...head } = (live as Live)(request);
      const none = { mediaType: undefined, lengthBytes: body.length, contentRange: undefined, acceptsRanges: false, validator: undefined };
      const rest = { coding: undefined, isAttachment: false, fileName: undefined, location: undefined };
      return { head: { ...none, ...rest, ...head }, body: once(body) };
    },
  });
  const peer = new SitePeer(forWorker);
  const source = {
    site: new VerifiedSite(AUTHOR.publicKey, peer),
    live: new LiveSite(`${'a'.repeat(56)}.gnet`, 'http://gnet.localhost', peer),
  };
  const [mine, its] = portPair();
  const got: FileAnswer[] = [];
  const over = new Promise<void>((resolve) => {
    mine.onmessage = ({ data }: MessageEvent<FileAnswer>) => {
      got.push(data);
      if (data.type === 'end' || data.type === 'failed') resolve();
    };
  });
  giveFile(source, new URL('http://label.gnet.localhost/a.bin'), its, have);
  mine.postMessage({ type: 'pull', id: 0, chunks: 9 });
  await over;
  const said = got.find((answer) => answer.type === 'file');
  return { said, asked, bytes: concat(...got.flatMap((answer) => (answer.type === 'chunk' ? [answer.bytes] : []))), end: got.at(-1) };
}

async function* once(body: Uint8Array): AsyncGenerator<Uint8Array, void, undefined> {
  yield Uint8Array.from(body);
}

describe('the rest of a file', () => {
  const validator = base32(nobleCrypto.sha256(FILE));

  it('of a signed site begins behind what one has, in whichever chunk', async () => {
    for (const sizeBytes of [0, 1, CHUNK_BYTES, CHUNK_BYTES + 9, FILE.length]) {
      const { said, bytes, asked } = await saved({ sizeBytes, validator });
      assert.deepEqual(said, { type: 'file', fromBytes: sizeBytes, sizeBytes: FILE.length, validator });
      assert.deepEqual(bytes, FILE.slice(sizeBytes));
      assert.deepEqual(asked, sizeBytes === FILE.length ? [] : [Math.floor(sizeBytes / CHUNK_BYTES)]);
    }
  });

  it('of a signed site is all of it where the file is another one by now', async () => {
    for (const have of [
      { sizeBytes: 9, validator: base32(new Uint8Array(32)) },
      { sizeBytes: FILE.length + 1, validator },
    ])
      assert.deepEqual((await saved(have)).bytes, FILE);
  });

  const BODY = Uint8Array.of(1, 2, 3, 4, 5, 6);
  const rest = { status: 206, contentRange: 'bytes 4-5/6', body: BODY.slice(4) };
  for (const [what, answer] of [
    ['names it', { ...rest, validator: '"v1"' }],
    ['does not name it', rest],
    ['does not say how long the whole is', { ...rest, contentRange: 'bytes 4-5/*' }],
  ] as const)
    it(`of a live service is what a server sends that ${what}`, async () => {
      const { said, bytes, asked } = await saved(PART, () => answer);
      assert.deepEqual(said, { type: 'file', fromBytes: 4, sizeBytes: 6, validator: '"v1"' });
      assert.deepEqual(bytes, BODY.slice(4));
      assert.deepEqual(asked, [{ method: 'GET', target: '/a.bin', wants: 'page', range: 'bytes=4-', ifRange: '"v1"' }]);
    });

  it('of a live service is all of it, by the same answer, where it has changed or comes in no parts', async () => {
    const { said, bytes, asked } = await saved(PART, () => ({ status: 200, validator: '"v2"', body: BODY }));
    assert.deepEqual(said, { type: 'file', fromBytes: 0, sizeBytes: 6, validator: '"v2"' });
    assert.deepEqual(bytes, BODY);
    assert.equal(asked.length, 1);
  });

  for (const [what, answer] of [
    ['of another part', { ...rest, contentRange: 'bytes 3-5/6' }],
    ['of a part that ends early', { ...rest, contentRange: 'bytes 4-4/6' }],
    ['of a part of nobody knows what', { ...rest, contentRange: undefined }],
    ['of a part of something else', { ...rest, validator: '"v2"' }],
    ['that there is no such part', { status: 416, body: BODY }],
    ['that it is busy', { status: 503, body: BODY }],
  ] as const)
    it(`of a live service is asked for whole behind an answer ${what}`, async () => {
      const { said, bytes, asked } = await saved(PART, ({ range }) => (range === undefined ? { status: 200, body: BODY } : answer));
      assert.deepEqual(said, { type: 'file', fromBytes: 0, sizeBytes: 6, validator: undefined });
      assert.deepEqual(bytes, BODY);
      assert.equal(asked.length, 2);
    });

  it('that is gone is said to be missing', async () => {
    const { end, said } = await saved(PART, () => ({ status: 404, body: BODY }));
    assert.deepEqual([said, end?.type === 'failed' && end.kind], [undefined, 'unknown']);
  });
});
