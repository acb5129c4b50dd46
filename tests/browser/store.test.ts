import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import { readFileSync } from 'node:fs';
import { mkdtempSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';
import { storeCases } from '../support/store-suite.ts';
import { type Driver, startBrowser, type Tab } from './support/drivers.ts';

/** Megabytes put and got to measure; BENCH_MB says how many. Printed, never asserted. */
const MEASURED_MB = Number(process.env['BENCH_MB'] ?? 0);

/** The page's script in one file. */
async function pageScript(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'gnet-store-page-'));
  const entry = fileURLToPath(new URL('pages/store-page.ts', import.meta.url));
  await build({
    configFile: false,
    logLevel: 'error',
    publicDir: false,
    build: { outDir: folder, lib: { entry, formats: ['es'], fileName: 'page' }, minify: false },
  });
  const script = readFileSync(join(folder, 'page.js'), 'utf8');
  rmSync(folder, { recursive: true });
  return script;
}

async function serve(script: string): Promise<Server> {
  const server = createServer((request, response) => {
    const isScript = request.url === '/page.js';
    response.writeHead(200, { 'Content-Type': isScript ? 'text/javascript' : 'text/html' });
    response.end(isScript ? script : '<!doctype html><script type="module" src="/page.js"></script>');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

for (const name of ['chromium', 'firefox'] as const) {
  describe(`IndexedDB in ${name}`, () => {
    let driver: Driver;
    let tab: Tab;
    let server: Server;

    before(async () => {
      server = await serve(await pageScript());
      driver = await startBrowser(name);
      tab = await openTab();
    });

    async function load(into: Tab): Promise<void> {
      await into.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
      await into.evaluate(
        'new Promise((resolve) => { const look = () => (globalThis.storeTest ? resolve() : setTimeout(look, 20)); look(); })',
      );
    }

    async function openTab(): Promise<Tab> {
      const opened = await driver.newTab();
      await load(opened);
      return opened;
    }

    after(async () => {
      await driver?.close();
      server?.close();
      server?.closeAllConnections();
    });

    for (const { name: story } of storeCases) {
      it(story, async () => assert.equal(await tab.evaluate(`storeTest.runCase(${JSON.stringify(story)})`), 'ok'));
    }

    it('what was put is there for another connection, and both count it', async () => {
      assert.equal(await tab.evaluate('storeTest.reopen()'), '1,20,20');
    });

    it('tabs of a profile come to services as one, and as another when all of them have gone', async () => {
      const holders = async (from: Tab): Promise<string[]> => String(await from.evaluate('storeTest.holders(3)')).split(',');
      const made = await holders(tab);
      const second = await openTab();
      made.push(...(await holders(second)));
      assert.deepEqual([made.length, new Set(made).size, made[0]?.length], [6, 1, 32]);
      await second.close();
      await load(tab);
      assert.notEqual((await holders(tab))[0], made[0]);
    });

    it('takes and gives chunks at the rates printed', { skip: MEASURED_MB === 0 }, async (t) => {
      t.diagnostic(`${name}, MB/s of 64 KB chunks: ${JSON.stringify(await tab.evaluate(`storeTest.measure(${MEASURED_MB})`))}`);
    });
  });
}
