/** Chains of relays in processes of their own, with and without onion layers, and a source that keeps a window of cells on its way. */
import { RELAY_NODE_FLAGS } from '../node/child.ts';
import { nodeEnv } from '../node/node-env.ts';
import { wsDialer } from '../node/ws-transport.ts';
import type { PeerId } from '../src/core/bytes/brand.ts';
import { EMPTY, fromHex } from '../src/core/bytes/bytes.ts';
import { CellLayers } from '../src/core/circuit/cell-layers.ts';
import { CircuitBuilder, type HopKeys, inlineSetupCrypto } from '../src/core/circuit/index.ts';
import { newIdentity } from '../src/core/crypto/identity.ts';
import { Links } from '../src/core/link/index.ts';
import type { Link } from '../src/core/ports.ts';
import { newFrame } from '../src/core/wire/frame.ts';
import { CELL_BODY_BYTES } from '../src/core/wire/geometry.ts';
import { FRAME } from '../src/core/wire/registry.ts';
import { Child } from './testbed.ts';

export const CELLS_PER_ANSWER = 32;
/** What the plain chain calls its one circuit: an id of the dialler's half. */
export const PLAIN_CIRCUIT = 0x8000_0001;
const RELAYS = 3;
const WINDOW_CELLS = 512;

export interface Chain {
  readonly relays: readonly Child[];
  /** Sends that many cells; resolves when the last relay has them. */
  send(cells: number): Promise<void>;
  stop(): Promise<void>;
}

/** The source wraps three layers in both: only what the relays do differs. */
export async function startChain(mode: 'onion' | 'plain'): Promise<Chain> {
  const relays: Child[] = [];
  const hops: { url: string; keys: HopKeys }[] = [];
  for (let i = 0; i < RELAYS; i++) {
    const next = hops[0];
    const relay = new Child(`${mode} relay`, [
      ...RELAY_NODE_FLAGS,
      '--import',
      'tsx',
      'bench/chain-relay.ts',
      mode,
      ...(next ? [next.url, next.keys.peer] : []),
    ]);
    relays.unshift(relay);
    const { url, peer, x25519, kem, descriptorHash } = (await relay.line('peer')) as Record<string, string>;
    const keys = {
      onionX25519: fromHex(x25519 as string),
      onionKem: fromHex(kem as string),
      descriptorHash: fromHex(descriptorHash as string),
    };
    hops.unshift({ url: url as string, keys: { peer: peer as PeerId, ...keys, setupEffort: 0 } });
  }
  const source = await startSource(mode, hops);
  return { ...source, relays, stop: async () => void (await Promise.all(relays.map((relay) => relay.stop()))) };
}

async function startSource(mode: 'onion' | 'plain', hops: readonly { url: string; keys: HopKeys }[]): Promise<Pick<Chain, 'send'>> {
  const env = nodeEnv();
  const builder = new CircuitBuilder(env, inlineSetupCrypto(env));
  let answered = 0;
  let onAnswer: () => void = () => undefined;
  const took = (): void => {
    answered += CELLS_PER_ANSWER;
    onAnswer();
  };
  const links = new Links(env, {
    identity: newIdentity(env),
    maxLinks: 10,
    dialers: [wsDialer],
    handler: {
      onLink: () => undefined,
      onFrame: (link, frame) => void (mode === 'onion' ? builder.onFrame(link, frame) : took()),
      onWithdrawal: () => undefined,
      onDescriptor: () => undefined,
      onClose: () => undefined,
    },
  });
  const first = hops[0] as (typeof hops)[number];
  const link = await links.linkTo({ peer: first.keys.peer, url: first.url });
  const sendCell = mode === 'onion' ? await onionSender() : plainSender(link);
  let sent = 0;

  async function onionSender(): Promise<(body: Uint8Array) => void> {
    const { circuit } = await builder.open(
      link,
      hops.map(({ keys }) => keys),
      EMPTY,
    );
    circuit.handler = { onBody: took, onDrain: () => undefined, onClose: () => undefined };
    return (body) => circuit.send(body);
  }

  function plainSender(to: Link): (body: Uint8Array) => void {
    const secret = (): Uint8Array => env.random(32);
    const keys = hops.map(() => ({ forward: secret(), forwardFill: secret(), back: secret(), backFill: secret(), inner: secret() }));
    const layers = new CellLayers(env.crypto.aead, keys, secret());
    return (body) => {
      const frame = newFrame(PLAIN_CIRCUIT, FRAME.cell);
      layers.wrap(body, frame);
      to.sendFrame(frame, 'own');
    };
  }

  return {
    async send(cells) {
      const body = env.random(CELL_BODY_BYTES);
      const end = sent + cells;
      while (answered < end) {
        // A turn's worth, as a circuit's sender takes from its window.
        for (let turn = 0; turn < CELLS_PER_ANSWER && sent < end && sent - answered < WINDOW_CELLS; turn++, sent++) sendCell(body);
        if (sent === end || sent - answered >= WINDOW_CELLS) await new Promise<void>((resolve) => (onAnswer = resolve));
        else await new Promise((resolve) => setImmediate(resolve));
      }
    },
  };
}
