/** What `/network.json` on the app's host says. Bootstraps are ordinary open peers that the app knows by address. */
export interface NetworkInfo {
  bootstraps: Bootstrap[];
  /** A site to try at first. */
  demo?: string;
}

/** On an answer that the app's service worker kept from earlier: the host itself does not answer. */
export const KEPT_HEADER = 'Gnet-Kept';

export interface Bootstrap {
  /** `ws://` (loopback only) or `wss://`. */
  url: string;
  /** The peer id that must answer there; any peer may when it is not given. */
  peer?: string;
}
