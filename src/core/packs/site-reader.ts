import { equal } from '../bytes/bytes.ts';
import { GlobalNetError, loggable, messageOf } from '../bytes/errors.ts';
import type { Env } from '../env.ts';
import { CHUNK_BYTES, HASH_BYTES } from '../wire/geometry.ts';
import { type VerifiedManifest, verifyManifest } from '../wire/manifest.ts';
import { MismatchError } from '../wire/mismatch.ts';
import { SITE } from '../wire/registry.ts';
import type { OpenRequest, SiteMessage } from '../wire/site.ts';
import { type ChunkKey, chunkKey, type ChunkPlace, distinctChunks } from './chunk-place.ts';
import { ChunkSource } from './chunk-source.ts';
import { ASK_AGAIN_MS, PRIORITY, PUSH_BYTES, READ_AHEAD_CHUNKS } from './constants.ts';
import { checkChunk, type Digest, digestOf } from './digest.ts';
import type { PackProgress, PackWarning } from './events.ts';
import { FileReading } from './file-reading.ts';
import { NewestHead } from './newest-head.ts';
import type { PackStore } from './pack-store.ts';
import { PathTable, type ResolvedPath } from './resolve-path.ts';
import { type OpenSiteStream, SiteClient } from './site-client.ts';

export interface SiteReaderOptions {
  readonly env: Env;
  readonly store: PackStore;
  /** The 32-byte key in the site's address. */
  readonly author: Uint8Array;
  readonly openStream: OpenSiteStream;
  readonly digest?: Digest;
  /**
   * `newest` (default): asks the network first, and shows the stored version when nobody answers. `stored`: shows the stored
   * version at once and asks for a newer one meanwhile.
   */
  readonly prefer?: 'newest' | 'stored';
  /** Of the site's other files to be sent unasked with the first page. */
  readonly pushBytes?: number;
  readonly onProgress?: (progress: PackProgress) => void;
  readonly onWarning?: (warning: PackWarning) => void;
}

/** Reads a site, one version at a time: a newer one that arrives is used from the moment somebody asks for the newest. */
export class SiteReader {
  readonly #options: SiteReaderOptions;
  readonly #digest: Digest;
  readonly #client: SiteClient;
  readonly #chunks: ChunkSource;
  readonly #head: NewestHead;
  #manifest: VerifiedManifest | undefined;
  #table = new PathTable({ files: [] });
  readonly #places = new Map<ChunkKey, ChunkPlace>();
  /** The version in the store, before the network was asked. */
  #stored: VerifiedManifest | undefined;
  /** Arrived while another was being read. */
  #newer: VerifiedManifest | undefined;
  #askedAtMs = 0;
  #starting: Promise<VerifiedManifest> | undefined;
  #release: () => void = () => undefined;

  constructor(options: SiteReaderOptions) {
    this.#options = options;
    this.#digest = digestOf(options.env, options.digest);
    this.#head = new NewestHead(options.env, options.author);
    this.#client = new SiteClient(options.env, options.openStream, {
      onSite: (message) => this.#onSite(message),
      onChunk: (hash, bytes) => this.#onChunk(hash, bytes),
      onRetry: (error) => this.#warn({ kind: 'retry', message: messageOf(error) }),
    });
    this.#chunks = new ChunkSource(options.store, this.#client);
  }

  /** The version being read; undefined until `start` has resolved. */
  get manifest(): VerifiedManifest | undefined {
    return this.#manifest;
  }

  /**
   * Gets the manifest; the same request asks for the file at `path`, from `offset` on.
   * @throws MismatchError; GlobalNetError as `openStream`, or `unserved` when nobody answered to the end.
   */
  start(path = '', offset = 0): Promise<VerifiedManifest> {
    this.#starting ??= this.#start(path, offset).catch((error) => {
      this.#starting = undefined;
      throw error;
    });
    return this.#starting;
  }

  /**
   * The manifest for a page that is opened now. A newer one that has arrived takes the place of the one that was read; whether there is
   * one is asked behind the page, so that nobody waits for it. @throws as `start`.
   */
  async newest(): Promise<VerifiedManifest> {
    await this.start();
    if (this.#newer) this.#use(this.#newer);
    else if (this.#options.env.now() - this.#askedAtMs >= ASK_AGAIN_MS) void this.#askAgain();
    return this.#manifest as VerifiedManifest;
  }

  /** @throws GlobalNetError `unknown` when the site has neither that file nor a 404.html; and as `start`. */
  async open(path: string, offset = 0): Promise<FileReading> {
    await this.start(path, offset);
    const found = this.#table.resolve(path);
    if (!found) throw new GlobalNetError('unknown', `this site has no '${path || 'index.html'}'`);
    return this.#reading(found);
  }

  /** The file with exactly that path in the manifest. @throws as `open`. */
  async file(path: string): Promise<FileReading> {
    await this.start(path);
    const entry = this.#table.file(path);
    if (!entry) throw new GlobalNetError('unknown', `this site has no file '${path}'`);
    return this.#reading({ entry, status: 200, redirect: undefined });
  }

  /** Fetches all that is not here yet; resolves when all of it is, or the store is full. @throws as `FileReading.read`. */
  async prefetch(signal?: AbortSignal): Promise<void> {
    const manifest = await this.start();
    const totalBytes = manifest.files.reduce((sum, file) => sum + file.sizeBytes, 0);
    const missing = await this.#options.store.missing(manifest);
    const missingBytes = missing.reduce((sum, place) => sum + place.sizeBytes, 0);
    const fromStoreBytes = totalBytes - missingBytes;
    let receivedBytes = fromStoreBytes;
    for await (const { bytes } of this.#chunks.inOrder(missing, { priorities: [PRIORITY.later], aheadChunks: READ_AHEAD_CHUNKS, signal })) {
      receivedBytes += bytes.length;
      this.#options.onProgress?.({ path: '', receivedBytes, totalBytes, fromStoreBytes });
      if (this.#chunks.full) return;
    }
    await this.#chunks.settled();
  }

  /**
   * A head that came by another way than a server's: the DHT's. Warns when it names a newer version than is read.
   * @throws DecodeError | MismatchError when it is not the author's.
   */
  noteHead(bytes: Uint8Array): void {
    const before = this.#head.serial;
    this.#head.note(bytes);
    const headSerial = this.#head.serial;
    const serial = this.#manifest?.serial ?? headSerial;
    if (headSerial > Math.max(before, serial)) this.#warn({ kind: 'behind', serial, headSerial });
  }

  /** Streams and waits end; what is in the store stays. */
  close(): void {
    this.#release();
    this.#client.close();
  }

  #reading(found: ResolvedPath): FileReading {
    return new FileReading(found, this.#chunks, this.#options.onProgress);
  }

  async #start(path: string, offset: number): Promise<VerifiedManifest> {
    const { store, author, prefer } = this.#options;
    this.#stored ??= await store.latest(author, 'site');
    this.#askedAtMs = this.#options.env.now();
    const asked = this.#client.open(await this.#openRequest(this.#stored, path, offset));
    if (prefer === 'stored' && this.#stored) {
      this.#use(this.#stored);
      // The user reads already: a newer version, or a failure to ask, is told beside the page.
      asked.catch((error) => this.#warn({ kind: 'stale', serial: this.#stored?.serial ?? 0, message: messageOf(error) }));
    } else {
      await asked.catch((error) => this.#fallBack(error));
    }
    return this.#manifest as VerifiedManifest;
  }

  async #askAgain(): Promise<void> {
    this.#askedAtMs = this.#options.env.now();
    try {
      const request = await this.#openRequest(this.#manifest, '', 0);
      await this.#client.open({ ...request, chunks: 0, pushBytes: 0 });
    } catch (error) {
      this.#options.env.log('info', 'packs', `whether there is a newer version is not known: ${loggable(error)}`);
    }
  }

  #fallBack(error: unknown): void {
    if (error instanceof MismatchError || !this.#stored) throw error;
    this.#warn({ kind: 'stale', serial: this.#stored.serial, message: messageOf(error) });
    this.#use(this.#stored);
  }

  /** When the file is stored as the held version has it, only what is new in it is asked for. */
  async #openRequest(held: VerifiedManifest | undefined, path: string, offset: number): Promise<OpenRequest> {
    const entry = held && new PathTable(held).resolve(path)?.entry;
    const first = Math.floor(offset / CHUNK_BYTES);
    const have = held !== undefined && entry !== undefined && (await this.#chunks.allStored(entry, first, READ_AHEAD_CHUNKS));
    return {
      type: SITE.open,
      serialHeld: held?.serial ?? 0,
      manifestHeld: held?.hash ?? new Uint8Array(HASH_BYTES),
      fileHeld: have,
      firstChunk: first,
      chunks: READ_AHEAD_CHUNKS,
      pushBytes: this.#options.pushBytes ?? PUSH_BYTES,
      path,
    };
  }

  async #onSite(
    message: Extract<SiteMessage, { type: typeof SITE.head | typeof SITE.manifest } | { type: typeof SITE.same }>,
  ): Promise<void> {
    if (message.type === SITE.head) this.#head.note(message.bytes);
    else if (message.type === SITE.manifest) await this.#onManifest(message.bytes);
    else if (!this.#stored && !this.#manifest) throw new GlobalNetError('malformed', "'same' to a reader who holds nothing");
    else if (!this.#manifest) this.#use(this.#stored as VerifiedManifest);
    const serial = this.#manifest?.serial ?? 0;
    const headSerial = this.#head.serial;
    if (message.type !== SITE.head && headSerial > serial) this.#warn({ kind: 'behind', serial, headSerial });
  }

  async #onManifest(bytes: Uint8Array): Promise<void> {
    const { env, store, author } = this.#options;
    const manifest = verifyManifest(env.crypto, bytes.slice(), { author });
    if (manifest.type !== 'site') throw new GlobalNetError('malformed', `a pack of type '${manifest.type}' was served for a site`);
    if (this.#manifest && equal(this.#manifest.hash, manifest.hash)) return;
    try {
      const { written } = await store.accept(manifest);
      written.catch(() => this.#warn({ kind: 'full' })); // a store that fails is not a reason to stop reading
    } catch (error) {
      const seen = this.#manifest ?? this.#stored;
      if (!(error instanceof MismatchError && error.detail.part === 'conflict' && seen)) throw error;
      this.#warn({ kind: 'conflict', serial: manifest.serial });
      if (!this.#manifest) this.#use(seen);
      return;
    }
    if (!this.#manifest) return this.#use(manifest);
    this.#newer = manifest;
    this.#addPlaces(manifest); // its chunks may come right behind it
    this.#warn({ kind: 'newer', serial: manifest.serial });
  }

  #use(manifest: VerifiedManifest): void {
    this.#manifest = manifest;
    this.#table = new PathTable(manifest);
    this.#newer = undefined;
    this.#addPlaces(manifest);
    this.#release();
    this.#release = this.#options.store.hold(manifest);
  }

  /** Beside those of the version before: what is being read of that one is still on its way. */
  #addPlaces(manifest: VerifiedManifest): void {
    for (const place of distinctChunks(manifest.files)) this.#places.set(place.key, place);
  }

  async #onChunk(hash: Uint8Array, bytes: Uint8Array): Promise<boolean> {
    const place = this.#places.get(chunkKey(hash));
    if (!place) return false;
    const chunk = bytes.slice(); // of the stream's buffer, which would be kept whole for it
    await checkChunk(this.#digest, place.hash, chunk, { path: place.file.path, chunkIndex: place.index });
    await this.#chunks.received(place, chunk);
    return true;
  }

  #warn(warning: PackWarning): void {
    this.#options.onWarning?.(warning);
  }
}
