import { GlobalNetError } from '../../src/core/bytes/errors.ts';
import { formatAppLink, formatWebLink } from '../../src/core/packs/index.ts';
import type { Address } from '../../src/core/bytes/brand.ts';
import { createHash } from 'node:crypto';
import { realpathSync } from 'node:fs';
import { CARRYING, carrying, certificatesOf, readCertificates, refuseForeign } from '../cli/certificates.ts';
import type { Command } from '../cli/command.ts';
import { admission, INVITING, keepInviting, manageInvitations, managesInvitations } from '../cli/inviting.ts';
import { logLevelOf } from '../cli/log-level.ts';
import { metricsOf, METRICS_OPTION, sayMetrics } from '../cli/metrics-option.ts';
import { bytesInWords } from '../cli/output.ts';
import { count } from '../cli/table.ts';
import { bootstrapsFor, dataFolderOf, peerFolderOf, peerNameOf, readLocalNetwork } from '../data-folder.ts';
import { rootOf, scanFolder } from '../folder.ts';
import { packFolder, siteKeyRecord } from '../folder-pack.ts';
import { startHeadless } from '../headless.ts';
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
    app: {
      type: 'string',
      value: '<url>',
      help: 'where the app is served, for the link (default: the local network’s; without one the link begins with web+gnet:)',
      check: appOf,
    },
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
    sayMetrics(headless, output);
    let endInviting = (): void => undefined;
    try {
      const { env, peer, records } = headless;
      // Before hours of hashing, perhaps.
      const { publicKey } = await keptIdentity(env, records, siteKeyRecord(await rootOf(folder)));
      refuseForeign(certificates, [publicKey]);
      const carries = certificatesOf(certificates, publicKey);
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
      const { manifest } = pack;
      const totalBytes = manifest.files.reduce((sum, file) => sum + file.sizeBytes, 0);
      output.note(
        `${count(manifest.files.length, 'file')}, ${bytesInWords(totalBytes)}, version ${manifest.serial}${pack.changed ? ' (new)' : ', as before'}. Publishing…`,
      );
      const invitations = await readInvitations(own);
      const options = { hostKey: await keptHostKey(env, records), invitations, certificates: carries.map(({ bytes }) => bytes) };
      const host = peer.hostSite(pack.author, pack.content, options);
      endInviting = keepInviting({ env, folder: own }, host, invitations, output, stop);
      await untilPublished(env, peer, host, stop, output);
      const { address } = host.status;
      const app = text('app') ?? readLocalNetwork(dataFolder)?.app;
      const front = { address: address as Address, path: '' };
      const link = app === undefined ? formatWebLink(front) : formatAppLink(app, front);
      const { words, json } = admission(invitations);
      const carried = carrying(carries);
      output.say(`Address  ${address}\nLink     ${link}${carried.words}${words}`, {
        address,
        link,
        serial: manifest.serial,
        files: manifest.files.length,
        bytes: totalBytes,
        ...carried.json,
        ...json,
      });
      output.note('Served until Ctrl-C.');
      await stopped(stop);
    } finally {
      endInviting();
      await headless.stop();
    }
  },
};

/** @throws GlobalNetError `malformed`. */
function appOf(url: string): void {
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol))
    throw new GlobalNetError('malformed', `--app wants a URL such as http://gnet.localhost:8080/, not '${url}'`);
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
