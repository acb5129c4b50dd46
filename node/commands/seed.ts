import { formatAppLink, formatWebLink } from '../../src/core/packs/index.ts';
import { hostSite } from '../../src/core/peer/index.ts';
import type { Address } from '../../src/core/bytes/brand.ts';
import type { VerifiedCertificate } from '../../src/core/wire/certificate.ts';
import { createHash } from 'node:crypto';
import { realpathSync } from 'node:fs';
import { appOf, LINKING } from '../cli/app-link.ts';
import { CARRYING, carrying, certificatesOf, readCertificates, refuseForeign } from '../cli/certificates.ts';
import type { Command, Invocation } from '../cli/command.ts';
import { admission, INVITING, keepInviting, manageInvitations, managesInvitations } from '../cli/inviting.ts';
import { sayJoining } from '../cli/joining.ts';
import { logLevelOf } from '../cli/log-level.ts';
import { metricsOf, METRICS_OPTION, sayMetrics } from '../cli/metrics-option.ts';
import { bytesInWords } from '../cli/output.ts';
import { count } from '../cli/table.ts';
import { bootstrapsFor, dataFolderOf, peerFolderOf, peerNameOf } from '../data-folder.ts';
import { rootOf, scanFolder } from '../folder.ts';
import { type FolderPack, packFolder, siteKeyRecord } from '../folder-pack.ts';
import { type Headless, startHeadless } from '../headless.ts';
import { readInvitations } from '../invitation-list.ts';
import { keptIdentity } from '../kept-identity.ts';
import { keptHostKey } from '../kept-key.ts';
import { nodeEnv } from '../node-env.ts';
import { stopped, untilPublished } from '../until.ts';

export const seed: Command = {
  name: 'seed',
  usage: '<folder>',
  summary: 'Publishes a folder as a hidden site and serves it until Ctrl-C; the same folder has the same address next time.',
  options: {
    name: {
      type: 'string',
      value: '<name>',
      help: 'its folder within the data folder (default: one for each seeded folder)',
      check: peerNameOf,
    },
    metrics: METRICS_OPTION,
    ...LINKING,
    ...CARRYING,
    ...INVITING,
  },
  positionals: { min: 1, max: 1 },
  serves: true,
  async run(invocation) {
    const { output, text, texts, positionals, stop } = invocation;
    const folder = positionals[0] as string;
    const dataFolder = dataFolderOf(text('data'));
    const logLevel = logLevelOf(text('log'));
    const name = text('name') ?? nameOf(folder);
    const own = peerFolderOf(dataFolder, name);
    if (managesInvitations(invocation)) {
      const keyRecord = siteKeyRecord(await rootOf(folder));
      return manageInvitations(invocation, { env: nodeEnv(logLevel), dataFolder, folder: own, keyRecord, command: `gnet seed ${folder}` });
    }
    const bootstraps = bootstrapsFor(dataFolder, texts('join'));
    // Before a peer is started for it: what cannot be published leaves nothing behind.
    await scanFolder(folder, { barred: [dataFolder], signal: stop });
    const certificates = await readCertificates(nodeEnv(logLevel), texts('certificate'));
    const headless = await startHeadless({
      dataFolder,
      name,
      role: 'seed',
      bootstraps,
      metrics: metricsOf(text('metrics')),
      logLevel,
    });
    try {
      sayMetrics(headless, output);
      sayJoining(headless.peer, output);
      await serve(invocation, folder, { dataFolder, own, certificates }, headless);
    } finally {
      await headless.stop();
    }
  },
};

interface Seeding {
  readonly dataFolder: string;
  /** Its own folder within. */
  readonly own: string;
  readonly certificates: readonly VerifiedCertificate[];
}

/** Until it is stopped. */
async function serve(
  invocation: Invocation,
  folder: string,
  { dataFolder, own, certificates }: Seeding,
  headless: Headless,
): Promise<void> {
  const { output, stop } = invocation;
  const { env, peer, records } = headless;
  const carries = await carriedBy(folder, certificates, headless); // before hours of hashing, perhaps
  const pack = await packed(invocation, folder, dataFolder, headless);
  const { manifest } = pack;
  const bytes = manifest.files.reduce((sum, file) => sum + file.sizeBytes, 0);
  const version = `version ${manifest.serial}${pack.changed ? ' (new)' : ', as before'}`;
  output.note(`${count(manifest.files.length, 'file')}, ${bytesInWords(bytes)}, ${version}. Publishing…`);
  const invitations = await readInvitations(own);
  const options = { hostKey: await keptHostKey(env, records), invitations, certificates: carries.map(({ bytes }) => bytes) };
  const host = hostSite(peer, pack.author, pack.content, options);
  const endInviting = keepInviting({ env, folder: own }, host, invitations, output, stop);
  try {
    await untilPublished(env, peer, host, stop, output);
    const { address } = host.status;
    const app = appOf(invocation, dataFolder);
    const front = { address: address as Address, path: '' };
    const link = app === undefined ? formatWebLink(front) : formatAppLink(app, front);
    const [carried, admitted] = [carrying(carries), admission(invitations)];
    const counts = { serial: manifest.serial, files: manifest.files.length, bytes };
    const words = `Address  ${address}\nLink     ${link}${carried.words}${admitted.words}`;
    output.say(words, { address, link, ...counts, ...carried.json, ...admitted.json });
    output.note('Served until Ctrl-C.');
    await stopped(stop);
  } finally {
    endInviting();
  }
}

/** Certificates of the folder's site. @throws GlobalNetError `malformed`: one is of another. */
async function carriedBy(
  folder: string,
  certificates: readonly VerifiedCertificate[],
  { env, records }: Headless,
): Promise<VerifiedCertificate[]> {
  const { publicKey } = await keptIdentity(env, records, siteKeyRecord(await rootOf(folder)));
  refuseForeign(certificates, [publicKey]);
  return certificatesOf(certificates, publicKey);
}

async function packed(
  { output, stop }: Invocation,
  folder: string,
  dataFolder: string,
  { env, peer, records }: Headless,
): Promise<FolderPack> {
  const pack = await packFolder(folder, {
    env,
    records,
    store: peer.store,
    barred: [dataFolder],
    signal: stop,
    onProgress: ({ files, filesDone, readBytes }) =>
      output.progress(`Hashing: ${filesDone} of ${count(files, 'file')}, ${bytesInWords(readBytes)}`),
    onChanged: (path) => output.note(`${path} has changed since it was published: start again to publish it as it is now`),
  });
  for (const note of pack.notes) output.note(note);
  return pack;
}

/** Two folders can be seeded at once, one folder only once. */
function nameOf(folder: string): string {
  return `seed-${createHash('sha256').update(truePath(folder)).digest('hex').slice(0, 12)}`;
}

function truePath(folder: string): string {
  try {
    return realpathSync(folder);
  } catch {
    return folder; // not there: scanFolder says so
  }
}
