/**
 * One relay of the chain bench, in a process of its own: `node --import tsx bench/chain-relay.ts onion|plain [next url] [next peer]`. Says in
 * JSON where it listens and its keys. Asked for its memory, it collects what is garbage first, where `node` was given --expose-gc.
 */
import { nodeEnv } from '../node/node-env.ts';
import { listenWs } from '../node/ws-listener.ts';
import { wsDialer } from '../node/ws-transport.ts';
import type { PeerId } from '../src/core/bytes/brand.ts';
import { type ChainMode, startChainHop } from './chain-hop.ts';

const [mode, nextUrl, nextPeer] = process.argv.slice(2);
const hop = startChainHop(nodeEnv(), mode as ChainMode, [wsDialer]);
if (nextPeer !== undefined) {
  hop.setNext(nextPeer, nextUrl);
  if (mode === 'plain') await hop.links.linkTo({ peer: nextPeer as PeerId, url: nextUrl });
}
const { url } = await listenWs({ host: '127.0.0.1', port: 0, onTransport: (transport) => hop.links.adopt(transport) });
console.log(JSON.stringify({ url, ...hop.keys }));
process.on('message', () => {
  globalThis.gc?.();
  process.send?.(process.memoryUsage());
});
process.on('disconnect', () => process.exit());
process.on('SIGTERM', () => process.exit());
