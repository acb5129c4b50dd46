import { GlobalNetError } from '../../src/core/bytes/errors.ts';
import type { Identity } from '../../src/core/crypto/identity.ts';
import type { Env } from '../../src/core/env.ts';
import { hostTcp, type TcpHost } from '../../src/core/peer/index.ts';
import type { RecordStore } from '../../src/core/ports.ts';
import type { VerifiedCertificate } from '../../src/core/wire/certificate.ts';
import { CARRYING, carrying, certificatesOf, readCertificates, refuseForeign } from '../cli/certificates.ts';
import { LINKING } from '../cli/app-link.ts';
import type { Command, Invocation } from '../cli/command.ts';
import { connectionsOf, exposedServiceOf, type NamedService, SERVICES_MAX, servicesOf } from '../cli/exposed-service.ts';
import { admission, INVITING, type InvitingService, keepInviting, manageInvitations, managesInvitations } from '../cli/inviting.ts';
import { sayJoining } from '../cli/joining.ts';
import { logLevelOf } from '../cli/log-level.ts';
import { seldom } from '../cli/once.ts';
import type { Output } from '../cli/output.ts';
import { portOf } from '../cli/tcp-target.ts';
import { metricsOf, METRICS_OPTION, sayMetrics } from '../cli/metrics-option.ts';
import { bootstrapsFor, dataFolderOf, peerFolderOf, peerNameOf } from '../data-folder.ts';
import { type FileStore, openFileStore } from '../file-store.ts';
import { type Headless, startHeadless } from '../headless.ts';
import { type ListedInvitation, readInvitations } from '../invitation-list.ts';
import { keptIdentity } from '../kept-identity.ts';
import { keptHostKey, takeOverKey } from '../kept-key.ts';
import { nodeEnv } from '../node-env.ts';
import { connectionsHere } from '../open-files.ts';
import { EXPOSED_CONNECTIONS_MAX, EXPOSED_CONNECTIONS_TOTAL_MAX } from '../tcp/constants.ts';
import { ConnectionLimit, exposed } from '../tcp/index.ts';
import { stopped, untilJoined, untilPublished } from '../until.ts';

const KEY = 'service/key';

export const expose: Command = {
  name: 'expose',
  usage: '[<[name=]port | [name=]host:port>[@port,…] …]',
  summary:
    'Makes TCP services of this machine reachable, each by a .gnet address of its own, until Ctrl-C; the same service, or name, has the same ' +
    'address next time, whatever else is served.',
  options: {
    service: {
      type: 'string',
      value: '<service>',
      multiple: true,
      help: 'as one behind the command: for gnet.conf, whose services count where none is given there; may be repeated',
      check: exposedServiceOf,
    },
    port: {
      type: 'string',
      value: '<port>',
      multiple: true,
      help: 'where visitors find those that say nothing behind @; may be repeated (default: 80, and the local port’s number)',
      check: (port) => portOf(port),
    },
    name: {
      type: 'string',
      value: '<name>',
      help: 'of a single service: its folder within the data folder, with its key (default: one for each service)',
      check: peerNameOf,
    },
    metrics: METRICS_OPTION,
    connections: {
      type: 'string',
      value: '<n>',
      help: `of one service at a time; more are refused (default: ${EXPOSED_CONNECTIONS_MAX})`,
      check: connectionsOf,
    },
    'connections-total': {
      type: 'string',
      value: '<n>',
      help: `of all services together (default: ${EXPOSED_CONNECTIONS_TOTAL_MAX})`,
      check: connectionsOf,
    },
    key: {
      type: 'string',
      value: '<file>',
      help: 'serve under the key of a service that another host serves too: a copy of the file records/service.key in its folder there',
    },
    ...CARRYING,
    ...LINKING,
    ...INVITING,
  },
  positionals: { min: 0, max: SERVICES_MAX },
  serves: true,
  check: servicesOf,
  async run(invocation) {
    const { output, text, texts } = invocation;
    const services = servicesOf(invocation);
    const dataFolder = dataFolderOf(text('data'));
    if (services.length > 1) for (const flag of OF_A_SINGLE_ONE) refuseOfSeveral(invocation, flag);
    const [first] = services as [NamedService];
    if (managesInvitations(invocation)) return manageInvitations(invocation, invitingOf(invocation, dataFolder, first));
    const certificates = await readCertificates(nodeEnv(logLevelOf(text('log'))), texts('certificate'));
    const headless = await startHeadless({
      dataFolder,
      name: first.folder,
      role: 'expose',
      bootstraps: bootstrapsFor(dataFolder, texts('join')),
      metrics: metricsOf(text('metrics')),
      logLevel: logLevelOf(text('log')),
    });
    const stores: FileStore[] = [];
    try {
      sayMetrics(headless, output);
      sayJoining(headless.peer, output);
      // The first one's folder is the peer's own, with its guards; of the others only the key is there.
      for (const { folder } of services.slice(1)) stores.push(await openFileStore(peerFolderOf(dataFolder, folder)));
      await serve(invocation, await hostAll(invocation, services, certificates, dataFolder, headless, stores), headless);
    } finally {
      await headless.stop();
      await Promise.all(stores.map((store) => store.close()));
    }
  },
};

/** Until it is stopped. */
async function serve({ output, stop }: Invocation, hosted: readonly Hosted[], headless: Headless): Promise<void> {
  const ends: (() => void)[] = [];
  try {
    for (const { served, listed, own } of hosted) ends.push(keepInviting({ env: headless.env, folder: own }, served, listed, output, stop));
    await publish(hosted, headless, stop, output);
    output.note(
      `A program reaches ${hosted.length === 1 ? 'it' : 'them'} through 'gnet proxy'; a web server at port 80 opens in the app, too. Served until Ctrl-C.`,
    );
    await stopped(stop);
  } finally {
    for (const end of ends) end();
  }
}

/** Flags that are about one service, and say which by being beside it. */
const OF_A_SINGLE_ONE = ['key', 'invite', 'invites', 'revoke', 'public'];

/** @throws GlobalNetError `malformed`. */
function refuseOfSeveral({ text }: Pick<Invocation, 'text'>, name: string): void {
  if (text(name) !== undefined && text(name) !== 'no')
    throw new GlobalNetError('malformed', `--${name} is of a single service: give it with that one alone`);
}

function invitingOf({ text, positionals }: Invocation, dataFolder: string, { folder }: NamedService): InvitingService {
  const command = ['gnet expose', ...positionals].join(' ');
  return { env: nodeEnv(logLevelOf(text('log'))), dataFolder, folder: peerFolderOf(dataFolder, folder), keyRecord: KEY, command };
}

interface Hosted extends NamedService {
  readonly served: TcpHost;
  /** Who may visit, as its folder said at the start. */
  readonly listed: readonly ListedInvitation[] | undefined;
  /** Its folder's path. */
  readonly own: string;
  readonly carries: readonly VerifiedCertificate[];
}

async function hostAll(
  { text, output }: Invocation,
  services: readonly NamedService[],
  certificates: readonly VerifiedCertificate[],
  dataFolder: string,
  headless: Headless,
  stores: readonly FileStore[],
): Promise<Hosted[]> {
  const { env, peer } = headless;
  const warn = seldom((words) => output.say(words, { warning: words }));
  const total = new ConnectionLimit(
    connectionsHere(connectionsOf(text('connections-total') ?? String(EXPOSED_CONNECTIONS_TOTAL_MAX)), warn),
  );
  const connectionsMax = connectionsOf(text('connections') ?? String(EXPOSED_CONNECTIONS_MAX));
  const identities: Identity[] = [];
  const recordsOf = (index: number): RecordStore => (stores[index - 1] ?? headless).records;
  for (const index of services.keys()) identities.push(await identityFor(env, recordsOf(index), text('key')));
  const keys = identities.map(({ publicKey }) => publicKey);
  refuseForeign(certificates, keys);
  const carried = keys.map((publicKey) => certificatesOf(certificates, publicKey));
  const hosted: Hosted[] = [];
  for (const [index, service] of services.entries()) {
    const own = peerFolderOf(dataFolder, service.folder);
    const listed = await readInvitations(own);
    const carries = carried[index] as VerifiedCertificate[];
    const hostKey = await keptHostKey(env, recordsOf(index));
    const options = { hostKey, invitations: listed, certificates: carries.map(({ bytes }) => bytes) };
    const tcp = exposed({ ...service, ports: new Set(service.ports), connectionsMax, total, onRefusal: warn });
    hosted.push({ ...service, served: hostTcp(peer, identities[index] as Identity, tcp, options), listed, own, carries });
  }
  return hosted;
}

async function identityFor(env: Env, records: RecordStore, keyFile: string | undefined): Promise<Identity> {
  if (keyFile !== undefined) await takeOverKey(records, KEY, keyFile);
  return keptIdentity(env, records, KEY);
}

/** Each is said as soon as it can be reached. */
async function publish(hosted: readonly Hosted[], { env, peer }: Headless, stop: AbortSignal, output: Output): Promise<void> {
  const alone = hosted.length === 1;
  let done = 0;
  output.note('Publishing…');
  await untilJoined(env, peer, stop, output);
  const published = alone ? undefined : output.waiting(() => `Publishing: ${done} of ${hosted.length} services are known`);
  const each = hosted.map(async ({ served, name, ports, host, port, listed, carries }) => {
    await untilPublished(env, peer, served, stop, alone ? output : undefined);
    done++;
    const { address } = served.status;
    const target = `${host}:${port}`;
    const words = [...(name === undefined ? [] : [`Name     ${name}`]), `Address  ${address}`, `Ports    ${ports.join(', ')} → ${target}`];
    const [carried, admitted] = [carrying(carries), admission(listed)];
    const named = name === undefined ? {} : { name };
    output.say(words.join('\n') + carried.words + admitted.words, { address, ...named, ports, target, ...carried.json, ...admitted.json });
  });
  await Promise.all(each).finally(published);
}
