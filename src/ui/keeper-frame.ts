import { KEEPER_PAGE } from '../shared/site-paths.ts';
import type { KeeperOrder, KeeperReport } from '../shared/site-shell.ts';

/** The origin of a label: `http://<label>.gnet.localhost:8080` under `http://gnet.localhost:8080`. */
export function siteOrigin(label: string): string {
  return `${location.protocol}//${label}.${location.host}`;
}

/** Longer than it takes on any machine that works, and short for who waits: another label is tried then. */
const READY_MS = 10_000;

/** The shell's end of a keeper (ui/keeper.ts): a hidden frame on a site's origin. */
export class KeeperFrame {
  readonly origin: string;
  /** Resolves when the service worker can be given ports. */
  readonly ready: Promise<void>;
  readonly #frame = document.createElement('iframe');
  readonly #onMessage: (event: MessageEvent) => void;

  constructor(label: string, onPortsWanted: () => void) {
    this.origin = siteOrigin(label);
    this.#frame.hidden = true;
    this.#frame.title = 'Keeper of a site';
    this.#frame.setAttribute('aria-hidden', 'true');
    this.#frame.src = this.origin + KEEPER_PAGE;
    let settle: (failure?: string) => void = () => {};
    this.#onMessage = (event) => {
      if (event.origin !== this.origin || event.source !== this.#frame.contentWindow) return;
      const report = event.data as KeeperReport;
      if (report.type === 'ready') settle();
      else if (report.type === 'failed') settle(report.message);
      else onPortsWanted();
    };
    addEventListener('message', this.#onMessage);
    this.ready = new Promise((resolve, reject) => {
      settle = (failure) => {
        clearTimeout(timer);
        if (failure === undefined) resolve();
        else reject(new Error(failure));
      };
      const timer = setTimeout(settle, READY_MS, 'the service worker of the site did not start');
    });
    this.ready.catch(() => {}); // whoever waits hears it; nobody may be waiting any more
    document.body.append(this.#frame);
  }

  send(order: KeeperOrder): void {
    this.#frame.contentWindow?.postMessage(order, this.origin, [order.ports.peer, order.ports.shell]);
  }

  remove(): void {
    removeEventListener('message', this.#onMessage);
    this.#frame.remove();
  }
}

/** Registers the service worker of a label and goes. */
export async function registerLabel(label: string): Promise<void> {
  const keeper = new KeeperFrame(label, () => {});
  try {
    await keeper.ready;
  } finally {
    keeper.remove();
  }
}
