import type { Remote } from 'comlink';
import { serveSitePort } from '../../../src/adapters/serve-site-port.ts';
import { base32, fromHex, GlobalNetError } from '../../../src/core/bytes/index.ts';
import { identityFromSeed, nobleCrypto } from '../../../src/core/crypto/index.ts';
import { keepInvitation } from '../../../workers/keep-invitation.ts';
import { forgetSigningKey, signerOf, signingKey } from '../../../workers/signing-keys.ts';
import { forgetInvitation, invitedTo, keptInvitation } from '../../../workers/kept-invitations.ts';
import { openIdbStore } from '../../../src/adapters/idb-store.ts';
import { checkCertificates } from '../../../src/core/peer/certificates.ts';
import { decodeAddress, encodeAddress, siteHost } from '../../../src/core/wire/address.ts';
import { encodeCertificates } from '../../../src/core/wire/certificate.ts';
import { CHUNK_BYTES } from '../../../src/core/wire/geometry.ts';
import { type FileEntry, signManifest, type VerifiedManifest } from '../../../src/core/wire/manifest.ts';
import type { PeerEvent, PeerStatus } from '../../../src/shared/peer-api.ts';
import type { PeerControl, PeerListener, SiteInfo } from '../../../src/shared/peer-control.ts';
import { outcomeOf } from '../../../src/shared/outcome.ts';
import { askLive, type LiveFile } from './fixture-live.ts';

/**
 * A peer for tests of the shell: serves packs from memory by the same contracts as the real one, and misbehaves when told to.
 * Built in place of page/peer-thread.ts; no part of the app.
 */

interface FixtureFile {
  path: string;
  mediaType: string;
  base64: string;
  /** Lines that a live service sends along. */
  headers: string[];
}

interface FixtureSite {
  seedHex: string;
  title: string;
  isLive: boolean;
  files: FixtureFile[];
}

interface Pack {
  manifest: VerifiedManifest;
  bytes: Map<string, Uint8Array>;
  /** Undefined for a site that is signed. */
  live: Map<string, LiveFile> | undefined;
}

/** Set from a test: what goes wrong. */
export interface FixtureFaults {
  /** Flips a bit in each chunk of this file. */
  tamperedPath?: string;
  /** Sends one chunk less than was asked for. */
  truncatedPath?: string;
  /** Signs with another key than the address's. */
  wrongAuthor?: boolean;
  failure?: { kind: 'unserved' | 'unknown' | 'clock' | 'unreachable'; message: string };
  chunkDelayMs?: number;
  /** Breaks off before each chunk of this index. */
  breaksAtChunk?: number;
  /** Says nothing more, as a thread that stands still. */
  isSilent?: boolean;
  /** Sites are inboxes; a message is kept when `mayKeep` is set, or fails so. */
  inbox?: { mayKeep?: boolean; failure?: { kind: 'full' | 'timeout'; message: string } };
  /** Sites are for who has an invitation. */
  isByInvitation?: boolean;
  /** What sites carry, in hexadecimal. */
  certificates?: string[];
}

declare global {
  /** Set before the page's own scripts: what goes wrong from the beginning. */
  var firstFaults: FixtureFaults | undefined;
  var fixture: {
    faults: FixtureFaults;
    messages: [address: string, text: string, signer: string | undefined][];
    /** The first chunk of each part of a file that was asked for. */
    asked: number[];
    status(status: Partial<PeerStatus>): void;
    event(event: PeerEvent): void;
  };
}

const KEYS = { crypto: nobleCrypto, random: (bytes: number) => crypto.getRandomValues(new Uint8Array(bytes)) };

class FixturePeer implements PeerControl {
  readonly #packs = new Map<string, Pack>();
  readonly #listeners: PeerListener[] = [];
  readonly #loaded = this.#load();
  readonly #records = openIdbStore().records;
  #status: PeerStatus = {
    peer: 'me',
    upMs: 0,
    join: { step: 'starting' },
    relaying: true,
    leader: true,
    links: [],
    circuits: [],
    relayedCircuits: 0,
    relayedBytes: 0,
    exitConnections: 0,
    services: [],
    knownRelays: 0,
  };

  constructor() {
    globalThis.fixture = {
      faults: globalThis.firstFaults ?? {},
      messages: [],
      asked: [],
      status: (status) => this.#tell(status),
      event: (event) => {
        for (const listener of this.#listeners) listener.onEvent(event);
      },
    };
  }

  #tell(status: Partial<PeerStatus>): void {
    this.#status = { ...this.#status, ...status };
    for (const listener of this.#listeners) listener.onStatus(this.#status);
  }

  async #load(): Promise<void> {
    for (const site of await loadSites()) {
      const pack = packOf(site);
      this.#packs.set(encodeAddress(pack.manifest.author), pack);
    }
  }

  async #pack(address: string): Promise<Pack> {
    await this.#loaded;
    const { failure, isByInvitation } = globalThis.fixture.faults;
    if (isByInvitation && (await keptInvitation(this.#records, address)) === undefined)
      throw new GlobalNetError('refused', `${address} is for invited visitors alone: ask its owner for an invitation`);
    if (failure) throw new GlobalNetError(failure.kind, failure.message);
    const pack = this.#packs.get(address);
    if (pack === undefined) throw new GlobalNetError('unknown', 'Nobody knows this address.');
    return pack;
  }

  async isThere() {
    while (globalThis.fixture.faults.isSilent) await new Promise((resolve) => setTimeout(resolve, 50));
  }

  async start() {
    await this.isThere();
    this.#tell({ join: { step: 'ready', links: 3, relays: 12 } });
    return { ok: true, value: undefined } as const;
  }

  async subscribe(listener: PeerListener) {
    this.#listeners.push(listener);
    listener.onStatus(this.#status);
  }

  openSite(address: string) {
    return outcomeOf(async (): Promise<SiteInfo> => {
      const { manifest, live } = await this.#pack(address);
      if (live !== undefined || globalThis.fixture.faults.inbox !== undefined) return { kind: 'live', address };
      const sizeBytes = manifest.files.reduce((sum, file) => sum + file.sizeBytes, 0);
      const { title, serial, createdMs } = manifest;
      return {
        kind: 'signed',
        address,
        title,
        serial,
        createdMs,
        files: manifest.files.length,
        sizeBytes,
        fromStore: false,
        conflict: false,
      };
    });
  }

  async certificates(address: string) {
    const carried = globalThis.fixture.faults.certificates ?? [];
    const schedule = (_: number, task: () => void) => {
      queueMicrotask(task);
      return () => {};
    };
    return checkCertificates({ crypto: nobleCrypto, schedule }, encodeCertificates(carried.map(fromHex)), decodeAddress(address));
  }

  askCertificates(address: string) {
    return outcomeOf(async () => {
      await this.#pack(address);
      return this.certificates(address);
    });
  }

  async sitePort(address: string, port: number) {
    const { port1, port2 } = new MessageChannel();
    const packed = () => this.#pack(address);
    serveSitePort(port1, {
      manifest: async (have) => {
        const { manifest, live } = await packed();
        if (live !== undefined || globalThis.fixture.faults.inbox !== undefined) return 'live';
        const signed = globalThis.fixture.faults.wrongAuthor ? signedByAnother(manifest) : manifest;
        return base32(signed.hash) === have ? undefined : signed.bytes;
      },
      async *chunks(_manifest, path, first, end) {
        globalThis.fixture.asked.push(first);
        for (let index = first; index < end; index++) {
          const { tamperedPath, truncatedPath, chunkDelayMs, breaksAtChunk } = globalThis.fixture.faults;
          if (index === breaksAtChunk) throw new GlobalNetError('closed', 'the path to the site broke');
          if (chunkDelayMs) await new Promise((resolve) => setTimeout(resolve, chunkDelayMs));
          const bytes = (await packed()).bytes.get(path);
          if (bytes === undefined) throw new GlobalNetError('internal', `no file ${path}`);
          const chunk = bytes.slice(index * CHUNK_BYTES, (index + 1) * CHUNK_BYTES);
          if (path === tamperedPath) chunk[0] = (chunk[0] as number) ^ 1;
          yield path === truncatedPath ? chunk.slice(0, -1) : chunk;
        }
      },
      http: async (request, signal) => {
        if (globalThis.fixture.faults.inbox !== undefined) throw new GlobalNetError('refused', 'this service has no web server');
        return askLive((await packed()).live ?? new Map(), siteHost(address, port), request, signal);
      },
    });
    return port2;
  }

  async closeSite() {}

  async storedSites() {
    return [];
  }

  async forgetSite() {
    return { ok: true, value: undefined } as const;
  }

  keepInvitation(text: string, replaces: boolean) {
    return outcomeOf(() => keepInvitation(this.#records, text, replaces));
  }

  invitations() {
    return invitedTo(this.#records);
  }

  async forgetInvitation(address: string) {
    await forgetInvitation(this.#records, address);
    return { ok: true, value: undefined } as const;
  }

  isInbox() {
    return outcomeOf(async () => globalThis.fixture.faults.inbox !== undefined);
  }

  sendMessage(address: string, text: string, isSigned: boolean) {
    return outcomeOf(async () => {
      while (!globalThis.fixture.faults.inbox?.mayKeep) {
        const failure = globalThis.fixture.faults.inbox?.failure;
        if (failure !== undefined) throw new GlobalNetError(failure.kind, failure.message);
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      const signer = isSigned ? base32((await signingKey(this.#records, KEYS, address)).publicKey) : undefined;
      globalThis.fixture.messages.push([address, text, signer]);
      return undefined;
    });
  }

  signer(address: string) {
    return signerOf(this.#records, KEYS, address);
  }

  forgetSigner(address: string) {
    return forgetSigningKey(this.#records, address);
  }

  async setRelaying(relaying: boolean) {
    this.#tell({ relaying });
    return { ok: true, value: undefined } as const;
  }

  async stop() {}
}

/** Kept, as the real peer's store keeps sites, for when the host is down. */
async function loadSites(): Promise<FixtureSite[]> {
  const cache = await caches.open('fixture');
  await cache.add('/fixture.json').catch(() => {});
  return (await cache.match('/fixture.json'))?.json();
}

function bytesOf(base64: string): Uint8Array {
  return Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
}

function entryOf(path: string, mediaType: string, bytes: Uint8Array): FileEntry {
  const chunks = Math.ceil(bytes.length / CHUNK_BYTES);
  const chunkHashes = new Uint8Array(bytes.length <= CHUNK_BYTES ? 0 : chunks * 32);
  for (let i = 0; 32 * i < chunkHashes.length; i++)
    chunkHashes.set(nobleCrypto.sha256(bytes.subarray(i * CHUNK_BYTES, (i + 1) * CHUNK_BYTES)), 32 * i);
  return { path, mediaType, sizeBytes: bytes.length, hash: nobleCrypto.sha256(bytes), chunkHashes };
}

function packOf(site: FixtureSite): Pack {
  const bytes = new Map(site.files.map((file) => [file.path, bytesOf(file.base64)]));
  const files = site.files.map((file) => entryOf(file.path, file.mediaType, bytes.get(file.path) as Uint8Array));
  const identity = identityFromSeed(nobleCrypto, fromHex(site.seedHex));
  const fields = {
    type: 'site',
    serial: 1,
    previous: undefined,
    title: site.title,
    tags: [],
    references: [],
    files,
    infoHash: undefined,
    createdMs: 1_790_000_000_000,
  } as const;
  return { manifest: signManifest(nobleCrypto, identity, fields), bytes, live: site.isLive ? liveFiles(site) : undefined };
}

function liveFiles({ files }: FixtureSite): Map<string, LiveFile> {
  return new Map(files.map(({ path, mediaType, base64, headers }) => [path, { mediaType, bytes: bytesOf(base64), headers }]));
}

function signedByAnother(manifest: VerifiedManifest): VerifiedManifest {
  return signManifest(nobleCrypto, identityFromSeed(nobleCrypto, new Uint8Array(32).fill(99)), manifest);
}

export function startPeerThread(): Remote<PeerControl> {
  return new FixturePeer() as unknown as Remote<PeerControl>;
}
