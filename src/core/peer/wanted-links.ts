import { type Directory, type Guards, openPeers } from '../directory/index.ts';
import { type Env, sample } from '../env.ts';
import type { Links } from '../link/index.ts';
import type { Descriptor } from '../wire/descriptor.ts';
import { LINKS_WANTED, MESH_LINKS_WANTED } from './constants.ts';
import { type Dialling, dialTarget } from './dialling.ts';

export interface WantedLinksOptions {
  readonly env: Env;
  readonly links: Links;
  readonly directory: Directory;
  readonly guards: Guards;
  readonly dialling: Dialling;
  /** Peers that can be reached by an offer through the network; empty where there is no WebRTC. */
  meshPeers(): readonly Descriptor[];
}

/** Links that a peer wants once it knows who is there: to its guards, and where it relays to some more. */
export class WantedLinks {
  #meshing = false;

  constructor(private readonly options: WantedLinksOptions) {}

  /** All at once; while they are dialled the list of them is written. */
  async toGuards(): Promise<void> {
    const { guards, links, dialling } = this.options;
    const missing = guards.wanted().filter(({ id }) => links.get(id) === undefined);
    await Promise.all(
      missing.map(async ({ id, urls: [url] }) => {
        const linked = url === undefined ? undefined : await dialling.link({ peer: id, url });
        if (linked !== undefined) await guards.noteLinked(id);
        else await guards.noteFailed(id, links.count > 0);
      }),
    );
  }

  /** Links that others' circuits may use: to open peers, none of them a guard. */
  async toOthers(): Promise<void> {
    const { env, links, directory, guards, dialling } = this.options;
    const lacking = LINKS_WANTED - links.count;
    if (lacking <= 0) return;
    const free = openPeers(directory).filter(({ id }) => links.get(id) === undefined && !guards.isGuard(id));
    await Promise.all(sample(env, free, lacking).map((descriptor) => dialling.link(dialTarget(descriptor))));
  }

  /** A link or two by WebRTC beside the others; nothing waits for them, and none replaces a link that works. */
  async byMesh(): Promise<void> {
    const { env, links, meshPeers, dialling } = this.options;
    const lacking = MESH_LINKS_WANTED - links.all().filter(({ kind }) => kind === 'webrtc').length;
    if (lacking <= 0 || this.#meshing) return;
    this.#meshing = true;
    const free = meshPeers().filter(({ id }) => links.get(id) === undefined);
    await Promise.all(sample(env, free, lacking).map(({ id }) => dialling.link({ peer: id, url: undefined })));
    this.#meshing = false;
  }
}
