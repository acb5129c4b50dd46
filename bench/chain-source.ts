/** Where a chain's cells come from: a source that keeps a window of cells on its way, with three layers each whatever the chain does with them. */
import { nodeEnv } from '../node/node-env.ts';
import { wsDialer } from '../node/ws-transport.ts';
import type { PeerId } from '../src/core/bytes/brand.ts';
import { EMPTY, fromHex } from '../src/core/bytes/bytes.ts';
import { CellLayers } from '../src/core/circuit/cell-layers.ts';
import { CircuitBuilder, type HopKeys, inlineSetupCrypto } from '../src/core/circuit/index.ts';
import { newIdentity, peerIdOf } from '../src/core/crypto/identity.ts';
import { Links } from '../src/core/link/index.ts';
import type { Link } from '../src/core/ports.ts';
import { newCell } from '../src/core/wire/cell.ts';
import { CELL_BODY_BYTES } from '../src/core/wire/geometry.ts';
import { CLOSE } from '../src/core/wire/registry.ts';
import { CELLS_PER_ANSWER, type ChainMode, type HopText, PLAIN_CIRCUIT } from './chain-hop.ts';

const WINDOW_CELLS = 512;

export function hopKeysOf({ peer, x25519, kem, descriptorHash }: HopText): HopKeys {
  const keys = { onionX25519: fromHex(x25519), onionKem: fromHex(kem), descriptorHash: fromHex(descriptorHash) };
  return { peer: peer as PeerId, ...keys, setupEffort: 0 };
}

export class ChainSource {
  readonly #env = nodeEnv();
  readonly #builder = new CircuitBuilder(this.#env, inlineSetupCrypto(this.#env));
  readonly #identity = newIdentity(this.#env);
  readonly links: Links;
  #answered = 0;
  #cellsPerAnswer = CELLS_PER_ANSWER;
  #sent = 0;
  /** Called at each answer of the last hop. */
  onAnswer: () => void = () => undefined;
  #sendCell: (body: Uint8Array) => void = () => undefined;

  /** `onLink` is called for each link, dialled or adopted. */
  constructor(
    readonly mode: ChainMode,
    onLink: (link: Link) => void = () => undefined,
  ) {
    this.links = new Links(this.#env, {
      identity: this.#identity,
      maxLinks: 10,
      dialers: [wsDialer],
      handler: {
        onLink,
        onFrame: (link, frame) => void (mode === 'onion' ? this.#builder.onFrame(link, frame) : this.#took()),
        onWithdrawal: () => undefined,
        onDescriptor: () => undefined,
        onClose: () => undefined,
      },
    });
  }

  get peer(): string {
    return peerIdOf(this.#identity.publicKey);
  }

  #took(): void {
    this.#answered += this.#cellsPerAnswer;
    this.onAnswer();
  }

  /** Begins: by a circuit through all hops, or by cells as such a one would send. @param cellsPerAnswer in the onion chain; at most 255. */
  async begin(link: Link, hops: readonly HopKeys[], cellsPerAnswer = CELLS_PER_ANSWER): Promise<void> {
    if (this.mode === 'plain') {
      this.#sendCell = this.#plainSender(link, hops.length);
      return;
    }
    const { circuit } = await this.#builder.open(link, hops, Uint8Array.of(cellsPerAnswer));
    this.#cellsPerAnswer = cellsPerAnswer;
    circuit.handler = { onBody: () => this.#took(), onDrain: () => undefined, onClose: () => undefined };
    this.#sendCell = (body) => circuit.send(body);
  }

  #plainSender(to: Link, hops: number): (body: Uint8Array) => void {
    const secret = (): Uint8Array => this.#env.random(32);
    const keys = Array.from({ length: hops }, () => ({
      forward: secret(),
      forwardFill: secret(),
      back: secret(),
      backFill: secret(),
      inner: secret(),
    }));
    const layers = new CellLayers(this.#env.crypto.aead, keys, secret());
    return (body) => {
      const frame = newCell(PLAIN_CIRCUIT, body);
      layers.wrap(frame);
      to.sendFrame(frame, 'own');
    };
  }

  /** A circuit of its own through these hops, opened and given up. @returns ms that it took. */
  async openMs(link: Link, hops: readonly HopKeys[]): Promise<number> {
    const startMs = performance.now();
    const { circuit } = await this.#builder.open(link, hops, EMPTY);
    const ms = performance.now() - startMs;
    circuit.close(CLOSE.ended);
    return ms;
  }

  /** That many cells at once, whatever is on its way. */
  burst(cells: number): void {
    const body = this.#env.random(CELL_BODY_BYTES);
    for (let cell = 0; cell < cells; cell++) this.#sendCell(body);
    this.#sent += cells;
  }

  /** Sends that many cells; resolves when the last hop has them. */
  async send(cells: number): Promise<void> {
    const end = this.#sent + cells;
    while (this.#answered < end) {
      // A turn's worth, as a circuit's sender takes from its window.
      const room = Math.min(CELLS_PER_ANSWER, end - this.#sent, WINDOW_CELLS - (this.#sent - this.#answered));
      if (room > 0) this.burst(room);
      if (this.#sent === end || this.#sent - this.#answered >= WINDOW_CELLS)
        await new Promise<void>((resolve) => (this.onAnswer = resolve));
      else await new Promise((resolve) => setImmediate(resolve));
    }
  }
}
