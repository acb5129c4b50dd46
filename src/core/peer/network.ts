import type { PeerId } from '../bytes/brand.ts';
import { CircuitBuilder } from '../circuit/index.ts';
import { peerIdOf } from '../crypto/identity.ts';
import { type DhtAccess, DhtNode } from '../dht/index.ts';
import { Directory, type DirectoryAccess, DirectoryServer, GUARDS, Guards, openPeers, passFraudOn } from '../directory/index.ts';
import { Links } from '../link/index.ts';
import { Relay } from '../relay/index.ts';
import { RendezvousPoint } from '../service/index.ts';
import { Answerer, MeshDialer } from '../signal/index.ts';
import type { Descriptor } from '../wire/descriptor.ts';
import { ROLE } from '../wire/registry.ts';
import { Circuits } from './circuits.ts';
import { CLIENT_TABLE_CAPACITY, LINKS_RESERVED, SPARES } from './constants.ts';
import { Cover } from './cover.ts';
import { KeyringKeeper } from './keyring-keeper.ts';
import { acceptCircuit } from './last-hop.ts';
import { LinkEvents } from './link-events.ts';
import { Membership } from './membership.ts';
import { meshContact, meshPeers } from './mesh.ts';
import type { PeerOptions } from './peer-options.ts';
import { Publisher, type SelfDescription } from './publisher.ts';
import { Questions } from './questions.ts';
import { type ServingOptions, serveStream } from './serving.ts';
import { NetworkWays } from './ways.ts';

/**
 * A peer among the others: links, directory, circuits of its own and of others, joining, and what it does for whoever asks. What is
 * visited and hosted over it is not here (peer.ts).
 */
export class Network {
  readonly id: PeerId;
  readonly links: Links;
  readonly directory: Directory;
  readonly guards: Guards;
  readonly ways: NetworkWays;
  readonly circuits: Circuits;
  readonly relay: Relay;
  readonly membership: Membership;
  readonly publisher: Publisher;
  readonly #options: PeerOptions;
  readonly #isOpen: boolean;
  readonly #onChange: () => void;
  readonly #builder: CircuitBuilder;
  readonly #questions: Questions;
  readonly #cover: Cover;
  readonly #keyring: KeyringKeeper;
  readonly #dht: DhtNode | undefined;
  readonly #answers: DirectoryServer;
  #relaying = false;

  /** Loads what was kept; nothing runs before `start`. `onChange`: something that a status shows is not what it was. */
  static async create(options: PeerOptions, onChange: () => void): Promise<Network> {
    const { env, identity, records, keepsIdentity, privateAddresses } = options;
    const keyring = await KeyringKeeper.load(env, keepsIdentity ? records : undefined);
    const directory = new Directory(env, {
      self: peerIdOf(identity.publicKey),
      privateAddresses,
      // What a peer chooses paths from: an open relay also answers from it.
      ...(isOpen(options.self) ? {} : { capacity: CLIENT_TABLE_CAPACITY }),
      onFraud: (_, proof) => passFraudOn(network.access(), proof),
    });
    const guards = await Guards.load(env, directory, records);
    const network: Network = new Network(options, onChange, keyring, directory, guards);
    return network;
  }

  private constructor(options: PeerOptions, onChange: () => void, keyring: KeyringKeeper, directory: Directory, guards: Guards) {
    const { env, identity, setupCrypto } = options;
    this.#options = options;
    this.#isOpen = isOpen(options.self);
    this.#onChange = onChange;
    this.#keyring = keyring;
    this.guards = guards;
    this.directory = directory;
    this.id = peerIdOf(identity.publicKey);
    this.#answers = new DirectoryServer(env, directory);
    this.#builder = new CircuitBuilder(env, setupCrypto);
    this.links = this.#makeLinks();
    this.ways = new NetworkWays({ env, directory, guards, links: this.links, isOpen: this.#isOpen, access: () => this.access() });
    this.circuits = new Circuits(env, this.#builder, this.ways, () => {
      this.membership.onCircuits();
      onChange();
    });
    this.#questions = new Questions(env, this.circuits, (peer) => this.ways.known(peer));
    this.#dht = this.#makeDht();
    this.relay = this.#makeRelay();
    this.publisher = this.#makePublisher();
    this.#cover = new Cover(env, GUARDS, () => guards.current().flatMap(({ id }) => this.links.get(id) ?? []));
    this.membership = this.#makeMembership();
  }

  #makeLinks(): Links {
    const { env, identity, maxLinks, rtc, dialers } = this.#options;
    // The questions come later.
    const streams: Pick<Questions, 'open'> = { open: (...wish) => this.#questions.open(...wish) };
    const mesh = rtc && new MeshDialer(env, { self: this.id, rtc, streams, contact: (peer) => meshContact(this.directory, peer) });
    return new Links(env, {
      identity,
      descriptor: () => (this.#relaying ? this.directory.own?.bytes : undefined),
      maxLinks,
      carries: (link) => this.#builder.carries(link) || this.relay.carries(link),
      dialers: [...dialers, ...(mesh ? [mesh] : [])],
      handler: new LinkEvents({
        env,
        directory: this.directory,
        answers: this.#answers,
        builder: this.#builder,
        isOpen: this.#isOpen,
        relaying: () => this.#relaying,
        access: () => this.access(),
        network: () => this,
        onChange: this.#onChange,
      }),
    });
  }

  #makeDht(): DhtNode | undefined {
    const { env, self, records } = this.#options;
    if ((self.roles & ROLE.store) === 0) return undefined;
    return new DhtNode(env, {
      self: this.id,
      own: () => this.directory.own,
      known: () => this.directory.all(ROLE.store),
      ask: this.#questions.ask,
      records,
    });
  }

  #makeRelay(): Relay {
    const { env } = this.#options;
    const point = new RendezvousPoint(env);
    const serving = this.#serving();
    return new Relay({
      env,
      self: this.id,
      onionKeys: this.#keyring.keyring,
      linkTo: (peer) => this.links.get(peer),
      dial: async (peer) => (this.#hasRoomForOthers ? this.ways.dialForOthers(peer) : undefined),
      onLastHop: (end, early, answer) =>
        acceptCircuit({ env, point, onStream: (stream) => serveStream(serving, stream) }, end, early, answer),
    });
  }

  #serving(): ServingOptions {
    const { env, rtc, exit } = this.#options;
    const answerer =
      rtc &&
      new Answerer(env, {
        self: this.id,
        rtc,
        onionSecrets: () => (this.#relaying ? this.#keyring.keyring.x25519Secrets() : []),
        wants: (peer) => this.#relaying && this.#hasRoomForOthers && this.links.get(peer) === undefined,
        adopt: (transport, peer) => this.links.adopt(transport, peer),
      });
    const isLinked = (peer: PeerId): boolean => this.links.get(peer) !== undefined;
    return { self: this.id, directory: this.#answers, dht: this.#dht, answerer, exit, streams: this.#questions, isLinked };
  }

  #makePublisher(): Publisher {
    const { env, identity, keepsIdentity, self } = this.#options;
    const { directory, guards, links } = this;
    const { keyring } = this.#keyring;
    const records = keepsIdentity ? this.#options.records : undefined;
    return new Publisher({ env, identity, keyring, directory, guards, links, records, self, access: () => this.access() });
  }

  #makeMembership(): Membership {
    const { env, records, bootstraps, rtc } = this.#options;
    const { links, directory, guards } = this;
    return new Membership({
      env,
      links,
      directory,
      guards,
      records,
      ask: this.#questions.ask,
      bootstraps,
      isOpen: this.#isOpen,
      relaying: () => this.#relaying,
      meshPeers: () => (rtc === undefined ? [] : meshPeers(directory)),
      onCanBuild: () => {
        this.publisher.nudge();
        if (!this.#isOpen) this.circuits.keepSpares(SPARES);
      },
      hasCircuit: () => this.circuits.spares > 0,
      expectsCircuits: () => this.circuits.areExpected,
      onStep: this.#onChange,
    });
  }

  get relaying(): boolean {
    return this.#relaying;
  }

  /** Else whoever sends circuits or offers could fill the links of a tab, and a lost guard would not come back. */
  get #hasRoomForOthers(): boolean {
    return this.links.count < this.#options.maxLinks - LINKS_RESERVED;
  }

  async start(): Promise<void> {
    await this.#dht?.values.load();
    this.relay.setAccepting(false);
    if (this.#options.relaying) await this.setRelaying(true);
    this.#dht?.start();
    this.membership.start();
    if (this.#options.cover && !this.#isOpen) this.#cover.start(); // an open relay's circuits begin on any of its many links
  }

  async stop(): Promise<void> {
    this.membership.stop();
    this.#cover.stop();
    this.#dht?.stop();
    this.publisher.stop();
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
    if (relaying) await this.publisher.start();
    else this.publisher.stop();
    this.membership.nudge(); // who relays needs links that others may use
    this.#onChange();
  }

  /** Until there are circuits questions go to those we link to; an open relay, whom everyone knows, asks openly. */
  access(): DirectoryAccess {
    const via = this.#isOpen || !this.circuits.areExpected ? 'link' : 'circuit';
    return { env: this.#options.env, directory: this.directory, ask: this.#questions.ask, via };
  }

  dhtAccess(): DhtAccess {
    const storePeers = (): Descriptor[] => openPeers(this.directory, ROLE.store).flatMap(({ id }) => this.directory.vouched(id) ?? []);
    return { env: this.#options.env, ask: (...question) => this.#questions.ask(...question), storePeers };
  }
}

function isOpen({ roles }: SelfDescription): boolean {
  return (roles & ROLE.open) !== 0;
}
