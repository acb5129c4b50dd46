/** A site of 1 MB in 20 files, read whole by a warm visitor, over 8 links of 50 ms; and the same files over HTTP, six connections, 8 proxies. */
import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { Agent, createServer, get } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { type Bench, median } from './harness.ts';
import { startTestbed } from './testbed.ts';
import { publish, startVisitor, type Visitor } from './visitor.ts';

const LINKS = 8;
const LINK_ROUND_TRIP_MS = 50;
const FILES = 20;
const FILE_BYTES = 50_000;
const ROUNDS = 5;
const WARMING_VISITS = 4;
/** What a browser opens to one host. */
const CONNECTIONS = 6;

const names = ['index.html', ...Array.from({ length: FILES - 1 }, (_, i) => `file-${i}.bin`)];

/** As a browser does: the page, then all that it names. */
async function readSite(visitor: Visitor, address: string): Promise<number> {
  const startMs = performance.now();
  return visitor.visit(address, async (open) => {
    const read = async (path: string): Promise<void> => {
      for await (const _ of (await open(path)).read());
    };
    await read('index.html');
    await Promise.all(names.slice(1).map(read));
    return performance.now() - startMs;
  });
}

async function readHttp(port: number): Promise<number> {
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  const read = (path: string): Promise<void> =>
    new Promise((resolve, reject) => {
      get({ port, path: `/${path}`, agent }, (response) => response.resume().on('end', resolve)).on('error', reject);
    });
  await read('index.html'); // its connection stands, as the visitor's circuit does
  const startMs = performance.now();
  await read('index.html');
  await Promise.all(names.slice(1).map(read));
  const ms = performance.now() - startMs;
  agent.destroy();
  return ms;
}

const bench: Bench = async (report) => {
  const bed = await startTestbed({ relays: 10, roundTripMs: LINK_ROUND_TRIP_MS });
  try {
    const folder = join(bed.folder, 'site');
    mkdirSync(folder);
    const bodies = new Map(names.map((name) => [`/${name}`, randomBytes(FILE_BYTES)]));
    for (const name of names) writeFileSync(join(folder, name), bodies.get(`/${name}`) as Buffer);
    const server = createServer((request, response) => response.end(bodies.get(request.url ?? '')));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const port = await bed.proxied((server.address() as AddressInfo).port, LINKS);
    const address = await publish(bed, folder);
    const visitor = await startVisitor(bed);
    const [times, https]: [number[], number[]] = [[], []];
    for (let round = 0; round < WARMING_VISITS + ROUNDS; round++) {
      await visitor.untilWarm();
      const ms = await readSite(visitor, address);
      if (round < WARMING_VISITS) continue;
      times.push(ms);
      https.push(await readHttp(port));
    }
    await visitor.stop();
    const [ms, http] = [median(times), median(https)];
    report('', { value: ms / 1000, unit: 's', versus: 'the same files over HTTP, six connections, as many delays', ratio: ms / http });
    report('over HTTP, six connections', { value: http / 1000, unit: 's' });
  } finally {
    await bed.stop();
  }
};

export default bench;
