/** What one more link and one more circuit take in a relay: many of them in one process, what is garbage collected before each look. */
import { setTimeout as wait } from 'node:timers/promises';
import type { Link } from '../src/core/ports.ts';
import { type Chain, startChain } from './chain.ts';
import { ChainSource } from './chain-source.ts';
import type { Report } from './harness.ts';

const WARMING_LINKS = 20;
const LINKS = 200;
const CIRCUITS = 200;
/** All circuits leave the relay by one link, and its other end takes 30 setups a second. */
const SETUP_EVERY_MS = 40;

/** Of the relay's own objects and buffers, and of the whole process, bytes. */
async function memory({ relays: [relay] }: Chain): Promise<{ ownBytes: number; rssBytes: number }> {
  await wait(500); // what the turn before still sends
  const said = relay?.ask() as Promise<NodeJS.MemoryUsage>;
  const { heapUsed, external, rss } = await said;
  return { ownBytes: heapUsed + external, rssBytes: rss };
}

export async function measureSlopes(report: Report): Promise<void> {
  const chain = await startChain('onion', { nodeFlags: ['--expose-gc'] });
  try {
    const hops = chain.hops.slice(0, 2);
    const link = async (): Promise<{ source: ChainSource; link: Link }> => {
      const source = new ChainSource('onion');
      return { source, link: await source.links.linkTo({ peer: hops[0]?.peer, url: chain.urls[0] }) };
    };
    for (let i = 0; i < WARMING_LINKS; i++) await link(); // the code is compiled, the tables have grown
    const before = await memory(chain);
    const linked = [];
    for (let i = 0; i < LINKS; i++) linked.push(await link());
    const withLinks = await memory(chain);
    for (let i = 0; i < CIRCUITS; i++) {
      const { source, link: from } = linked[i % LINKS] as (typeof linked)[number];
      await source.begin(from, hops);
      await wait(SETUP_EVERY_MS);
    }
    const withCircuits = await memory(chain);
    const kilobytes = (more: number, count: number): number => more / count / 1000;
    report('a link more', {
      value: kilobytes(withLinks.ownBytes - before.ownBytes, LINKS),
      unit: `KB of objects and buffers (${LINKS} more)`,
    });
    report('a link more, of the process', { value: kilobytes(withLinks.rssBytes - before.rssBytes, LINKS), unit: 'KB resident' });
    report('a circuit more', {
      value: kilobytes(withCircuits.ownBytes - withLinks.ownBytes, CIRCUITS),
      unit: `KB of objects and buffers (${CIRCUITS} more)`,
    });
    report('a circuit more, of the process', {
      value: kilobytes(withCircuits.rssBytes - withLinks.rssBytes, CIRCUITS),
      unit: 'KB resident',
    });
  } finally {
    await chain.stop();
  }
}
