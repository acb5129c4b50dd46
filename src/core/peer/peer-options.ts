import type { Address } from '../bytes/brand.ts';
import type { SetupCrypto } from '../circuit/index.ts';
import type { Identity } from '../crypto/identity.ts';
import type { Env } from '../env.ts';
import type { TransportDialer } from '../link/index.ts';
import type { Digest } from '../packs/index.ts';
import type { ChunkStore, DialTarget, RecordStore } from '../ports.ts';
import type { RtcPort } from '../signal/index.ts';
import type { SelfDescription } from './publisher.ts';
import type { ExitService } from './serving.ts';
import type { FetchProgress } from './status.ts';

/** All that a peer is made of that is not the same everywhere. */
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
  /** HOLDER_BYTES, asked for at the first invitation that is used: peers that are one program to a service come with the same. Left out: this peer alone. */
  readonly holder?: () => Promise<Uint8Array>;
  readonly digest?: Digest;
  onProgress(progress: FetchProgress): void;
}
