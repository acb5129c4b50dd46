import type { ChainMode, HopText } from './chain-hop.ts';

/** What a bench asks of a page that holds a relay, as `globalThis.relayTab`. Descriptions cross as hexadecimal text. */
export interface RelayTabPort {
  start(mode: ChainMode): Promise<HopText>;
  /** Links to a peer that listens. */
  dial(url: string): Promise<void>;
  offer(): Promise<string>;
  answer(offer: string): Promise<string>;
  /** The link that was offered leads to `next`, the hop after this one. */
  accept(answer: string, next: string): Promise<void>;
}
