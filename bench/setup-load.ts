/**
 * Builds circuits through relays, so many a second, until it is ended: a process of its own, so that its work shows in nobody's stream.
 * `node --import tsx bench/setup-load.ts <a second> <[{ url, keys }…] as JSON>`. Says "building" once the first stands.
 */
import type { HopText } from './chain-hop.ts';
import { ChainSource, hopKeysOf } from './chain-source.ts';

const [perSecond = '', relays = ''] = process.argv.slice(2);
const through = JSON.parse(relays) as { url: string; keys: HopText }[];
const hops = through.map(({ keys }) => hopKeysOf(keys));
const source = new ChainSource('onion');
const link = await source.links.linkTo({ peer: hops[0]?.peer, url: through[0]?.url });
await source.openMs(link, hops);
console.log('building');
setInterval(() => void source.openMs(link, hops), 1000 / Number(perSecond));
process.on('disconnect', () => process.exit());
