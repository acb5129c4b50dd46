import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';
import { type AppHost, startAppHost } from '../../../node/app-host.ts';
import { nobleCrypto } from '../../../src/core/crypto/noble.ts';
import { encodeAddress } from '../../../src/core/wire/address.ts';
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
  const peer = fileURLToPath(new URL('../pages/fixture-peer.ts', import.meta.url));
  await build({ configFile: false, logLevel: 'error', ...appConfig(folder, { './peer-thread.ts': peer }) });
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
