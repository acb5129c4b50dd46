import { createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname, join, resolve, sep } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { GlobalNetError } from '../../src/core/bytes/errors.ts';
import type { FileReading } from '../../src/core/packs/file-reading.ts';
import { parsePackLink } from '../../src/core/packs/index.ts';
import { barOf, bytesInWords } from '../cli/output.ts';
import type { Command } from '../cli/command.ts';
import { logLevelOf } from '../cli/log-level.ts';
import { bootstrapsFor, dataFolderOf } from '../data-folder.ts';
import { startHeadless } from '../headless.ts';
import { untilReady } from '../until.ts';

export const open: Command = {
  name: 'open',
  usage: '<address or link> [--out <folder>]',
  summary: 'Fetches a hidden site through the network, checks every byte against what its author signed, and writes it to a folder.',
  options: { out: { type: 'string', value: '<folder>', help: 'where to write it (default: a folder named as the address begins)' } },
  positionals: { min: 1, max: 1 },
  async run({ output, text, texts, positionals, stop }) {
    const { address } = parsePackLink(positionals[0] as string);
    const out = resolve(text('out') ?? address.slice(0, 12));
    const dataFolder = dataFolderOf(text('data'));
    const headless = await startHeadless({
      dataFolder,
      name: `open-${address.slice(0, 12)}`, // what was fetched before is not fetched again
      role: 'open',
      bootstraps: bootstrapsFor(dataFolder, texts('join')),
      logLevel: logLevelOf(text('log')),
    });
    const { env, peer } = headless;
    const startedAt = env.now();
    try {
      output.progress('Joining…');
      await untilReady(peer, stop);
      peer.events.listen((event) => event?.address === address && event.kind === 'warning' && output.note(event.text));
      output.progress('Looking the site up…');
      const { site, manifest } = await peer.sites.read(address);
      const totalBytes = manifest.files.reduce((sum, file) => sum + file.sizeBytes, 0);
      let doneBytes = 0;
      for (const { path } of manifest.files) {
        await writeFile(out, path, await site.reader.file(path), stop, (lengthBytes) => {
          doneBytes += lengthBytes;
          const seconds = Math.max(0.001, (env.now() - startedAt) / 1000);
          output.progress(`${barOf(doneBytes, totalBytes)} ${bytesInWords(doneBytes)} of ${bytesInWords(totalBytes)}, ${bytesInWords(doneBytes / seconds)}/s  ${path}`);
        });
      }
      const seconds = (env.now() - startedAt) / 1000;
      output.say(`${manifest.title || address}: ${manifest.files.length} files, ${bytesInWords(totalBytes)}, version ${manifest.serial}, verified, in ${seconds.toFixed(1)} s → ${out}`, {
        address,
        out,
        title: manifest.title,
        serial: manifest.serial,
        files: manifest.files.length,
        bytes: totalBytes,
        seconds,
      });
    } finally {
      await headless.stop();
    }
  },
};

/** Paths in a verified manifest have no '..' and no '/' in front; a second look costs nothing. */
async function writeFile(out: string, path: string, reading: FileReading, stop: AbortSignal, onBytes: (lengthBytes: number) => void): Promise<void> {
  const target = join(out, ...path.split('/'));
  if (!target.startsWith(out + sep)) throw new GlobalNetError('malformed', `the site names a file outside of its folder: '${path}'`);
  await mkdir(dirname(target), { recursive: true });
  const chunks = async function* (): AsyncGenerator<Uint8Array> {
    for await (const chunk of reading.chunks(0, undefined, stop as never)) {
      yield chunk;
      onBytes(chunk.length);
    }
  };
  await pipeline(Readable.from(chunks()), createWriteStream(target));
}
