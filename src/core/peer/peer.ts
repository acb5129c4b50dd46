import type { PeerId } from '../bytes/brand.ts';
import type { DhtAccess } from '../dht/index.ts';
import type { Directory } from '../directory/index.ts';
import type { Links } from '../link/index.ts';
import { PackStore } from '../packs/index.ts';
import type { Transport } from '../ports.ts';
import type { Relay } from '../relay/index.ts';
import { type ServiceDeps, ServiceVisitor } from '../service/index.ts';
import { CircuitChannels } from '../stream/index.ts';
import { HOLDER_BYTES } from '../wire/geometry.ts';
import type { Circuits } from './circuits.ts';
import type { ClearNetwork, ClearNetworkParts } from './clear-network.ts';
import { Events } from './events.ts';
import { findHead } from './heads.ts';
import type { InboxHost } from './inbox-host.ts';
import { knownPeers } from './known-peers.ts';
import type { Membership } from './membership.ts';
import { Network } from './network.ts';
import { warningInWords } from './pack-warnings.ts';
import type { PeerOptions } from './peer-options.ts';
import { pointDirectory } from './points.ts';
import { recordNetwork } from './records.ts';
import type { SiteHost } from './site-host.ts';
import { endWhenSilent } from './silence.ts';
import { Sites } from './sites.ts';
import type { KnownPeer, PeerEvent, PeerStatus, StreamStatus } from './status.ts';
import { statusOf } from './status-of.ts';
import { streamsOf } from './streams-of.ts';
import type { TcpHost } from './tcp-host.ts';
import { TcpVisits } from './tcp-visits.ts';
import type { Visiting, Visits } from './visits.ts';

/** A hidden service of ours. */
export type ServedHost = SiteHost | TcpHost | InboxHost;

/** A peer as its user has it: sites and services that he visits and hosts, over the network it is part of. */
export class Peer {
  readonly id: PeerId;
  readonly events: Events;
  readonly store: PackStore;
  readonly sites: Sites;
  readonly tcp: TcpVisits;
  /** Of programs, and of what `visitBy` has added. */
  readonly visits: Visits[];
  /** What `leadOut` has made. */
  clearNetwork: ClearNetwork | undefined;
  readonly links: Links;
  readonly directory: Directory;
  readonly circuits: Circuits;
  readonly relay: Relay;
  readonly membership: Membership;
  readonly hosts: ServedHost[] = [];
  readonly startedAt: number;
  readonly #options: PeerOptions;
  readonly #network: Network;
  readonly #services: ServiceDeps;
  readonly #visiting: Visiting;

  /** Loads what was kept; nothing runs before `start`. */
  static async create(options: PeerOptions): Promise<Peer> {
    const events = new Events(options.env);
    return new Peer(options, events, await Network.create(options, () => events.changed()));
  }

  private constructor(options: PeerOptions, events: Events, network: Network) {
    const { env, records, chunks, digest } = options;
    this.#options = options;
    this.#network = network;
    this.id = network.id;
    this.links = network.links;
    this.directory = network.directory;
    this.circuits = network.circuits;
    this.relay = network.relay;
    this.membership = network.membership;
    this.startedAt = env.now();
    this.events = events;
    const onWarning = (warning: Parameters<typeof warningInWords>[0]): void => events.add('warning', warningInWords(warning));
    this.store = new PackStore({ env, records, chunks, ...(digest === undefined ? {} : { digest }), onWarning });
    this.#services = this.#makeServices();
    const visitor = new ServiceVisitor(this.#services);
    const ready = (): Promise<void> => this.membership.ready();
    const onEvent = (address: string, text: string, kind: PeerEvent['kind']): void => events.add(kind, text, address);
    this.#visiting = { env, visitor, ready, onEvent };
    this.tcp = new TcpVisits(this.#visiting);
    this.visits = [this.tcp];
    this.sites = this.#makeSites();
  }

  #makeSites(): Sites {
    const { records, digest, onProgress } = this.#options;
    const findAuthorsHead = (author: Uint8Array): Promise<Uint8Array | undefined> => findHead(this.#network.dhtAccess(), author);
    return new Sites({ ...this.#visiting, store: this.store, records, digest, findHead: findAuthorsHead, onProgress });
  }

  #makeServices(): ServiceDeps {
    const { env, invitationTo } = this.#options;
    const own = env.random(HOLDER_BYTES);
    let holder: Promise<Uint8Array> | undefined;
    const { circuits, directory } = this;
    return {
      env,
      circuits,
      openChannels: (end, handler) => {
        const channels = new CircuitChannels(env, end, handler);
        circuits.measure(end, () => channels.stats.roundTripMs);
        endWhenSilent(env, channels, () => circuits.avoidHopsOf(end));
        return channels;
      },
      points: pointDirectory(directory, () => ({ ...this.#network.access(), via: 'circuit' })),
      records: recordNetwork(this.#network.dhtAccess()),
      invitationTo: async (address) => {
        const secret = await invitationTo?.(address);
        return secret && { secret, holder: await (holder ??= this.#options.holder?.() ?? Promise.resolve(own)) };
      },
    };
  }

  /** Until when this identity may not relay: it was not stopped cleanly in the running epoch. */
  get blockedUntilMs(): number | undefined {
    return this.#network.publisher.blockedUntilMs;
  }

  get relaying(): boolean {
    return this.#network.relaying;
  }

  /** Connections to the clear network that are open for others. */
  get exitConnections(): number {
    return this.#options.exit?.connections ?? 0;
  }

  start(): Promise<void> {
    return this.#network.start();
  }

  /** Says goodbye on every link; what must be kept is written when this resolves. */
  async stop(): Promise<void> {
    for (const host of this.hosts) host.stop();
    this.sites.stop();
    for (const visits of this.visits) visits.stop();
    this.clearNetwork?.stop();
    await this.#network.stop();
  }

  /** Off: no descriptor is published, no offer answered, no circuit of others accepted. */
  setRelaying(relaying: boolean): Promise<void> {
    return this.#network.setRelaying(relaying);
  }

  /** Takes over a transport that somebody dialled. */
  adopt(transport: Transport): void {
    this.links.adopt(transport);
  }

  /** Serves what is made until `stop`. A tab hosts nothing, and so loads no kind of host: `hostSite` and the like are functions beside. */
  host<Host extends ServedHost>(make: (deps: ServiceDeps, onChange: () => void, dht: DhtAccess) => Host): Host {
    const deps = { ...this.#services, circuits: this.circuits.layered };
    const host = make(deps, () => this.events.changed(), this.#network.dhtAccess());
    this.hosts.push(host);
    host.start();
    return host;
  }

  /** Visits in another way, likewise, until `stop`. */
  visitBy<Kind extends Visits>(make: (visiting: Visiting) => Kind): Kind {
    const visits = make(this.#visiting);
    this.visits.push(visits);
    return visits;
  }

  /** A way out for programs, until `stop`: once. */
  leadOut(make: (parts: ClearNetworkParts) => ClearNetwork): ClearNetwork {
    const { ways, circuits, directory } = this.#network;
    const { ready } = this.#visiting;
    const onSilent = (exit: PeerId): void => directory.flag(exit, 'circuitFailed');
    this.clearNetwork = make({ ways, circuits, access: () => this.#network.access(), ready, onSilent });
    return this.clearNetwork;
  }

  status(): PeerStatus {
    return statusOf(this, this.#options.env.now(), (peer) => this.#network.guards.isGuard(peer));
  }

  /** Streams that are not over: those of ours, and those of visitors of ours. What passes here for others is not among them. */
  streams(): StreamStatus[] {
    return streamsOf(this, this.#options.env.now());
  }

  /** Peers with a current descriptor, without ourselves. */
  knownPeers(): KnownPeer[] {
    return knownPeers(this, (peer) => this.#network.guards.isGuard(peer));
  }
}
