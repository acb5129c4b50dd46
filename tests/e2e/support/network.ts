/** A local network on loopback, with a data folder and a port of its own. */
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { ProcessStatus } from '../../../node/control/index.ts';
import { ensureBuilt } from '../../../tools/ensure.mjs';
import { Gnet, gnet, type GnetOptions } from './gnet.ts';

export interface Network {
  /** Where the app is. */
  readonly url: string;
  readonly demo: string;
  readonly bootstraps: readonly string[];
  readonly dataFolder: string;
  readonly up: Gnet;
  /** Below it, for what a test writes. */
  readonly folder: string;
  /** `gnet status` of all its processes. */
  statuses(): Promise<ProcessStatus[]>;
  /** `gnet seed` of this folder, once it is published. */
  seed(folder: string, ...flags: string[]): Promise<Seeder>;
  close(): Promise<void>;
}

export interface Seeder {
  readonly process: Gnet;
  readonly address: string;
  readonly link: string;
}

export async function startNetwork(options: GnetOptions = {}): Promise<Network> {
  if (process.env['BUILT_GNET'] === undefined) await ensureBuilt();
  const folder = mkdtempSync(join(tmpdir(), 'gnet-e2e-'));
  const dataFolder = join(folder, 'data');
  const started: Gnet[] = [];
  const close = async (): Promise<void> => {
    await Promise.all(started.map((process) => process.stop()));
    rmSync(folder, { recursive: true, force: true });
  };
  const up = new Gnet(['up', '--json', '--port', '0', '--data', dataFolder], options);
  started.push(up);
  try {
    const ready = await up.line('ready');
    return {
      url: String(ready['ready']),
      demo: String(ready['demo']),
      bootstraps: ready['bootstraps'] as string[],
      dataFolder,
      up,
      folder,
      statuses: async () => (await gnet(['status', '--json', '--data', dataFolder])).lines as unknown as ProcessStatus[],
      async seed(site, ...flags) {
        const process = new Gnet(['seed', site, '--json', '--data', dataFolder, ...flags]);
        started.push(process);
        const { address, link } = await process.line('address');
        return { process, address: String(address), link: String(link) };
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Writes a site below the network's folder. */
export function writeSite(parent: string, name: string, files: Record<string, string | Uint8Array>): string {
  const folder = join(parent, name);
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
  return folder;
}

/** Bytes no two chunks of which are alike, the same for the same name. */
export function noise(name: string, lengthBytes: number): Uint8Array {
  const bytes = new Uint8Array(lengthBytes);
  for (let offset = 0, block = 0; offset < lengthBytes; offset += 32, block++) {
    const digest = createHash('sha256').update(`${name} ${block}`).digest();
    bytes.set(digest.subarray(0, Math.min(32, lengthBytes - offset)), offset);
  }
  return bytes;
}

/** A real picture of noise, of a little more than `sizeBytes`: what a browser loads to its last byte. */
export function noisePicture(name: string, sizeBytes: number): Uint8Array {
  const width = 1000;
  const height = Math.ceil(sizeBytes / (3 * width));
  const pixels = noise(name, 3 * width * height);
  const header = new DataView(new ArrayBuffer(54));
  header.setUint16(0, 0x424d); // 'BM'
  header.setUint32(2, header.byteLength + pixels.length, true);
  header.setUint32(10, header.byteLength, true); // where the pixels begin
  header.setUint32(14, 40, true); // BITMAPINFOHEADER
  header.setInt32(18, width, true);
  header.setInt32(22, height, true);
  header.setUint16(26, 1, true);
  header.setUint16(28, 24, true); // bits a pixel; 3,000 bytes a row need no filling up
  return Buffer.concat([new Uint8Array(header.buffer), pixels]);
}
