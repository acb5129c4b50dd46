/** What a cell's size costs and buys: the figures behind FRAME_CELL_BYTES. */
import { createCipheriv, randomBytes } from 'node:crypto';
import { CELL_TAGS_BYTES, CHANNEL_BYTES, FRAME_HEADER_BYTES, TAG_BYTES } from '../src/core/wire/geometry.ts';
import { type Bench, secondsPerCall } from './harness.ts';

const SIZES_BYTES = [512, 1024, 2048, 4096, 8192, 16384];
/** Header, tags, channel, and the tag of the end-to-end seal. */
const OVERHEAD_BYTES = FRAME_HEADER_BYTES + CELL_TAGS_BYTES + CHANNEL_BYTES + TAG_BYTES;
const LAYERS = 3;
/** To a hidden service: three hops, the point, three hops. */
const LINKS = 8;
const UPLINK_BYTES_PER_SECOND = 1_000_000 / 8;
const PAGE_BYTES = 20_000;
const IDLE_BUDGET_BYTES = 50_000_000;
const COVER_LINKS = 2;
const DAY_SECONDS = 86_400;

const key = randomBytes(32);
const nonce = new Uint8Array(12);
const aad = randomBytes(CELL_TAGS_BYTES - TAG_BYTES);

function seal(body: Uint8Array): void {
  const cipher = createCipheriv('chacha20-poly1305', key, nonce, { authTagLength: TAG_BYTES });
  cipher.setAAD(aad, { plaintextLength: body.length });
  body.set(cipher.update(body));
  cipher.final();
  cipher.getAuthTag();
}

const bench: Bench = (report) => {
  for (const sizeBytes of SIZES_BYTES) {
    const body = randomBytes(sizeBytes - FRAME_HEADER_BYTES - CELL_TAGS_BYTES);
    const carried = sizeBytes - OVERHEAD_BYTES;
    const wrap = (): void => {
      for (let layer = 0; layer < LAYERS; layer++) seal(body);
    };
    const [wrapSeconds, peelSeconds] = secondsPerCall([wrap, () => seal(body)]) as [number, number];
    const cellSeconds = sizeBytes / UPLINK_BYTES_PER_SECOND;
    const pageCells = Math.ceil(PAGE_BYTES / carried);
    const name = (what: string): string => `${String(sizeBytes).padStart(5)} bytes: ${what}`;
    report(name('wrap three layers'), { value: carried / wrapSeconds / 1e6, unit: 'MB/s carried' });
    report(name('peel one layer'), { value: carried / peelSeconds / 1e6, unit: 'MB/s carried' });
    report(name('relay CPU'), { value: (peelSeconds / carried) * 1e6, unit: 's per MB carried' });
    report(name('overhead'), { value: (100 * OVERHEAD_BYTES) / sizeBytes, unit: '% of the wire' });
    report(name('one keystroke, 8 links of 1 Mbit/s'), { value: 1000 * LINKS * cellSeconds, unit: 'ms' });
    report(name('page of 20 KB, 8 links of 1 Mbit/s'), { value: 1000 * (pageCells + LINKS - 1) * cellSeconds, unit: 'ms' });
    report(name('cover on 2 links within 50 MB a day'), {
      value: (COVER_LINKS * DAY_SECONDS * sizeBytes) / IDLE_BUDGET_BYTES,
      unit: 's between cells',
    });
  }
};

export default bench;
