/**
 * What a peer tells about itself: the same shape in the tab's panel and in `gnet status`. Plain data that crosses threads by
 * structured clone, so that the interface can have it by way of src/shared. Types only.
 */
import type { STREAM } from '../wire/registry.ts';

/** Where joining stands; the shell turns each into a sentence. */
export type JoinState =
  | { step: 'starting' }
  | { step: 'dialling'; bootstraps: number; answered: number }
  | { step: 'learning'; links: number; relays: number }
  | { step: 'building'; links: number; relays: number }
  | { step: 'ready'; links: number; relays: number }
  | { step: 'failed'; kind: string; message: string; retryInMs: number };

export interface LinkStatus {
  peer: string;
  kind: 'webrtc' | 'websocket' | 'memory';
  dialled: boolean;
  ageMs: number;
  sentBytes: number;
  receivedBytes: number;
  guard: boolean;
}

export interface CircuitStatus {
  /** Its own among all circuits that this peer ever builds. */
  number: number;
  name: string;
  /** `spare`, `question`, `visit <address>`, `host <address> <n>`: no word but the first where destinations are not to be told. */
  purpose: string;
  /** Peer ids from the first hop on; for a hidden service the last of them is the rendezvous point. */
  hops: string[];
  ageMs: number;
  sentBytes: number;
  receivedBytes: number;
  roundTripMs: number | undefined;
}

/** A connection or a site's reading: of ours, or of who visits a service of ours. */
export interface StreamStatus {
  /** Undefined: of a later version. */
  kind: keyof typeof STREAM | undefined;
  /** True: we opened it. False: somebody visits a service of ours. */
  ours: boolean;
  /** The service, or the host in the clear network; of ours it is where somebody went. Undefined: of a kind that names none. */
  address: string | undefined;
  /** The port asked for, of a TCP connection. */
  port: number | undefined;
  ageMs: number;
  sentBytes: number;
  receivedBytes: number;
}

/** A peer that this one holds a current descriptor of. */
export interface KnownPeer {
  peer: string;
  /** Names of ROLE. */
  roles: string[];
  /** `ws://host:port`, `mesh`, or the kind of another address. */
  addresses: string[];
  operator: string;
  software: string;
  epoch: number;
  /** Two unrelated peers have named this descriptor: it may be a hop. */
  vouched: boolean;
  guard: boolean;
  /** How we are linked to it, where we are. */
  link: LinkStatus['kind'] | undefined;
  /** Open peers that it says it is linked to. */
  links: string[];
}

export interface ServiceStatus {
  address: string;
  kind: 'site' | 'tcp' | 'inbox';
  title: string;
  /** Rendezvous points that stand now. */
  points: string[];
  visitors: number;
  sentBytes: number;
  publishedAtMs: number | undefined;
  /** Work that it asks of visitors now, in hashes on average; 0 while it asks none. */
  effort: number;
}

export interface PeerStatus {
  peer: string;
  /** Milliseconds since this peer started. */
  upMs: number;
  join: JoinState;
  relaying: boolean;
  /** Of all tabs of one browser profile only the holder of the profile's Web Lock relays and publishes. Always true outside a tab. */
  leader: boolean;
  links: LinkStatus[];
  circuits: CircuitStatus[];
  /** Circuits of others that pass through here. */
  relayedCircuits: number;
  relayedBytes: number;
  /** Connections to the clear network that are open for others. */
  exitConnections: number;
  services: ServiceStatus[];
  knownRelays: number;
}

/** What an issuer has signed about a service that was opened; whether anybody trusts him is not looked at. */
export interface CarriedCertificate {
  /** His key, as `formatIssuer` writes it. */
  issuer: string;
  /** One line of text, without controls. */
  says: string;
  fromMs: number;
  /** The beginning of the last second in which it holds. */
  untilMs: number;
}

/** What happened, for people: "relay x went away, took another path". */
export interface PeerEvent {
  atMs: number;
  kind: 'link' | 'circuit' | 'site' | 'service' | 'invitation' | 'warning';
  text: string;
  /** The site it concerns, where it concerns one. */
  address?: string;
}

/** How far the fetching of a site or file is. */
export interface FetchProgress {
  address: string;
  path: string;
  receivedBytes: number;
  totalBytes: number | undefined;
  /** Circuit in use, by name; undefined when it came from the store. */
  circuit: string | undefined;
  startedAtMs: number;
  firstByteMs: number | undefined;
}
