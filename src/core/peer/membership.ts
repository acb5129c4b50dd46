import type { PeerId } from '../bytes/brand.ts';
import { type Directory, type Guards, loadSavedPeers, type SavedPeer } from '../directory/index.ts';
import { type Env, sample, sleep } from '../env.ts';
import type { Links } from '../link/index.ts';
import type { Ask, DialTarget, Link, RecordStore } from '../ports.ts';
import type { Descriptor } from '../wire/descriptor.ts';
import {
  AGREEING_BOOTSTRAPS,
  CLOCK_WRONG_MS,
  JOIN_RETRY_MAX_MS,
  JOIN_RETRY_MIN_MS,
  LINK_SETTLED_MS,
  LINKS_WANTED,
  TEND_MS,
} from './constants.ts';
import { Dialling } from './dialling.ts';
import { JoinProgress, type JoinProgressOptions, type JoinStep } from './join-progress.ts';
import { Learning } from './learning.ts';
import { WantedLinks } from './wanted-links.ts';

export interface MembershipOptions extends JoinProgressOptions {
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
}

/** Keeps this peer among the others, in rounds: dials in, learns who is there, links to its guards and to some more. */
export class Membership {
  readonly #progress: JoinProgress;
  readonly #dialling: Dialling;
  readonly #learning: Learning;
  readonly #wanted: WantedLinks;
  #running = false;
  #saved: readonly SavedPeer[] = [];
  /** There has been a circuit, so the peers we know were not all named by one. */
  #hasJoined = false;
  #cancelNudge: (() => void) | undefined;
  #retryMs = JOIN_RETRY_MIN_MS;
  #wake: (() => void) | undefined;

  constructor(private readonly options: MembershipOptions) {
    this.#progress = new JoinProgress(options);
    this.#dialling = new Dialling(options);
    this.#learning = new Learning(options);
    this.#wanted = new WantedLinks({ ...options, dialling: this.#dialling });
  }

  get bootstraps(): number {
    return this.options.bootstraps.length;
  }

  get step(): JoinStep {
    return this.#progress.step;
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
    if (this.step.step !== 'failed') this.#wake?.();
  }

  /** Circuits have come or gone. */
  onCircuits(): void {
    if (this.step.step !== 'building') return;
    if (this.options.hasCircuit()) this.nudge();
    this.#progress.lookAgain();
  }

  /** A descriptor came by a link. */
  onDescriptor(peer: PeerId): void {
    this.#dialling.onDescriptor(peer);
  }

  /** Resolves when circuits can be had. @throws as `JoinProgress.ready`. */
  ready(): Promise<void> {
    return this.#progress.ready();
  }

  async #tendForEver(): Promise<void> {
    const { env } = this.options;
    while (this.#running) {
      try {
        await this.#tend();
      } catch (error) {
        env.log('warn', 'joining', `a round failed: ${(error as Error).message}`);
      }
      await Promise.race([sleep(env, this.#nextRoundMs()), new Promise<void>((resolve) => (this.#wake = resolve))]);
    }
  }

  /** How long to wait after a round that has just ended as the step says. */
  #nextRoundMs(): number {
    const { step } = this;
    if (step.step === 'failed') {
      this.#retryMs = Math.min(2 * this.#retryMs, JOIN_RETRY_MAX_MS);
      return step.retryInMs;
    }
    if (step.step !== 'ready') return JOIN_RETRY_MIN_MS;
    this.#retryMs = JOIN_RETRY_MIN_MS;
    return TEND_MS;
  }

  async #tend(): Promise<void> {
    const { isOpen, relaying, hasCircuit, onCanBuild } = this.options;
    if (!(await this.#dialIn())) return;
    await this.#learn();
    if (!isOpen) await this.#wanted.toGuards();
    if (relaying()) await this.#wanted.toOthers();
    onCanBuild();
    if (hasCircuit() && !this.#hasJoined) {
      this.#hasJoined = true;
      this.#learning.hurry(); // the next round makes a pool of what was just enough for a circuit
    }
    if (hasCircuit() && relaying() && !isOpen) void this.#wanted.byMesh();
    if (isOpen || hasCircuit()) this.#progress.say({ step: 'ready' });
    else if (this.step.step !== 'ready') this.#progress.say({ step: 'building' });
  }

  async #learn(): Promise<void> {
    const { step } = this.step;
    if (!this.#learning.isDue(step === 'ready')) return;
    if (step !== 'ready' && step !== 'building') this.#progress.say({ step: 'learning' });
    await this.#learning.learn();
  }

  // ---------------------------------------------------------------- the first links

  /** False when there is nobody to talk to, which the step then says. */
  async #dialIn(): Promise<boolean> {
    const { links, bootstraps, isOpen } = this.options;
    if (this.step.step === 'ready' && links.count > 0) return true;
    if (this.#linkedPeers < AGREEING_BOOTSTRAPS) await this.#dialBootstraps();
    if (this.#linkedPeers < this.#linksNeeded) await this.#dialSaved();
    if (this.#linkedPeers >= this.#linksNeeded) return this.#clockIsRight();
    if (isOpen && bootstraps.length === 0) {
      this.#progress.say({ step: 'ready' }); // the first of its network: others come to it
      return true;
    }
    this.#fail('unreachable', this.#whyAlone());
    return false;
  }

  async #dialBootstraps(): Promise<void> {
    const { bootstraps } = this.options;
    const wanted = bootstraps.filter((target) => !this.#dialling.isLinked(target));
    if (wanted.length === 0) return;
    let answered = bootstraps.length - wanted.length;
    const say = (): void => this.#progress.say({ step: 'dialling', answered });
    say();
    await Promise.all(
      wanted.map(async (target) => {
        if ((await this.#dialling.link(target)) === undefined) return;
        answered++;
        say();
      }),
    );
  }

  async #dialSaved(): Promise<void> {
    const { env, records, directory, links } = this.options;
    this.#saved = await loadSavedPeers(records, directory); // those met in this run too
    const away = this.#saved.filter(({ id }) => links.get(id) === undefined);
    const targets = sample(env, away, LINKS_WANTED).flatMap(({ id, urls }) => urls.slice(0, 1).map((url) => ({ peer: id, url })));
    await Promise.all(targets.map((target) => this.#dialling.link(target)));
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

  #fail(kind: 'unreachable' | 'clock', message: string): void {
    this.#progress.say({ step: 'failed', kind, message, retryInMs: this.#retryMs });
  }

  #whyAlone(): string {
    const { bootstraps } = this.options;
    if (this.#linkedPeers > 0)
      return `only ${this.#linkedPeers} of ${bootstraps.length} bootstraps answers: who is there is not believed before a second one agrees`;
    if (bootstraps.length === 0 && this.#saved.length === 0) return 'no bootstrap is known: there is nobody to ask';
    const names = bootstraps.map(({ url }) => url).join(', ');
    const { failures } = this.#dialling;
    const nobody = `no bootstrap answers (${names})${this.#saved.length > 0 ? ', and none of the peers met before' : ''}`;
    return failures.length === 0 ? nobody : `${nobody}: ${failures.join('; ')}`;
  }

  #clockIsRight(): boolean {
    const fault = clockFault(this.options.links.all().map(({ clockOffsetMs }) => clockOffsetMs));
    if (fault !== undefined) this.#fail('clock', fault);
    return fault === undefined;
  }
}

/** Two peers that say so at once: one of them may have a wrong clock of its own. */
function clockFault(offsetsMs: readonly number[]): string | undefined {
  const wrong = offsetsMs.filter((offsetMs) => Math.abs(offsetMs) > CLOCK_WRONG_MS);
  const [first] = wrong;
  if (first === undefined || wrong.length < Math.min(AGREEING_BOOTSTRAPS, offsetsMs.length)) return undefined;
  const minutes = Math.round(Math.abs(first) / 60_000);
  const far = minutes < 120 ? `${minutes} minutes` : `${Math.round(minutes / 60)} hours`;
  return `this machine's clock is about ${far} ${first > 0 ? 'slow' : 'fast'}, as ${wrong.length} peers say: set it right`;
}
