/** The data folder that all local processes share, its ports, and the folder a site is written to. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { get } from 'node:http';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, describe, it } from 'node:test';
import { startAppHost } from '../../node/app-host.ts';
import { bootstrapsFor, joinUrls, openDataFolder, peerNameOf, readLocalNetwork, writeLocalNetwork } from '../../node/data-folder.ts';
import { lockFolder } from '../../node/folder-lock.ts';
import { relayPort } from '../../node/relay-port.ts';
import { planFolder, targetIn, writeFileOf } from '../../node/site-folder.ts';
import { NOTHING_HERE_PAGE } from '../../src/shared/site-paths.ts';

let base: string;
let folder: string;
before(() => {
  base = mkdtempSync(join(tmpdir(), 'gnet-cli-'));
});
beforeEach(() => {
  folder = mkdtempSync(join(base, 'f'));
});
after(() => rmSync(base, { recursive: true, force: true }));

describe('data folder', () => {
  it('is for its owner only', () => {
    openDataFolder(join(folder, 'new'));
    assert.equal(statSync(join(folder, 'new', 'peers')).mode & 0o777, 0o700);
  });

  it('that is a file is said so', () => {
    writeFileSync(join(folder, 'file'), '');
    assert.throws(() => openDataFolder(join(folder, 'file')), {
      kind: 'refused',
      message: /cannot be used \(\w+\): name another with --data/,
    });
  });

  it('where none can be made is said so, at once', { skip: process.platform !== 'linux' }, () => {
    assert.throws(() => openDataFolder('/proc/x/y'), { kind: 'refused', message: /\/proc\/x\/y cannot be used \(ENOENT\)/ });
  });

  it('names the network that runs on it, as long as its process holds the lock', async () => {
    const network = { pid: process.pid, app: 'http://a/', bootstraps: ['ws://127.0.0.1:1'] };
    writeLocalNetwork(folder, network);
    assert.equal(readLocalNetwork(folder), undefined, 'left by a process that was killed, and its number went to another');
    const release = await lockFolder(folder);
    assert.deepEqual(readLocalNetwork(folder), network);
    assert.deepEqual(bootstrapsFor(folder, []), network.bootstraps);
    release();
    assert.throws(() => bootstrapsFor(folder, []), {
      kind: 'unreachable',
      message: /start one with 'npm start', or name a bootstrap with --join/,
    });
  });

  for (const url of ['http://127.0.0.1', 'ws:/127.0.0.1', 'ws://', 'ws://a:99999', 'ws://127.0.0.1:9/ x', '127.0.0.1:9001', '']) {
    it(`does not join by '${url}'`, () =>
      assert.throws(() => joinUrls([url]), { kind: 'malformed', message: /--join wants a URL such as/ }));
  }

  it('joins by what is one', () => {
    const urls = ['ws://127.0.0.1:9001', 'wss://example.org/peer', 'ws://[::1]:9'];
    assert.deepEqual(bootstrapsFor(folder, urls), urls);
  });

  it('keeps a peer in a folder below it, whatever its name', () => {
    assert.equal(peerNameOf('relay-1'), 'relay-1');
    for (const name of ['', '..', '../x', 'a/b', '.hidden', 'x'.repeat(65)]) assert.throws(() => peerNameOf(name), { kind: 'malformed' });
  });
});

describe('ports of a local network', () => {
  it('are not those of another that starts at the same moment, and are used again', async () => {
    const hosts = ['127.10.0.1', '127.11.0.1'];
    const [a, b] = ['a', 'b'].map((name) => join(folder, name)) as [string, string];
    for (const path of [a, b]) mkdirSync(path);
    const [first, second] = await Promise.all([relayPort(a, hosts), relayPort(b, hosts)]);
    assert.notEqual(first.port, second.port);
    first.release();
    second.release();
    const again = await relayPort(b, hosts);
    assert.equal(again.port, second.port);
    again.release();
  });
});

describe('folder that a site is written to', () => {
  const entry = (path: string, content: string) => {
    const hash = new Uint8Array(createHash('sha256').update(content).digest());
    return { path, sizeBytes: Buffer.byteLength(content), mediaType: 'text/plain', hash, chunkHashes: new Uint8Array(0) };
  };
  async function* parts(...contents: string[]): AsyncGenerator<Uint8Array> {
    for (const content of contents) yield Buffer.from(content);
  }

  it('is looked through before anything is fetched', async () => {
    mkdirSync(join(folder, 'folder'));
    writeFileSync(join(folder, 'same'), 'same');
    writeFileSync(join(folder, 'other'), 'OTHER');
    writeFileSync(join(folder, 'mine'), 'not of the site');
    const files = [entry('same', 'same'), entry('other', 'other'), entry('folder', ''), entry('same/below', 'x'), entry('new/file', 'x')];
    const plan = await planFolder(folder, files);
    assert.deepEqual(
      [plan.same, plan.different, plan.missing].map((some) => some.map(({ path }) => path)),
      [['same'], ['other', 'folder', 'same/below'], ['new/file']],
    );
  });

  it('gets each file whole or not at all', async () => {
    await writeFileOf(targetIn(folder, 'a/b'), parts('one ', 'two'));
    assert.equal(readFileSync(join(folder, 'a', 'b'), 'utf8'), 'one two');
    const breaks = async function* (): AsyncGenerator<Uint8Array> {
      yield Buffer.from('half');
      throw new Error('broke off');
    };
    await assert.rejects(writeFileOf(targetIn(folder, 'a/b'), breaks()), /broke off/);
    assert.equal(readFileSync(join(folder, 'a', 'b'), 'utf8'), 'one two');
    assert.deepEqual(readdirSync(join(folder, 'a')), ['b']);
  });

  it('says what stands in the way', async () => {
    writeFileSync(join(folder, 'file'), '');
    mkdirSync(join(folder, 'taken', 'below'), { recursive: true });
    for (const path of ['file/below', 'taken']) {
      await assert.rejects(writeFileOf(targetIn(folder, path), parts('x')), {
        kind: 'refused',
        message: /a file is where a folder is wanted/,
      });
    }
  });

  it('is not left', () => {
    assert.throws(() => targetIn(folder, '../x'), { kind: 'malformed' });
    assert.throws(() => targetIn(folder, '.'), { kind: 'malformed' });
  });
});

describe('app host', () => {
  it('lives on when a file goes away as it is read', async () => {
    writeFileSync(join(folder, 'index.html'), 'the app');
    mkdirSync(join(folder, NOTHING_HERE_PAGE, '..'), { recursive: true });
    writeFileSync(join(folder, NOTHING_HERE_PAGE), 'nothing');
    // A socket: it has a size and a time as a file has, and cannot be opened.
    const gone = createServer();
    await new Promise<void>((listening) => gone.listen(join(folder, 'gone.txt'), listening));
    const host = await startAppHost({ port: 0, folder, network: () => ({ bootstraps: [] }), addresses: ['127.0.0.1'] });
    const ended = await new Promise((resolve) => {
      const asked = get({ host: '127.0.0.1', port: host.port, path: '/gone.txt', headers: { Host: 'gnet.localhost' } }, (response) => {
        response.resume();
        response.on('close', () => resolve('closed'));
      });
      asked.on('error', () => resolve('closed'));
    });
    assert.equal(ended, 'closed');
    assert.equal((await fetch(`http://127.0.0.1:${host.port}/`, { redirect: 'manual' })).status, 302);
    await host.close();
    gone.close();
  });
});
