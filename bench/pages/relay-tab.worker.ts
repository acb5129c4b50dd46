import { expose } from 'comlink';
import { loadSodiumCrypto } from '../../src/adapters/sodium-crypto.ts';
import { WebRtcBridge } from '../../src/adapters/webrtc-bridge-worker.ts';
import { webSocketDialer } from '../../src/adapters/websocket-transport.ts';
import { tabEnv } from '../../src/adapters/worker/tab-env.ts';
import type { PeerId } from '../../src/core/bytes/brand.ts';
import { rtcBinding } from '../../src/core/link/index.ts';
import type { RtcOffer } from '../../src/core/signal/index.ts';
import { type ChainHop, type ChainMode, type HopText, startChainHop } from '../chain-hop.ts';

/** A relay in a tab's worker, its data channels the page's, as the app has it. Who comes before and after it is told. */
class RelayTab {
  readonly #env = tabEnv();
  #bridge: WebRtcBridge | undefined;
  #hop: ChainHop | undefined;
  #offer: RtcOffer | undefined;

  async start(mode: ChainMode, port: MessagePort): Promise<HopText> {
    this.#env.crypto = await loadSodiumCrypto();
    this.#bridge = new WebRtcBridge(port, (offerer, answerer) => rtcBinding(this.#env.crypto, offerer, answerer));
    this.#hop = startChainHop(this.#env, mode, [webSocketDialer]);
    return this.#hop.keys;
  }

  async dial(url: string): Promise<void> {
    await this.#hop?.links.linkTo({ peer: undefined, url });
  }

  async offer(): Promise<Uint8Array | undefined> {
    this.#offer = await this.#bridge?.offer();
    return this.#offer?.description;
  }

  async answer(offer: Uint8Array): Promise<Uint8Array | undefined> {
    const answer = await this.#bridge?.answer(offer);
    void answer?.transport.then((transport) => this.#hop?.links.adopt(transport));
    return answer?.description;
  }

  async accept(answer: Uint8Array, next: string): Promise<void> {
    this.#hop?.setNext(next, undefined);
    const transport = await this.#offer?.accept(answer);
    if (transport !== undefined) this.#hop?.links.adopt(transport, next as PeerId);
  }
}

export type RelayTabThread = RelayTab;

expose(new RelayTab());
