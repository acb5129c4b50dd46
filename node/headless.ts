import { createHash } from 'node:crypto';
import { loadFastKem } from '../src/adapters/node-crypto.ts';
import { fromUtf8, utf8 } from '../src/core/bytes/bytes.ts';
import { GlobalNetError } from '../src/core/bytes/errors.ts';
import type { SetupCrypto } from '../src/core/circuit/index.ts';
import { type Identity, identityFromSeed, newIdentity } from '../src/core/crypto/identity.ts';
import type { Env, LogLevel } from '../src/core/env.ts';
import { ClearNetwork, type ExitService, type FetchProgress, Peer, type SelfDescription } from '../src/core/peer/index.ts';
import type { RecordStore } from '../src/core/ports.ts';
import { encodeExitSummary, type ExitSummary } from '../src/core/wire/exit.ts';
import { isPrivateIp, type PeerAddress } from '../src/core/wire/peer-address.ts';
import { ROLE } from '../src/core/wire/registry.ts';
import type { HostAndPort } from './cli/tcp-target.ts';
import { type Answering, answerOf, type ControlServer, startControlServer } from './control/index.ts';
import { openDataFolder, peerFolderOf } from './data-folder.ts';
import { type FileStore, openFileStore } from './file-store.ts';
import { ipBytes } from './ip.ts';
import { keptInvitation } from './kept-invitations.ts';
import { type MetricsServer, startMetrics } from './metrics/index.ts';
import { nodeEnv } from './node-env.ts';
import { clientSetupCrypto, relaySetupCrypto } from './setup-thread.ts';
import { nodeWebRtc } from './webrtc-node.ts';
import { listenWs, type WsListener } from './ws-listener.ts';
import { wsDialer } from './ws-transport.ts';

/** Links of an open relay, and of a headless peer that nobody dials. */
const MAX_LINKS = { open: 500, client: 24 };

export interface HeadlessExit {
  readonly service: ExitService;
  /** What its descriptor says of its policy; undefined for a peer that has none, and opens what was granted alone. */
  readonly summary: ExitSummary | undefined;
}

export interface HeadlessOptions {
  /** The data folder that all local processes share. */
  readonly dataFolder: string;
  /** Its own folder within; one process at a time. */
  readonly name: string;
  /** What it is for, as `gnet status` says it. */
  readonly role: string;
  readonly bootstraps: readonly string[];
  /** Where an open relay listens; undefined for a peer that only dials. */
  readonly listen?: HostAndPort;
  /** Where others reach it, when that is not where it listens: behind a port forwarder. Its identity belongs to this address. */
  readonly advertise?: HostAndPort;
  /** False: WebSockets alone, no UDP. */
  readonly webRtc?: boolean;
  /** Cover on idle guard links, 50 MB a day. True unless said otherwise. */
  readonly cover?: boolean;
  /** Instead of a thread of its own for it. */
  readonly setupCrypto?: SetupCrypto;
  /** Keeps its address and identity for weeks. */
  readonly stable?: boolean;
  readonly operator?: string;
  /** Where numbers for Prometheus are served; undefined: nowhere. */
  readonly metrics?: HostAndPort | undefined;
  /** Opens connections for others. */
  readonly exit?: HeadlessExit;
  readonly logLevel: LogLevel;
  readonly onProgress?: (progress: FetchProgress) => void;
}

export interface Headless {
  readonly peer: Peer;
  readonly clearNetwork: ClearNetwork;
  readonly env: Env;
  readonly records: RecordStore;
  /** `ws://host:port`, of a relay. */
  readonly listens: string | undefined;
  readonly metrics: MetricsServer | undefined;
  stop(): Promise<void>;
}

/** A headless peer, started. @throws GlobalNetError `busy` (the folder or the port), `malformed` (the address), `refused` (the folder). */
export async function startHeadless(options: HeadlessOptions): Promise<Headless> {
  const { dataFolder, name, role, logLevel } = options;
  openDataFolder(dataFolder);
  const env = nodeEnv(logLevel);
  const store = await openFileStore(peerFolderOf(dataFolder, name));
  let peer: Peer | undefined;
  let listener: WsListener | undefined;
  let metrics: MetricsServer | undefined;
  try {
    metrics = options.metrics && (await startMetrics(options.metrics, role, () => peer));
    listener =
      options.listen &&
      (await listenWs({ ...options.listen, onTransport: (transport) => (peer === undefined ? transport.close() : peer.adopt(transport)) }));
    peer = await peerOf(options, env, store, listener);
    await peer.start();
    void loadFastKem(); // the first dials are under way
  } catch (error) {
    metrics?.close();
    await listener?.close();
    await store.close();
    throw error;
  }
  const started = peer;
  const control = await controlled(dataFolder, env, { role, listens: listener?.url, peer: started, nowMs: () => env.now() });
  return {
    peer: started,
    clearNetwork: started.leadOut((parts) => new ClearNetwork(parts)),
    env,
    records: store.records,
    listens: listener?.url,
    metrics,
    async stop() {
      metrics?.close();
      control?.close();
      await started.stop();
      await listener?.close();
      await store.close();
    },
  };
}

/** @throws GlobalNetError `malformed` (the address). */
async function peerOf(options: HeadlessOptions, env: Env, store: FileStore, listener: WsListener | undefined): Promise<Peer> {
  const { dataFolder, bootstraps, onProgress } = options;
  const rtc = options.webRtc === false ? undefined : nodeWebRtc(env.crypto);
  const published = listener && publishedAt(options, listener);
  return Peer.create({
    env,
    identity: published === undefined ? newIdentity(env) : await identityAt(env, store.records, urlOf(published)),
    keepsIdentity: listener !== undefined,
    records: store.records,
    chunks: store.chunks,
    setupCrypto: options.setupCrypto ?? (listener === undefined ? clientSetupCrypto() : relaySetupCrypto(env)),
    dialers: [wsDialer],
    rtc,
    bootstraps: bootstraps.map((url) => ({ peer: undefined, url })),
    self: describe(options, published, rtc !== undefined),
    relaying: listener !== undefined,
    ...(options.exit === undefined ? {} : { exit: options.exit.service }),
    maxLinks: listener === undefined ? MAX_LINKS.client : MAX_LINKS.open,
    cover: options.cover ?? true,
    privateAddresses: [...bootstraps, ...(published === undefined ? [] : [urlOf(published)])].every(isPrivateUrl),
    invitationTo: (address) => keptInvitation(dataFolder, address),
    digest: async (bytes) => new Uint8Array(createHash('sha256').update(bytes).digest()),
    onProgress: onProgress ?? (() => undefined),
  });
}

/** Without a socket, as where the folder's path is too long for one, a peer runs all the same. */
async function controlled(dataFolder: string, env: Env, answering: Answering): Promise<ControlServer | undefined> {
  try {
    return await startControlServer({
      dataFolder,
      answer: (request) => answerOf(answering, request),
      onFault: (error) => env.log('error', 'control', String((error as Error)?.stack ?? error)),
    });
  } catch (error) {
    env.log('warn', 'control', `'gnet status' will not show this process: ${(error as Error).message}`);
    return undefined;
  }
}

function publishedAt({ listen, advertise }: HeadlessOptions, { port }: WsListener): HostAndPort | undefined {
  return advertise ?? (listen && { host: listen.host, port });
}

function urlOf({ host, port }: HostAndPort): string {
  return `ws://${host}:${port}`;
}

function describe({ stable, operator, exit }: HeadlessOptions, published: HostAndPort | undefined, hasWebRtc: boolean): SelfDescription {
  if (published === undefined) return { roles: 0, addresses: [], operator: '' };
  const websocket: PeerAddress = { kind: 'websocket', ip: ipv4(published.host), port: published.port, tls: false, host: '' };
  const roles = ROLE.open | ROLE.rendezvous | (stable ? ROLE.stable | ROLE.store : 0) | (exit?.summary ? ROLE.exit : 0);
  return {
    roles,
    addresses: hasWebRtc ? [websocket, { kind: 'mesh' }] : [websocket],
    operator: operator ?? '',
    ...(exit?.summary === undefined ? {} : { extension: encodeExitSummary(exit.summary) }),
  };
}

/**
 * A relay's identity belongs to its address: one that moved would sign two descriptors in one epoch, and be taken for a fraud.
 */
async function identityAt(env: Env, records: RecordStore, url: string): Promise<Identity> {
  const [seed, address] = [await records.get('peer/identity'), await records.get('peer/address')];
  if (seed?.length === 32 && address !== undefined && fromUtf8(address) === url) return identityFromSeed(env.crypto, seed);
  const identity = newIdentity(env);
  await records.set('peer/address', utf8('')); // never the old seed with the new address, nor the other way round
  await records.set('peer/identity', identity.seed);
  await records.set('peer/address', utf8(url));
  return identity;
}

/** @throws GlobalNetError `malformed`. */
function ipv4(host: string): Uint8Array {
  const ip = ipBytes(host);
  if (ip?.length !== 4) throw new GlobalNetError('malformed', `a relay is published by its IPv4 address, not '${host}'`);
  return ip;
}

/** Loopback or a network of one's own: then peers on such addresses are taken, else they are refused. */
function isPrivateUrl(url: string): boolean {
  const host = new URL(url).hostname;
  if (host === 'localhost' || host.endsWith('.localhost')) return true;
  const ip = ipBytes(host);
  return ip?.length === 4 && isPrivateIp(ip);
}
