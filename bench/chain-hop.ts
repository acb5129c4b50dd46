/** One hop of a chain bench, wherever it runs: `onion` peels a layer of each cell as any relay does, `plain` passes frames on over the same links. */
import type { PeerId } from '../src/core/bytes/brand.ts';
import { EMPTY, hex } from '../src/core/bytes/bytes.ts';
import { newIdentity, peerIdOf } from '../src/core/crypto/identity.ts';
import type { Env } from '../src/core/env.ts';
import { Links, type LinksHandler, type TransportDialer } from '../src/core/link/index.ts';
import type { Link } from '../src/core/ports.ts';
import { OnionKeyring, Relay } from '../src/core/relay/index.ts';
import { newFrame } from '../src/core/wire/frame.ts';
import { CELL_BODY_BYTES } from '../src/core/wire/geometry.ts';
import { FRAME } from '../src/core/wire/registry.ts';

/** The last hop takes the cells, and sends one back for so many; an onion circuit's early data, one byte, says another number. */
export const CELLS_PER_ANSWER = 32;
/** What the plain chain calls its one circuit: an id of the dialler's half. */
export const PLAIN_CIRCUIT = 0x8000_0001;
const LINKS_MAX = 1000;

export type ChainMode = 'onion' | 'plain';

/** A hop's keys as text, for another process or tab. */
export interface HopText {
  readonly peer: string;
  readonly x25519: string;
  readonly kem: string;
  readonly descriptorHash: string;
}

export interface ChainHop {
  readonly links: Links;
  readonly keys: HopText;
  /** The peer after this one, to which there is a link or `url` leads. */
  setNext(peer: string, url: string | undefined): void;
}

export function startChainHop(env: Env, mode: ChainMode, dialers: readonly TransportDialer[]): ChainHop {
  const identity = newIdentity(env);
  const keyring = new OnionKeyring(env);
  const { epoch, x25519, kem } = keyring.publicKeys();
  const descriptorHash = env.random(32);
  keyring.bindDescriptor(epoch, descriptorHash, 0);
  const self = peerIdOf(identity.publicKey);
  let next: { peer: PeerId; url: string | undefined } | undefined;
  const dial = (peer: PeerId): Promise<Link> => links.linkTo(next?.peer === peer ? next : { peer, url: undefined });
  const handler = mode === 'onion' ? onionHandler(env, self, keyring, (peer) => links.get(peer), dial) : plainHandler(() => nextLink());
  const links = new Links(env, {
    identity,
    maxLinks: LINKS_MAX,
    dialers,
    handler: { ...handler, onLink: () => undefined, onWithdrawal: () => undefined, onDescriptor: () => undefined },
  });
  const nextLink = (): Link | undefined => next && links.get(next.peer);
  return {
    links,
    keys: { peer: self, x25519: hex(x25519), kem: hex(kem), descriptorHash: hex(descriptorHash) },
    setNext: (peer, url) => void (next = { peer: peer as PeerId, url }),
  };
}

type FrameHandler = Pick<LinksHandler, 'onFrame' | 'onClose'>;

function onionHandler(
  env: Env,
  self: PeerId,
  onionKeys: OnionKeyring,
  linkTo: (peer: PeerId) => Link | undefined,
  dial: (peer: PeerId) => Promise<Link>,
): FrameHandler {
  const relay = new Relay({
    env,
    self,
    onionKeys,
    linkTo,
    dial,
    onLastHop: (end, [cellsPerAnswer = CELLS_PER_ANSWER], answer) => {
      let cells = 0;
      const onBody = (): void => void (++cells % cellsPerAnswer === 0 && end.send(new Uint8Array(CELL_BODY_BYTES)));
      end.handler = { onBody, onDrain: () => undefined, onClose: () => undefined };
      answer(EMPTY);
    },
  });
  return { onFrame: (link, frame) => relay.onFrame(link, frame), onClose: (link) => relay.onLinkClose(link) };
}

function plainHandler(nextLink: () => Link | undefined): FrameHandler {
  let previous: Link | undefined;
  let cells = 0;
  return {
    onFrame(link, frame) {
      const next = nextLink();
      if (link === next) previous?.sendFrame(frame, 'relayed');
      else {
        previous = link;
        if (next !== undefined) next.sendFrame(frame, 'relayed');
        else if (++cells % CELLS_PER_ANSWER === 0) link.sendFrame(newFrame(PLAIN_CIRCUIT, FRAME.cell), 'own');
      }
    },
    onClose: () => undefined,
  };
}
