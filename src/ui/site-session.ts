import type { Remote } from 'comlink';
import type { TrustedKey } from '../shared/certificates.ts';
import { type Failure, failureOf } from '../shared/outcome.ts';
import type { PeerControl } from '../shared/peer-control.ts';
import type { FileAnswer, FrameOrder, FrameReport, OfferedFile, SavedPart } from '../shared/site-shell.ts';
import { HTTP_PORT, siteHost } from '../shared/links.ts';
import { ContentFrame } from './content-frame.ts';
import { KeeperFrame } from './keeper-frame.ts';
import type { SiteSessionEvents, SiteView } from './site-view.ts';
import type { ToldFailure } from './words.ts';
import type { LabelLease, Labels } from './labels.ts';
import type { SiteRoute } from './route.ts';

const LISTENING_MS = 15_000;
const UNHEARD_MS = 500;
const LABELS_TRIED = 3;

const NOT_OURS: Failure = {
  kind: 'unverified',
  message:
    'The page did not come from the service worker that checks it, so nothing of it is shown. A forced reload passes service workers by: reload the app in the ordinary way.',
};

/** One site in one tab: its origin, keeper, ports, and what its frame shows. */
export class SiteSession {
  readonly view: SiteView;
  readonly #peer: Remote<PeerControl>;
  readonly #events: SiteSessionEvents;
  readonly #port: number;
  readonly #frame = new ContentFrame(() => this.#closed || this.#fail(NOT_OURS));
  #lease: LabelLease | undefined;
  #keeper: KeeperFrame | undefined;
  #shellPort: MessagePort | undefined;
  /** The service worker has had ports once: since then it asks for new ones by itself. */
  #isListened = false;
  #unheard: ReturnType<typeof setTimeout> | undefined;
  #closed = false;

  constructor(peer: Remote<PeerControl>, { address, port = HTTP_PORT, path }: SiteRoute, events: SiteSessionEvents) {
    this.#peer = peer;
    this.#events = events;
    this.#port = port;
    this.view = {
      address,
      host: siteHost(address, port),
      path,
      phase: 'opening',
      info: undefined,
      certificates: [],
      failure: undefined,
      file: undefined,
      notFound: false,
      isLive: false,
      isSending: false,
    };
  }

  /**
   * The frame's page may be loaded before this resolves: it waits for the peer by itself.
   * @param trusted nothing of the site is asked for or shown unless one of these keys vouches for it; undefined: it need not.
   */
  async open(labels: Labels, trusted?: readonly TrustedKey[]): Promise<void> {
    if (trusted !== undefined && !(await this.#isVouchedFor(trusted))) return;
    const info = this.#peer.openSite(this.view.address, this.view.path, this.#port);
    void info.then((outcome) => {
      if (!outcome.ok) return this.#fail(outcome);
      this.#update({ info: outcome.value });
      return this.#peer.certificates(this.view.address).then((certificates) => this.#update({ certificates }));
    });
    try {
      this.#lease = await labels.lease(this.view.host);
      await this.#startKeeper(labels);
      if (this.#closed) return;
      await this.#sendPorts();
      this.#load();
    } catch (error) {
      if (!this.#closed) this.#fail({ kind: 'unsupported', message: failureOf(error).message });
    }
  }

  async #isVouchedFor(trusted: readonly TrustedKey[]): Promise<boolean> {
    const { admissionOf } = await import('./certified-only.ts');
    const { certificates, failure } = await admissionOf(this.#peer, this.view.address, trusted);
    this.#update({ certificates });
    if (failure !== undefined && !this.#closed) this.#fail(failure);
    return failure === undefined && !this.#closed;
  }

  /**
   * Firefox, on a busy machine, now and then leaves a frame blank whose service worker it should have started. The same origin stays stuck;
   * another one is not.
   */
  async #startKeeper(labels: Labels): Promise<void> {
    for (let attempt = 1; this.#lease !== undefined; attempt++) {
      if (this.#closed) return this.#lease.release();
      this.#keeper = new KeeperFrame(this.#lease.label, () => void this.#sendPorts().catch(() => {}));
      try {
        return await this.#keeper.ready;
      } catch (error) {
        this.#keeper.remove();
        if (attempt === LABELS_TRIED) throw error;
        if (!this.#closed) this.#lease = await labels.replace(this.#lease, this.view.host);
      }
    }
  }

  /** The element that the frame is to stand in. */
  attach(place: HTMLElement): void {
    this.#frame.attach(place);
    this.#load();
  }

  show(path: string): void {
    if (this.view.info?.kind === 'inbox') return; // it has one place
    this.#update({ path, phase: 'loading', failure: undefined, file: undefined, notFound: false, isSending: false });
    this.#shellPort?.postMessage({ type: 'show', path } satisfies FrameOrder);
    // A service worker that was stopped has lost the port. The frame's request wakes it, and new ports bring the path.
    clearTimeout(this.#unheard);
    this.#unheard = setTimeout(() => this.#load(), UNHEARD_MS);
  }

  /** The bytes of the file that is offered, to whoever pulls them: a `FileAnswer`. @param have what he has of them. */
  file(have?: SavedPart): MessagePort {
    const { port1, port2 } = new MessageChannel();
    const ask = (): void =>
      this.#shellPort?.postMessage({ type: 'save', path: this.view.path, port: port2, have } satisfies FrameOrder, [port2]);
    if (have === undefined) ask();
    else {
      // After a while the service worker may have been stopped, and have lost its ports.
      const onFailure = (error: Error): void =>
        port2.postMessage({ type: 'failed', id: 0, kind: 'closed', message: error.message } satisfies FileAnswer);
      void this.#sendPorts().then(ask, onFailure);
    }
    return port1;
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#unheard);
    this.#keeper?.remove();
    this.#shellPort?.close();
    this.#lease?.release();
    void this.#peer.closeSite(this.view.address);
  }

  /**
   * Resolves when the service worker has the ports: a page that the frame asked for earlier would wait for the ports of a tab
   * that has gone.
   */
  async #sendPorts(): Promise<void> {
    const peer = await this.#peer.sitePort(this.view.address, this.#port);
    if (this.#closed) return;
    // The old port stays open: an answer that is on its way is still reported there.
    const channel = new MessageChannel();
    this.#shellPort = channel.port1;
    const { address, path } = this.view;
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error('the service worker of the site did not answer')), LISTENING_MS);
      channel.port1.onmessage = ({ data }: MessageEvent<FrameReport>) => {
        if (data.type !== 'listening') return this.#onReport(data);
        clearTimeout(timer);
        this.#isListened = true;
        resolve();
      };
      this.#keeper?.send({ type: 'ports', ports: { address, port: this.#port, path, peer, shell: channel.port2 } });
    });
  }

  #load(): void {
    if (!this.#frame.isPlaced || this.#keeper === undefined || !this.#isListened || this.view.failure !== undefined) return;
    clearTimeout(this.#unheard);
    this.#unheard = undefined;
    this.#update({ phase: 'loading' });
    this.#frame.load(this.#keeper.origin + this.view.path);
  }

  #onReport(report: FrameReport): void {
    if (report.type === 'showing') {
      // Heard too late it would load once more the page that the frame was sent to without it, under the reader's hand.
      if (report.path === this.view.path && this.#unheard !== undefined) this.#load();
    } else if (report.type === 'answered') {
      this.#frame.noteAnswer();
      this.#update({ phase: 'shown', notFound: report.status === 404, isLive: report.isLive });
    } else if (report.type === 'sending') this.#update({ isSending: true });
    else if (report.type === 'asked') this.#onAsked(report.path, report.isRedirect);
    else if (report.type === 'outside') this.#events.onOutside(report.url);
    else if (report.type === 'offered') this.#offer(report.file);
    else if (report.type === 'failed') void this.#onFailed(report);
  }

  /** What takes no connections may take messages, or lets nobody in any longer: it is asked which. */
  async #onFailed(failure: Failure): Promise<void> {
    const { info, address } = this.view;
    if (failure.kind !== 'refused' || info?.kind !== 'live') return this.#fail(failure);
    this.#frame.remove();
    const asked = await this.#peer.isInbox(address);
    if (this.#closed) return;
    if (!asked.ok || !asked.value) return this.#fail(asked.ok ? failure : asked);
    this.#update({ info: { kind: 'inbox', address }, phase: 'shown' });
    void this.#peer.closeSite(address); // nothing more is asked by this visit: a message comes by one of its own
  }

  /** The page that is shown asks for itself where a form has changed it: that is no new place. */
  #onAsked(path: string, isRedirect: boolean): void {
    if (path === this.view.path) this.show(path);
    else this.#events.onAsked(path, isRedirect);
  }

  #offer(file: OfferedFile): void {
    this.#frame.remove();
    this.#update({ phase: 'shown', isLive: file.isLive, isSending: false, file });
  }

  #fail(failure: ToldFailure): void {
    // The first reason is the one that matters: what fails after it fails because of it.
    if (this.view.failure !== undefined) return;
    this.#frame.remove();
    this.#update({ phase: 'failed', isSending: false, failure });
  }

  #update(change: Partial<SiteView>): void {
    Object.assign(this.view, change);
    if (!this.#closed) this.#events.onChange();
  }
}
