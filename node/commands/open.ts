import { setMaxListeners } from 'node:events';
import { resolve } from 'node:path';
import { GlobalNetError } from '../../src/core/bytes/errors.ts';
import { parsePackLink, type SiteReader } from '../../src/core/packs/index.ts';
import type { FileEntry } from '../../src/core/wire/manifest.ts';
import { carried, CERTIFIED, refuseUncertified } from '../cli/certificates.ts';
import type { Command } from '../cli/command.ts';
import { acceptInvitations, INVITED } from '../cli/inviting.ts';
import { logLevelOf } from '../cli/log-level.ts';
import { barOf, bytesInWords, type Output } from '../cli/output.ts';
import { count } from '../cli/table.ts';
import { bootstrapsFor, dataFolderOf } from '../data-folder.ts';
import { startHeadless } from '../headless.ts';
import { judge } from '../../src/shared/certificates.ts';
import { readTrusted } from '../trusted-keys.ts';
import { planFolder, targetIn, writeFileOf } from '../site-folder.ts';
import { unlessStopped, untilReady } from '../until.ts';

/** Files fetched at a time: as many as chunks are asked for at once, so that small files fill the path as a large one does. */
const FILES_AT_ONCE = 64;
/** Names shown of many. */
const SHOWN_MAX = 5;

export const open: Command = {
  name: 'open',
  usage: '<address or link> [--out <folder>]',
  summary:
    'Fetches a hidden site through the network, checks every byte against what its author signed, and writes it to a folder. ' +
    'What has come once is not fetched again: the same command goes on after Ctrl-C, and with --overwrite brings a newer version.',
  options: {
    out: { type: 'string', value: '<folder>', help: 'where to write it (default: a folder named as the address begins)' },
    overwrite: { type: 'boolean', help: 'replace files of other content in that folder' },
    ...CERTIFIED,
    ...INVITED,
  },
  positionals: { min: 1, max: 1 },
  async run({ output, text, texts, flag, positionals, stop }) {
    const link = positionals[0] as string;
    const { address, path } = parsePackLink(link);
    const out = resolve(text('out') ?? address.slice(0, 12));
    const dataFolder = dataFolderOf(text('data'));
    await acceptInvitations(dataFolder, [...texts('invitation'), ...(isInvitation(link) ? [link] : [])], output);
    const headless = await startHeadless({
      dataFolder,
      name: `open-${address.slice(0, 12)}`, // what was fetched before is not fetched again
      role: 'open',
      bootstraps: bootstrapsFor(dataFolder, texts('join')),
      logLevel: logLevelOf(text('log')),
    });
    const { env, peer } = headless;
    const startedAt = env.now();
    const readSite = async () => {
      if (flag('certified')) await refuseUncertified(env, dataFolder, peer.sites.open(address).visit);
      return peer.sites.read(address, path);
    };
    try {
      await untilReady(peer, stop, output);
      peer.events.listen(
        (event) => event?.address === address && (event.kind === 'warning' || event.kind === 'invitation') && output.note(event.text),
      );
      const found = output.waiting(() => 'Looking the site up…');
      const { site, manifest } = await unlessStopped(readSite(), stop).finally(found);
      if (path !== '') await sayIfMissing(site.reader, path, output);
      const passedS = (): number => (env.now() - startedAt) / 1000;
      const written = await bring(site.reader, out, manifest.files, flag('overwrite'), stop, (doneBytes, ofBytes, name) => {
        const perSecond = bytesInWords(doneBytes / Math.max(0.001, passedS()));
        output.progress(`${barOf(doneBytes, ofBytes)} ${bytesInWords(doneBytes)} of ${bytesInWords(ofBytes)}, ${perSecond}/s  ${name}`);
      });
      const [files, bytes, seconds] = [manifest.files.length, sizeOf(manifest.files), passedS()];
      const kept = written < files ? `, ${files - written} of them there already` : '';
      const judged = judge(await unlessStopped(peer.sites.certificates(address), stop), await readTrusted(dataFolder), env.now());
      const { words, json: certificates } = carried(judged);
      output.say(
        `${manifest.title || address}: ${count(files, 'file')}, ${bytesInWords(bytes)}, version ${manifest.serial}, verified${kept}, in ${seconds.toFixed(1)} s → ${out}${words}`,
        { address, out, title: manifest.title, serial: manifest.serial, files, bytes, seconds, written, certificates },
      );
    } catch (error) {
      throw stop.aborted
        ? new GlobalNetError('cancelled', 'stopped; what has come is kept, and the same command goes on from there')
        : error;
    } finally {
      await headless.stop();
    }
  },
};

/** The address of an invited site may be given with its invitation behind it. */
function isInvitation(link: string): boolean {
  return /^[^#/:?]+#[a-z2-7]{56}$/i.test(link.trim());
}

function sizeOf(files: readonly FileEntry[]): number {
  return files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
}

function wouldOverwrite(out: string, different: readonly FileEntry[]): GlobalNetError {
  const names = different.slice(0, SHOWN_MAX).map(({ path }) => `'${path}'`);
  if (different.length > SHOWN_MAX) names.push(`${different.length - SHOWN_MAX} more`);
  return new GlobalNetError(
    'refused',
    `${out} has other content in ${names.join(', ')}: name another folder with --out, or replace them with --overwrite`,
  );
}

/** A link may name one page; the whole site is fetched in any case. */
async function sayIfMissing(reader: SiteReader, path: string, output: Output): Promise<void> {
  const found = await reader.open(path).catch(() => undefined);
  if (found?.status !== 200) output.note(`The site has no '${path}'; the rest of it is fetched.`);
}

/** What is not in the folder yet, or otherwise: so many files. @throws GlobalNetError `refused` where that would replace what it may not. */
async function bring(
  reader: SiteReader,
  out: string,
  files: readonly FileEntry[],
  mayReplace: boolean,
  stop: AbortSignal,
  onBytes: (doneBytes: number, ofBytes: number, path: string) => void,
): Promise<number> {
  const { missing, different } = await planFolder(out, files);
  if (different.length > 0 && !mayReplace) throw wouldOverwrite(out, different);
  const wanted = [...missing, ...different];
  const ofBytes = sizeOf(wanted);
  await fetchAll(reader, out, wanted, stop, (doneBytes, path) => onBytes(doneBytes, ofBytes, path));
  return wanted.length;
}

/** Some files at a time. When one cannot be had, none is begun any more, and that is thrown. */
async function fetchAll(
  reader: SiteReader,
  out: string,
  files: readonly FileEntry[],
  stop: AbortSignal,
  onBytes: (doneBytes: number, path: string) => void,
): Promise<void> {
  const queue = files.values();
  const failed = new AbortController();
  const signal = AbortSignal.any([stop, failed.signal]);
  setMaxListeners(FILES_AT_ONCE + 1, signal);
  let doneBytes = 0;
  const chunksOf = async function* (path: string): AsyncGenerator<Uint8Array> {
    for await (const chunk of (await reader.file(path)).chunks(0, undefined, signal)) {
      yield chunk;
      onBytes((doneBytes += chunk.length), path);
    }
  };
  const worker = async (): Promise<void> => {
    for (const { path } of queue) {
      if (signal.aborted) return;
      await writeFileOf(targetIn(out, path), chunksOf(path));
    }
  };
  const orFail = (error: unknown): never => {
    failed.abort();
    throw error;
  };
  const workers = Array.from({ length: FILES_AT_ONCE }, () => worker().catch(orFail));
  const faults = (await Promise.allSettled(workers)).flatMap((end) => (end.status === 'rejected' ? [end.reason as unknown] : []));
  if (faults.length > 0) throw faults.find((fault) => !isConsequence(fault)) ?? faults[0];
}

/** Cancelled because another file failed. */
function isConsequence(error: unknown): boolean {
  return error instanceof GlobalNetError && error.kind === 'cancelled';
}
