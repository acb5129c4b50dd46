/**
 * Every number on the wire that is a name for something. `docs/spec/02-registry.md` holds the same tables, and a checker
 * compares them; lengths are in geometry.ts. A number, once used by a release, keeps its meaning for ever.
 */

/** Version of the whole: in the link handshake. Peers of another version are told so and the link is closed. */
export const PROTOCOL_VERSION = 1;

/** Domain separation: every key derivation and signature begins with one of these. One label, one purpose. */
export const LABEL = {
  linkHandshake: 'gnet/1 link handshake',
  linkBinding: 'gnet/1 link binding',
  linkKeys: 'gnet/1 link keys',
  linkTraffic: 'gnet/1 link traffic',
  setupKeys: 'gnet/1 setup keys',
  circuitKeys: 'gnet/1 circuit keys',
  setupWork: 'gnet/1 setup work',
  extendSeed: 'gnet/1 extend seed',
  descriptor: 'gnet/1 descriptor',
  directoryForget: 'gnet/1 directory forget',
  dhtKey: 'gnet/1 dht key',
  dhtWork: 'gnet/1 dht work',
  dhtPosition: 'gnet/1 dht position',
  dhtValue: 'gnet/1 dht value',
  storePosition: 'gnet/1 store position',
  blind: 'gnet/1 blind',
  serviceRecord: 'gnet/1 service record',
  serviceRecordKey: 'gnet/1 service record key',
  hello: 'gnet/1 hello',
  helloAnswer: 'gnet/1 hello answer',
  invitation: 'gnet/1 invitation',
  invitationEntry: 'gnet/1 invitation entry',
  invitationProof: 'gnet/1 invitation proof',
  hostKey: 'gnet/1 host key',
  hostPart: 'gnet/1 host part',
  rendezvousTag: 'gnet/1 rendezvous tag',
  connectWork: 'gnet/1 connect work',
  address: 'gnet/1 address',
  certificate: 'gnet/1 certificate',
  certificateText: 'gnet/1 certificate text',
  issuer: 'gnet/1 issuer',
  manifest: 'gnet/1 manifest',
  head: 'gnet/1 head',
  headKey: 'gnet/1 head key',
  signal: 'gnet/1 signal',
  signalWork: 'gnet/1 signal work',
  inboxMessage: 'gnet/1 inbox message',
} as const;

/** First message of a link: what it is. */
export const HANDSHAKE = { hello: 1, answer: 2, proof: 3 } as const;

/** Byte 4 of a frame, behind the circuit id. */
export const FRAME = {
  /** One link-level control message, padded to a cell's length; circuit id 0. */
  control: 0,
  cell: 1,
  setup: 2,
  reply: 3,
  /** The circuit has ended; the body holds one CLOSE reason and padding. */
  destroy: 4,
  /** Cover: thrown away by the other side of the link. */
  padding: 5,
} as const;

/** Link-level control messages. */
export const CONTROL = { ping: 1, pong: 2, descriptorPart: 3, goodbye: 4, withdrawal: 5 } as const;

/** Why a link was closed. Sent in `goodbye` where possible. */
export const LINK_CLOSE = {
  done: 0,
  transport: 1, // the transport went away
  breach: 2, // bytes that the spec does not allow
  idle: 3,
  budget: 4, // too many links, bytes or half-built circuits
  version: 5,
  identity: 6, // somebody else answered, or the proof failed
  timeout: 7,
  replaced: 8, // the same peer linked again
} as const;
export type LinkCloseCode = (typeof LINK_CLOSE)[keyof typeof LINK_CLOSE];

/** Why a circuit, or a channel at a rendezvous point, ended. On the wire a failed check of any kind is `ended`: one reason for all. */
export const CLOSE = {
  ended: 0, // by choice, or for a reason that is nobody's business
  unreachable: 1, // the next hop could not be reached
  budget: 2,
  timeout: 3,
  noSuchService: 4, // a rendezvous point knows no such tag
  linkLost: 5,
} as const;
export type CloseReason = (typeof CLOSE)[keyof typeof CLOSE];

/** First byte of a setup packet's route field. */
export const ROUTE = { forward: 0, last: 1 } as const;

/** Messages in a channel's payload: type, 16-bit length, content. 0 begins the padding that fills the payload. */
export const MESSAGE = {
  padding: 0x00,
  // circuit: between the builder and the last hop, channel 0 only
  circuitAck: 0x01, // so many cells came
  channelCredit: 0x02, // so many payloads of a channel were used up
  channelClose: 0x03,
  extend: 0x04,
  extended: 0x05,
  // rendezvous: channel 0 only
  establish: 0x10,
  established: 0x11,
  connect: 0x12,
  connectOk: 0x13,
  incoming: 0x14,
  // streams: channel 0, or sealed end to end in a rendezvous channel
  streamOpen: 0x20,
  streamConnected: 0x21,
  streamData: 0x22,
  streamCredit: 0x23,
  streamEnd: 0x24,
  streamReset: 0x25,
  sessionResume: 0x26,
  sessionMove: 0x27,
  sessionHolder: 0x28,
} as const;

/** What a stream is for: the first byte of its open message. */
export const STREAM = {
  directory: 1,
  dht: 2,
  signal: 3,
  site: 4, // manifest, files and chunks of a hidden site
  message: 5, // a text to an inbox
  tcp: 6, // a connection to a service
  exit: 7, // a connection that the last hop opens
  certificates: 8, // what issuers have signed about a service
} as const;
export type StreamKind = (typeof STREAM)[keyof typeof STREAM];

/** Why a stream ended before its end. */
export const END = {
  done: 0,
  refused: 1, // by policy, or nobody handles this kind
  unreachable: 2,
  timeout: 3,
  malformed: 4,
  cancelled: 5,
  sessionLost: 6,
  internal: 7,
  full: 8,
  unresolvable: 9, // no address is known for the name
  portClosed: 10, // the machine is there, and nobody listens
} as const;
export type EndReason = (typeof END)[keyof typeof END];

/** Roles in a descriptor, a bit each. */
export const ROLE = { open: 1, stable: 2, store: 4, rendezvous: 8, exit: 16 } as const;

/** Kinds of address in a descriptor. */
export const ADDRESS = { websocket: 1, direct: 2, stun: 3, mesh: 4 } as const;

/** Kinds of host in the request of an `exit` stream. */
export const HOST = { name: 1, ipv4: 4, ipv6: 6 } as const;

/** Items of a descriptor's extension. */
export const EXTENSION = { exitPolicy: 1 } as const;

/** Bits of the flags in a descriptor's `exitPolicy`. */
export const EXIT_POLICY_FLAG = { ipv6: 1 } as const;

/** First byte of `sessionHolder`: about the one program that may use an invitation at a time. */
export const HOLDER = {
  /** From the service: another one has come; are you there? */
  challenge: 1,
  here: 2,
  /** From the service: the other one is there; the pipe closes behind this. */
  refused: 3,
  /** From the service, to the one that is there: another one was refused. */
  warned: 4,
} as const;
export type HolderKind = (typeof HOLDER)[keyof typeof HOLDER];

/** Bits of the flags in a hello. */
export const HELLO_FLAG = { resumes: 1, missed: 2 } as const;

/** Bits of the flags in a service record. */
export const SERVICE_RECORD_FLAG = { invited: 1 } as const;

/** Requests in a directory stream, and their answers. */
export const DIRECTORY = { publish: 1, forget: 2, relays: 3, byId: 4, fraud: 5, answer: 16, error: 17 } as const;

/** Requests in a dht stream, and their answers. */
export const DHT = { find: 1, store: 2, route: 3, fetch: 4, keep: 5, values: 16, stored: 17, error: 18, nodes: 19 } as const;

/** Bits of how a find is run. */
export const FIND = { responders: 1, soon: 2 } as const;

/** What a storing peer says to a value. */
export const KEEP = { kept: 0, stale: 1, full: 2, work: 3, notMine: 4, refused: 5 } as const;
export type KeepResult = (typeof KEEP)[keyof typeof KEEP];

/** Kinds of DHT value. */
export const VALUE = { singleWriter: 1, bag: 2 } as const;

/** What a single-writer value holds. */
export const RECORD = { service: 1, head: 2 } as const;

/** Requests in a site stream, and their answers. */
export const SITE = { open: 1, chunks: 2, cancel: 3, head: 16, manifest: 17, same: 18, chunk: 19, missing: 20, sent: 21, end: 22 } as const;

/** Bits of the flags in `open`. */
export const SITE_OPEN_FLAG = { fileHeld: 1 } as const;

/** Bits of the flags in a message to an inbox. */
export const INBOX_MESSAGE_FLAG = { signed: 1 } as const;

/** What an inbox answers to a message. */
export const INBOX = {
  /** It is on the disk, or was already. */
  kept: 0,
  /** There is no room before the owner deletes some. */
  full: 1,
} as const;
export type InboxAnswer = (typeof INBOX)[keyof typeof INBOX];

/** Messages of signalling, sealed to the peer meant to read them. */
export const SIGNAL = { offer: 1, answer: 2, refused: 3 } as const;

/** Who begins DTLS, in a description. */
export const DTLS_SETUP = { either: 0, active: 1, passive: 2 } as const;

/** Kinds of candidate in a description. */
export const CANDIDATE = { ipv4: 4, ipv6: 6, mdns: 7 } as const;

/** What a rendezvous point says to `establish`. */
export const ESTABLISH = { ok: 0, full: 1 } as const;

/** What a rendezvous point says to `connect`. */
export const CONNECT = {
  ok: 0,
  noSuchService: 1,
  /** Too little work: the answer names the effort that is asked. */
  work: 2,
  full: 3,
} as const;

/** Versions of the formats that may grow beside each other. */
export const ADDRESS_VERSION = 1;
export const SERVICE_RECORD_VERSION = 2;
export const INVITATION_VERSION = 1;
export const INBOX_MESSAGE_VERSION = 1;
export const CERTIFICATE_VERSION = 1;
export const ISSUER_VERSION = 1;
/** No certificate speaks of a later second: the last one that has a year of four digits. */
export const CERTIFICATE_TIME_MAX_S = 253_402_300_799;

/**
 * Setup packets that every hop takes of one neighbour: so many at once, then so many a second, and so many that are not answered yet. It may
 * refuse what is over that; who builds keeps below it.
 */
export const SETUP_BURST = 60;
export const SETUPS_PER_SECOND = 30;
export const SETUPS_UNANSWERED = 64;

/** Dated keys: one period, the same boundaries for every address; records stand this much before and after their period. */
export const PERIOD_MS = 86_400_000;
export const PERIOD_OVERLAP_MS = 10_800_000;
/** A hello is good in the slot it was made in and in the two beside it. */
export const HELLO_SLOT_MS = 600_000;

/**
 * Descriptors are dated: one per peer and epoch, valid from its epoch's start for DESCRIPTOR_EPOCHS epochs. Ten minutes, because a
 * tab lives about twenty and its descriptor lists its links; two epochs, so that the old one still serves while the new one spreads.
 */
export const EPOCH_MS = 10 * 60_000;
export const DESCRIPTOR_EPOCHS = 2;
/** How far a clock may be off before descriptors of the running epoch are refused. */
export const CLOCK_SKEW_MS = 2 * 60_000;
