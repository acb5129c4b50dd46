import type { Address, PeerId } from '../bytes/brand.ts';
import { CircuitBuilder, type SetupCrypto } from '../circuit/index.ts';
import { type Identity, peerIdOf } from '../crypto/identity.ts';
import { type DhtAccess, DhtNode } from '../dht/index.ts';
import {
  Directory,
  type DirectoryAccess,
  DirectoryServer,
  GUARDS,
  Guards,
  openPeers,
  passFraudOn,
  passWithdrawalOn,
} from '../directory/index.ts';
import type { Env } from '../env.ts';
import { Links, type TransportDialer } from '../link/index.ts';
import { type Digest, PackStore, type SiteContent } from '../packs/index.ts';
import type { ChunkStore, DialTarget, Link, RecordStore, Transport } from '../ports.ts';
import { Relay } from '../relay/index.ts';
import { RendezvousPoint, type ServiceDeps, ServiceVisitor } from '../service/index.ts';
import { Answerer, MeshDialer, type RtcPort } from '../signal/index.ts';
import { CircuitChannels } from '../stream/index.ts';
import { type Descriptor, hasRole } from '../wire/descriptor.ts';
import { HOLDER_BYTES } from '../wire/geometry.ts';
import { LINK_CLOSE, ROLE } from '../wire/registry.ts';
import { Circuits } from './circuits.ts';
import { CLIENT_TABLE_CAPACITY, LINK_GONE_MS, LINKS_RESERVED, SPARES } from './constants.ts';
import { Cover } from './cover.ts';
import { Events } from './events.ts';
import { Exits } from './exits.ts';
import { findHead } from './heads.ts';
import { KeyringKeeper } from './keyring-keeper.ts';
import { knownPeers } from './known-peers.ts';
import { acceptCircuit } from './last-hop.ts';
import { Membership } from './membership.ts';
import { meshContact, meshPeers } from './mesh.ts';
import { NamedPaths } from './named-paths.ts';
import { warningInWords } from './pack-warnings.ts';
import { pointDirectory } from './points.ts';
import { Publisher, type SelfDescription } from './publisher.ts';
import { Questions } from './questions.ts';
import { recordNetwork } from './records.ts';
import { type ExitService, serveStream } from './serving.ts';
import type { InvitationOptions } from './session-host.ts';
import { SiteHost } from './site-host.ts';
import { Sites } from './sites.ts';
import type { FetchProgress, KnownPeer, PeerStatus, StreamStatus } from './status.ts';
import { statusOf } from './status-of.ts';
import { streamsOf } from './streams-of.ts';
import { TcpHost, type TcpService } from './tcp-host.ts';
import { TcpVisits } from './tcp-visits.ts';
import { NetworkWays } from './ways.ts';

export interface PeerOptions {
  readonly env: Env;
  readonly identity: Identity;
  /** The identity is kept over restarts: then what it signed is too. A tab's is not. */
  readonly keepsIdentity: boolean;
  readonly records: RecordStore;
  readonly chunks: ChunkStore;
  readonly setupCrypto: SetupCrypto;
  readonly dialers: readonly TransportDialer[];
  /** Undefined where there is no WebRTC. */
  readonly rtc: RtcPort | undefined;
  readonly bootstraps: readonly DialTarget[];
  readonly self: SelfDescription;
  readonly relaying: boolean;
  /** Opens TCP connections for others. */
  readonly exit?: ExitService;
  readonly maxLinks: number;
  /** Guard links that stand idle carry cover, up to COVER_BYTES_A_DAY. Off where traffic is paid for, and where it would be measured. */
  readonly cover: boolean;
  /** Peers on private addresses are taken: for a network inside one machine or house. */
  readonly privateAddresses: boolean;
  /** The secret of the invitation to an address that this peer's user was given; nobody is invited where it is left out. */
  readonly invitationTo?: (address: Address) => Promise<Uint8Array | undefined>;
  readonly digest?: Digest;
  onProgress(progress: FetchProgress): void;
}

/** A peer: wires the parts together. */
export class Peer {
  readonly id: PeerId;
  readonly events: Events;
  readonly store: PackStore;
  readonly sites: Sites;
  readonly tcp: TcpVisits;
  readonly exits: Exits;
  readonly links: Links;
  readonly directory: Directory;
  readonly circuits: Circuits;
  readonly namedPaths: NamedPaths;
  readonly relay: Relay;
  readonly membership: Membership;
  readonly hosts: (SiteHost | TcpHost)[] = [];
  readonly startedAt: number;
  readonly #options: PeerOptions;
  readonly #guards: Guards;
  readonly #builder: CircuitBuilder;
  readonly #questions: Questions;
  readonly #publisher: Publisher;
  readonly #cover: Cover;
  readonly #keyring: KeyringKeeper;
  readonly #dht: DhtNode | undefined;
  readonly #services: ServiceDeps;
  readonly #answers: DirectoryServer;
  #relaying = false;

  /** Loads what was kept; nothing runs before `start`. */
  static async create(options: PeerOptions): Promise<Peer> {
    const { env, identity, records, keepsIdentity, privateAddresses } = options;
    const keyring = await KeyringKeeper.load(env, keepsIdentity ? records : undefined);
    const directory = new Directory(env, {
      self: peerIdOf(identity.publicKey),
      privateAddresses,
      // What a peer chooses paths from: an open relay also answers from it.
      ...(isOpen(options.self) ? {} : { capacity: CLIENT_TABLE_CAPACITY }),
      onFraud: (_, proof) => passFraudOn(peer.#access(), proof),
    });
    const peer: Peer = new Peer(options, keyring, directory, await Guards.load(env, directory, records));
    return peer;
  }

  private constructor(options: PeerOptions, keyring: KeyringKeeper, directory: Directory, guards: Guards) {
    const { env, identity, records, chunks, digest, self } = options;
    this.#options = options;
    this.#keyring = keyring;
    this.#guards = guards;
    this.directory = directory;
    this.id = peerIdOf(identity.publicKey);
    this.startedAt = env.now();
    this.events = new Events(env);
    this.#answers = new DirectoryServer(env, directory);
    const mesh =
      options.rtc &&
      new MeshDialer(env, { self: this.id, rtc: options.rtc, streams: this.#streams(), contact: (peer) => meshContact(directory, peer) });
    this.links = new Links(env, {
      identity,
      maxLinks: options.maxLinks,
      carries: (link) => this.#builder.carries(link) || this.relay.carries(link),
      dialers: [...options.dialers, ...(mesh ? [mesh] : [])],
      handler: {
        onLink: (link) => this.#onLink(link),
        onFrame: (link, frame) => this.#onFrame(link, frame),
        onDescriptor: (link, bytes) => this.#onDescriptor(link, bytes),
        onWithdrawal: (link, request) => this.#onWithdrawal(link, request),
        onClose: (link) => this.#onLinkClose(link),
      },
    });
    this.#builder = new CircuitBuilder(env, options.setupCrypto);
    const ways = new NetworkWays({ env, directory, guards, links: this.links, isOpen: this.#isOpen, access: () => this.#access() });
    this.circuits = new Circuits(env, this.#builder, ways, () => this.#onCircuits());
    this.#questions = new Questions(env, this.circuits, (peer) => ways.known(peer));
    this.#dht =
      (self.roles & ROLE.store) === 0
        ? undefined
        : new DhtNode(env, {
            self: this.id,
            own: () => directory.own,
            known: () => directory.all(ROLE.store),
            ask: this.#questions.ask,
            records,
          });
    const point = new RendezvousPoint(env);
    const serving = {
      self: this.id,
      directory: this.#answers,
      dht: this.#dht,
      answerer:
        options.rtc &&
        new Answerer(env, {
          self: this.id,
          rtc: options.rtc,
          onionSecrets: () => (this.#relaying ? keyring.keyring.x25519Secrets() : []),
          wants: (peer) => this.#relaying && this.#hasRoomForOthers && this.links.get(peer) === undefined,
          adopt: (transport, peer) => this.links.adopt(transport, peer),
        }),
      exit: options.exit,
      streams: this.#questions,
      isLinked: (peer: PeerId) => this.links.get(peer) !== undefined,
    };
    this.relay = new Relay({
      env,
      self: this.id,
      onionKeys: keyring.keyring,
      linkTo: (peer) => this.links.get(peer),
      dial: async (peer) => (this.#hasRoomForOthers ? ways.dialForOthers(peer) : undefined),
      onLastHop: (end, early, answer) =>
        acceptCircuit({ env, point, onStream: (stream) => serveStream(serving, stream) }, end, early, answer),
    });
    this.#publisher = new Publisher({
      env,
      identity,
      keyring: keyring.keyring,
      directory,
      guards,
      links: this.links,
      records: options.keepsIdentity ? records : undefined,
      self,
      access: () => this.#access(),
    });
    this.#cover = new Cover(env, GUARDS, () => guards.current().flatMap(({ id }) => this.links.get(id) ?? []));
    this.membership = new Membership({
      env,
      links: this.links,
      directory,
      guards,
      records,
      ask: this.#questions.ask,
      bootstraps: options.bootstraps,
      isOpen: this.#isOpen,
      relaying: () => this.#relaying,
      meshPeers: () => (options.rtc === undefined ? [] : meshPeers(directory)),
      onCanBuild: () => {
        this.#publisher.nudge();
        if (!this.#isOpen) this.circuits.keepSpares(SPARES);
      },
      hasCircuit: () => this.circuits.spares > 0,
      onStep: () => this.events.changed(),
    });
    this.store = new PackStore({
      env,
      records,
      chunks,
      ...(digest === undefined ? {} : { digest }),
      onWarning: (warning) => this.events.add('warning', warningInWords(warning)),
    });
    const holder = env.random(HOLDER_BYTES);
    this.#services = {
      env,
      circuits: this.circuits,
      openChannels: (end, handler) => {
        const channels = new CircuitChannels(env, end, handler);
        this.circuits.measure(end, () => channels.stats.roundTripMs);
        return channels;
      },
      points: pointDirectory(directory, () => ({ ...this.#access(), via: 'circuit' })),
      records: recordNetwork(this.#dhtAccess()),
      invitationTo: async (address) => {
        const secret = await options.invitationTo?.(address);
        return secret && { secret, holder };
      },
    };
    const visitor = new ServiceVisitor(this.#services);
    const ready = (): Promise<void> => this.membership.ready();
    this.namedPaths = new NamedPaths({ ways, circuits: this.circuits, access: () => this.#access(), ready });
    this.sites = new Sites({
      env,
      store: this.store,
      records,
      visitor,
      digest,
      ready,
      findHead: (author) => findHead(this.#dhtAccess(), author),
      onEvent: (address, text, kind) => this.events.add(kind, text, address),
      onProgress: options.onProgress,
    });
    this.exits = new Exits({ env, circuits: this.circuits, choosePath: (target, exclude) => ways.chooseExitPath(target, exclude), ready });
    this.tcp = new TcpVisits({
      env,
      visitor,
      ready,
      onEvent: (address, text, kind) => this.events.add(kind, text, address),
    });
  }

  /** Until when this identity may not relay: it was not stopped cleanly in the running epoch. */
  get blockedUntilMs(): number | undefined {
    return this.#publisher.blockedUntilMs;
  }

  get relaying(): boolean {
    return this.#relaying;
  }

  /** Connections to the clear network that are open for others. */
  get exitConnections(): number {
    return this.#options.exit?.connections ?? 0;
  }

  get #isOpen(): boolean {
    return isOpen(this.#options.self);
  }

  async start(): Promise<void> {
    await this.#dht?.values.load();
    this.relay.setAccepting(false);
    if (this.#options.relaying) await this.setRelaying(true);
    this.#dht?.start();
    this.membership.start();
    if (this.#options.cover && !this.#isOpen) this.#cover.start(); // an open relay's circuits begin on any of its many links
  }

  /** Else whoever sends circuits or offers could fill the links of a tab, and a lost guard would not come back. */
  get #hasRoomForOthers(): boolean {
    return this.links.count < this.#options.maxLinks - LINKS_RESERVED;
  }

  /** Says goodbye on every link; what must be kept is written when this resolves. */
  async stop(): Promise<void> {
    for (const host of this.hosts) host.stop();
    this.sites.stop();
    this.tcp.stop();
    this.exits.stop();
    this.membership.stop();
    this.#cover.stop();
    this.#dht?.stop();
    this.#publisher.stop();
    this.circuits.stop();
    this.relay.close();
    this.links.close();
    await this.#keyring.save();
  }

  /** Off: no descriptor is published, no offer answered, no circuit of others accepted. */
  async setRelaying(relaying: boolean): Promise<void> {
    if (relaying === this.#relaying) return;
    this.#relaying = relaying;
    this.relay.setAccepting(relaying);
    if (relaying) await this.#publisher.start();
    else this.#publisher.stop();
    this.membership.nudge(); // who relays needs links that others may use
    this.events.changed();
  }

  /** Takes over a transport that somebody dialled. */
  adopt(transport: Transport): void {
    this.links.adopt(transport);
  }

  /** Serves a site at the identity's address until `stop`. */
  hostSite(identity: Identity, content: SiteContent, options?: InvitationOptions): SiteHost {
    return this.#host(new SiteHost(this.#hosting(), this.#dhtAccess(), identity, content, () => this.events.changed(), options));
  }

  /** Takes TCP connections at the identity's address until `stop`. */
  hostTcp(identity: Identity, service: TcpService, options?: InvitationOptions): TcpHost {
    return this.#host(new TcpHost(this.#hosting(), identity, service, () => this.events.changed(), options));
  }

  #hosting(): ServiceDeps {
    return { ...this.#services, circuits: this.circuits.layered };
  }

  #host<Host extends SiteHost | TcpHost>(host: Host): Host {
    this.hosts.push(host);
    host.start();
    return host;
  }

  status(): PeerStatus {
    return statusOf(this, this.#options.env.now(), (peer) => this.#guards.isGuard(peer));
  }

  /** Streams that are not over: those of ours, and those of visitors of ours. What passes here for others is not among them. */
  streams(): StreamStatus[] {
    return streamsOf(this, this.#options.env.now());
  }

  /** Peers with a current descriptor, without ourselves. */
  knownPeers(): KnownPeer[] {
    return knownPeers(this, (peer) => this.#guards.isGuard(peer));
  }

  // ---------------------------------------------------------------- links

  #onLink(link: Link): void {
    const own = this.directory.own;
    if (own !== undefined && this.#relaying) link.sendDescriptor(own.bytes);
    this.events.changed();
  }

  #onFrame(link: Link, frame: Uint8Array): void {
    if (!this.#builder.onFrame(link, frame)) this.relay.onFrame(link, frame);
  }

  #onDescriptor(link: Link, bytes: Uint8Array): void {
    const result = this.directory.add(bytes);
    if (result === 'fraud') link.close(LINK_CLOSE.breach);
    this.membership.onDescriptor(link.peer);
  }

  #onWithdrawal({ peer }: Link, request: Uint8Array): void {
    if (this.directory.get(peer) === undefined) return;
    this.#answers.serve(request);
    if (this.#isOpen && this.directory.get(peer) === undefined) passWithdrawalOn(this.#access(), peer, request);
  }

  /** A tab cannot be dialled: whose link went and did not come back is closed, and mostly without a word. */
  #forgetIfGone(peer: PeerId): void {
    const descriptor = this.directory.get(peer);
    if (descriptor === undefined || hasRole(descriptor, ROLE.open) || this.links.get(peer) !== undefined) return;
    this.directory.withdraw(peer, descriptor.epoch);
  }

  #onLinkClose(link: Link): void {
    this.#builder.onLinkClose(link);
    this.relay.onLinkClose(link);
    this.membership.onLinkClose(link);
    this.#options.env.schedule(LINK_GONE_MS, () => this.#forgetIfGone(link.peer));
    this.events.changed();
  }

  // ---------------------------------------------------------------- what the parts need of each other

  /** Until there is a first circuit questions go to those we link to; an open relay, whom everyone knows, asks openly. */
  #access(): DirectoryAccess {
    const via = this.#isOpen || this.circuits.spares === 0 ? 'link' : 'circuit';
    return { env: this.#options.env, directory: this.directory, ask: this.#questions.ask, via };
  }

  #dhtAccess(): DhtAccess {
    const storePeers = (): Descriptor[] => openPeers(this.directory, ROLE.store).flatMap(({ id }) => this.directory.vouched(id) ?? []);
    return { env: this.#options.env, ask: (...question) => this.#questions.ask(...question), storePeers };
  }

  /** As `#questions`, which is made later. */
  #streams(): Pick<Questions, 'open'> {
    return { open: (...wish) => this.#questions.open(...wish) };
  }

  #onCircuits(): void {
    if (this.circuits.spares > 0 && this.membership.step.step === 'building') this.membership.nudge();
    this.events.changed();
  }
}

function isOpen({ roles }: SelfDescription): boolean {
  return (roles & ROLE.open) !== 0;
}
