import { base32 } from '../../src/core/bytes/base32.ts';
import { hex } from '../../src/core/bytes/bytes.ts';
import type { Address } from '../../src/core/bytes/brand.ts';
import { GlobalNetError } from '../../src/core/bytes/errors.ts';
import type { Env } from '../../src/core/env.ts';
import { INBOX_MESSAGES_MAX } from '../../src/core/inbox/index.ts';
import { formatAppLink } from '../../src/core/packs/index.ts';
import { InboxHost, type InboxService } from '../../src/core/peer/index.ts';
import type { VerifiedCertificate } from '../../src/core/wire/certificate.ts';
import { encodeAddress } from '../../src/core/wire/address.ts';
import { INBOX } from '../../src/core/wire/registry.ts';
import { appOf, LINKING } from '../cli/app-link.ts';
import { CARRYING, carrying, certificatesOf, readCertificates, refuseForeign } from '../cli/certificates.ts';
import type { Command, Invocation } from '../cli/command.ts';
import { admission, INVITING, keepInviting, manageInvitations, managesInvitations } from '../cli/inviting.ts';
import { sayJoining } from '../cli/joining.ts';
import { logLevelOf } from '../cli/log-level.ts';
import { METRICS_OPTION, metricsOf, sayMetrics } from '../cli/metrics-option.ts';
import type { Output } from '../cli/output.ts';
import { plainText } from '../cli/plain-text.ts';
import { count } from '../cli/table.ts';
import { bootstrapsFor, dataFolderOf, openDataFolder, peerFolderOf, peerNameOf } from '../data-folder.ts';
import { type Headless, startHeadless } from '../headless.ts';
import { type ListedInvitation, readInvitations } from '../invitation-list.ts';
import { keptIdentity } from '../kept-identity.ts';
import { identityIn, keptHostKey } from '../kept-key.ts';
import { clearMessages, type KeptMessage, MessageFolder, readMessages } from '../message-folder.ts';
import { nodeEnv } from '../node-env.ts';
import { stopped, untilPublished } from '../until.ts';

const KEY = 'inbox/key';
const INDENT = '    ';

export const inbox: Command = {
  name: 'inbox',
  usage: '[--list | --clear]',
  summary:
    'Waits for short messages at a .gnet address, shows each as it comes, and keeps them in the data folder, until Ctrl-C; the address is the ' +
    "same next time. Others write with 'gnet send <address> <text>'.",
  options: {
    list: { type: 'boolean', help: 'show the messages that are kept and end (also while it waits)', flagOnly: true },
    clear: { type: 'boolean', help: 'delete the messages that are kept and end (also while it waits)', flagOnly: true },
    name: {
      type: 'string',
      value: '<name>',
      help: 'its folder within the data folder, with its key and messages: another name is another address (default: inbox)',
      check: peerNameOf,
    },
    metrics: METRICS_OPTION,
    ...LINKING,
    ...CARRYING,
    ...INVITING,
  },
  positionals: { min: 0, max: 0 },
  serves: true,
  async run(invocation) {
    const { flag, text } = invocation;
    const dataFolder = dataFolderOf(text('data'));
    const name = text('name') ?? 'inbox';
    const folder = peerFolderOf(dataFolder, name);
    const manages = managesInvitations(invocation);
    if ([flag('list'), flag('clear'), manages].filter((wished) => wished).length > 1)
      throw new GlobalNetError('malformed', 'one of --list, --clear and the flags of invitations at a time');
    const env = nodeEnv(logLevelOf(text('log')));
    if (manages) {
      const command = name === 'inbox' ? 'gnet inbox' : `gnet inbox --name ${name}`;
      return manageInvitations(invocation, { env, dataFolder, folder, keyRecord: KEY, command });
    }
    if (flag('list')) return list(invocation, dataFolder, folder);
    if (flag('clear')) return clear(invocation, folder);
    await wait(invocation, dataFolder, name);
  },
};

async function list({ output, text }: Invocation, dataFolder: string, folder: string): Promise<void> {
  openDataFolder(dataFolder);
  const env = nodeEnv(logLevelOf(text('log')));
  const { publicKey } = await identityIn(env, folder, KEY);
  const { messages, damaged } = await readMessages(folder, env.crypto, publicKey);
  for (const message of messages) sayMessage(output, message);
  for (const path of damaged) output.note(`Damaged, and not shown: ${path}`);
  output.note(`${count(messages.length, 'message')} at ${encodeAddress(publicKey)}.`);
}

async function clear({ output }: Invocation, folder: string): Promise<void> {
  const deleted = await clearMessages(folder);
  output.say(`${count(deleted, 'message')} deleted.`, { deleted });
}

async function wait(invocation: Invocation, dataFolder: string, name: string): Promise<void> {
  const { output, text, texts, stop } = invocation;
  const certificates = await readCertificates(nodeEnv(logLevelOf(text('log'))), texts('certificate'));
  const headless = await startHeadless({
    dataFolder,
    name,
    role: 'inbox',
    bootstraps: bootstrapsFor(dataFolder, texts('join')),
    metrics: metricsOf(text('metrics')),
    logLevel: logLevelOf(text('log')),
  });
  sayMetrics(headless, output);
  sayJoining(headless.peer, output);
  let end = (): void => undefined;
  try {
    const { env, peer } = headless;
    const folder = peerFolderOf(dataFolder, name);
    const kept = await MessageFolder.open(folder);
    const listed = await readInvitations(folder);
    const { served, carries } = await host(headless, serviceOf(env, name, kept, output), certificates, listed);
    end = keepInviting({ env, folder }, served, listed, output, stop);
    output.note('Publishing…');
    await untilPublished(env, peer, served, stop, output);
    const said = { address: served.status.address as Address, messages: await kept.count(), app: appOf(invocation, dataFolder) };
    sayWaiting(said, [carrying(carries), admission(listed)], output);
    await stopped(stop);
  } finally {
    end();
    await headless.stop();
  }
}

async function host(
  { env, peer, records }: Headless,
  service: InboxService,
  certificates: readonly VerifiedCertificate[],
  invitations: readonly ListedInvitation[] | undefined,
): Promise<{ served: InboxHost; carries: readonly VerifiedCertificate[] }> {
  const identity = await keptIdentity(env, records, KEY);
  refuseForeign(certificates, [identity.publicKey]);
  const carries = certificatesOf(certificates, identity.publicKey);
  const options = { hostKey: await keptHostKey(env, records), invitations, certificates: carries.map(({ bytes }) => bytes) };
  return { served: peer.host((deps, onChange) => new InboxHost(deps, identity, service, onChange, options)), carries };
}

/** @param more what else there is to say of it, in words and for programs. */
function sayWaiting(
  { address, messages, app }: { address: Address; messages: number; app: string | undefined },
  more: readonly { words: string; json: object }[],
  output: Output,
): void {
  const link = app === undefined ? undefined : formatAppLink(app, { address, path: '' });
  const words = `Address  ${address}${link === undefined ? '' : `\nLink     ${link}`}${more.map((one) => one.words).join('')}`;
  output.say(words, Object.assign({ address, ...(link === undefined ? {} : { link }), messages }, ...more.map(({ json }) => json)));
  const before = messages === 0 ? '' : ` ${count(messages, 'message')} of before: gnet inbox --list shows them.`;
  output.note(`gnet send ${address} "a message"\nMessages are shown as they come, and kept, until Ctrl-C.${before}`);
}

function serviceOf(env: Env, title: string, kept: MessageFolder, output: Output): InboxService {
  const sayFull = sayEachTime(output);
  return {
    title,
    async keep(message: KeptMessage['message']) {
      const atMs = env.now();
      const result = await kept.keep(message, atMs);
      if (result === 'new') sayMessage(output, { atMs, message });
      sayFull(result === 'full');
      return result === 'full' ? INBOX.full : INBOX.kept;
    },
  };
}

/** Says that there is no room once each time that it comes to be so. */
function sayEachTime(output: Output): (isFull: boolean) => void {
  let wasFull = false;
  return (isFull) => {
    const warning = `The inbox is full, at ${INBOX_MESSAGES_MAX} messages or as the disk is: others are refused until gnet inbox --clear makes room.`;
    if (isFull && !wasFull) output.say(warning, { warning });
    wasFull = isFull;
  };
}

/** Whose it is stands in a line that no text can imitate: every line of a text is indented. */
function sayMessage(output: Output, { atMs, message: { id, text, signedBy } }: KeptMessage): void {
  const at = new Date(atMs).toISOString();
  const key = signedBy === undefined ? {} : { signedBy: base32(signedBy) };
  const head = `${at.slice(0, 19).replace('T', ' ')} UTC  ${key.signedBy === undefined ? 'anonymous' : `signed by ${key.signedBy}`}`;
  output.say(`${head}\n${INDENT}${plainText(text, INDENT)}`, { at, id: hex(id), text, ...key });
}
