import type { PeerId } from '../bytes/brand.ts';
import { GlobalNetError } from '../bytes/errors.ts';
import { type Directory, type Guards, learnRelays, loadSavedPeers, openPeers, savePeers, type SavedPeer } from '../directory/index.ts';
import { type Env, sample, sleep } from '../env.ts';
import type { Links } from '../link/index.ts';
import type { Ask, DialTarget, Link, RecordStore } from '../ports.ts';
import type { Descriptor } from '../wire/descriptor.ts';
import { ipText, websocketUrl } from '../wire/peer-address.ts';
import {
  AGREEING_BOOTSTRAPS,
  CLOCK_WRONG_MS,
  DESCRIPTOR_WAIT_MS,
  JOIN_RETRY_MAX_MS,
  JOIN_RETRY_MIN_MS,
  LEARN_EVERY_MS,
  LEARN_SOON_MS,
  LINK_SETTLED_MS,
  LINKS_WANTED,
  MESH_LINKS_WANTED,
  RELAYS_ENOUGH,
  RELAYS_ENOUGH_OPEN,
  TEND_MS,
} from './constants.ts';

/** Where joining stands; the words for people are made elsewhere. */
export type JoinStep =
  | { readonly step: 'starting' | 'learning' | 'building' | 'ready' }
  | { readonly step: 'dialling'; readonly answered: number }
  | { readonly step: 'failed'; readonly kind: 'unreachable' | 'clock'; readonly message: string; readonly retryInMs: number };

export interface MembershipOptions {
  readonly env: Env;
  readonly links: Links;
  readonly directory: Directory;
  readonly guards: Guards;
  readonly records: RecordStore;
  readonly ask: Ask;
  readonly bootstraps: readonly DialTarget[];
  /** An open relay: known to everyone by its address, so it asks openly, needs no guards for joining, and is ready when it is linked. */
  readonly isOpen: boolean;
  /** Peers that can be reached by an offer through the network; empty where there is no WebRTC. */
  meshPeers(): readonly Descriptor[];
  /** Once there are relays to build with. */
  onCanBuild(): void;
  /** This peer passes circuits of others on. */
  relaying(): boolean;
  /** A circuit of our own stands. */
  hasCircuit(): boolean;
  /** One stands or is on its way, and none before it has failed. */
  expectsCircuits(): boolean;
  onStep(step: JoinStep): void;
}

/** Keeps this peer among the others: dials in, learns who is there, links to its guards and to some more. */
export class Membership {
  #step: JoinStep = { step: 'starting' };
  #running = false;
  #saved: readonly SavedPeer[] = [];
  #learnedAt = 0;
  #meshing = false;
  /** There has been a circuit, so the peers we know were not all named by one. */
  #hasJoined = false;
  #cancelNudge: (() => void) | undefined;
  #retryMs = JOIN_RETRY_MIN_MS;
  /** In a small network; doubled with each round that brings nobody new. */
  #learnSoonMs = LEARN_SOON_MS;
  #wake: (() => void) | undefined;
  readonly #waiting = new Map<PeerId, Set<() => void>>();
  /** By URL, for who wonders why nobody answers. */
  readonly #failures = new Map<string, string>();
  /** Who answered at a bootstrap's address, where that is all that was known. */
  readonly #answeredAt = new Map<string, PeerId>();
  readonly #readers = new Set<() => void>();

  constructor(private readonly options: MembershipOptions) {}

  get bootstraps(): number {
    return this.options.bootstraps.length;
  }

  get step(): JoinStep {
    return this.#step;
  }

  start(): void {
    this.#running = true;
    void this.#tendForEver();
  }

  stop(): void {
    this.#running = false;
    this.#cancelNudge?.();
    this.#wake?.();
  }

  /**
   * A link has closed: looked at soon, and not at once, as a peer that has no room closes as often as it is dialled. A guard that
   * does so counts as one that cannot be reached.
   */
  onLinkClose({ peer, openedAt }: Link): void {
    const { env, links, guards } = this.options;
    if (!this.#running) return;
    if (env.now() - openedAt < LINK_SETTLED_MS) void guards.noteFailed(peer, links.count > 0).catch(() => undefined); // a full disk
    this.#cancelNudge ??= env.schedule(JOIN_RETRY_MIN_MS, () => {
      this.#cancelNudge = undefined;
      this.nudge();
    });
  }

  /** Something has changed that is worth a look before the next round: a circuit stands, relaying has begun. */
  nudge(): void {
    if (this.#step.step !== 'failed') this.#wake?.();
  }

  /** Circuits have come or gone. */
  onCircuits(): void {
    if (this.#step.step !== 'building') return;
    if (this.options.hasCircuit()) this.nudge();
    this.#lookAgain();
  }

  /** A descriptor came by a link. */
  onDescriptor(peer: PeerId): void {
    for (const known of this.#waiting.get(peer) ?? []) known();
    this.#waiting.delete(peer);
  }

  /** Resolves when circuits can be had: who wants one need not wait until the first spare stands. @throws GlobalNetError `unreachable` | `clock` when this round of joining failed. */
  ready(): Promise<void> {
    return new Promise((resolve, reject) => {
      const look = (): void => {
        const step = this.#step;
        if (step.step === 'ready' || (step.step === 'building' && this.options.expectsCircuits())) resolve();
        else if (step.step === 'failed') reject(new GlobalNetError(step.kind, step.message));
        else return;
        this.#readers.delete(look);
      };
      this.#readers.add(look);
      look();
    });
  }

  #say(step: JoinStep): void {
    if (JSON.stringify(step) === JSON.stringify(this.#step)) return;
    this.#step = step;
    this.#lookAgain();
    this.options.onStep(step);
  }

  #lookAgain(): void {
    for (const look of [...this.#readers]) look();
  }

  async #tendForEver(): Promise<void> {
    const { env } = this.options;
    while (this.#running) {
      let waitMs = TEND_MS;
      try {
        await this.#tend();
      } catch (error) {
        env.log('warn', 'joining', `a round failed: ${(error as Error).message}`);
      }
      if (this.#step.step === 'failed') {
        waitMs = this.#step.retryInMs;
        this.#retryMs = Math.min(2 * this.#retryMs, JOIN_RETRY_MAX_MS);
      } else if (this.#step.step === 'ready') this.#retryMs = JOIN_RETRY_MIN_MS;
      else waitMs = JOIN_RETRY_MIN_MS;
      await Promise.race([sleep(env, waitMs), new Promise<void>((resolve) => (this.#wake = resolve))]);
    }
  }

  async #tend(): Promise<void> {
    if (!(await this.#dialIn())) return;
    await this.#learn();
    if (!this.options.isOpen) await this.#linkGuards();
    if (this.options.relaying()) await this.#linkOthers();
    this.options.onCanBuild();
    if (this.options.hasCircuit() && !this.#hasJoined) {
      this.#hasJoined = true;
      this.#learnedAt = 0; // the next round makes a pool of what was just enough for a circuit
    }
    if (this.options.hasCircuit() && this.options.relaying()) void this.#linkByMesh();
    if (this.options.isOpen || this.options.hasCircuit()) this.#say({ step: 'ready' });
    else if (this.#step.step !== 'ready') this.#say({ step: 'building' });
  }

  // ---------------------------------------------------------------- links

  /** False when there is nobody to talk to, which the step then says. */
  async #dialIn(): Promise<boolean> {
    const { links, bootstraps, isOpen } = this.options;
    if (this.#step.step === 'ready' && links.count > 0) return true;
    const wanted = bootstraps.filter((target) => !this.#isLinked(target));
    if (wanted.length > 0 && this.#linkedPeers < AGREEING_BOOTSTRAPS) {
      let answered = bootstraps.length - wanted.length;
      this.#say({ step: 'dialling', answered });
      await Promise.all(
        wanted.map(async (target) => (await this.#link(target)) !== undefined && this.#say({ step: 'dialling', answered: ++answered })),
      );
    }
    if (this.#linkedPeers < this.#linksNeeded) await this.#dialSaved();
    if (this.#linkedPeers >= this.#linksNeeded) return this.#clockIsRight();
    if (isOpen && bootstraps.length === 0) {
      this.#say({ step: 'ready' }); // the first of its network: others come to it
      return true;
    }
    this.#say({ step: 'failed', kind: 'unreachable', message: this.#whyAlone(), retryInMs: this.#retryMs });
    return false;
  }

  /** Whoever a newcomer asks alone could name itself as everybody. A relay is open to all, and of a single bootstrap there is no second. */
  get #linksNeeded(): number {
    const { isOpen, bootstraps } = this.options;
    return isOpen || this.#hasJoined ? 1 : Math.max(1, Math.min(AGREEING_BOOTSTRAPS, bootstraps.length));
  }

  /** One peer may hold several links. */
  get #linkedPeers(): number {
    return new Set(this.options.links.all().map(({ peer }) => peer)).size;
  }

  #isLinked({ peer, url = '' }: DialTarget): boolean {
    const id = peer ?? this.#answeredAt.get(url);
    return id !== undefined && this.options.links.get(id) !== undefined;
  }

  #whyAlone(): string {
    const { bootstraps } = this.options;
    if (this.#linkedPeers > 0)
      return `only ${this.#linkedPeers} of ${bootstraps.length} bootstraps answers: who is there is not believed before a second one agrees`;
    if (bootstraps.length === 0 && this.#saved.length === 0) return 'no bootstrap is known: there is nobody to ask';
    const names = bootstraps.map(({ url }) => url).join(', ');
    const whys = new Set(bootstraps.map(({ url = '' }) => this.#failures.get(url)).filter((why) => why !== undefined));
    const nobody = `no bootstrap answers (${names})${this.#saved.length > 0 ? ', and none of the peers met before' : ''}`;
    return whys.size === 0 ? nobody : `${nobody}: ${[...whys].join('; ')}`;
  }

  async #dialSaved(): Promise<void> {
    const { env, records, directory, links } = this.options;
    this.#saved = await loadSavedPeers(records, directory); // those met in this run too
    const away = this.#saved.filter(({ id }) => links.get(id) === undefined);
    const targets = sample(env, away, LINKS_WANTED).flatMap(({ id, urls }) => urls.slice(0, 1).map((url) => ({ peer: id, url })));
    await Promise.all(targets.map((target) => this.#link(target)));
  }

  /** Two peers that say so at once: one of them may have a wrong clock of its own. */
  #clockIsRight(): boolean {
    const offsets = this.options.links.all().map(({ clockOffsetMs }) => clockOffsetMs);
    const wrong = offsets.filter((offset) => Math.abs(offset) > CLOCK_WRONG_MS);
    if (wrong.length === 0 || wrong.length < Math.min(AGREEING_BOOTSTRAPS, offsets.length)) return true;
    const minutes = Math.round(Math.abs(wrong[0] as number) / 60_000);
    const far = minutes < 120 ? `${minutes} minutes` : `${Math.round(minutes / 60)} hours`;
    const message = `this machine's clock is about ${far} ${(wrong[0] as number) > 0 ? 'slow' : 'fast'}, as ${wrong.length} peers say: set it right`;
    this.#say({ step: 'failed', kind: 'clock', message, retryInMs: this.#retryMs });
    return false;
  }

  /** A link whose peer's descriptor is known, when it has one to give. */
  async #link(target: DialTarget): Promise<Link | undefined> {
    try {
      const link = await this.options.links.linkTo(target);
      if (target.peer === undefined && target.url !== undefined) this.#answeredAt.set(target.url, link.peer);
      await this.#whenKnown(link.peer);
      return link;
    } catch (error) {
      const why = (error as Error).message;
      if (target.url !== undefined && this.options.bootstraps.some(({ url }) => url === target.url)) this.#failures.set(target.url, why);
      this.options.env.log('info', 'joining', `${target.url ?? target.peer}: ${why}`);
      return undefined;
    }
  }

  async #whenKnown(peer: PeerId): Promise<void> {
    if (this.options.directory.get(peer) !== undefined) return;
    const known = new Promise<void>((resolve) => this.#waiting.set(peer, (this.#waiting.get(peer) ?? new Set()).add(resolve)));
    await Promise.race([known, sleep(this.options.env, DESCRIPTOR_WAIT_MS)]);
    this.#waiting.delete(peer); // of those who wait for the same the last has come in the same round
  }

  /** All at once; while they are dialled the list of them is written. */
  async #linkGuards(): Promise<void> {
    const { guards, links } = this.options;
    const missing = guards.wanted().filter(({ id }) => links.get(id) === undefined);
    await Promise.all(
      missing.map(async ({ id, urls: [url] }) => {
        const linked = url === undefined ? undefined : await this.#link({ peer: id, url });
        if (linked !== undefined) await guards.noteLinked(id);
        else await guards.noteFailed(id, links.count > 0);
      }),
    );
  }

  /** Links that others' circuits may use: to open peers, none of them a guard. */
  async #linkOthers(): Promise<void> {
    const { env, links, directory, guards } = this.options;
    const lacking = LINKS_WANTED - links.count;
    if (lacking <= 0) return;
    const free = openPeers(directory).filter(({ id }) => links.get(id) === undefined && !guards.isGuard(id));
    await Promise.all(sample(env, free, lacking).map((descriptor) => this.#link(dialTarget(descriptor))));
  }

  /** A link or two by WebRTC beside the others; nothing waits for them, and none replaces a link that works. */
  async #linkByMesh(): Promise<void> {
    const { env, links, meshPeers, isOpen } = this.options;
    const lacking = MESH_LINKS_WANTED - links.all().filter(({ kind }) => kind === 'webrtc').length;
    if (isOpen || lacking <= 0 || this.#meshing) return;
    this.#meshing = true;
    const free = meshPeers().filter(({ id }) => links.get(id) === undefined);
    await Promise.all(sample(env, free, lacking).map(({ id }) => this.#link({ peer: id, url: undefined })));
    this.#meshing = false;
  }

  // ---------------------------------------------------------------- the directory

  async #learn(): Promise<void> {
    const { env, directory, links, ask, isOpen, hasCircuit, records } = this.options;
    const vouched = [...directory.relays()].length;
    const enough = isOpen ? RELAYS_ENOUGH_OPEN : RELAYS_ENOUGH;
    // With the first circuit the peer is ready: what else there is to learn waits until that has been said.
    const everyMs = vouched >= enough ? LEARN_EVERY_MS : hasCircuit() || this.#step.step === 'ready' ? this.#learnSoonMs : 0;
    if (env.now() - this.#learnedAt < everyMs) return;
    if (this.#step.step !== 'ready' && this.#step.step !== 'building') this.#say({ step: 'learning' });
    // Down circuits, where nobody can fit his answer to the asker; but few hops would only lead to each other, and one that dies ends all.
    const suffices = vouched >= enough || vouched === directory.size;
    const via = !isOpen && hasCircuit() && suffices ? 'circuit' : 'link';
    const linked = openPeers(directory).filter(({ id }) => links.get(id) !== undefined);
    const access = { env, directory, ask, via } as const;
    await learnRelays(via === 'circuit' || linked.length === 0 ? access : { ...access, answerers: linked });
    // Where those we are linked to do not suffice to agree, the peers they named are asked.
    if ([...directory.all()].every((descriptor) => !directory.isVouched(descriptor))) await learnRelays(access);
    this.#learnedAt = env.now();
    this.#learnSoonMs = [...directory.relays()].length > vouched ? LEARN_SOON_MS : Math.min(2 * this.#learnSoonMs, LEARN_EVERY_MS);
    // For the next start: nobody waits for it now.
    savePeers(records, directory).catch((error) => env.log('warn', 'joining', `the peers met are not kept: ${(error as Error).message}`));
  }
}

/** Where a peer's descriptor says it can be dialled; by offers through the mesh when it cannot. */
export function dialTarget({ id, addresses }: Descriptor): DialTarget {
  const address = addresses.find((one) => one.kind === 'websocket');
  if (address?.kind !== 'websocket') return { peer: id, url: undefined };
  return { peer: id, url: websocketUrl(address), ip: ipText(address.ip) };
}
