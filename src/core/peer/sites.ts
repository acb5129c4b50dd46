import type { PeerId } from '../bytes/brand.ts';
import { equal, fromUtf8, utf8 } from '../bytes/bytes.ts';
import { loggable } from '../bytes/errors.ts';
import { type Digest, type PackStore, SiteReader } from '../packs/index.ts';
import type { RecordStore } from '../ports.ts';
import { decodeAddress, encodeAddress } from '../wire/address.ts';
import type { VerifiedManifest } from '../wire/manifest.ts';
import { END, type EndReason, STREAM } from '../wire/registry.ts';
import { LiveService, LiveSite } from './live-site.ts';
import type { ServiceSession } from './service-session.ts';
import type { CarriedCertificate, FetchProgress } from './status.ts';
import { warningInWords } from './pack-warnings.ts';
import { openTold, type ToldStream } from './told-stream.ts';
import { type Visiting, visitService } from './visits.ts';

export interface SitesOptions extends Visiting {
  readonly store: PackStore;
  readonly records: RecordStore;
  readonly digest: Digest | undefined;
  /** What the DHT holds: the author's word about his newest version, whoever serves the site. */
  findHead(author: Uint8Array): Promise<Uint8Array | undefined>;
  onProgress(progress: FetchProgress): void;
}

/** A site that is being read. */
export interface OpenSite {
  readonly address: string;
  readonly reader: SiteReader;
  readonly visit: ServiceSession;
  /** To be asked when `reader` has thrown LiveService. */
  readonly live: LiveSite;
}

const VISITED = 'visited/';

/** Sites that are being read, each over circuits of its own, and which sites were read before. */
export class Sites {
  readonly #open = new Map<string, OpenSite>();

  constructor(private readonly options: SitesOptions) {}

  all(): OpenSite[] {
    return [...this.#open.values()];
  }

  /** The site, with its reader not yet started where it is new. @throws GlobalNetError `malformed`. */
  open(text: string): OpenSite {
    const author = decodeAddress(text);
    const address = encodeAddress(author);
    const known = this.#open.get(address);
    if (known !== undefined) return known;
    const { onEvent } = this.options;
    const visit = visitService(this.options, address, (hops, again) =>
      onEvent(address, `${again ? 'took another path' : 'connected'} by ${namesOf(hops)}`, 'site'),
    );
    const site: OpenSite = { address, visit, reader: this.#makeReader(author, visit), live: new LiveSite({ ...this.options, visit }) };
    this.#open.set(address, site);
    return site;
  }

  #makeReader(author: Uint8Array, visit: ServiceSession): SiteReader {
    const { env, store, digest, onEvent, onProgress } = this.options;
    const { address } = visit;
    const startedAtMs = env.now();
    let firstByteMs: number | undefined;
    return new SiteReader({
      env,
      store,
      author,
      openStream: this.#packStreams(visit),
      ...(digest === undefined ? {} : { digest }),
      onWarning: (warning) => onEvent(address, warningInWords(warning), warning.kind === 'newer' ? 'site' : 'warning'),
      onProgress: ({ path, receivedBytes, totalBytes }) => {
        firstByteMs ??= env.now() - startedAtMs;
        onProgress({ address, path, receivedBytes, totalBytes, circuit: visit.hops.at(-1), startedAtMs, firstByteMs });
      },
    });
  }

  /** Streams of packs, whose refusal says that a live service answers here: it is asked once a visit. */
  #packStreams(visit: ServiceSession): (request: Uint8Array) => Promise<ToldStream> {
    let live: LiveService | undefined;
    const words = (reason: EndReason): Error | undefined => (reason === END.refused ? (live ??= new LiveService()) : undefined);
    return async (request) => {
      await this.options.ready(); // who opens a site while the peer still joins waits, and is not told that nobody is there
      if (live !== undefined) throw live;
      return openTold(visit, words, STREAM.site, request);
    };
  }

  /**
   * The site with its manifest; the request for it asks for `path` too. What the author's head in the DHT says is looked up behind
   * that, so that nobody waits for it, and told as an event. @throws LiveService; GlobalNetError as `SiteReader.start`.
   */
  async read(text: string, path = ''): Promise<{ site: OpenSite; manifest: VerifiedManifest }> {
    const site = this.open(text);
    const manifest = await site.reader.start(path);
    await this.options.records.set(VISITED + site.address, utf8(String(this.options.env.now())));
    void this.#noteHead(site, manifest.author);
    return { site, manifest };
  }

  async #noteHead({ reader }: OpenSite, author: Uint8Array): Promise<void> {
    try {
      await this.options.ready();
      const head = await this.options.findHead(author);
      if (head !== undefined) reader.noteHead(head);
    } catch (error) {
      this.options.env.log('info', 'sites', `no head is known: ${loggable(error)}`);
    }
  }

  /** What the site that is open at this address carries; nothing where no path led to it, or no answer came. Never rejects. */
  async certificates(address: string): Promise<readonly CarriedCertificate[]> {
    const visit = this.#open.get(address)?.visit;
    if (visit === undefined || visit.hops.length === 0) return []; // of what is stored alone nobody was asked
    try {
      return await visit.certificates();
    } catch (error) {
      this.options.env.log('info', 'sites', `what a site carries is not known: ${loggable(error)}`);
      return [];
    }
  }

  /** The same, before anything else is asked of the site. @throws GlobalNetError as `open`, `ServiceSession.certificates`, or why joining failed. */
  async askCertificates(address: string): Promise<readonly CarriedCertificate[]> {
    const { visit } = this.open(address);
    await this.options.ready();
    return visit.certificates();
  }

  close(address: string): void {
    const site = this.#open.get(address);
    this.#open.delete(address);
    site?.reader.close();
    site?.visit.close();
  }

  /** Sites of which something is stored, the last visited first. */
  async stored(): Promise<{ address: string; title: string; serial: number; visitedMs: number; sizeBytes: number }[]> {
    const { store, records } = this.options;
    const kept = (await store.packs()).filter(({ type }) => type === 'site');
    const sites = [];
    for (const key of await records.keys(VISITED)) {
      const address = key.slice(VISITED.length);
      const author = decodeAddress(address);
      const pack = kept.filter((one) => equal(one.author, author)).sort((a, b) => b.serial - a.serial)[0];
      const visited = await records.get(key);
      if (pack === undefined || visited === undefined) continue;
      sites.push({ address, title: pack.title, serial: pack.serial, visitedMs: Number(fromUtf8(visited)), sizeBytes: pack.sizeBytes });
    }
    return sites.sort((a, b) => b.visitedMs - a.visitedMs);
  }

  /** Deletes what is stored of a site, and that it was visited. @throws GlobalNetError `malformed`. */
  async forget(text: string): Promise<void> {
    const author = decodeAddress(text);
    const address = encodeAddress(author);
    this.close(address);
    await this.options.records.delete(VISITED + address);
    await this.options.store.forget(author, 'site');
  }

  stop(): void {
    for (const address of [...this.#open.keys()]) this.close(address);
  }
}

export function shortId(id: PeerId): string {
  return id.slice(0, 6);
}

function namesOf(hops: readonly PeerId[]): string {
  return hops.map(shortId).join(' → ');
}
