import { MemoryChunks, MemoryRecords } from '../adapters/memory-store.ts';
import type { Address } from '../core/bytes/brand.ts';
import { inlineSetupCrypto } from '../core/circuit/index.ts';
import { type Identity, newIdentity } from '../core/crypto/identity.ts';
import { ClearNetwork, type ExitService, type FetchProgress, Peer, type SelfDescription } from '../core/peer/index.ts';
import type { RecordStore } from '../core/ports.ts';
import { ROLE } from '../core/wire/registry.ts';
import { encodeExitSummary, type ExitSummary } from '../core/wire/exit.ts';
import type { SimNetwork } from './network.ts';
import type { SimNode } from './node.ts';

export interface SimPeer {
  readonly node: SimNode;
  readonly peer: Peer;
  readonly clearNetwork: ClearNetwork;
}

export interface SimPeerOptions {
  /** Urls of bootstraps. */
  readonly bootstraps?: readonly string[];
  readonly records?: RecordStore;
  readonly identity?: Identity;
  readonly relaying?: boolean;
  readonly maxLinks?: number;
  readonly cover?: boolean;
  /** Of a relay: what it does for others, and what its descriptor says of it. */
  readonly exit?: { service: ExitService; summary: ExitSummary };
  /** Secrets of the invitations that its user was given. */
  readonly invitationTo?: (address: Address) => Promise<Uint8Array | undefined>;
  readonly onProgress?: (progress: FetchProgress) => void;
}

const RELAY_ROLES = ROLE.open | ROLE.stable | ROLE.store | ROLE.rendezvous;

/** The address of the n-th open relay: each in a /16 of its own. */
export function relayIp(index: number): Uint8Array {
  return Uint8Array.of(20 + Math.floor(index / 250), 1 + (index % 250), 0, 1);
}

export function relayUrl(index: number): string {
  return `ws://${relayIp(index).join('.')}:9001`;
}

/** An open, stable relay that stores values and serves as rendezvous point; started. */
export async function simRelay(network: SimNetwork, index: number, options: SimPeerOptions = {}): Promise<SimPeer> {
  const node = network.node(`relay-${index}`, { url: relayUrl(index) });
  const self = {
    roles: RELAY_ROLES | (options.exit === undefined ? 0 : ROLE.exit),
    addresses: [{ kind: 'websocket' as const, ip: relayIp(index), port: 9001, tls: false, host: '' }],
    operator: '',
    ...(options.exit === undefined ? {} : { extension: encodeExitSummary(options.exit.summary) }),
  };
  return started(node, self, { ...options, relaying: true, maxLinks: options.maxLinks ?? 500 });
}

/** A peer that nobody can dial: a tab, or a headless client. */
export async function simTab(network: SimNetwork, name: string, options: SimPeerOptions = {}): Promise<SimPeer> {
  return started(network.node(name), { roles: 0, addresses: [], operator: '' }, options);
}

async function started(node: SimNode, self: SelfDescription, options: SimPeerOptions): Promise<SimPeer> {
  const { env } = node;
  const peer = await Peer.create({
    env,
    identity: options.identity ?? newIdentity(env),
    keepsIdentity: false,
    records: options.records ?? new MemoryRecords(),
    chunks: new MemoryChunks(),
    setupCrypto: inlineSetupCrypto(env),
    dialers: [node.dialer],
    rtc: undefined,
    bootstraps: (options.bootstraps ?? []).map((url) => ({ peer: undefined, url })),
    self,
    relaying: options.relaying ?? false,
    maxLinks: options.maxLinks ?? 16,
    cover: options.cover ?? false,
    privateAddresses: false,
    ...(options.exit === undefined ? {} : { exit: options.exit.service }),
    ...(options.invitationTo === undefined ? {} : { invitationTo: options.invitationTo }),
    onProgress: options.onProgress ?? (() => undefined),
  });
  node.onTransport = (transport) => peer.adopt(transport);
  const clearNetwork = peer.leadOut((parts) => new ClearNetwork(parts));
  await peer.start();
  return { node, peer, clearNetwork };
}
