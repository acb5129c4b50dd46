/**
 * One relay of the chain bench, in a process of its own: `onion` peels a layer of each cell as any relay does, `plain` passes frames on over
 * the same links. The last of a chain takes the cells, and sends one back for each CELLS_PER_ANSWER.
 * `node --import tsx bench/chain-relay.ts onion|plain [next url] [next peer]`: says in JSON where it listens and its keys.
 */
import { nodeEnv } from '../node/node-env.ts';
import { listenWs } from '../node/ws-listener.ts';
import { wsDialer } from '../node/ws-transport.ts';
import type { PeerId } from '../src/core/bytes/brand.ts';
import { EMPTY, hex } from '../src/core/bytes/bytes.ts';
import { newIdentity, peerIdOf } from '../src/core/crypto/identity.ts';
import { Links, type LinksHandler } from '../src/core/link/index.ts';
import type { Link } from '../src/core/ports.ts';
import { OnionKeyring, Relay } from '../src/core/relay/index.ts';
import { newFrame } from '../src/core/wire/frame.ts';
import { CELL_BODY_BYTES } from '../src/core/wire/geometry.ts';
import { FRAME } from '../src/core/wire/registry.ts';
import { CELLS_PER_ANSWER, PLAIN_CIRCUIT } from './chain.ts';

const [mode, nextUrl, nextPeer] = process.argv.slice(2);
const env = nodeEnv();
const identity = newIdentity(env);
const self = peerIdOf(identity.publicKey);
const keyring = new OnionKeyring(env);
const { epoch, x25519, kem } = keyring.publicKeys();
const descriptorHash = env.random(32);
keyring.bindDescriptor(epoch, descriptorHash, 0);

const dialNext = (): Promise<Link> => links.linkTo({ peer: nextPeer as PeerId, url: nextUrl });

function onionHandler(): Pick<LinksHandler, 'onFrame' | 'onClose'> {
  const relay = new Relay({
    env,
    self,
    onionKeys: keyring,
    linkTo: (peer) => links.get(peer),
    dial: dialNext,
    onLastHop: (end, _early, answer) => {
      let cells = 0;
      const onBody = (): void => void (++cells % CELLS_PER_ANSWER === 0 && end.send(new Uint8Array(CELL_BODY_BYTES)));
      end.handler = { onBody, onDrain: () => undefined, onClose: () => undefined };
      answer(EMPTY);
    },
  });
  return { onFrame: (link, frame) => relay.onFrame(link, frame), onClose: (link) => relay.onLinkClose(link) };
}

function plainHandler(): Pick<LinksHandler, 'onFrame' | 'onClose'> {
  let previous: Link | undefined;
  let next: Link | undefined;
  let cells = 0;
  return {
    onFrame(link, frame) {
      next ??= links.get(nextPeer as PeerId); // the last one's undefined is nobody
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

const links: Links = new Links(env, {
  identity,
  maxLinks: 10,
  dialers: [wsDialer],
  handler: {
    ...(mode === 'onion' ? onionHandler() : plainHandler()),
    onLink: () => undefined,
    onWithdrawal: () => undefined,
    onDescriptor: () => undefined,
  },
});
if (mode === 'plain' && nextUrl !== undefined) await dialNext();
const { url } = await listenWs({ host: '127.0.0.1', port: 0, onTransport: (transport) => links.adopt(transport) });
console.log(JSON.stringify({ url, peer: self, x25519: hex(x25519), kem: hex(kem), descriptorHash: hex(descriptorHash) }));
process.on('disconnect', () => process.exit());
process.on('SIGTERM', () => process.exit());
