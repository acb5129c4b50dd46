import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';
import { type AppHost, startAppHost } from '../../../node/app-host.ts';
import { nobleCrypto } from '../../../src/core/crypto/noble.ts';
import { encodeAddress } from '../../../src/core/wire/address.ts';
import { filesUnder, root } from '../../../tools/paths.ts';
import { appConfig } from '../../../vite.config.ts';

export interface SiteFile {
  path: string;
  mediaType: string;
  content: string | Uint8Array;
  /** Lines that a live service sends along with it. */
  headers?: string[];
}

export interface FixtureSiteInput {
  title: string;
  /** Names its key. */
  seed: number;
  /** Served as a web server does, and signed by nobody. */
  isLive?: boolean;
  files: SiteFile[];
}

export interface FixtureApp {
  url: string;
  addresses: string[];
  host: AppHost;
  /** The host stops answering, as a host that is down. */
  stopHost(): Promise<void>;
  close(): Promise<void>;
}

/** The app built with a peer that serves these sites from memory, on a host of its own. */
export async function startFixtureApp(sites: FixtureSiteInput[]): Promise<FixtureApp> {
  const folder = mkdtempSync(join(tmpdir(), 'gnet-fixture-app-'));
  cpSync(await builtApp(), folder, { recursive: true });
  writeFileSync(join(folder, 'fixture.json'), JSON.stringify(sites.map(fixtureOf)));
  const host = await startAppHost({ port: 0, folder, network: () => ({ bootstraps: [] }) });
  const close = async (): Promise<void> => {
    await host.close();
    rmSync(folder, { recursive: true, force: true });
  };
  return {
    url: host.url,
    addresses: sites.map(({ seed }) => encodeAddress(nobleCrypto.ed25519Public(seedOf(seed)))),
    host,
    stopHost: () => host.close(),
    close,
  };
}

/** All that the build reads. */
const SOURCES = ['public', 'src', 'sw', 'workers', 'tests/browser/pages'].flatMap((folder) => filesUnder(folder));
const SINGLE = ['index.html', 'package-lock.json', 'tsconfig.base.json', 'vite.config.ts'];

/** Built by the first test that wants it after a change, and kept for the others: a build takes seconds, and a dozen files want one. */
async function builtApp(): Promise<string> {
  const hash = createHash('sha256');
  for (const path of [...SOURCES, ...SINGLE])
    hash
      .update(`${path}\0`)
      .update(readFileSync(join(root, path)))
      .update('\0');
  const kept = join(root, '.cache', 'fixture-app');
  const built = join(kept, hash.digest('hex').slice(0, 32));
  if (existsSync(built)) return built;
  rmSync(kept, { recursive: true, force: true });
  mkdirSync(kept, { recursive: true });
  const folder = mkdtempSync(join(kept, 'building-'));
  const peer = fileURLToPath(new URL('../pages/fixture-peer.ts', import.meta.url));
  await build({ configFile: false, logLevel: 'error', ...appConfig(folder, { './peer-thread.ts': peer }) });
  renameSync(folder, built);
  return built;
}

function seedOf(seed: number): Uint8Array {
  return new Uint8Array(32).fill(seed);
}

function fixtureOf({ title, seed, isLive = false, files }: FixtureSiteInput) {
  return {
    title,
    isLive,
    seedHex: Buffer.from(seedOf(seed)).toString('hex'),
    files: files.map(({ path, mediaType, content, headers = [] }) => ({
      path,
      mediaType,
      base64: Buffer.from(content).toString('base64'),
      headers,
    })),
  };
}
