/** A seeder that lies: serves a folder as `gnet seed` does, and changes a byte of one file on the way. Arguments: folder, file, data folder. */
import { equal } from '../../../src/core/bytes/bytes.ts';
import { hostSite } from '../../../src/core/peer/index.ts';
import { chunkHash } from '../../../src/core/wire/manifest.ts';
import { bootstrapsFor } from '../../../node/data-folder.ts';
import { packFolder } from '../../../node/folder-pack.ts';
import { startHeadless } from '../../../node/headless.ts';
import { untilPublished } from '../../../node/until.ts';

const [folder = '', file = '', dataFolder = ''] = process.argv.slice(2);
const { peer, env, records } = await startHeadless({
  dataFolder,
  name: 'tampering',
  role: 'tampering',
  bootstraps: bootstrapsFor(dataFolder, []),
  logLevel: 'warn',
});
const { author, manifest, content } = await packFolder(folder, { env, records, store: peer.store, barred: [dataFolder] });
const entry = manifest.files.find(({ path }) => path === file);
if (entry === undefined) throw new Error(`${file} is not in ${folder}`);
const host = hostSite(peer, author, {
  ...content,
  async chunk(hash) {
    const bytes = (await content.chunk(hash))?.slice();
    if (bytes !== undefined && equal(hash, chunkHash(entry, 0))) bytes[bytes.length - 1] = (bytes.at(-1) as number) ^ 1;
    return bytes;
  },
});
await untilPublished(env, peer, host, new AbortController().signal);
console.log(JSON.stringify({ address: host.status.address }));
process.on('SIGTERM', () => process.exit());
setInterval(() => undefined, 60_000);
