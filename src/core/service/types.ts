import type { Address, PeerId } from '../bytes/brand.ts';
import type { Identity } from '../crypto/identity.ts';
import type { Env } from '../env.ts';
import type { CircuitSource, Pipe } from '../ports.ts';
import type { HeldInvitation } from './hello.ts';
import type { OpenChannels, PointDirectory, RecordNetwork } from './ports.ts';

/** What host and visitor both need. */
export interface ServiceDeps {
  readonly env: Env;
  readonly circuits: CircuitSource;
  readonly openChannels: OpenChannels;
  readonly points: PointDirectory;
  readonly records: RecordNetwork;
  /** The invitation to an address that this peer was given. */
  readonly invitationTo: (address: Address) => Promise<HeldInvitation | undefined>;
}

/** An invitation that a service has given away. */
export interface ServiceInvitation {
  /** What the service's owner calls it; stays with the service. */
  readonly name: string;
  /** INVITATION_SECRET_BYTES. */
  readonly secret: Uint8Array;
}

/** A visitor who was invited. */
export interface Guest {
  readonly invitation: ServiceInvitation;
  /** Names the running program that came; another one with the same invitation has another name. */
  readonly holder: string;
}

/** A visitor whose hello was accepted. */
export interface Visit {
  /** Sealed end to end. Its first payload is shorter than the rest: read `payloadBytes` before each `send`. */
  readonly pipe: Pipe;
  /** 16 bytes, chosen by the visitor. */
  readonly sessionId: Uint8Array;
  /** The visitor says that this session existed before. */
  readonly resumes: boolean;
  /** Which hello of its session this is: one that comes after a later one was held up, and the visitor waits for it no more. */
  readonly number: number;
  /** Undefined where nobody needs an invitation. */
  readonly guest: Guest | undefined;
  /** The session's first messages, padding and all. They may be a repetition: a visitor sends them again by another point. */
  readonly messages: Uint8Array;
}

export interface HostOptions {
  readonly identity: Identity;
  /** Tells several hosts of one address apart, 32 bytes that stay secret; made from the identity when it is left out. */
  readonly hostKey?: Uint8Array;
  /** Who may visit, at most INVITATIONS_MAX; nobody when it is empty, everybody who knows the address when it is undefined. */
  readonly invitations?: readonly ServiceInvitation[] | undefined;
  /** To be handed to a session; an exception closes this visitor's pipe. */
  onVisitor(visit: Visit): void;
  /** Something that the panel shows has changed. */
  onChange?(): void;
}

export interface HostStatus {
  readonly address: Address;
  /** Points where visitors can arrive now. */
  readonly points: PeerId[];
  readonly visitors: number;
  readonly sentBytes: number;
  /** When the present record was first held by somebody, ms since 1970. */
  readonly publishedAtMs: number | undefined;
  /** Peers that hold it, as the last publication said. */
  readonly holders: number;
  /** Work asked of visitors, hashes on average. */
  readonly effort: number;
}

export interface ConnectOptions {
  /** 16 bytes; a fresh session when it is left out. */
  readonly sessionId?: Uint8Array;
  /** The session existed before. */
  readonly resumes?: boolean;
  /** Counts the hellos of this session, for all its connects. */
  readonly hellos?: { made: number };
  /** At most HELLO_MESSAGES_BYTES; repeated at each point that is tried, so they must be safe to repeat. */
  readonly messages: Uint8Array;
  /** A point that has just failed, to be tried last. */
  readonly avoid?: PeerId;
  readonly signal?: AbortSignal;
}

export interface ServiceConnection {
  /** Sealed end to end. Closing it ends the circuit it runs over. */
  readonly pipe: Pipe;
  readonly sessionId: Uint8Array;
  /** The service's first messages, padding and all: to be taken before the pipe gets its handler. */
  readonly messages: Uint8Array;
  readonly point: PeerId;
  /** From the first hop on; the last is the point. */
  readonly hops: readonly PeerId[];
}
